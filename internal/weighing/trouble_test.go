package weighing_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"foodmassd/hardware/simulated"
	"foodmassd/hardware/twin"
	"foodmassd/internal/weighing"
)

func TestWhatIsNoLoadIsNamedAndHasNoGrams(t *testing.T) {
	empty := simulated.Load{For: 5 * time.Second}
	then := func(grams float64) []simulated.Load {
		return []simulated.Load{empty, {Grams: grams, For: 5 * time.Second}}
	}
	for name, tc := range map[string]struct {
		loads []simulated.Load
		want  weighing.State
		why   string
	}{
		"a full tray":           {then(4990), weighing.Stable, ""},
		"more than it carries":  {then(5020), weighing.Overload, "scale.capacity_g"},
		"pulled with that":      {then(-5020), weighing.Overload, "take it off"},
		"a tray lifted":         {then(-300), weighing.Reversed, "zero it again"},
		"swapped signal wires":  {then(-60), weighing.Reversed, "signal wires are swapped"},
		"a little below nought": {then(-6), weighing.Stable, ""},
	} {
		r := last(counting(steps(tc.loads...)).play(t))
		if r.State != tc.want || math.IsNaN(r.NetG) != (tc.want != weighing.Stable) || !strings.Contains(r.State.Why(), tc.why) {
			t.Errorf("%s: got %+v, %q", name, r, r.State.Why())
		}
	}
}

func TestAConverterThatRepeatsItselfIsStuckUntilItMoves(t *testing.T) {
	clock := &twin.Clock{}
	i := 0
	b := newBench(counter{clock, func(at time.Duration) int32 {
		if i++; at > 5*time.Second && at < 10*time.Second {
			return 84_007
		}
		return 84_000 + int32(i%3)
	}}, clock, 13*time.Second)
	stuck := false
	for _, r := range b.play(t) {
		at := r.At.Sub(time.Time{})
		stuck = stuck || r.State == weighing.Stuck
		if (r.State == weighing.Stuck) != (at > 8100*time.Millisecond && at < 10*time.Second) && at != 8100*time.Millisecond && at != 10*time.Second {
			t.Errorf("%s at %v", r.State, at)
		}
	}
	if !stuck || last(b.heard).State != weighing.Stable {
		t.Errorf("stuck %v, in the end %+v", stuck, last(b.heard))
	}
}

// tare zeroes the scale at a time of the bench.
func tare(t *testing.T, b *bench, at time.Duration) {
	b.at[at] = func() {
		if err := b.scale.Tare(func(float64) error { return nil }); err != nil {
			t.Error(err)
		}
	}
}

func TestATrayThatWasZeroedMayBeLiftedAndAnEmptyScaleZeroedAnew(t *testing.T) {
	b := counting(steps(simulated.Load{For: 5 * time.Second}, simulated.Load{Grams: 300, For: 5 * time.Second}, simulated.Load{For: 5 * time.Second}))
	tare(t, b, 8*time.Second)
	if r := last(b.play(t)); r.State != weighing.Stable || !near(r.NetG, -300, 1) {
		t.Errorf("a tray zeroed and lifted: %+v", r)
	}

	b = counting(steps(simulated.Load{Grams: 300, For: 5 * time.Second}, simulated.Load{For: 10 * time.Second}))
	tare(t, b, 10*time.Second)
	heard := b.play(t)
	if r := last(heard); heard[80].State != weighing.Reversed || r.State != weighing.Stable || !near(r.NetG, 0, 1) {
		t.Errorf("started with a tray that was lifted: %s, after zeroing %+v", heard[80].State, r)
	}
}
