package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fakeGStreamer puts a script in place of gst-launch-1.0. $DIR is a folder with the pictures 1.jpg and
// 2.jpg, where the script may leave what it likes.
func fakeGStreamer(t *testing.T, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for n := 1; n <= 2; n++ {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n, ".jpg")), picture(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := "#!/bin/sh\nDIR='" + dir + "'\necho $$ > $DIR/pid\nfor a; do echo \"$a\"; done > $DIR/arguments\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, gstLaunch), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return dir
}

const flowing = "while cat $DIR/1.jpg $DIR/2.jpg; do sleep 0.01; done"

func TestAStreamGivesPhotosUntilItIsClosed(t *testing.T) {
	dir := fakeGStreamer(t, flowing)
	c := Stream("rtsp://me:s3cret@192.168.0.40/1?token=s3cret")
	for range 3 {
		if got, err := c.Snapshot(t.Context()); err != nil || !bytes.Equal(got, picture(1)) && !bytes.Equal(got, picture(2)) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	if strings.Contains(c.String(), "s3cret") || !strings.Contains(c.String(), "192.168.0.40") {
		t.Errorf("named %s", c)
	}
	arguments, _ := os.ReadFile(filepath.Join(dir, "arguments"))
	for _, want := range []string{"rtspsrc\nlocation=\"rtsp://me:s3cret@192.168.0.40/1?token=s3cret\"\n", "jpegenc\n", "fdsink\nfd=1\n"} {
		if !strings.Contains(string(arguments), want) {
			t.Errorf("no %q in\n%s", want, arguments)
		}
	}
	text, _ := os.ReadFile(filepath.Join(dir, "pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); pid == 0 || !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d outlives its camera: %v", pid, err)
	}
}

func TestAStreamThatFailsSaysItsLastWordsWithoutThePassword(t *testing.T) {
	fakeGStreamer(t, `echo 'ERROR: from element /rtspsrc0: Unauthorized for rtsp://me:s3cret@host/1?key=s3cret' >&2; echo 'Freeing pipeline ...' >&2; exit 1`)
	c := Stream("rtsp://me:s3cret@host/1")
	_, err := c.Snapshot(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Unauthorized") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
	if again := c.Status().Err; again == nil || again.Error() != err.Error() {
		t.Errorf("status %v", again)
	}
}

func TestAStreamWithoutPicturesIsEnded(t *testing.T) {
	for name, script := range map[string]string{"silent": "exec sleep 1000", "no pictures": "echo WARNING: no network >&2; exec sleep 1000"} {
		t.Run(name, func(t *testing.T) {
			dir := fakeGStreamer(t, script)
			ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Second))
			defer cancel()
			c := Pipeline("videotestsrc ! jpegenc")
			_, err := c.Snapshot(ctx)
			if err == nil || !strings.Contains(err.Error(), "no picture in time") {
				t.Errorf("%v", err)
			}
			text, _ := os.ReadFile(filepath.Join(dir, "pid"))
			pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("process %d goes on: %v", pid, err)
			}
		})
	}
}

func TestWithoutGStreamerThePackageIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Stream("http://host/video").Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), "apt install gstreamer1.0-tools") {
		t.Errorf("%v", err)
	}
}

func TestTheRealGStreamerDelivers(t *testing.T) {
	if _, err := exec.LookPath(gstLaunch); err != nil {
		t.Skip("no gst-launch-1.0 here")
	}
	c := Pipeline(`videotestsrc is-live=true ! video/x-raw,width=320,height=240 ! jpegenc`)
	defer c.Close()
	if _, err := c.Snapshot(t.Context()); err != nil || c.Status().Width != 320 {
		t.Errorf("%+v, %v", c.Status(), err)
	}
}
