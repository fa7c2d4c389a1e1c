package weighing_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"foodmassd/hardware/simulated"
	"foodmassd/internal/weighing"
)

// start plays a script 50 times faster than life.
func start(t *testing.T, wrap func(weighing.Cell) weighing.Cell, loads ...simulated.Load) *weighing.Scale {
	t.Helper()
	var cell weighing.Cell = &simulated.Cell{Loads: loads, Period: 2 * time.Millisecond, Rand: rand.New(rand.NewPCG(1, 2))}
	if wrap != nil {
		cell = wrap(cell)
	}
	s := &weighing.Scale{Cell: cell, CountsPerGram: simulated.CountsPerGram, Logger: slog.New(slog.DiscardHandler)}
	if err := s.Initialize(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// wait polls until a reading satisfies ok.
func wait(t *testing.T, s *weighing.Scale, what string, ok func(weighing.Reading) bool) weighing.Reading {
	t.Helper()
	for range 10_000 {
		if r := s.Last(); ok(r) {
			return r
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("never saw: %s; last %+v", what, s.Last())
	return weighing.Reading{}
}

func TestAPlateIsWeighedAfterTheEmptyScaleWasTared(t *testing.T) {
	s := start(t, nil, simulated.Load{Grams: 0, For: 1500 * time.Millisecond}, simulated.Load{Grams: 412.5, For: time.Hour})
	wait(t, s, "empty scale at rest", func(r weighing.Reading) bool {
		return r.State == weighing.Stable && math.Abs(r.NetG) < 1
	})
	wait(t, s, "plate at rest", func(r weighing.Reading) bool {
		return r.State == weighing.Stable && math.Abs(r.NetG-412.5) < 1
	})
	for range 200 { // spikes of 2 % pass by; none may show in a stable reading
		if r := s.Last(); r.State == weighing.Stable && math.Abs(r.NetG-412.5) > 1 {
			t.Fatalf("a spike came through: %+v", r)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestNoGramsAreGivenWhileTheLoadChanges(t *testing.T) {
	s := start(t, nil, simulated.Load{Grams: 0, For: 1500 * time.Millisecond}, simulated.Load{Grams: 800, For: 3 * time.Second})
	r := wait(t, s, "settling", func(r weighing.Reading) bool { return r.State == weighing.Settling })
	if !math.IsNaN(r.NetG) {
		t.Errorf("grams of a moving load: %+v", r)
	}
}

type flaky struct {
	weighing.Cell
	fault *atomic.Value // of error; nil inside: none
}

type fault struct{ err error }

func (f flaky) Read(ctx context.Context) (int32, error) {
	if err := f.fault.Load().(fault).err; err != nil {
		return 0, err
	}
	return f.Cell.Read(ctx)
}

func TestEachKindOfFaultIsNamedAndPasses(t *testing.T) {
	for want, err := range map[weighing.State]error{
		weighing.Unplugged: weighing.ErrUnplugged,
		weighing.TimedOut:  weighing.ErrTimeout,
		weighing.Saturated: weighing.ErrSaturated,
		weighing.Glitched:  weighing.ErrGlitched,
		weighing.Faulty:    errors.New("gpio pin GPIO5 is in use"),
	} {
		t.Run(string(want), func(t *testing.T) {
			t.Parallel()
			var now atomic.Value
			now.Store(fault{})
			s := start(t, func(c weighing.Cell) weighing.Cell { return flaky{c, &now} }, simulated.Load{Grams: 0, For: time.Hour})
			stable := func(r weighing.Reading) bool { return r.State == weighing.Stable }
			wait(t, s, "stable", stable)
			now.Store(fault{fmt.Errorf("cell: %w: look at it", err)})
			r := wait(t, s, "a fault", func(r weighing.Reading) bool { return r.State.Fault() })
			if r.State != want || !math.IsNaN(r.NetG) {
				t.Errorf("got %+v", r)
			}
			now.Store(fault{})
			wait(t, s, "stable again", stable)
		})
	}
}

func TestAScaleWithAnImpossibleCalibrationDoesNotStart(t *testing.T) {
	for _, perGram := range []float64{math.NaN(), math.Inf(1)} {
		s := &weighing.Scale{Cell: &simulated.Cell{}, CountsPerGram: perGram}
		if err := s.Initialize(); err == nil {
			t.Errorf("%v counts per gram accepted", perGram)
		}
	}
}
