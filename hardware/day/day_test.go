package day

import (
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"foodmassd/internal/weighing"
)

// A converter at 10 Hz has a reading this soon after the load is at rest; a faster one has it sooner.
const (
	settlesWithin  = 1200 * time.Millisecond
	lateWithin     = 4 * time.Second // with a host that sleeps for up to 2 s, or resets of the chip
	noticedWithin  = time.Second
	regainedWithin = 4 * time.Second // an HX711 settles anew for half a second, in which it may be disturbed again
)

func TestAScaleCanBeTrustedAllDay(t *testing.T) {
	t.Parallel()
	whole := NewScript(8*time.Hour, 1)
	short := NewScript(35*time.Minute, 2)
	for _, tc := range []struct {
		name   string
		script Script
		rateHz int
		play   func(Script, int) (Result, error)
	}{
		{"simulated", whole, 10, Simulated},
		{"hx711", whole, 10, HX711},
		{"simulated", short, 20, Simulated},
		{"simulated", short, 80, Simulated},
		{"simulated", short, 320, Simulated},
		{"hx711", short, 80, HX711},
	} {
		name := fmt.Sprintf("%s at %d Hz for %v", tc.name, tc.rateHz, tc.script.Length)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := tc.play(tc.script, tc.rateHz)
			if err != nil {
				t.Fatal(err)
			}
			if r.False > 0 || r.Readings < int(tc.script.Length.Seconds()) || r.Readings*4 < int(tc.script.Length.Seconds())*tc.rateHz {
				t.Errorf("%d of %d readings are false; the worst is off by %.2f g", r.False, r.Readings, r.WorstG)
			}
			if r.Missed > 0 || r.Rests < 30 {
				t.Errorf("%d of %d loads at rest were never weighed", r.Missed, r.Rests)
			}
			if took := r.Settle.At(1); took > settlesWithin {
				t.Errorf("a load at rest took %v to be weighed", took)
			}
			if took := r.Late.At(1); took > lateWithin {
				t.Errorf("with a late host a load at rest took %v to be weighed", took)
			}
			if n := len(tc.script.Outages); n == 0 || r.Outages != n || len(r.Noticed) != n || r.Noticed.At(1) > noticedWithin || r.Regained.At(1) > regainedWithin {
				t.Errorf("of %d outages %d were noticed, at most after %v, and %d overcome, at most after %v",
					n, len(r.Noticed), r.Noticed.At(1), len(r.Regained), r.Regained.At(1))
			}
			if t.Failed() {
				_ = Print(os.Stderr, Run{name, r})
			}
		})
	}
}

func TestTheJudgeSeesAFalseReadingAndALoadThatIsNeverWeighed(t *testing.T) {
	j := judge{late: -time.Hour, truths: []truth{{grams: 500, till: 10 * time.Second, rests: time.Second}, {grams: 0, from: 10 * time.Second, till: time.Minute, rests: 11 * time.Second}, {from: time.Minute, till: time.Hour}}}
	for _, heard := range []struct {
		at    time.Duration
		state weighing.State
		netG  float64
	}{
		{3 * time.Second, weighing.Settling, math.NaN()},
		{4 * time.Second, weighing.Stable, 501.9},
		{5 * time.Second, weighing.Stable, 502.1},
		{12 * time.Second, weighing.Settling, math.NaN()},
		{61 * time.Second, weighing.Settling, math.NaN()},
	} {
		j.hear(weighing.Reading{State: heard.state, NetG: heard.netG, At: time.Time{}.Add(heard.at)}, heard.at)
	}
	r := j.result()
	if r.Readings != 2 || r.False != 1 || r.Rests != 2 || r.Missed != 1 || r.Settle.At(1) != 3*time.Second {
		t.Errorf("got %+v", r)
	}
}
