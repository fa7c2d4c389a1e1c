// Package camera takes one photo at a time with the appliance's own camera: a v4l2 device, a network
// stream or GStreamer pipeline, or a folder of photos that stands in for one. A request for a photo comes
// in; the bytes of one whole JPEG, taken after the request, go out, or an error that says what to do.
//
// OpenCV could capture as well, but its videoio module would link 251 shared libraries where the program
// has 25, and would bring the camera's crashes into a process of ours. So a v4l2 device is spoken to
// directly, in Go, and everything else is GStreamer's business, in a process of its own.
package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"foodmassd/internal/photo"
)

const (
	// photoTimeout bounds one photo with all that it takes, such as connecting to a camera on the network.
	photoTimeout = 10 * time.Second
	// idleClose is how long a camera that nobody asks stays open: between two trays in business it needs no
	// warming up, at night it may sleep.
	idleClose = 2 * time.Minute
	// brokenFrames in a row are a camera's fault; single ones are a disturbed cable's.
	brokenFrames = 5
)

// device is a camera that is open and delivering.
type device interface {
	// Check tells whether pictures can be had, and takes none.
	Check(ctx context.Context) error
	// Frame returns the next picture that is complete after the call, as a JPEG that may be damaged.
	Frame(ctx context.Context) ([]byte, error)
	// Mode says in which form the pictures come, such as "YUYV 640 × 480".
	Mode() string
	Close() error
}

// Camera opens its device when a photo is wanted and closes it when none is for a while. It is safe for
// concurrent use; photos are taken one after the other. Make one with V4L2, Stream, Pipeline or Folder.
type Camera struct {
	name string
	open func(ctx context.Context) (device, error)

	turn    chan struct{} // holds a token while somebody uses what stands below
	device  device        // nil: closed
	idle    *time.Timer
	used    time.Time
	closing bool

	mu     sync.Mutex
	status Status
}

// Status is how the last photo went.
type Status struct {
	// Taken is when the last photo was taken; zero before the first.
	Taken         time.Time
	Width, Height int    // of it, in pixels
	Mode          string // in which form the pictures come
	// Err is why the last try failed, nil when it did not.
	Err error
}

func newCamera(name string, open func(context.Context) (device, error)) *Camera {
	return &Camera{name: name, open: open, turn: make(chan struct{}, 1)}
}

// String names the camera, without any password.
func (c *Camera) String() string { return c.name }

// Status returns how the last photo went.
func (c *Camera) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Open has the camera ready and its exposure settled before a photo is wanted, and finds out whether it works.
func (c *Camera) Open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, photoTimeout)
	defer cancel()
	err := c.explained(ctx, c.ready(ctx))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Err = err
	return err
}

func (c *Camera) ready(ctx context.Context) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.give()
	err := c.openDevice(ctx)
	if err == nil {
		err = c.device.Check(ctx)
	}
	if err != nil {
		return errors.Join(err, c.shut())
	}
	c.closeWhenIdle()
	return nil
}

// take waits for the turn, which give hands on.
func (c *Camera) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Camera) give() { <-c.turn }

// Snapshot takes a photo now: a whole JPEG within photo.DefaultLimits. A camera that was unplugged since
// the last one is opened anew.
func (c *Camera) Snapshot(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, photoTimeout)
	defer cancel()
	jpeg, info, mode, err := c.shoot(ctx)
	err = c.explained(ctx, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status.Err = err; err != nil {
		return nil, err
	}
	c.status = Status{Taken: time.Now(), Width: info.Width, Height: info.Height, Mode: mode}
	return jpeg, nil
}

// explained names the camera and says more than "context deadline exceeded".
func (c *Camera) explained(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		err = errors.New("no picture in time; is the camera switched on and its cable, or its network, in order?")
	}
	return fmt.Errorf("%s: %w", c.name, err)
}

func (c *Camera) shoot(ctx context.Context) (jpeg []byte, info photo.Info, mode string, err error) {
	if err := c.take(ctx); err != nil {
		return nil, info, "", err
	}
	defer c.give()
	wasOpen := c.device != nil
	jpeg, info, err = c.try(ctx)
	if err != nil && wasOpen && ctx.Err() == nil {
		jpeg, info, err = c.try(ctx) // it went away while nobody looked, and may be back
	}
	if err == nil {
		mode = c.device.Mode()
	}
	return jpeg, info, mode, err
}

// try takes a photo with the device as it is, opened if need be, and closes one that fails. It needs the
// turn.
func (c *Camera) try(ctx context.Context) (jpeg []byte, info photo.Info, err error) {
	if err := c.openDevice(ctx); err != nil {
		return nil, info, err
	}
	for range brokenFrames {
		if jpeg, err = c.device.Frame(ctx); err != nil {
			break
		}
		if jpeg, err = withTables(jpeg); err != nil {
			continue
		}
		if info, err = photo.Inspect(bytes.NewReader(jpeg), photo.DefaultLimits); err == nil {
			c.closeWhenIdle()
			return jpeg, info, nil
		}
	}
	return nil, info, errors.Join(err, c.shut())
}

// openDevice opens the device unless it is. It needs the turn.
func (c *Camera) openDevice(ctx context.Context) error {
	if c.closing {
		return errors.New("the daemon is shutting down")
	}
	if c.device != nil {
		return nil
	}
	opened, err := c.open(ctx)
	if err == nil {
		c.device = opened
	}
	return err
}

// shut closes the device. It needs the turn.
func (c *Camera) shut() error {
	if c.device == nil {
		return nil
	}
	err := c.device.Close()
	c.device = nil
	return err
}

// closeWhenIdle needs the turn.
func (c *Camera) closeWhenIdle() {
	c.used = time.Now()
	if c.idle == nil {
		c.idle = time.AfterFunc(idleClose, c.rest)
	} else {
		c.idle.Reset(idleClose)
	}
}

func (c *Camera) rest() {
	c.turn <- struct{}{}
	defer c.give()
	if time.Since(c.used) >= idleClose {
		_ = c.shut() // the next photo opens it anew and tells what is wrong
	}
}

// Close ends the camera for good; a photo under way is taken first.
func (c *Camera) Close() error {
	c.turn <- struct{}{}
	defer c.give()
	c.closing = true
	if c.idle != nil {
		c.idle.Stop()
	}
	return c.shut()
}
