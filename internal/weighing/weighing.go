// Package weighing turns a load cell's raw counts into net grams: spikes are filtered out, and a
// reading is given only once the tray has come to rest. Cells live in hardware/; each implements
// Cell. No pins and no files here.
package weighing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"
)

// Cell is a load cell with its converter.
type Cell interface {
	String() string
	// Read waits for the next conversion and returns its signed counts. What the cell's error is made
	// of, ErrUnplugged or its like, becomes the scale's state.
	Read(ctx context.Context) (counts int32, err error)
	// Halt powers the converter down.
	Halt() error
}

// State is what a scale is doing.
type State string

// The states of a scale.
const (
	Starting State = "starting" // not enough conversions yet
	Settling State = "settling" // the load is changing
	Stable   State = "stable"   // at rest: NetG holds
	// Uncalibrated is at rest, too, but nobody knows what the counts weigh.
	Uncalibrated State = "uncalibrated"
	Unplugged    State = "unplugged" // ErrUnplugged
	TimedOut     State = "timeout"   // ErrTimeout
	Saturated    State = "saturated" // ErrSaturated
	Glitched     State = "glitched"  // ErrGlitched
	Faulty       State = "faulty"    // any other error of the cell
)

// Kinds of a cell's errors. Drivers wrap them with what a technician can do.
var (
	ErrUnplugged = errors.New(string(Unplugged)) // nothing is there
	ErrTimeout   = errors.New(string(TimedOut))  // the converter, or the host, takes too long
	ErrSaturated = errors.New(string(Saturated)) // the load is out of the converter's range
	ErrGlitched  = errors.New(string(Glitched))  // what comes back is disturbed
)

var faults = map[State]error{Unplugged: ErrUnplugged, TimedOut: ErrTimeout, Saturated: ErrSaturated, Glitched: ErrGlitched}

// Fault tells whether the cell gives no counts.
func (s State) Fault() bool { return s == Faulty || faults[s] != nil }

func faultOf(err error) State {
	for state, kind := range faults {
		if errors.Is(err, kind) {
			return state
		}
	}
	return Faulty
}

// Reading is the scale's answer at one moment.
type Reading struct {
	State State
	// NetG is the load above the tare in grams; NaN unless State is Stable.
	NetG float64
	// Counts are the latest, spikes taken out, and the mean of the last ones at rest; NaN when there are none.
	Counts float64
	// ResolutionG is what the last counts at rest differ by, in grams, at least one count; NaN unless State
	// is Stable. A change below it does not show.
	ResolutionG float64
	At          time.Time // zero before the first answer of the cell
}

// without is a reading of a state that has no grams.
func without(state State, at time.Time) Reading {
	return Reading{State: state, NetG: math.NaN(), Counts: math.NaN(), ResolutionG: math.NaN(), At: at}
}

const (
	medianLen = 5  // conversions: two spikes in a row are outvoted
	restLen   = 8  // medians: 0.8 s at 10 Hz
	restG     = 1. // spread in grams within which the load is at rest
)

// Scale reads a Cell in the background. Set the exported fields, then Initialize.
type Scale struct {
	Cell          Cell
	CountsPerGram float64 // negative for a cell wired the other way round, 0: uncalibrated; later ask Calibrated
	// Zero are the counts that weigh nothing, from an earlier Tare. When nil, the first load at rest does.
	Zero   *float64
	Logger *slog.Logger

	taring sync.Mutex // one Tare at a time

	mu      sync.Mutex
	last    Reading
	tare    float64 // counts of what weighs nothing
	tared   bool
	raw     []float64
	medians []float64
	cancel  context.CancelFunc
	done    chan struct{}
}

// Initialize starts reading. Without a Zero the scale must be empty: the first load at rest becomes the tare.
func (s *Scale) Initialize() error {
	if !finite(s.CountsPerGram) {
		return fmt.Errorf("scale %s: counts per gram is %v; calibrate it", s.Cell, s.CountsPerGram)
	}
	s.last = without(Starting, time.Time{})
	if s.Zero != nil {
		s.tare, s.tared = *s.Zero, true
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.done = cancel, make(chan struct{})
	go s.run(ctx)
	return nil
}

// Close stops reading and powers the cell down.
func (s *Scale) Close() error {
	s.cancel()
	<-s.done
	return s.Cell.Halt()
}

// Last returns the latest reading.
func (s *Scale) Last() Reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *Scale) run(ctx context.Context) {
	defer close(s.done)
	for ctx.Err() == nil {
		counts, err := s.Cell.Read(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.lose(err)
			select { // do not spin on a dead cell
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			continue
		}
		s.add(float64(counts), time.Now())
	}
}

// lose forgets the history: what comes after a gap must come to rest anew.
func (s *Scale) lose(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := faultOf(err)
	if s.last.State != state {
		s.Logger.Warn("scale gives no weight", "state", state, "cell", s.Cell.String(), "err", err)
	}
	s.raw, s.medians = nil, nil
	s.last = without(state, time.Now())
}

func (s *Scale) add(counts float64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = tail(append(s.raw, counts), medianLen)
	if len(s.raw) == medianLen {
		sorted := slices.Sorted(slices.Values(s.raw))
		s.medians = tail(append(s.medians, sorted[medianLen/2]), restLen)
	}
	s.judge(at)
}

// judge makes the last reading of what is known.
func (s *Scale) judge(at time.Time) {
	s.last = without(s.state(), at)
	if n := len(s.medians); n > 0 {
		s.last.Counts = s.medians[n-1]
	}
	switch s.last.State {
	case Stable:
		s.rest()
	case Uncalibrated:
		s.last.Counts = s.mean()
	}
}

// mean is that of the medians at rest.
func (s *Scale) mean() float64 {
	var sum float64
	for _, m := range s.medians {
		sum += m
	}
	return sum / restLen
}

// rest fills in the last reading's grams.
func (s *Scale) rest() {
	mean := s.mean()
	if !s.tared {
		s.tare, s.tared = mean, true
	}
	s.last.Counts = mean
	s.last.NetG = (mean - s.tare) / s.CountsPerGram
	s.last.ResolutionG = max(1, s.spread()) / math.Abs(s.CountsPerGram)
}

func (s *Scale) state() State {
	if len(s.medians) < restLen {
		if s.last.State != Starting {
			return Settling
		}
		return Starting
	}
	switch {
	case s.spread() > s.atRestCounts():
		return Settling
	case s.CountsPerGram == 0:
		return Uncalibrated
	}
	return Stable
}

func (s *Scale) spread() float64 { return slices.Max(s.medians) - slices.Min(s.medians) }

func tail(s []float64, n int) []float64 { return s[max(len(s)-n, 0):] }
