// Package simulated is a load cell without hardware: plates of food come and go over it, with the
// noise and the spikes of a real converter. It serves demonstrations and tests.
package simulated

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"foodmassd/internal/weighing"
)

// CountsPerGram is the sensitivity that the cell plays, that of a 5 kg bar on an HX711 at gain 128
// (1 mV/V at 24 bit: 2²³·128·0.001/(0.5·5000) ≈ 430 counts per gram).
const CountsPerGram = 430

const (
	emptyCounts = 84_000                 // an unloaded cell is never at zero
	noiseG      = 0.15                   // standard deviation of one conversion
	spikeShare  = 0.02                   // glitched conversions, between the 1–5 % seen under load
	lag         = 250 * time.Millisecond // time constant of a tray being set down
)

// Load is a mass in grams that lies on the cell for a while.
type Load struct {
	Grams float64
	For   time.Duration
}

// Demo is a counter in slow business: empty, a plate, empty, another one.
var Demo = []Load{{0, 6 * time.Second}, {412.5, 12 * time.Second}, {0, 5 * time.Second}, {287, 12 * time.Second}}

// Cell plays Loads in a loop. Set the exported fields before the first Read.
type Cell struct {
	Loads  []Load
	Period time.Duration // between conversions; 100 ms for 10 Hz
	Rand   *rand.Rand

	clock time.Duration // how far the script has been played
	grams float64       // what the cell feels, behind the load by lag
}

var _ weighing.Cell = (*Cell)(nil)

func (c *Cell) String() string { return "simulated" }

// Halt has nothing to power down.
func (c *Cell) Halt() error { return nil }

// Read waits one period and returns the next conversion.
func (c *Cell) Read(ctx context.Context) (int32, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(c.Period):
	}
	c.clock += c.Period
	c.grams += (c.load() - c.grams) * (1 - math.Exp(-float64(c.Period)/float64(lag)))
	if c.Rand.Float64() < spikeShare {
		return []int32{0, 1<<23 - 1}[c.Rand.IntN(2)], nil
	}
	return int32(emptyCounts + CountsPerGram*(c.grams+noiseG*c.Rand.NormFloat64())), nil
}

func (c *Cell) load() float64 {
	var total time.Duration
	for _, l := range c.Loads {
		total += l.For
	}
	at := c.clock % total
	for _, l := range c.Loads {
		if at < l.For {
			return l.Grams
		}
		at -= l.For
	}
	return 0
}
