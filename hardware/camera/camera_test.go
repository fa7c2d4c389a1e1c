package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/blackjack/webcam"
)

// driver plays a v4l2 driver: frames that lie ready, then what comes, one for each wait.
type driver struct {
	ready, coming [][]byte
	gone          bool // unplugged
	lent          int  // frames not given back
	closed        bool
}

func (d *driver) WaitForFrame(uint32) error {
	if d.gone {
		return nil // poll says that there is something: an error
	}
	if len(d.coming) == 0 {
		return &webcam.Timeout{}
	}
	d.ready, d.coming = append(d.ready, d.coming[0]), d.coming[1:]
	return nil
}

func (d *driver) GetFrame() ([]byte, uint32, error) {
	switch {
	case d.gone:
		return nil, 0, syscall.ENODEV
	case len(d.ready) == 0:
		return nil, 0, syscall.EAGAIN
	}
	frame := d.ready[0]
	d.ready = d.ready[1:]
	d.lent++
	return frame, 0, nil
}

func (d *driver) ReleaseFrame(uint32) error { d.lent--; return nil }
func (d *driver) Close() error              { d.closed = true; return nil }

// with is a camera whose devices are these, one for each time it is opened.
func with(drivers ...*driver) *Camera {
	return newCamera("/dev/video7", func(context.Context) (device, error) {
		if len(drivers) == 0 {
			return nil, explain(syscall.ENODEV)
		}
		d := drivers[0]
		drivers = drivers[1:]
		return &v4l2{d, mode{formatMJPEG, 64, 48, 0}}, nil
	})
}

func TestAPhotoIsNeverOlderThanTheRequest(t *testing.T) {
	d := &driver{ready: [][]byte{picture(1), picture(2)}, coming: [][]byte{{}, bare(3), picture(4)}}
	got, err := with(d).Snapshot(t.Context())
	want, _ := withTables(bare(3))
	if err != nil || !bytes.Equal(got, want) || d.lent != 0 {
		t.Errorf("%d bytes, %v, %d frames kept from the driver", len(got), err, d.lent)
	}
}

func TestDamagedFramesAreSkippedAndManyAreAFault(t *testing.T) {
	cut := picture(1)[:400]
	d := &driver{coming: [][]byte{cut, []byte("noise"), picture(2)}}
	c := with(d)
	if got, err := c.Snapshot(t.Context()); err != nil || !bytes.Equal(got, picture(2)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if s := c.Status(); s.Err != nil || s.Width != 64 || s.Height != 48 || s.Taken.IsZero() {
		t.Errorf("%+v", s)
	}
	c = with(&driver{coming: [][]byte{cut, cut, cut, cut, cut, picture(2)}})
	if _, err := c.Snapshot(t.Context()); err == nil || c.Status().Err == nil {
		t.Errorf("a broken camera: %v", err)
	}
}

func TestAnUnpluggedCameraIsNamedAndComesBack(t *testing.T) {
	first, second := &driver{coming: [][]byte{picture(1)}}, &driver{coming: [][]byte{picture(2), picture(3)}}
	c := with(first, second)
	if _, err := c.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	first.gone = true
	if err := c.Open(t.Context()); err == nil || c.Status().Err == nil {
		t.Errorf("opened a camera that is gone: %v", err)
	}
	if err := c.Open(t.Context()); err != nil || c.Status().Err != nil {
		t.Errorf("plugged in again: %v", err)
	}
	if got, err := c.Snapshot(t.Context()); err != nil || !bytes.Equal(got, picture(2)) || !first.closed {
		t.Errorf("plugged in again: %v, old device closed: %v", err, first.closed)
	}
	second.gone = true
	_, err := c.Snapshot(t.Context())
	if err == nil || !strings.Contains(err.Error(), "/dev/video7") || !strings.Contains(err.Error(), "plugged in") || !second.closed {
		t.Errorf("%v, closed: %v", err, second.closed)
	}
}

func TestACameraThatDeliversNothingIsGivenUp(t *testing.T) {
	d := &driver{}
	c := with(d)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(20*time.Millisecond))
	defer cancel()
	if _, err := c.Snapshot(ctx); err == nil || !strings.Contains(err.Error(), "no picture in time") || !d.closed {
		t.Errorf("%v, closed: %v", err, d.closed)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Snapshot(t.Context()); err == nil {
		t.Error("a closed camera takes photos")
	}
}

func TestACameraThatNobodyAsksIsClosedUntilSomebodyDoes(t *testing.T) {
	first, second := &driver{coming: [][]byte{picture(1)}}, &driver{coming: [][]byte{picture(2)}}
	c := with(first, second)
	if _, err := c.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.rest(); first.closed {
		t.Error("closed right after a photo")
	}
	c.used = c.used.Add(-idleClose)
	if c.rest(); !first.closed {
		t.Error("an idle camera stays open")
	}
	if got, err := c.Snapshot(t.Context()); err != nil || !bytes.Equal(got, picture(2)) {
		t.Errorf("after a rest: %v", err)
	}
}

func TestWhatIsNoCameraSaysWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "video0")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{file + "x": "plugged in", file: "is this a camera", "/dev/null": "is this a camera"} {
		if _, err := V4L2(path, 640, 480).Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for err, want := range map[error]string{syscall.EACCES: "group video", syscall.EBUSY: "another program"} {
		if got := explain(fmt.Errorf("open: %w", err)); !strings.Contains(got.Error(), want) || !errors.Is(got, err) {
			t.Errorf("%v", got)
		}
	}
}

func TestAFolderShowsItsPhotosInTurn(t *testing.T) {
	dir := t.TempDir()
	c := Folder(dir)
	if _, err := c.Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), "put photos there") {
		t.Errorf("an empty folder: %v", err)
	}
	for name, content := range map[string][]byte{"b.JPG": picture(2), "a.jpg": picture(1), "c.jpeg": picture(3), "notes.txt": []byte("x")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{1, 2, 3, 1} {
		if err := c.Open(t.Context()); err != nil {
			t.Error(err) // and no photo is passed over
		}
		if got, err := c.Snapshot(t.Context()); err != nil || !bytes.Equal(got, picture(want)) {
			t.Errorf("photo %d is not picture %d: %v", i, want, err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "b.JPG"), 11<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), "b.JPG") {
		t.Errorf("a film for a photo: %v", err)
	}
}
