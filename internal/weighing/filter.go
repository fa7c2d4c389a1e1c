package weighing

import (
	"math"
	"slices"
	"time"
)

// The windows are times, not numbers of conversions, so that cells of 10 to 320 Hz behave alike. A load is at
// rest after half the medians' window, the window of rest and one conversion: 0.8 s at 10 Hz.
const (
	medianOver  = 450 * time.Millisecond // conversions of a median: five at 10 Hz, where two spikes in a row are outvoted
	medianLeast = 3                      // conversions of one, however late
	restOver    = 450 * time.Millisecond // medians at rest: five periods at 10 Hz, also of a converter 8 % too fast
	meanOver    = 250 * time.Millisecond // the medians that are the weight: those before may hold the last of a movement
	newestOver  = 45 * time.Millisecond  // the newest conversions: one at 10 and 20 Hz
	unsureFor   = 250 * time.Millisecond // after a movement showed: over half of medianOver, until the medians have it too
	gapOver     = 3                      // conversions missed in a row: what came before no longer tells how the load moves
	gapLeast    = 30 * time.Millisecond  // shorter than this no tray moves far unseen, however many conversions were missed
	keptMost    = 512                    // samples of a window, whatever the clock says; 320 Hz has 144
)

// sample is a conversion, or a median of some, and when it came.
type sample struct {
	at     time.Time
	counts float64
	off    float64 // of a median: more than half of the conversions are within this of it
}

// filter takes spikes out of conversions and tells when they are at rest. The zero value is ready.
type filter struct {
	raw     []sample
	unsure  time.Time // when the newest conversions contradicted the medians last, or came after a gap
	medians []sample
	sorted  []float64 // scratch
}

// add takes one conversion.
func (f *filter) add(counts float64, at time.Time) {
	if f.gap(at) {
		f.unsure = at
	}
	f.raw = within(append(f.raw, sample{at: at, counts: counts}), at.Add(-medianOver), medianLeast)
	if len(f.raw) >= medianLeast {
		m := sample{at: at, counts: f.median(f.raw)}
		m.off = f.deviation(m.counts)
		f.medians = covering(append(f.medians, m), at.Add(-restOver))
	}
}

// deviation is how far from their median more than half of the conversions are at most. Of a hand that trembles it is
// large, though their median may be steady.
func (f *filter) deviation(median float64) float64 {
	f.sorted = f.sorted[:0]
	for _, r := range f.raw {
		f.sorted = append(f.sorted, math.Abs(r.counts-median))
	}
	slices.Sort(f.sorted)
	return f.sorted[len(f.sorted)/2]
}

// gap tells whether some conversions were missed before the one that comes now.
func (f *filter) gap(now time.Time) bool {
	n := len(f.raw)
	if n < medianLeast {
		return false
	}
	period := f.raw[n-1].at.Sub(f.raw[0].at) / time.Duration(n-1)
	return now.Sub(f.raw[n-1].at) > max(gapOver*period, gapLeast)
}

// within drops the samples before since, but keeps the last least ones.
func within(s []sample, since time.Time, least int) []sample {
	for len(s) > least && !s[0].at.After(since) || len(s) > keptMost {
		s = s[1:]
	}
	return s
}

// covering drops the samples before the last one at or before since: what is left reaches back to it.
func covering(s []sample, since time.Time) []sample {
	for len(s) > 1 && !s[1].at.After(since) || len(s) > keptMost {
		s = s[1:]
	}
	return s
}

func (f *filter) median(of []sample) float64 {
	f.sorted = f.sorted[:0]
	for _, r := range of {
		f.sorted = append(f.sorted, r.counts)
	}
	slices.Sort(f.sorted)
	return f.sorted[len(f.sorted)/2]
}

// latest returns the last median; false when there is none yet.
func (f *filter) latest() (counts float64, known bool) {
	if len(f.medians) == 0 {
		return 0, false
	}
	return f.medians[len(f.medians)-1].counts, true
}

// rest is what a load at rest reads.
type rest struct {
	mean   float64 // counts, of the end of the window
	spread float64 // counts, over all of it
}

// rest tells whether the medians have stayed within a bound for the whole window, each with the conversions
// behind it, and the newest conversions have not contradicted them: a load that begins to move shows there first,
// while the medians keep to what lay there before for half their window.
func (f *filter) rest(bound float64) (r rest, still bool) {
	if !f.full() {
		return r, false
	}
	lo, hi, ok := f.medians[0].counts, f.medians[0].counts, true
	for _, m := range f.medians {
		lo, hi, ok = min(lo, m.counts), max(hi, m.counts), ok && m.off <= bound
	}
	r.spread = hi - lo
	now := f.raw[len(f.raw)-1].at
	settled := within(f.medians, now.Add(-meanOver), 1)
	for _, m := range settled {
		r.mean += m.counts / float64(len(settled))
	}
	newest := within(f.raw, now.Add(-newestOver), 1)
	if math.Abs(f.median(newest)-r.mean) > bound {
		f.unsure = now
	}
	return r, ok && r.spread <= bound && now.Sub(f.unsure) >= unsureFor
}

// full tells whether a load at rest would have been seen as such by now.
func (f *filter) full() bool {
	n := len(f.medians)
	return n > 0 && f.medians[n-1].at.Sub(f.medians[0].at) >= restOver
}
