package day

import (
	"math"
	"slices"
	"time"

	"foodmassd/internal/weighing"
)

// A stable reading is false when it is farther from the load than this: a gram and 0.2 % of it.
const (
	toleranceG     = 1.
	toleranceShare = 0.002
)

const (
	restsEnough = 2 * time.Second        // a load that rests for so long must be weighed
	lateReach   = 700 * time.Millisecond // a converter's reset or a late host can delay a reading by
	aftermath   = 5 * time.Second        // in which an outage may still be felt
)

// Result is what came of a day.
type Result struct {
	Readings int     // stable ones
	P99G     float64 // error of all but one in a hundred of them
	WorstG   float64 // the largest error
	Worst    float64 // the largest error as a share of what is allowed
	False    int     // readings beyond what is allowed
	Rests    int     // loads that rested long enough, the empty tray among them
	Missed   int     // of them, never weighed
	Settle   Times   // from a load's rest to its first reading
	Late     Times   // the same, where the host was late or the converter reset meanwhile
	Outages  int     // that began
	Noticed  Times   // from the plug's coming off to the state unplugged
	Regained Times   // from its return, and a load at rest, to a reading
}

// Times is a sorted list of them.
type Times []time.Duration

// At returns the time that the given share of all does not exceed; 0 of none.
func (t Times) At(share float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[min(int(share*float64(len(t))), len(t)-1)]
}

// judge compares a scale's readings with the truth, in the order of time.
type judge struct {
	truths  []truth // the first is the present one
	outages []Outage
	weighed bool          // the present load was
	late    time.Duration // when the host was late last, or the converter reset
	heard   time.Time

	outage  int  // the present or next one
	noticed bool // it was
	errors  []float64
	sum     Result
}

// hear takes the scale's last reading; began is when its newest conversion did. What begins to move after that
// cannot be in it.
func (j *judge) hear(r weighing.Reading, began time.Duration) {
	for began >= j.truths[0].till && len(j.truths) > 1 {
		j.leave()
	}
	if r.At.Equal(j.heard) {
		return
	}
	j.heard = r.At
	at := r.At.Sub(time.Time{})
	j.watchOutage(r.State, at)
	if r.State == weighing.Stable {
		j.weigh(r.NetG, at)
	}
}

func (j *judge) weigh(netG float64, at time.Duration) {
	t := j.truths[0]
	off := math.Abs(netG - t.grams)
	share := off / (toleranceG + toleranceShare*t.grams)
	j.errors = append(j.errors, off)
	j.sum.Worst = max(j.sum.Worst, share)
	if share > 1 {
		j.sum.False++
	}
	if j.weighed || at < t.rests {
		return
	}
	j.weighed = true
	switch {
	case !j.counts(t):
	case j.late > t.rests-lateReach:
		j.sum.Late = append(j.sum.Late, at-t.rests)
	default:
		j.sum.Settle = append(j.sum.Settle, at-t.rests)
	}
}

// counts tells whether a load must be weighed: it rests for long enough, and no outage falls into it.
func (j *judge) counts(t truth) bool {
	return t.till-t.rests >= restsEnough && !slices.ContainsFunc(j.outages, func(o Outage) bool {
		return o.From < t.till && t.from < o.From+o.For+aftermath
	})
}

// leave ends the present load.
func (j *judge) leave() {
	if j.counts(j.truths[0]) {
		j.sum.Rests++
		if !j.weighed {
			j.sum.Missed++
		}
	}
	j.truths, j.weighed = j.truths[1:], false
}

func (j *judge) watchOutage(s weighing.State, at time.Duration) {
	if j.outage == len(j.outages) || at < j.outages[j.outage].From {
		return
	}
	o := j.outages[j.outage]
	switch {
	case s == weighing.Unplugged && !j.noticed:
		j.noticed = true
		j.sum.Noticed = append(j.sum.Noticed, at-o.From)
	case s == weighing.Stable && at >= o.From+o.For:
		j.sum.Outages++
		j.sum.Regained = append(j.sum.Regained, at-max(o.From+o.For, j.truths[0].rests))
		j.outage, j.noticed = j.outage+1, false
	}
}

// result sums up.
func (j *judge) result() Result {
	r := j.sum
	slices.Sort(j.errors)
	if r.Readings = len(j.errors); r.Readings > 0 {
		r.P99G, r.WorstG = j.errors[r.Readings*99/100], j.errors[r.Readings-1]
	}
	for _, t := range []Times{r.Settle, r.Late, r.Noticed, r.Regained} {
		slices.Sort(t)
	}
	return r
}
