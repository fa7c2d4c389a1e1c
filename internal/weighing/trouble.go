package weighing

import (
	"math"
	"time"
)

const (
	// stuckFor is how long the very same counts may come, stuckLeast how often. A load cell's last bits always move:
	// an HX711's input noise of 50 nV at 10 Hz (datasheet, "Key Electrical Characteristics") is 21 counts. With a
	// standard deviation of one count, far quieter than that, the next conversion is the same one in 28 % of all
	// cases (1/(2σ√π)), and 30 of them in a row at 10 Hz happen once in 10¹⁶.
	stuckFor   = 3 * time.Second
	stuckLeast = 20
	// reversedG is how far below what lay there at the last Tare a load at rest is none: more than a night's drift,
	// less than any tray.
	reversedG = 20
)

// frozen notices a converter that repeats itself. The zero value is ready.
type frozen struct {
	counts      int32
	since, last time.Time
	times       int
}

func (f *frozen) add(counts int32, at time.Time) {
	if f.times == 0 || counts != f.counts {
		*f = frozen{counts: counts, since: at}
	}
	f.last = at
	f.times++
}

func (f *frozen) stuck() bool { return f.times >= stuckLeast && f.last.Sub(f.since) >= stuckFor }

// overloaded tells whether counts are more than the cell may carry, with what was on it when it was zeroed.
func (s *Scale) overloaded(counts float64) bool {
	grossG := (counts - s.tare + s.origin.LoadCounts) / s.CountsPerGram
	return s.CapacityG > 0 && math.Abs(grossG) > s.CapacityG
}
