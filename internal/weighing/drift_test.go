package weighing_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"foodmassd/hardware/simulated"
	"foodmassd/internal/weighing"
)

// warming adds a drift of 5 g/h.
func warming(grams func(time.Duration) float64) func(time.Duration) float64 {
	return func(at time.Duration) float64 { return grams(at) + 5*at.Hours() }
}

func TestTheEmptyScaleStaysAtZeroThroughDriftAndFoodIsNeverTakenForIt(t *testing.T) {
	empty := simulated.Load{For: 20 * time.Second}
	on := func(grams float64, d time.Duration) simulated.Load { return simulated.Load{Grams: grams, For: d} }
	for name, tc := range map[string]struct {
		loads []simulated.Load
		drift bool
		want  float64
		bound float64
	}{
		"drift alone":                       {[]simulated.Load{on(0, 3*time.Hour)}, true, 0, 0.2},
		"3 g of food for an hour":           {[]simulated.Load{empty, on(3, time.Hour)}, false, 3, 0.3},
		"0.7 g of salt for an hour":         {[]simulated.Load{empty, on(0.7, time.Hour)}, false, 0.7, 0.3},
		"2 g left by a tray":                {[]simulated.Load{empty, on(500, 5*time.Minute), on(2, time.Hour)}, false, 2, 0.3},
		"2 g under trays for an hour":       {[]simulated.Load{empty, on(2, time.Minute), on(500, time.Hour), on(2, 5*time.Minute)}, false, 2, 0.3},
		"a tray for 20 min on a warm scale": {[]simulated.Load{empty, on(500, 20*time.Minute), on(0, 3*time.Minute)}, true, 0, 0.3},
		"a tray still there after 15 min":   {[]simulated.Load{empty, on(300, 15*time.Minute)}, true, 300, 1.6},
		"then food":                         {[]simulated.Load{empty, on(500, 20*time.Minute), on(0, 3*time.Minute), on(3, time.Minute)}, true, 3, 0.5},
		"something taken off a tray":        {[]simulated.Load{empty, on(500, time.Minute), on(497, time.Hour)}, false, 497, 0.3},
	} {
		until, grams := steps(tc.loads...)
		if tc.drift {
			grams = warming(grams)
		}
		if r := last(counting(until, grams).play(t)); r.State != weighing.Stable || !near(r.NetG, tc.want, tc.bound) {
			t.Errorf("%s: got %+v, want %v g", name, r, tc.want)
		}
	}
}

func TestDriftMovesTheZeroByAtMostFourPercentOfTheCapacity(t *testing.T) {
	b := counting(2*time.Hour, warming(func(time.Duration) float64 { return 0 }))
	b.scale.CapacityG = 100
	if r := last(b.play(t)); !near(r.NetG, 10-4, 0.3) {
		t.Errorf("got %+v", r)
	}
	if zero, _ := b.scale.ZeroCounts(); !near(zero, simulated.EmptyCounts+4*simulated.CountsPerGram, 50) {
		t.Errorf("the zero is %v", zero)
	}
}

func TestADriftedZeroIsSavedRarelyAndTheNextStartGoesOnFromIt(t *testing.T) {
	b := counting(time.Hour, warming(func(time.Duration) float64 { return 0 }))
	tare(t, b, 10*time.Second)
	saves, kept := 0, weighing.Origin{}
	var zero float64
	full := errors.New("the disk is full")
	for at := time.Minute; at < time.Hour; at += time.Minute {
		b.at[at] = func() {
			err := b.scale.KeepDrift(func(z float64, o weighing.Origin) error {
				if saves++; saves == 1 {
					return full
				}
				zero, kept = z, o
				return nil
			})
			if (err != nil) != (saves == 1 && zero == 0 && errors.Is(err, full)) {
				t.Error(err)
			}
		}
	}
	b.play(t)
	if saves < 4 || saves > 6 || !near(zero-kept.DriftCounts, simulated.EmptyCounts, 50) || kept.DriftCounts < 3.5*simulated.CountsPerGram {
		t.Errorf("saved %d times in an hour of 5 g, %v %+v", saves, zero, kept)
	}

	next := counting(2*time.Hour, warming(func(time.Duration) float64 { return kept.DriftCounts / simulated.CountsPerGram }))
	next.scale.CapacityG, next.scale.Zero, next.scale.ZeroOrigin = 200, &zero, kept // 8 g may be followed, over both starts
	next.play(t)
	if now, _ := next.scale.ZeroCounts(); math.Abs(now-simulated.EmptyCounts-8*simulated.CountsPerGram) > 100 {
		t.Errorf("the zero has moved by %v counts", now-simulated.EmptyCounts)
	}
}

func TestAZeroThatNobodyTookIsNotSaved(t *testing.T) {
	b := counting(time.Hour, warming(func(time.Duration) float64 { return 0 }))
	b.at[50*time.Minute] = func() {
		if err := b.scale.KeepDrift(func(float64, weighing.Origin) error { return errors.New("saved") }); err != nil {
			t.Error(err)
		}
	}
	b.play(t)
}
