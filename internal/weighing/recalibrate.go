package weighing

import (
	"fmt"
	"math"
	"time"
)

// RestOver is how far a Rest looks back at most: so long after a question was asked, it knows nothing of what lay
// on the scale before.
const RestOver = medianOver + restOver + unsureFor

// restCounts is the spread in counts within which a load is at rest while counts mean no grams: several times
// a converter's own noise (the HX711's is 50 to 90 nV, 20 to 40 counts at gain 128, by its datasheet), and
// about a gram on a bar of 5 kg.
const restCounts = 500.

// Rest is what a cell reads while its load is at rest, judged without a calibration.
type Rest struct {
	Counts      float64 // mean
	NoiseCounts float64 // what the last ones differ by
}

// Rest returns what the cell reads; false while the load changes or the cell is faulty.
func (s *Scale) Rest() (Rest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.filter // judged by another bound than that of weighing, which goes on with its own
	f.unsure = time.Time{}
	r, still := f.rest(restCounts)
	if !still {
		return Rest{}, false
	}
	return Rest{Counts: r.mean, NoiseCounts: r.spread}, true
}

// Calibrated returns the counts per gram in force; false while the scale is uncalibrated.
func (s *Scale) Calibrated() (countsPerGram float64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.CountsPerGram, s.CountsPerGram != 0
}

// Recalibrate weighs by another calibration from now on: countsPerGram, 0 for uncalibrated, and the counts
// that weigh nothing, nil to leave them. save is to keep it for the next start; when it fails, the old
// calibration stays.
func (s *Scale) Recalibrate(countsPerGram float64, zero *float64, save func() error) error {
	if !finite(countsPerGram) {
		return fmt.Errorf("counts per gram cannot be %v", countsPerGram)
	}
	s.taring.Lock()
	defer s.taring.Unlock()
	if err := save(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.CountsPerGram = countsPerGram
	if zero != nil {
		s.tare, s.tared, s.kept = *zero, true, true
		s.origin, s.keptDrift, s.drift = Origin{}, 0, drift{}
	}
	if !s.last.State.Fault() {
		s.last = s.judge(s.last.At)
	}
	return nil
}

// atRestCounts is the spread in counts within which the load is at rest.
func (s *Scale) atRestCounts() float64 {
	if s.CountsPerGram == 0 {
		return restCounts
	}
	return restG * math.Abs(s.CountsPerGram)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
