package weighing

import "fmt"

// Tare makes what rests on the scale now weigh nothing: an empty tray, or one with a container. save is
// given its counts to keep them for the next start's Zero, their LoadCounts with them; when it fails, or while
// nothing rests, the old zero stays and the error says why.
func (s *Scale) Tare(save func(zero float64) error) error {
	s.taring.Lock()
	defer s.taring.Unlock()
	r := s.Last()
	if r.State != Stable && r.State != Reversed {
		return fmt.Errorf("the scale is %s: %s", r.State, r.State.Why())
	}
	// Weighing goes on while a slow disk takes its time.
	if err := save(r.Counts); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.origin, s.keptDrift = Origin{LoadCounts: s.loadCounts(r.Counts)}, 0
	s.tare, s.tared, s.kept = r.Counts, true, true
	switch s.last.State {
	case Stable:
		s.last.NetG = (s.last.Counts - s.tare) / s.CountsPerGram
	case Reversed:
		s.last.State = Settling // until the next conversion
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
	Overload:     "the load is beyond its capacity (scale.capacity_g); take it off",
	Stuck:        "its converter repeats one and the same number, it hangs; switch its supply off and on, then check its wires",
	Reversed:     "it weighs less than nothing: what lay on it when it was zeroed was taken off (zero it again, with the tray empty), or the load cell's two signal wires are swapped (swap them, or calibrate it as it is)",
	Unplugged:    "nothing answers; check its wires",
	TimedOut:     "its converter takes too long; check its supply",
	Saturated:    "the load is out of its range; take it off",
	Glitched:     "its readings are disturbed; keep its wires away from power cables",
	Faulty:       "it cannot be read; foodmassd doctor says more",
}

// Why says for people why a scale in this state has no grams, "" when it has.
func (s State) Why() string { return whys[s] }
