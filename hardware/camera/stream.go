package camera

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"foodmassd/internal/photo"
)

// gstLaunch is the program that turns streams into JPEGs.
const gstLaunch = "gst-launch-1.0"

// Stream is a camera on the network: rtsp:// in any format GStreamer decodes, or http(s):// as MJPEG. The
// address may carry a user name and a password; they are in no error. It must be free of spaces, quotes
// and backslashes.
func Stream(address string) *Camera {
	from := `location="` + address + `"`
	pipeline := []string{"rtspsrc", from, "latency=100", "!", "application/x-rtp,media=video", "!", "decodebin",
		"!", "videorate", "drop-only=true", "max-rate=10", "!", "videoconvert", "!", "jpegenc", "quality=92"}
	if u, err := url.Parse(address); err == nil && u.Scheme != "rtsp" {
		pipeline = []string{"souphttpsrc", from, "is-live=true", "!", "multipartdemux"}
	}
	return gstreamer(withoutSecrets(address), pipeline)
}

// Pipeline is a camera behind elements of GStreamer that end in JPEG, written as for gst-launch-1.0.
func Pipeline(description string) *Camera {
	// gst-launch joins its arguments with spaces, so cutting at spaces loses no quoting; no shell sees them.
	return gstreamer("pipeline", strings.Fields(description))
}

func gstreamer(name string, pipeline []string) *Camera {
	arguments := append([]string{"--quiet"}, pipeline...)
	arguments = append(arguments, "!", "fdsink", "fd=1", "sync=false")
	return newCamera(name, func(context.Context) (device, error) { return startStream(gstLaunch, arguments) })
}

// secrets is where an address has a user name, a password or a token.
var secrets = regexp.MustCompile(`//[^/\s"']*@|\?[^\s"']*`)

func withoutSecrets(text string) string {
	return secrets.ReplaceAllStringFunc(text, func(s string) string {
		if strings.HasPrefix(s, "?") {
			return "?…"
		}
		return "//…@"
	})
}

// stream is a child process that writes JPEG after JPEG to its standard output.
type stream struct {
	command  *exec.Cmd
	pictures chan []byte
	last     lastWords
	ended    chan struct{} // closed when the process is gone
	err      error         // set before ended is closed
}

func startStream(program string, arguments []string) (device, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("%s is not installed; sudo apt install gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-libav", program)
	}
	s := &stream{command: exec.Command(path, arguments...), pictures: make(chan []byte), ended: make(chan struct{})}
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	s.command.Stderr = &s.last
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() {
		// The kernel sends Pdeathsig when the thread that forked ends, so that thread has to stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.command.Start()
		started <- err
		if err == nil {
			s.read(out)
		}
	}()
	return s, <-started
}

// read shows pictures to whoever waits for one, until the process ends or sends no pictures.
func (s *stream) read(out io.Reader) {
	in := bufio.NewReaderSize(out, 64<<10)
	var err error
	for err == nil {
		var picture []byte
		if picture, err = nextJPEG(in, int(photo.DefaultLimits.MaxBytes)); err == nil {
			select {
			case s.pictures <- picture:
			default: // nobody wants one now
			}
		}
	}
	s.kill()
	_ = s.command.Wait() // its last words say more
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the stream has ended")
	}
	if words := s.last.String(); words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	s.err = err
	close(s.ended)
}

func (s *stream) kill() {
	_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGKILL) // it may be gone already
}

// Check implements device: a process that has been started is no picture yet.
func (s *stream) Check(ctx context.Context) error {
	_, err := s.Frame(ctx)
	return err
}

// Frame implements device.
func (s *stream) Frame(ctx context.Context) ([]byte, error) {
	select {
	case picture := <-s.pictures:
		return picture, nil
	case <-s.ended:
		return nil, s.err
	case <-ctx.Done():
		if words := s.last.String(); words != "" {
			return nil, fmt.Errorf("no picture in time: %s", words)
		}
		return nil, ctx.Err()
	}
}

// Mode implements device.
func (s *stream) Mode() string { return "a stream of JPEGs" }

// Close ends the process.
func (s *stream) Close() error {
	s.kill()
	<-s.ended
	return nil
}

// lastWords keeps the end of what a process complains about.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

const wordsKept = 2000

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	l.text = l.text[max(0, len(l.text)-wordsKept):]
	return len(p), nil
}

// String returns the line that says most, without secrets: GStreamer's first error, or the last line.
func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	best := ""
	for line := range strings.Lines(string(l.text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ERROR") || strings.HasPrefix(line, "WARNING: erroneous") {
			best = line
			break
		}
		if line != "" {
			best = line
		}
	}
	return withoutSecrets(best)
}
