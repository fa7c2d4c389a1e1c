package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// environment of a worker besides the daemon's own: it leaves cores and memory to the daemon and the
// browser beside it. The C library keeps a photo's buffers, 20 MB, for the next one: asking the system
// for them anew each time costs a fifth of the time that a large photo takes.
var environment = []string{
	"GOMAXPROCS=2", "GOGC=50", "GOMEMLIMIT=96MiB", "MALLOC_ARENA_MAX=1",
	"OMP_NUM_THREADS=1", "OPENCV_FOR_THREADS_NUM=1", "OPENCV_LOG_LEVEL=ERROR",
}

// forSystemd are variables that speak to the process systemd started and to no other.
var forSystemd = []string{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}

// received is a frame, or why there will be no more.
type received struct {
	message
	err error
}

// child is one worker process.
type child struct {
	pid     int
	started time.Time
	in      *os.File      // requests
	frames  chan received // what it answers
	unheard chan struct{} // closed when nobody takes frames any more
	exited  chan struct{} // closed once it is reaped; exit is valid from then on
	exit    error
	silent  chan struct{} // closed at the end of what it prints
	words   lastWords
	served  bool // it has answered a request
}

// start runs the command; the frames and lines of the new process are read from now on.
func start(command, env []string, logger *slog.Logger) (*child, error) {
	var pipes []*os.File
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(pipes)
			return nil, err
		}
		pipes = append(pipes, r, w)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = pipes[0], pipes[3], pipes[5]
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isForSystemd), environment...)
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}

	c := &child{in: pipes[1], frames: make(chan received), unheard: make(chan struct{}),
		exited: make(chan struct{}), silent: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel sends Pdeathsig when the thread that forked ends, so that thread has to stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.exit = cmd.Wait()
			close(c.exited)
		}
	}()
	err := <-started
	closeAll([]*os.File{pipes[0], pipes[3], pipes[5]})
	if err != nil {
		closeAll([]*os.File{pipes[1], pipes[2], pipes[4]})
		return nil, err
	}
	c.pid, c.started = cmd.Process.Pid, time.Now()
	go c.readFrames(pipes[2])
	go c.readLines(pipes[4], logger)
	return c, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

func isForSystemd(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return slices.Contains(forSystemd, name)
}

func (c *child) readFrames(out *os.File) {
	defer out.Close()
	for {
		m, err := readMessage(out, maxReplyBytes)
		select {
		case c.frames <- received{m, err}:
		case <-c.unheard:
			return
		}
		if err != nil {
			return
		}
	}
}

// hello waits until the process has loaded its models.
func (c *child) hello(ctx context.Context) (message, error) {
	select {
	case f := <-c.frames:
		if f.err != nil {
			return message{}, c.why(f.err)
		}
		if f.Kind != kindHello {
			return message{}, fmt.Errorf("%q frame instead of a hello", f.Kind)
		}
		return f.message, nil
	case <-ctx.Done():
		return message{}, fmt.Errorf("no hello: %w", ctx.Err())
	}
}

// alive tells whether the process is running and keeps silent, as it should between requests.
func (c *child) alive() error {
	select {
	case <-c.exited:
		return c.why(io.EOF)
	case f := <-c.frames:
		if f.err != nil {
			return c.why(f.err)
		}
		return fmt.Errorf("unasked %q frame", f.Kind)
	default:
		return nil
	}
}

// errGone is the cause when the worker ended by itself, between two frames.
var errGone = errors.New("worker ended")

// why explains a failed read or write: by the exit status, and by what the process last said.
func (c *child) why(err error) error {
	if err == io.EOF || errors.Is(err, syscall.EPIPE) {
		patience := time.After(time.Second)
		select {
		case <-c.exited:
			err = fmt.Errorf("%w: %w", errGone, c.status())
		case <-patience:
			err = fmt.Errorf("worker closed its pipe: %w", err)
		}
		select { // its last words may still be on their way
		case <-c.silent:
		case <-patience:
		}
	}
	if text := c.words.text(); text != "" {
		return fmt.Errorf("%w (%s)", err, text)
	}
	return err
}

var errExitedNormally = errors.New("exit status 0")

func (c *child) status() error {
	if c.exit == nil {
		return errExitedNormally
	}
	return c.exit
}

// kill ends the process and all it may have started, and waits until it is gone.
func (c *child) kill() {
	select {
	case <-c.exited:
	default:
		syscall.Kill(-c.pid, syscall.SIGKILL)
	}
	c.release()
}

// finish lets the process end by itself, which it does when its input closes, and helps after a while.
func (c *child) finish(patience time.Duration) {
	c.in.Close()
	select {
	case <-c.exited:
		c.release()
	case <-time.After(patience):
		c.kill()
	}
}

func (c *child) release() {
	close(c.unheard)
	c.in.Close()
	<-c.exited
}

// rss is the resident memory in bytes, 0 when the process is gone.
func rss(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
