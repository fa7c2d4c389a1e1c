package weighing

import "fmt"

// Tare makes what rests on the scale now weigh nothing: an empty tray, or one with a container. save is
// given its counts to keep them for the next start's Zero; when it fails, or while nothing rests, the old
// zero stays and the error says why.
func (s *Scale) Tare(save func(zero float64) error) error {
	s.taring.Lock()
	defer s.taring.Unlock()
	r := s.Last()
	if r.State != Stable {
		return fmt.Errorf("the scale is %s: %s", r.State, r.State.Why())
	}
	// Weighing goes on while a slow disk takes its time.
	if err := save(r.Counts); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tare, s.tared = r.Counts, true
	if s.last.State == Stable {
		s.last.NetG = (s.last.Counts - s.tare) / s.CountsPerGram
	}
	return nil
}

// ZeroCounts returns the counts that weigh nothing; false while none are known.
func (s *Scale) ZeroCounts() (counts float64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tare, s.tared
}

// whys say for people why a state has no grams.
var whys = map[State]string{
	Starting:     "it has just been started; it weighs once the tray has rested for a second",
	Settling:     "the load is changing; leave the tray alone for a second",
	Uncalibrated: "nobody knows what its counts weigh; run: foodmassd scale calibrate",
	Unplugged:    "nothing answers; check its wires",
	TimedOut:     "its converter takes too long; check its supply",
	Saturated:    "the load is out of its range; take it off",
	Glitched:     "its readings are disturbed; keep its wires away from power cables",
	Faulty:       "it cannot be read; foodmassd doctor says more",
}

// Why says for people why a scale in this state has no grams, "" when it has.
func (s State) Why() string { return whys[s] }
