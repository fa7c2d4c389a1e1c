// Package simulated is a load cell without hardware: plates of food come and go over it and bounce, people lean
// on it, its zero drifts and it creeps, with the noise and the spikes of a real converter. It serves
// demonstrations and tests.
package simulated

import (
	"context"
	"math/rand/v2"
	"time"

	"foodmassd/internal/weighing"
)

// CountsPerGram is the sensitivity that the cell plays, that of a 5 kg bar on an HX711 at gain 128
// (1 mV/V at 24 bit: 2²³·128·0.001/(0.5·5000) ≈ 430 counts per gram).
const CountsPerGram = 430

// EmptyCounts is what the cell reads without a load: a real one is never at zero either.
const EmptyCounts = 84_000

const (
	noiseG     = 0.15 // standard deviation of one conversion: three times that of an HX711 alone
	spikeShare = 0.02 // glitched conversions, between the 1–5 % seen under load
	waitSlice  = 100 * time.Millisecond
)

// Demo is a counter in slow business on a warming cell: empty, a plate, empty, another one.
func Demo() Bridge {
	down := Bounce{Share: 0.3, Hz: 4, Decay: 150 * time.Millisecond}
	return Bridge{
		Loads: []Load{
			{Grams: 0, For: 6 * time.Second, Bounce: down}, {Grams: 412.5, For: 12 * time.Second, Bounce: down},
			{Grams: 0, For: 5 * time.Second, Bounce: down}, {Grams: 287, For: 12 * time.Second, Bounce: down},
		},
		Drift: Drift{RampGPerH: 1, SwingG: 1, Swing: 2 * time.Hour},
		Creep: Creep{Share: 0.0003, Time: 10 * time.Minute},
	}
}

// Fault is a time without counts, as with a plug pulled out.
type Fault struct {
	From, For time.Duration // since the first read
	Err       error
}

// Cell is a Bridge with a converter. Set the exported fields before the first Read; it is for one goroutine.
type Cell struct {
	Bridge Bridge
	Period time.Duration // between conversions; 100 ms for 10 Hz
	Faults []Fault       // in the order of their times
	Rand   *rand.Rand
	Clock  weighing.Clock // nil: the system's

	begun bool
	began time.Time
	ended time.Duration // of the last conversion that was read, since then
}

var _ weighing.Cell = (*Cell)(nil)

func (c *Cell) String() string { return "simulated" }

// Halt has nothing to power down.
func (c *Cell) Halt() error { return nil }

// Ended returns when the conversion ended that was read last, counted from the first read.
func (c *Cell) Ended() time.Duration { return c.ended }

// Read waits for the next conversion and returns it. As with a real converter, one that was done meanwhile is
// there at once, and a reader that comes late misses those before it.
func (c *Cell) Read(ctx context.Context) (int32, error) {
	if c.Clock == nil {
		c.Clock = weighing.SystemClock{}
	}
	if !c.begun {
		c.begun, c.began = true, c.Clock.Now()
	}
	done := c.Clock.Now().Sub(c.began).Truncate(c.Period)
	c.ended = max(done, c.ended+c.Period)
	if err := c.wait(ctx); err != nil {
		return 0, err
	}
	for len(c.Faults) > 0 && c.ended >= c.Faults[0].From+c.Faults[0].For {
		c.Faults = c.Faults[1:]
	}
	if len(c.Faults) > 0 && c.ended >= c.Faults[0].From {
		return 0, c.Faults[0].Err
	}
	grams := c.Bridge.Mean(c.ended, c.Period) + noiseG*c.Rand.NormFloat64()
	if c.Rand.Float64() < spikeShare {
		return []int32{0, weighing.SaturatedHigh}[c.Rand.IntN(2)], nil
	}
	return int32(EmptyCounts + CountsPerGram*grams), nil
}

// wait lets the conversion end.
func (c *Cell) wait(ctx context.Context) error {
	for ctx.Err() == nil {
		left := c.ended - c.Clock.Now().Sub(c.began)
		if left <= 0 {
			break
		}
		c.Clock.Sleep(min(left, waitSlice))
	}
	return ctx.Err()
}
