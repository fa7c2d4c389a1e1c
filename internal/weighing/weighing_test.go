package weighing_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"foodmassd/hardware/simulated"
	"foodmassd/hardware/twin"
	"foodmassd/internal/weighing"
)

// plates benches the simulated cell.
func plates(rateHz int, until time.Duration, loads ...simulated.Load) (*bench, *simulated.Cell) {
	clock := &twin.Clock{}
	cell := &simulated.Cell{Bridge: simulated.Bridge{Loads: loads}, Period: time.Second / time.Duration(rateHz), Rand: rand.New(rand.NewPCG(1, 2)), Clock: clock}
	return newBench(cell, clock, until), cell
}

func TestAPlateIsWeighedAlikeAtEveryRate(t *testing.T) {
	for _, hz := range []int{10, 20, 40, 80, 320} {
		down := simulated.Load{Grams: 412.5, For: time.Hour, Bounce: simulated.Bounce{Share: 0.5, Hz: 3, Decay: 200 * time.Millisecond}}
		b, _ := plates(hz, 10*time.Second, simulated.Load{For: 4 * time.Second}, down)
		rests := 4*time.Second + down.RestsAfter(down.Grams)
		var first time.Duration
		for _, r := range b.play(t) {
			at := r.At.Sub(time.Time{})
			switch {
			case r.State != weighing.Stable:
				if !math.IsNaN(r.NetG) {
					t.Errorf("%d Hz: grams while %s", hz, r.State)
				}
			case at < 4*time.Second && !near(r.NetG, 0, 1), at > 4100*time.Millisecond && !near(r.NetG, 412.5, 1.5):
				t.Errorf("%d Hz: %+v at %v", hz, r, at)
			case at > 4100*time.Millisecond && first == 0:
				first = at
			}
		}
		if late := first - rests; first == 0 || late > 1200*time.Millisecond || late < 300*time.Millisecond {
			t.Errorf("%d Hz: weighed %v after it came to rest", hz, late)
		}
	}
}

func TestTwoSpikesInARowOfAnySizeAreNeverWeighed(t *testing.T) {
	for _, spike := range []float64{-3000, -20, 5, 1000} {
		b := counting(time.Minute, func(at time.Duration) float64 {
			if i := at / (100 * time.Millisecond) % 50; at > 5*time.Second && i < 2 {
				return 300 + spike
			} else if at > 5*time.Second {
				return 300
			}
			return 0
		})
		stable := 0
		for _, r := range b.play(t) {
			if r.State == weighing.Stable && r.At.Sub(time.Time{}) > 6*time.Second {
				stable++
				if !near(r.NetG, 300, 1) {
					t.Fatalf("spike of %v g: %+v", spike, r)
				}
			}
		}
		if stable < 400 {
			t.Errorf("spikes of %v g leave %d readings in 54 s", spike, stable)
		}
	}
}

func TestEachKindOfFaultIsNamedAndPasses(t *testing.T) {
	for want, err := range map[weighing.State]error{
		weighing.Unplugged: weighing.ErrUnplugged,
		weighing.TimedOut:  weighing.ErrTimeout,
		weighing.Saturated: weighing.ErrSaturated,
		weighing.Glitched:  weighing.ErrGlitched,
		weighing.Faulty:    errPin,
	} {
		b, cell := plates(10, 10*time.Second, simulated.Load{For: time.Hour})
		cell.Faults = []simulated.Fault{{From: 3 * time.Second, For: 2 * time.Second, Err: fmt.Errorf("cell: %w: look at it", err)}}
		heard := b.play(t)
		named := slices.ContainsFunc(heard, func(r weighing.Reading) bool {
			return r.State == want && math.IsNaN(r.NetG) && r.State.Fault() && r.State.Trouble() && r.State.Why() != ""
		})
		if !named || last(heard).State != weighing.Stable {
			t.Errorf("%s: named %v, in the end %+v", want, named, last(heard))
		}
	}
}

func TestACellThatOnlyGlitchesIsCalledSo(t *testing.T) {
	clock := &twin.Clock{}
	i := 0
	b := newBench(counter{clock, func(at time.Duration) int32 {
		if i++; at > 5*time.Second {
			return []int32{0, -1, weighing.SaturatedHigh}[i%3]
		}
		return 84_000 + int32(i%7)
	}}, clock, 8*time.Second)
	if r := last(b.play(t)); r.State != weighing.Glitched || !math.IsNaN(r.NetG) {
		t.Errorf("got %+v", r)
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
