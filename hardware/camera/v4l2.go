package camera

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/blackjack/webcam"
)

const (
	// warmUp frames are dropped after opening, while exposure and white balance find their values: a
	// quarter of a second at 30 frames per second.
	warmUp = 8
	// buffers the driver fills; those that nobody fetched are old when a photo is wanted.
	buffers = 4
	// pollSeconds is the longest wait for a frame before the time left is looked at again.
	pollSeconds = 1
)

// V4L2 is a camera at /dev/videoN, or at a link to it, asked for the size in pixels.
func V4L2(path string, width, height int) *Camera {
	return newCamera(path, func(ctx context.Context) (device, error) { return openV4L2(ctx, path, width, height) })
}

// frames is what a photo needs of a *webcam.Webcam.
type frames interface {
	WaitForFrame(seconds uint32) error // *webcam.Timeout when none came
	GetFrame() (frame []byte, index uint32, err error)
	ReleaseFrame(index uint32) error
	Close() error
}

// v4l2 is an open camera whose pictures stream in.
type v4l2 struct {
	frames
	mode mode
}

func openV4L2(ctx context.Context, path string, width, height int) (device, error) {
	cam, err := openPrivate(path, webcam.Open)
	if err != nil {
		return nil, explain(err)
	}
	m, err := start(cam, width, height)
	if err != nil {
		return nil, errors.Join(explain(err), cam.Close())
	}
	d := &v4l2{cam, m}
	for range warmUp {
		if err := d.next(ctx, func([]byte) error { return nil }); err != nil {
			return nil, errors.Join(err, cam.Close())
		}
	}
	return d, nil
}

func start(cam *webcam.Webcam, width, height int) (mode, error) {
	m, err := chooseMode(cam.GetSupportedFormats(), cam.GetSupportedFrameSizes, width, height)
	if err != nil {
		return m, err
	}
	if _, _, _, err = cam.SetImageFormat(m.format, uint32(m.width), uint32(m.height)); err != nil {
		return m, err
	}
	p, err := formatInForce(cam)
	if err == nil {
		m, err = m.granted(p)
	}
	if err == nil {
		err = cam.SetBufferCount(buffers)
	}
	if err == nil {
		err = cam.StartStreaming()
	}
	return m, err
}

// explain adds what a technician can do.
func explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		return fmt.Errorf("%w; is the camera plugged in? ls -l /dev/v4l/by-id shows those that are", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; the daemon's user must be in the group video", err)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%w; another program uses the camera (fuser -v shows which)", err)
	case errors.Is(err, syscall.ENOTTY), errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("%w; is this a camera? v4l2-ctl --list-devices shows what it is", err)
	}
	return err
}

// Check implements device; what openV4L2 dropped were pictures, and a camera that is gone since says so.
func (d *v4l2) Check(context.Context) error { return d.drain() }

// Mode implements device.
func (d *v4l2) Mode() string { return d.mode.String() }

// Frame throws away what came in before the call and returns the next picture.
func (d *v4l2) Frame(ctx context.Context) (jpeg []byte, err error) {
	if err := d.drain(); err != nil {
		return nil, err
	}
	err = d.next(ctx, func(frame []byte) (err error) {
		jpeg, err = d.mode.encode(frame)
		return err
	})
	return jpeg, err
}

// drain throws away what lies in the driver's buffers.
func (d *v4l2) drain() error {
	for range buffers {
		_, index, err := d.GetFrame()
		if errors.Is(err, syscall.EAGAIN) {
			return nil
		}
		if err == nil {
			err = d.ReleaseFrame(index)
		}
		if err != nil {
			return explain(err)
		}
	}
	return nil
}

// next shows the next frame that is not empty to use, which must not keep it.
func (d *v4l2) next(ctx context.Context, use func(frame []byte) error) error {
	for ctx.Err() == nil {
		var none *webcam.Timeout
		if err := d.WaitForFrame(pollSeconds); errors.As(err, &none) {
			continue
		} else if err != nil {
			return explain(err)
		}
		frame, index, err := d.GetFrame()
		if errors.Is(err, syscall.EAGAIN) {
			continue
		}
		if err != nil {
			return explain(err)
		}
		empty := len(frame) == 0
		if !empty {
			err = use(frame)
		}
		if err := errors.Join(err, d.ReleaseFrame(index)); err != nil || !empty {
			return err
		}
	}
	return ctx.Err()
}
