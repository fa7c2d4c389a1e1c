package trace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
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

// Err tells why nothing more is written; nil while the recording goes on. It is for the goroutine of Read.
func (r *Recorder) Err() error { return r.err }

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
	at := now()
	if r.readings == 0 {
		r.began = at
		if _, err := fmt.Fprintf(r.W, "%s\n%s\n", header, plain(r.Cell.String())); err != nil {
			return err
		}
	}
	reading := Reading{At: at.Sub(r.began), Counts: counts}
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
	Sleep func(time.Duration) // nil: until it is as late as when the cell was recorded; tests may not wait

	next int
	last time.Time // of the reading before; zero before the first one
}

// String names the cell that was recorded.
func (r *Replay) String() string { return "trace of " + r.Trace.Cell }

// Halt has nothing to power down.
func (r *Replay) Halt() error { return nil }

// Read waits as long as the recorded cell took and returns what it read; a fault is an error of the kind that
// it was.
func (r *Replay) Read(ctx context.Context) (int32, error) {
	pause := time.Duration(0)
	readings := r.Trace.Readings
	switch n := len(readings); {
	case r.next < n && r.next > 0:
		pause = readings[r.next].At - readings[r.next-1].At
	case r.next == n && !r.Loop, n == 0:
		return 0, ErrOver
	case r.next == n:
		pause = max(shortestPause, readings[n-1].At/time.Duration(n))
		r.next = 0
	}
	r.sleep(ctx, pause)
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r.last = time.Now()
	reading := readings[r.next]
	r.next++
	if reading.Fault != "" {
		return 0, r.Trace.faultOf(reading.Fault)
	}
	return reading.Counts, nil
}

// shortestPause before a trace begins anew keeps one that has no length from spinning.
const shortestPause = 10 * time.Millisecond

// sleep waits for the rest of a pause: who reads pauses after a fault, now as when it was recorded.
func (r *Replay) sleep(ctx context.Context, pause time.Duration) {
	if r.Sleep != nil {
		r.Sleep(pause)
		return
	}
	timer := time.NewTimer(pause - time.Since(r.last))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// faultOf gives a fault the kind back that its text begins with, after the cell's name, as drivers write it.
func (t *Trace) faultOf(text string) error {
	name, what := "", text
	if rest, named := strings.CutPrefix(text, t.Cell+": "); named {
		name, what = text[:len(text)-len(rest)], rest
	}
	for _, kind := range []error{weighing.ErrUnplugged, weighing.ErrTimeout, weighing.ErrSaturated, weighing.ErrGlitched} {
		if rest, is := strings.CutPrefix(what, kind.Error()); is && (rest == "" || rest[0] == ':') {
			return fmt.Errorf("%s%w%s", name, kind, rest)
		}
	}
	return errors.New(text)
}
