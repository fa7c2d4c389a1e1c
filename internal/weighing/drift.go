package weighing

import (
	"math"
	"time"
)

// The empty scale is followed as legal scales do, by a zero-tracking device after OIML R 76-1:2006, 4.5.7: at
// zero, at rest, by at most 0.5 d per second, and altogether by at most 4 % of the capacity (4.5.1). d is taken
// as 1 g, what this scale promises, so that it is at zero within half a gram.
const (
	scaleIntervalG = 1.                 // d
	atZeroG        = scaleIntervalG / 2 // what steps beyond is a load, and stays one until it is taken off
	followMostGPS  = scaleIntervalG / 2 // grams per second
	followMost     = 0.04               // of the capacity

	// followTime is the time constant of following. A drift of 5 g/h is then followed 0.04 g behind; what changes
	// by more than 60 g/h, such as salt that trickles, gets beyond atZeroG and is a load.
	followTime = 30 * time.Second
	restPause  = time.Second // longest time between two readings at rest that counts as rest
	calmAfter  = time.Second // of rest the last of the movement is over

	// Under a tray the zero drifts unseen. What is left when it is taken off is drift, if it is no more than this;
	// a load as light as that may have been put there meanwhile, hence the limit.
	unseenGPerH = 5.
	unseenMostG = 2.
	keepG       = 1.  // drift that is worth saving
	trayG       = 20. // the least load that is a tray
)

// Origin is how the counts that weigh nothing came about, to be kept with them. The zero value is that of an
// empty tray zeroed just now.
type Origin struct {
	LoadCounts  float64 // of what lay on the tray when it was zeroed: it is none of the drift, and may be lifted
	DriftCounts float64 // of the drift that was followed since
}

// drift follows the zero of the empty scale. The zero value has not seen it empty yet.
type drift struct {
	empty  bool
	boundG float64   // how far from zero an empty scale may be
	light  bool      // something lighter than a tray lay there since it was empty
	rested time.Time // when the present rest began
	seen   time.Time // the last reading of it
	zero   time.Time // the last one of the empty scale
}

// follow is given each weight at rest, and how far the zero has moved so far; it returns by how many grams it is
// to move now.
func (d *drift) follow(at time.Time, netG, movedG, limitG float64) float64 {
	elapsed := at.Sub(d.seen)
	if elapsed > restPause {
		d.rested = at
	}
	d.seen = at
	if at.Sub(d.rested) < calmAfter {
		return 0
	}
	d.look(at, netG)
	if !d.empty {
		return 0
	}
	share := 1 - math.Exp(-float64(elapsed)/float64(followTime))
	most := followMostGPS * elapsed.Seconds()
	step := min(max(netG*share, -most), most)
	return min(max(movedG+step, -limitG), limitG) - movedG
}

// look decides whether the scale is empty.
func (d *drift) look(at time.Time, netG float64) {
	offG := math.Abs(netG)
	if !d.empty {
		d.boundG = atZeroG
		if !d.light && !d.zero.IsZero() {
			d.boundG += min(unseenGPerH*at.Sub(d.zero).Hours(), unseenMostG)
		}
	}
	if d.empty = offG <= d.boundG; d.empty {
		d.zero, d.light = at, false
		d.boundG = min(d.boundG, atZeroG+offG)
		return
	}
	d.light = d.light || offG < trayG
}

// driftLimitG is how far drift may move the zero, in grams either way.
func (s *Scale) driftLimitG() float64 {
	if s.CapacityG == 0 {
		return math.Inf(1)
	}
	return followMost * s.CapacityG
}

// KeepDrift gives save the counts that weigh nothing now, for the next start's Zero and ZeroOrigin, when drift has
// moved them by a gram or more since they were saved last; otherwise it does nothing. Call it rarely, flash memory
// wears out. A zero that came of no Tare is not saved: the next start takes its own. Errors are those of save.
func (s *Scale) KeepDrift(save func(zero float64, o Origin) error) error {
	s.taring.Lock()
	defer s.taring.Unlock()
	s.mu.Lock()
	zero, o := s.tare, s.origin
	due := s.kept && math.Abs(o.DriftCounts-s.keptDrift) >= keepG*math.Abs(s.CountsPerGram)
	s.mu.Unlock()
	if !due {
		return nil
	}
	if err := save(zero, o); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keptDrift = o.DriftCounts
	return nil
}

// LoadCounts returns which part of the given counts is a load on the empty tray.
func (s *Scale) LoadCounts(counts float64) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loadCounts(counts)
}

func (s *Scale) loadCounts(counts float64) float64 {
	load := counts - s.tare + s.origin.LoadCounts
	if !s.tared || load/s.CountsPerGram < trayG {
		return 0 // an empty tray
	}
	return load
}
