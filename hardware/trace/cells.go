package trace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"foodmassd/internal/weighing"
)

var (
	_ weighing.Cell = (*Recorder)(nil)
	_ weighing.Cell = (*Replay)(nil)
)

// Recorder is a cell that writes down what it reads. A write that fails, or a full trace, ends the
// recording, never the weighing. Set the exported fields before the first Read; it is for one
// goroutine.
type Recorder struct {
	weighing.Cell
	W   io.Writer
	Now func() time.Time // nil: time.Now

	began    time.Time
	readings int
	err      error // why nothing more is written
}

// Read reads the cell. A cancelled read is no reading.
func (r *Recorder) Read(ctx context.Context) (int32, error) {
	counts, err := r.Cell.Read(ctx)
	if r.err == nil && ctx.Err() == nil {
		r.err = r.write(counts, err)
	}
	return counts, err
}

// Halt powers the cell down and tells why the recording ended early, if it did.
func (r *Recorder) Halt() error {
	err := r.Cell.Halt()
	if r.err != nil {
		err = errors.Join(err, fmt.Errorf("the trace ends after %d readings: %w", r.readings, r.err))
	}
	return err
}

func (r *Recorder) write(counts int32, fault error) error {
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	if r.readings == 0 {
		r.began = now()
		if _, err := fmt.Fprintf(r.W, "%s\n%s\n", header, plain(r.Cell.String())); err != nil {
			return err
		}
	}
	reading := Reading{At: now().Sub(r.began), Counts: counts}
	if fault != nil {
		reading.Fault = cmp.Or(plain(fault.Error()), "unnamed")
	}
	if r.readings == MaxReadings || reading.At > MaxLength {
		return errors.New("it is full")
	}
	_, err := io.WriteString(r.W, reading.line())
	if err == nil {
		r.readings++
	}
	return err
}

// ErrOver is what a Replay reads after the last reading of its trace.
var ErrOver = errors.New("the trace is over")

// Replay is a cell that plays a trace. Set the exported fields before the first Read; it is for one
// goroutine.
type Replay struct {
	Trace Trace
	Loop  bool                // begin anew instead of ErrOver
	Sleep func(time.Duration) // nil: as long as the cell took; tests may not wait

	next int
}

// String names the cell that was recorded.
func (r *Replay) String() string { return "trace of " + r.Trace.Cell }

// Halt has nothing to power down.
func (r *Replay) Halt() error { return nil }

// Read waits as long as the recorded cell took and returns what it read; a fault is an error.
func (r *Replay) Read(ctx context.Context) (int32, error) {
	if r.Loop && r.next == len(r.Trace.Readings) {
		r.next = 0
	}
	if r.next == len(r.Trace.Readings) {
		return 0, ErrOver
	}
	reading := r.Trace.Readings[r.next]
	if r.next > 0 {
		r.sleep(ctx, reading.At-r.Trace.Readings[r.next-1].At)
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r.next++
	if reading.Fault != "" {
		return 0, errors.New(reading.Fault)
	}
	return reading.Counts, nil
}

func (r *Replay) sleep(ctx context.Context, d time.Duration) {
	if r.Sleep != nil {
		r.Sleep(d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
