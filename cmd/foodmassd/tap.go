package main

import (
	"bytes"
	"context"
	"errors"
	"io"

	"foodmassd/hardware/trace"
)

// tap records what a cell reads for one client, and never waits for it.
type tap struct {
	trace.Recorder
	lines chan []byte
	ended chan error // why the recording ended by itself
}

// tapLines is how many readings a client may lag behind: three seconds at 320 per second.
const tapLines = 1024

// Write is the recorder's, on the weighing's goroutine.
func (t *tap) Write(p []byte) (int, error) {
	select {
	case t.lines <- bytes.Clone(p):
		return len(p), nil
	default:
		return 0, errors.New("it is read too slowly, and the weighing does not wait")
	}
}

// tapped reads the cell, and records it when somebody wants to know.
func (c *loadCell) tapped(ctx context.Context) (int32, error) {
	t := c.tap.Load()
	if t == nil {
		return c.Cell.Read(ctx)
	}
	counts, err := t.Read(ctx)
	if ended := t.Err(); ended != nil && c.tap.CompareAndSwap(t, nil) {
		t.ended <- ended
	}
	return counts, err
}

// Record writes what the cell reads to w until ctx ends.
func (d *scaleDesk) Record(ctx context.Context, w io.Writer) error {
	if d.scale == nil {
		return d.fault
	}
	t := &tap{lines: make(chan []byte, tapLines), ended: make(chan error, 1)}
	t.Recorder = trace.Recorder{Cell: d.cell.Cell, W: t}
	if !d.cell.tap.CompareAndSwap(nil, t) {
		return errors.New("somebody records the scale already; wait until that ends")
	}
	defer d.cell.tap.CompareAndSwap(t, nil)
	for {
		select {
		case line := <-t.lines:
			if _, err := w.Write(line); err != nil {
				return err
			}
		case err := <-t.ended:
			return errors.Join(t.flush(w), err)
		case <-ctx.Done():
			return t.flush(w)
		}
	}
}

// flush writes what was recorded and not yet written.
func (t *tap) flush(w io.Writer) error {
	for {
		select {
		case line := <-t.lines:
			if _, err := w.Write(line); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}
