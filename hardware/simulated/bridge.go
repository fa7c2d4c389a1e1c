package simulated

import (
	"math"
	"time"
)

// Load is a mass that lies on the tray for a while.
type Load struct {
	Grams  float64
	For    time.Duration
	HandG  float64 // what a hand presses on top of it, in grams; never steadily
	Bounce Bounce  // how it comes to rest
}

// Bounce is the damped oscillation with which a tray comes to rest, beside the lag of being let go. The zero
// value has none.
type Bounce struct {
	Share float64       // of the change of load, at first
	Hz    float64       // how fast it swings
	Decay time.Duration // its time constant, above 0
}

// Drift is how an empty cell's zero wanders, as with temperature: a ramp and a slow swing.
type Drift struct {
	RampGPerH float64
	SwingG    float64       // amplitude
	Swing     time.Duration // its period; 0: none
}

// Creep is what a load cell's output grows by under a load that stays, and loses again after it. OIML R 60-1,
// 5.5.1 allows a C3 cell 0.7·0.7·1.5/3000 = 0.025 % of its range in half an hour; cheap bars have twice that.
type Creep struct {
	Share float64       // of the load, in the end
	Time  time.Duration // its time constant; 0: none
}

// Bridge is the mechanical half of a scale: what the strain gauges feel while Loads come and go in a loop. Set
// the exported fields before the first Mean, and let time only go forward. It is for one goroutine.
type Bridge struct {
	Loads []Load
	Drift Drift
	Creep Creep

	next   int           // the first load that has not begun
	begins time.Duration // when it will
	began  time.Duration // when the one before did
	load   Load          // that one
	from   float64       // what was felt just then
	crept  float64
	played time.Duration
}

const (
	lag     = 250 * time.Millisecond // time constant of a tray being set down
	samples = 8                      // moments in a conversion that are averaged
)

// Mean returns the mean of what the gauges feel in grams over the time that ends at the given one, as a
// converter of the sigma-delta kind sees it.
func (b *Bridge) Mean(end, over time.Duration) float64 {
	sum := 0.
	for i := range samples {
		sum += b.feel(max(end-over*time.Duration(samples-1-i)/samples, b.played))
	}
	return sum / samples
}

// feel plays on until the given time.
func (b *Bridge) feel(at time.Duration) float64 {
	for len(b.Loads) > 0 && at >= b.begins {
		b.from = b.force(b.begins)
		b.load, b.began = b.Loads[b.next], b.begins
		b.begins += b.load.For
		b.next = (b.next + 1) % len(b.Loads)
	}
	force := b.force(at)
	if b.Creep.Time > 0 {
		b.crept += (b.Creep.Share*force - b.crept) * (1 - math.Exp(-float64(at-b.played)/float64(b.Creep.Time)))
	}
	b.played = at
	return force + b.crept + b.Drift.at(at)
}

// force is what the present load presses with.
func (b *Bridge) force(at time.Duration) float64 {
	since := at - b.began
	to := b.load.Grams + hand(b.load.HandG, at)
	return to + (b.from-to)*b.load.unrest(since)
}

// unrest is the share of a change of load that is still to come; below 0 when it shot over.
func (l Load) unrest(since time.Duration) float64 {
	share := math.Exp(-float64(since) / float64(lag))
	if l.Bounce.Decay > 0 {
		share -= l.Bounce.Share * math.Exp(-float64(since)/float64(l.Bounce.Decay)) * math.Sin(2*math.Pi*l.Bounce.Hz*since.Seconds())
	}
	return share
}

// RestsAfter returns how long a change of load by deltaG takes to come to rest within a gram.
func (l Load) RestsAfter(deltaG float64) time.Duration {
	const step, longest = time.Millisecond, 10 * time.Second
	for t := longest; t > 0; t -= step {
		if math.Abs(deltaG*l.unrest(t)) > 1 {
			return t + step
		}
	}
	return 0
}

// hand is a hand's pressure, which sways slowly and trembles: by 5 % each way or 3 g, whatever is more, at each of
// three frequencies, without hope of a steady second.
func hand(grams float64, at time.Duration) float64 {
	if grams == 0 {
		return 0
	}
	sway := 0.
	for _, hz := range []float64{0.43, 1.13, 2.71} {
		sway += math.Sin(2 * math.Pi * hz * at.Seconds())
	}
	return grams + sway*max(3, 0.05*math.Abs(grams))
}

func (d Drift) at(at time.Duration) float64 {
	g := d.RampGPerH * at.Hours()
	if d.Swing > 0 {
		g += d.SwingG * math.Sin(2*math.Pi*float64(at)/float64(d.Swing))
	}
	return g
}
