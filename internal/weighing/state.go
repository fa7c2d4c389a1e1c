package weighing

import "errors"

// State is what a scale is doing. Only a Stable one has grams.
type State string

// The states of a scale.
const (
	Starting State = "starting" // not enough conversions yet
	Settling State = "settling" // the load is changing
	Stable   State = "stable"   // at rest: NetG holds
	// Uncalibrated is at rest, too, but nobody knows what the counts weigh.
	Uncalibrated State = "uncalibrated"
	Overload     State = "overload"  // beyond Scale.CapacityG, upwards or downwards
	Stuck        State = "stuck"     // the converter repeats one conversion
	Reversed     State = "reversed"  // at rest below what lay there when the scale was zeroed
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

// Trouble tells whether somebody has to do something before the scale weighs again: a Fault, or counts that
// cannot be believed to be a load.
func (s State) Trouble() bool { return s.Fault() || s == Overload || s == Stuck || s == Reversed }

func faultOf(err error) State {
	for state, kind := range faults {
		if errors.Is(err, kind) {
			return state
		}
	}
	return Faulty
}
