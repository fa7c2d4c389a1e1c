package weighing

import (
	"math"
	"time"
)

// Trigger watches readings for trays: one that is set down and comes to rest, a dish that is added to it,
// and its going. It is a state machine without a clock of its own; set MinG, then Feed it every reading in
// order. It is for one goroutine.
type Trigger struct {
	MinG float64 // the least net load in grams that is a tray, above 0

	tray      bool      // a tray lies there and was told of
	ref       float64   // what was told of (0 without a tray), followed through drift
	last      Reading   // the last one
	rest      Reading   // the last one at rest
	moved     bool      // something happened since ref was at rest
	goneSince time.Time // since when the tray seems to be away; zero: it does not
}

// Event is what a Trigger has noticed.
type Event int

// The events of a Trigger.
const (
	Nothing Event = iota
	Arrived       // a load begins to weigh on an empty scale; it does not rest yet
	Placed        // a tray, or something more on it, has come to rest
	Gone          // the tray is away
)

const (
	// restingG is how far two readings at rest lie apart at most when nothing happened between them; a
	// load at rest spreads by half of it.
	restingG = 2.
	// What is added to a tray shows when it is this much, whichever is more: less is a touch, a napkin or
	// creep.
	addedG     = 20.
	addedShare = 0.05
	// What a tray leaves behind when it goes, such as a spoon, is less than this share of it.
	leftShare = 0.1
	// goneFor is how long the scale must be empty before a tray is away and not just lifted by its rim.
	goneFor = 300 * time.Millisecond
)

// Feed takes the next reading; one that it has seen already is none. Faults and drift are never an event:
// after a fault the load is compared with what it was before.
func (t *Trigger) Feed(r Reading) Event {
	before := t.last
	if r.At.Equal(before.At) {
		return Nothing
	}
	t.last = r
	if r.State != Stable {
		return t.move(r, before)
	}
	steady := before.State == Stable && math.Abs(r.NetG-before.NetG) <= restingG
	previous := t.rest
	t.rest = r
	switch {
	case !steady:
		t.moved = true // even where a fast converter showed no Settling between
		t.goneSince = time.Time{}
		return Nothing // the next reading has to agree
	case t.tray && r.NetG < math.Max(t.MinG, leftShare*t.ref):
		return t.leave(r)
	case !t.moved:
		t.ref += r.NetG - previous.NetG // drift
		return Nothing
	}
	t.goneSince = time.Time{}
	return t.compare(r.NetG)
}

// move notes that nothing rests.
func (t *Trigger) move(r, before Reading) Event {
	t.goneSince = time.Time{}
	t.moved = t.moved || !r.State.Fault()
	if !t.tray && r.State == Settling && before.State == Stable {
		return Arrived
	}
	return Nothing
}

// leave tells of the tray's going once it has been away for a moment.
func (t *Trigger) leave(r Reading) Event {
	if t.goneSince.IsZero() {
		t.goneSince = r.At
	}
	if r.At.Sub(t.goneSince) < goneFor {
		return Nothing
	}
	t.goneSince = time.Time{}
	t.tray, t.moved, t.ref = false, false, r.NetG
	return Gone
}

// compare judges a load that has come to rest after something happened.
func (t *Trigger) compare(netG float64) Event {
	t.moved = false
	least := t.MinG
	if t.tray {
		least = math.Max(addedG, addedShare*t.ref)
	}
	if netG < t.MinG || netG-t.ref < least {
		if !t.tray {
			t.ref = netG // an empty scale that was touched, or a crumb on it
		}
		return Nothing
	}
	t.tray, t.ref = true, netG
	return Placed
}

// Photographed tells the Trigger that what lies there now, in grams, needs no event any more: the photo was
// taken of more than what was Placed.
func (t *Trigger) Photographed(netG float64) {
	if t.tray {
		t.ref = netG
	}
}
