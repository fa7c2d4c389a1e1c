package counter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/photo"
	"foodmassd/internal/task"
)

// Capture takes a photo now, whatever lies on the counter, and makes a task of it. The scale's reading goes
// with it where the same load rested before and after the photo. Errors: fault.NotFound without a camera,
// fault.CameraFailed, and those of an upload.
func (c *Counter) Capture(ctx context.Context) (task.Task, error) {
	if c.Camera == nil {
		return task.Task{}, fault.New(fault.NotFound, "take a photo", errors.New("no camera is configured"))
	}
	slot, err := c.Tasks.Reserve()
	if err != nil {
		return task.Task{}, err
	}
	defer slot.Release()
	jpeg, weight, err := c.shoot(ctx)
	if err != nil {
		return task.Task{}, err
	}
	return c.accept(ctx, slot, jpeg, weight)
}

// photograph is Capture of a load that rests: it takes photos until one shows what was weighed. Errors
// beside those of Capture: fault.TrayMoved.
func (c *Counter) photograph(ctx context.Context) (task.Task, error) {
	ctx, cancel := context.WithTimeout(ctx, restTimeout)
	defer cancel()
	slot, err := c.Tasks.Reserve()
	if err != nil {
		return task.Task{}, err
	}
	defer slot.Release()
	for c.awaitRest(ctx) {
		jpeg, weight, err := c.shoot(ctx)
		if err != nil {
			return task.Task{}, err
		}
		if weight.ScaleG != nil {
			return c.accept(ctx, slot, jpeg, weight)
		}
	}
	return task.Task{}, fault.New(fault.TrayMoved, "photograph a tray", ctx.Err())
}

// awaitRest waits until grams are known; false when ctx ends first.
func (c *Counter) awaitRest(ctx context.Context) bool {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for WeightOf(c.Food).ScaleG == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

// shoot takes a photo with the reading of its moment: one that held before and after.
func (c *Counter) shoot(ctx context.Context) (jpeg []byte, weight task.Weight, err error) {
	before := WeightOf(c.Food)
	jpeg, err = c.snapshot(ctx)
	if err != nil || c.Food == nil {
		return jpeg, task.Weight{}, err
	}
	weight = WeightOf(c.Food)
	if !same(before, weight) {
		weight = task.Weight{ScaleMissing: true}
	}
	return jpeg, weight, nil
}

// snapshot takes a photo and remembers whether the camera could.
func (c *Counter) snapshot(ctx context.Context) ([]byte, error) {
	jpeg, err := c.Camera.Snapshot(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err() // nobody wants it any more, which says nothing about the camera
	}
	c.mu.Lock()
	c.broken = err != nil
	c.mu.Unlock()
	if err != nil {
		return nil, fault.New(fault.CameraFailed, "take a photo", err)
	}
	return jpeg, nil
}

// accept sends a photo the way of an upload.
func (c *Counter) accept(ctx context.Context, slot *task.Slot, jpeg []byte, weight task.Weight) (task.Task, error) {
	draft, err := slot.NewDraft()
	if err != nil {
		return task.Task{}, err
	}
	defer draft.Discard()
	info, err := photo.Inspect(io.TeeReader(bytes.NewReader(jpeg), draft), c.Limits)
	if err != nil {
		return task.Task{}, err
	}
	extension := info.Format.Extension()
	return slot.Accept(context.WithoutCancel(ctx), draft, task.Submission{
		Filename: "counter-" + time.Now().Format("20060102-150405") + "." + extension, Extension: extension,
		FixedCamera: true, Weight: weight,
	})
}
