package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"foodmassd/hardware/camera"
	"foodmassd/internal/api"
	"foodmassd/internal/config"
	"foodmassd/internal/counter"
	"foodmassd/internal/health"
	"foodmassd/internal/task"
	"foodmassd/internal/weighing"
)

var (
	_ counter.Scale   = (*scaleDesk)(nil)
	_ counter.Weigher = (*scaleDesk)(nil)
	_ counter.Camera  = (*camera.Camera)(nil)
)

// newCamera returns the configured camera, nil where there is none. Nothing is opened yet.
func newCamera(conf config.Camera) *camera.Camera {
	switch {
	case conf.Source == "v4l2":
		return camera.V4L2(conf.Device, conf.Width, conf.Height)
	case conf.Source == "stream" && conf.Pipeline != "":
		return camera.Pipeline(conf.Pipeline)
	case conf.Source == "stream":
		return camera.Stream(conf.URL)
	case conf.Source == "folder":
		return camera.Folder(conf.Folder)
	}
	return nil
}

// openCamera is newCamera with health, until the appliance closes.
func (a *appliance) openCamera() *camera.Camera {
	cam := newCamera(a.conf.Camera)
	if cam == nil {
		return nil
	}
	a.onClose(func(context.Context) error { return cam.Close() })
	a.health.Register("camera", func() (health.State, string) { return cameraHealth(cam) })
	return cam
}

// cameraHealth says how the last photo went.
func cameraHealth(cam *camera.Camera) (health.State, string) {
	s := cam.Status()
	switch {
	case s.Err != nil:
		return health.Degraded, s.Err.Error()
	case s.Taken.IsZero():
		return health.OK, fmt.Sprintf("%s, no photo taken yet", cam)
	}
	return health.OK, fmt.Sprintf("%s, %s, last photo %s", cam, pictureOf(s), s.Taken.Format(time.DateTime))
}

// pictureOf says for people what a camera's pictures are like.
func pictureOf(s camera.Status) string {
	return fmt.Sprintf("photos of %d × %d pixels from %s", s.Width, s.Height, s.Mode)
}

// openCounter watches over the counter; nil where there is neither a scale nor a camera.
func (a *appliance) openCounter(tasks *task.Manager, scale api.Scale, cam *camera.Camera) (*counter.Counter, error) {
	c := &counter.Counter{Tasks: tasks, Limits: photoLimits(a.conf), Logger: a.log}
	if desk, ok := scale.(*scaleDesk); ok {
		c.Scale, c.Food = desk, desk
	}
	if cam != nil {
		c.Camera = cam
	}
	if c.Scale == nil && c.Camera == nil {
		return nil, nil
	}
	if a.conf.Camera.Trigger == "weight" {
		c.TriggerG = a.conf.Camera.TriggerG
	}
	if err := c.Initialize(); err != nil {
		return nil, err
	}
	a.onClose(func(context.Context) error { return c.Close() })
	return c, nil
}

// Last returns the scale's latest reading of what is food, without the container in use; of a scale that could
// not be opened a faulty one.
func (d *scaleDesk) Last() weighing.Reading {
	if d.scale == nil {
		return weighing.Reading{State: weighing.Faulty, NetG: math.NaN()}
	}
	r := d.scale.Last()
	r.NetG, _ = r.Food(d.container.Load())
	return r
}

// Food returns the food that rests on the scale, with the uncertainty of its container.
func (d *scaleDesk) Food() (g, sdG float64, ok bool) {
	if d.scale == nil {
		return 0, 0, false
	}
	r := d.scale.Last()
	g, sdG = r.Food(d.container.Load())
	return g, sdG, r.State == weighing.Stable
}

// checkOwnCamera is doctor's look through the configured camera.
func checkOwnCamera(ctx context.Context, conf config.Config) finding {
	f := finding{what: "photos", is: "no camera is configured; they come from clients", todo: "see the message, and camera: in the configuration"}
	cam := newCamera(conf.Camera)
	if cam == nil {
		return f
	}
	// A camera that a daemon uses is not opened beside it: it would be busy.
	if daemon, err := askDaemon(conf); err == nil && daemon.Parts["camera"].State != "" {
		f.is, f.fault = daemon.saysOf("camera")
		return f
	}
	_, err := cam.Snapshot(ctx)
	f.is = fmt.Sprintf("%s, %s", cam, pictureOf(cam.Status()))
	f.fault = errors.Join(err, cam.Close())
	return f
}
