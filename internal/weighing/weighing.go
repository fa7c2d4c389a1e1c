// Package weighing turns a load cell's raw counts into net grams: spikes are filtered out, and a
// reading is given only once the tray has come to rest. Cells live in hardware/; each implements
// Cell. No pins and no files here.
package weighing

import (
	"context"
	"fmt"
	"log/slog"
	"math"
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

// Reading is the scale's answer at one moment.
type Reading struct {
	State State
	// NetG is the load above the tare in grams, negative below it, from minus to plus the scale's capacity; NaN
	// unless State is Stable.
	NetG float64
	// Counts are the latest in the converter's counts, spikes taken out, and the mean of the last quarter of a second at
	// rest; NaN when there are none.
	Counts float64
	// ResolutionG is what the counts of the last half second at rest differ by, in grams, at least one count and at
	// most a gram; NaN unless State is Stable. A change below it does not show.
	ResolutionG float64
	At          time.Time // by the scale's clock; zero before the first answer of the cell
}

// without is a reading of a state that has no grams.
func without(state State, at time.Time) Reading {
	return Reading{State: state, NetG: math.NaN(), Counts: math.NaN(), ResolutionG: math.NaN(), At: at}
}

const (
	restG     = 0.8             // spread in grams within which the load is at rest
	doubtFor  = time.Second / 2 // without believed counts until they count as glitched
	faultWait = time.Second     // before a dead cell is read again
	waitSlice = 100 * time.Millisecond
)

// Scale reads a Cell in the background. Set the exported fields, then Initialize.
type Scale struct {
	Cell          Cell
	CountsPerGram float64 // negative for a cell wired the other way round, 0: uncalibrated; later ask Calibrated
	// Zero are the counts that weigh nothing, from an earlier Tare. When nil, the first load at rest does.
	Zero *float64
	// ZeroOrigin is how Zero came about.
	ZeroOrigin Origin
	CapacityG  float64 // what the cell may carry, in grams above its empty tray; 0: no limit is known
	Clock      Clock   // nil: the system's
	Logger     *slog.Logger

	taring sync.Mutex // one Tare at a time

	mu        sync.Mutex
	last      Reading
	tare      float64 // counts of what weighs nothing
	tared     bool
	kept      bool    // the tare is that of a Tare, now or earlier
	origin    Origin  // of tare
	keptDrift float64 // the part of origin that was saved
	filter    filter
	doubt     Doubt
	believed  time.Time // when counts were last, or when all were forgotten
	frozen    frozen
	drift     drift
	cancel    context.CancelFunc
	done      chan struct{}
}

// Initialize starts reading. Without a Zero the scale must be empty: the first load at rest becomes the tare.
func (s *Scale) Initialize() error {
	if !finite(s.CountsPerGram) {
		return fmt.Errorf("scale %s: counts per gram is %v; calibrate it", s.Cell, s.CountsPerGram)
	}
	if s.Clock == nil {
		s.Clock = SystemClock{}
	}
	s.last = without(Starting, time.Time{})
	if s.Zero != nil {
		s.tare, s.tared, s.kept = *s.Zero, true, true
		s.origin, s.keptDrift = s.ZeroOrigin, s.ZeroOrigin.DriftCounts
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
			s.pause(ctx)
			continue
		}
		s.add(counts, s.Clock.Now())
	}
}

// pause keeps from spinning on a dead cell.
func (s *Scale) pause(ctx context.Context) {
	for left := faultWait; left > 0 && ctx.Err() == nil; left -= waitSlice {
		s.Clock.Sleep(waitSlice)
	}
}

func (s *Scale) lose(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(err, s.Clock.Now())
}

// forget forgets the history: what comes after a fault must come to rest anew.
func (s *Scale) forget(err error, at time.Time) {
	state := faultOf(err)
	if s.last.State != state {
		s.Logger.Warn("scale gives no weight", "state", state, "cell", s.Cell.String(), "err", err)
	}
	s.filter, s.frozen, s.believed = filter{}, frozen{}, at
	s.last = without(state, at)
}

// add takes one conversion. One in doubt changes nothing, unless no other comes.
func (s *Scale) add(counts int32, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.believed.IsZero() {
		s.believed = at
	}
	if !s.doubt.Believe(counts) {
		if at.Sub(s.believed) > doubtFor {
			s.forget(ErrGlitched, at)
		}
		return
	}
	s.believed = at
	s.frozen.add(counts, at)
	s.filter.add(float64(counts), at)
	s.last = s.judge(at)
}

// judge makes a reading of what the filter holds.
func (s *Scale) judge(at time.Time) Reading {
	r := without(Settling, at)
	if s.last.State == Starting {
		r.State = Starting
	}
	latest, known := s.filter.latest()
	if !known {
		return r
	}
	r.Counts = latest
	rest, still := s.filter.rest(s.atRestCounts())
	calibrated := s.CountsPerGram != 0
	if still && !s.tared && calibrated {
		s.tare, s.tared = rest.mean, true
	}
	switch {
	case s.frozen.stuck():
		r.State = Stuck
	case s.tared && calibrated && s.overloaded(latest):
		r.State = Overload
	case still && !calibrated:
		r.State, r.Counts = Uncalibrated, rest.mean
	case still:
		r.Counts = rest.mean
		s.weigh(&r, rest)
	case s.filter.full():
		r.State = Settling
	}
	return r
}

// weigh fills in the grams of a load at rest, after the empty scale's drift was taken out.
func (s *Scale) weigh(r *Reading, rest rest) {
	perGram := s.CountsPerGram
	moved := s.drift.follow(r.At, (rest.mean-s.tare)/perGram, s.origin.DriftCounts/perGram, s.driftLimitG()) * perGram
	s.tare += moved
	s.origin.DriftCounts += moved
	netG := (rest.mean - s.tare) / perGram
	if netG < -s.origin.LoadCounts/perGram-reversedG {
		r.State = Reversed
		return
	}
	r.State, r.NetG = Stable, netG
	r.ResolutionG = max(1, rest.spread) / math.Abs(perGram)
}
