package weighing_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"foodmassd/hardware/twin"
	"foodmassd/internal/weighing"
)

// fed is a cell at 10 Hz, on a clock of its own, that reads what the test feeds it, when it does.
type fed struct {
	counts chan int32
	clock  *twin.Clock
}

func (f fed) String() string { return "fed" }
func (f fed) Halt() error    { return nil }
func (f fed) Read(ctx context.Context) (int32, error) {
	select {
	case counts := <-f.counts:
		f.clock.Sleep(conversion)
		return counts, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

const conversion = 100 * time.Millisecond

// rest feeds enough for a rest at counts, and one more, which tells that those before were taken.
func (f fed) rest(counts, noise int32) {
	for i := range int32(2 * weighing.RestOver / conversion) {
		f.counts <- counts + noise*(i/3%3-1)
	}
}

func startFed(t *testing.T, countsPerGram float64) (*weighing.Scale, fed) {
	t.Helper()
	cell := fed{make(chan int32), &twin.Clock{}}
	s := &weighing.Scale{Cell: cell, CountsPerGram: countsPerGram, Clock: cell.clock, Logger: slog.New(slog.DiscardHandler)}
	if err := s.Initialize(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, cell
}

func TestAnUncalibratedScaleGivesCountsAtRestAndNoGrams(t *testing.T) {
	s, cell := startFed(t, 0)
	if _, rests := s.Rest(); rests {
		t.Error("at rest before the first conversion")
	}
	cell.rest(84_000, 40)
	r := s.Last()
	if r.State != weighing.Uncalibrated || !math.IsNaN(r.NetG) || math.Abs(r.Counts-84_000) > 40 || r.State.Fault() ||
		!strings.Contains(r.State.Why(), "foodmassd scale calibrate") {
		t.Errorf("%+v: %s", r, r.State.Why())
	}
	if rest, ok := s.Rest(); !ok || rest.Counts != r.Counts || rest.NoiseCounts > 80 {
		t.Errorf("%+v, %v", rest, ok)
	}
	if _, known := s.Calibrated(); known {
		t.Error("is calibrated")
	}
	for range 4 {
		cell.counts <- 120_000
	}
	if _, rests := s.Rest(); rests || s.Last().State != weighing.Settling {
		t.Errorf("while the load changes: %+v", s.Last())
	}
	if err := s.Tare(func(float64) error { t.Error("saved a zero"); return nil }); err == nil {
		t.Error("zeroed while the load changes")
	}
}

func TestANewCalibrationWeighsAtOnceOrNotAtAll(t *testing.T) {
	s, cell := startFed(t, 0)
	cell.rest(299_000, 0)
	zero := 84_000.
	if err := s.Recalibrate(430, &zero, func() error { return errors.New("no space left") }); err == nil || s.Last().State != weighing.Uncalibrated {
		t.Errorf("not kept: %v, %+v", err, s.Last())
	}
	weighs := func(countsPerGram float64, zero *float64, want float64) {
		t.Helper()
		if err := s.Recalibrate(countsPerGram, zero, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if r := s.Last(); r.State != weighing.Stable || math.Abs(r.NetG-want) > 1e-9 || r.Counts != 299_000 {
			t.Errorf("want %v g: %+v", want, r)
		}
	}
	weighs(430, &zero, 500)
	below := 385_000.
	weighs(-430, &below, 200)
	for _, bad := range []float64{math.NaN(), math.Inf(-1)} {
		if err := s.Recalibrate(bad, &zero, func() error { t.Error("saved"); return nil }); err == nil {
			t.Errorf("%v accepted", bad)
		}
	}
	if perGram, known := s.Calibrated(); perGram != -430 || !known {
		t.Errorf("%v counts per gram, %v", perGram, known)
	}
	if err := s.Recalibrate(0, nil, func() error { return nil }); err != nil || s.Last().State != weighing.Uncalibrated {
		t.Errorf("back to none: %v, %+v", err, s.Last())
	}
}

func TestARestIsFoundThoughTheCalibrationIsFarOff(t *testing.T) {
	s, cell := startFed(t, 0.01) // a gram is less than the noise
	cell.rest(84_000, 30)
	if rest, ok := s.Rest(); !ok || math.Abs(rest.Counts-84_000) > 30 || s.Last().State == weighing.Stable {
		t.Errorf("%+v, %v; %+v", rest, ok, s.Last())
	}
}
