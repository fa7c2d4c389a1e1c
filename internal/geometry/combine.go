package geometry

import (
	"cmp"
	"math"
	"slices"
)

// Cue is one thing of known size in a photo, with the scale that it gives where it lies.
type Cue struct {
	At    Point
	Scale Scale
	// Plane carries the scale over the photo; nil when it is taken to be the same everywhere.
	Plane *Plane
	// Rank puts kinds of things in order: of a lower one the size is better known, whatever its
	// Scale.RelSD says about the reading.
	Rank int
	// Confidence in (0,1] that it is that thing.
	Confidence float64
}

// PlaneCue returns the cue that a plane gives, at its square.
func PlaneCue(p *Plane, rank int, confidence float64) (c Cue, ok bool) {
	c = Cue{At: p.square.Center(), Plane: p, Rank: rank, Confidence: confidence}
	c.Scale, ok = p.At(c.At)
	return c, ok
}

// Field is the metric scale of a photo, place by place.
type Field struct {
	// Lead is the index of the cue that the others are held against.
	Lead int
	// Used counts the cues that agreed and were averaged.
	Used int
	// Against lists the cues that contradict the lead, worst first.
	Against []Contradiction

	lead   Cue
	factor float64 // on the lead's scale
	relSD  float64 // at the lead's place
}

// Contradiction is a cue that tells lengths other than the lead does: by Share of them, more than
// MaxShare.
type Contradiction struct {
	Cue   int
	Share float64
}

// MaxShare is the disagreement in length from which people are told about it. With coins, whose
// diameters are known to 1 %, it means another coin, or no coin.
const MaxShare = 0.15

// agreement is how many standard uncertainties apart cues may lie and still be averaged.
const agreement = 3

// doubt is the share of its disagreement that a contradicting cue of a higher rank adds to the
// uncertainty; what lies farther apart than worst in length is hardly what it was taken for.
const doubt, worst = 0.5, 0.3

// Combine makes one field of the cues. Of those of the lowest rank the one leads that most others of it
// agree with, among equals the surest. What agrees with it is averaged by uncertainty. What contradicts
// it is left out; if it is of the same rank it may yet be the real one, and the field's uncertainty spans
// both. ok is false without any cue.
func Combine(cues []Cue) (f *Field, ok bool) {
	if len(cues) == 0 {
		return nil, false
	}
	f = &Field{}
	for i, c := range cues[1:] {
		l := cues[f.Lead]
		if cmp.Or(cmp.Compare(c.Rank, l.Rank), cmp.Compare(l.support(cues), c.support(cues)), cmp.Compare(c.Scale.RelSD, l.Scale.RelSD)) < 0 {
			f.Lead = i + 1
		}
	}
	f.lead = cues[f.Lead]
	var sum, weight, spread, outside, outsideSpread, higher float64
	for i, c := range cues {
		d, sd, ok := c.against(f.lead)
		switch {
		case !ok:
			continue
		case math.Abs(d) <= agreement*sd:
			w := 1 / (sd*sd - f.lead.Scale.RelSD*f.lead.Scale.RelSD)
			sum, weight, spread = sum+w*d, weight+w, spread+w*d*d
			f.Used++
			continue
		case c.Rank == f.lead.Rank:
			w := 1 / (c.Scale.RelSD * c.Scale.RelSD)
			outside, outsideSpread = outside+w, outsideSpread+w*d*d
		default:
			higher = math.Max(higher, doubt*math.Min(math.Abs(d), worst)*c.Confidence)
		}
		if share := math.Exp(math.Abs(d)) - 1; share > MaxShare {
			f.Against = append(f.Against, Contradiction{i, share})
		}
	}
	slices.SortStableFunc(f.Against, func(a, b Contradiction) int { return cmp.Compare(b.Share, a.Share) })
	mean := sum / weight
	f.factor = math.Exp(mean)
	// Cues that scatter more than they should make the mean worse than its weights say.
	excess := math.Max(1, (spread/weight-mean*mean)*weight/math.Max(1, float64(f.Used-1)))
	f.relSD = math.Sqrt(excess/weight + outsideSpread/(weight+outside) + higher*higher)
	return f, true
}

// against is the logarithm of the cue's scale over that which l gives there, and what the two together
// leave uncertain; ok is false where l does not reach.
func (c Cue) against(l Cue) (d, sd float64, ok bool) {
	expected, ok := l.at(c.At)
	if !ok {
		return 0, 0, false
	}
	return math.Log(c.Scale.MMPerPx / expected.MMPerPx), math.Hypot(c.Scale.RelSD, expected.RelSD), true
}

// support counts the cues of the same rank that agree with it.
func (c Cue) support(cues []Cue) (n int) {
	for _, other := range cues {
		if d, sd, ok := other.against(c); ok && other.Rank == c.Rank && math.Abs(d) <= agreement*sd {
			n++
		}
	}
	return n
}

// at is the cue's own scale at a place.
func (c Cue) at(at Point) (Scale, bool) {
	if c.Plane == nil {
		return c.Scale, true
	}
	return c.Plane.At(at)
}

// Under returns the scale for what a box holds; ok is false where the field does not reach.
func (f *Field) Under(box Rect) (s Scale, ok bool) {
	at := f.lead.At
	if p := f.lead.Plane; p != nil {
		at = p.foot(box)
	}
	if s, ok = f.lead.at(at); !ok {
		return Scale{}, false
	}
	farther := math.Max(0, s.RelSD*s.RelSD-f.lead.Scale.RelSD*f.lead.Scale.RelSD)
	return Scale{MMPerPx: s.MMPerPx * f.factor, RelSD: math.Sqrt(f.relSD*f.relSD + farther)}, true
}
