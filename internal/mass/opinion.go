package mass

import (
	"math"
	"sort"

	"foodmassd/internal/catalog"
)

// What the word of a second observer, who saw the photo and our figures, counts.
const (
	// namedFactor is the likelihood of the food that it names against any other: it tells foods apart
	// well, and where it errs, it errs towards one of a handful that look alike.
	namedFactor = 8
	// A food that the eye hardly thought of has at least this prior probability, and beside it this share
	// of what the eye gives to the unknown food.
	unthoughtOf, ofUnknown = 0.02, 0.2
	// opinionSD is the spread of its grams in log grams, a third up or down, its leaning on ours included.
	opinionSD = 0.4
	// agreeFactor is by how much two figures for the same food may differ and still agree.
	agreeFactor = 1.5
	// farthest is the ratio to ours beyond which a figure counts no further: nobody widens an interval
	// at will.
	farthest = 4
	// poolWeight is the weight of the second opinion where two opinions differ.
	poolWeight = 0.25
)

// Named returns the classes, complete as those given, after a second observer has named the food: the odds
// of that food against the others grow by a fixed factor. Foods that were not in the list can enter it.
func Named(classes []Class, key string) []Class {
	var prior, unknown float64
	for _, c := range classes {
		if c.Key == key {
			prior = c.Probability
		}
		if c.Key == catalog.UnknownKey {
			unknown = c.Probability
		}
	}
	floor := unthoughtOf
	if key != catalog.UnknownKey {
		floor += ofUnknown * unknown
	}
	rest := 1 - prior
	prior = math.Max(prior, floor)
	posterior := namedFactor * prior / (namedFactor*prior + 1 - prior)
	out := []Class{{key, posterior}}
	for _, c := range classes {
		if c.Key != key && rest > 0 {
			out = append(out, Class{c.Key, c.Probability / rest * (1 - posterior)})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Probability > out[j].Probability })
	return out
}

// Agree reports whether two figures in grams for the same food agree.
func Agree(aG, bG float64) bool { return math.Abs(math.Log(aG/bG)) <= math.Log(agreeFactor) }

// Confirmed returns the distribution after an independent figure of g grams that agrees: Bayes' rule with
// a log-normal likelihood around g.
func (d Mixture) Confirmed(g float64) Mixture {
	out, sum := make(Mixture, 0, len(d)), 0.0
	for _, c := range d {
		own, told := c.LogSD*c.LogSD, opinionSD*opinionSD
		gap := math.Log(g) - c.LogMean
		c.Weight *= math.Exp(-gap*gap/(2*(own+told))) / math.Sqrt(own+told)
		c.LogMean += gap * own / (own + told)
		c.LogSD = math.Sqrt(own * told / (own + told))
		out, sum = append(out, c), sum+c.Weight
	}
	if !(sum > 0) {
		return d
	}
	out.normalise()
	return out
}

// Doubted returns the distribution when somebody else says g grams and one of the two is wrong: both are
// pooled, ours with the greater weight.
func (d Mixture) Doubted(g float64) Mixture {
	point := math.Log(d.Point())
	far := math.Log(farthest)
	out := make(Mixture, 0, len(d)+1)
	for _, c := range d {
		c.Weight *= 1 - poolWeight
		out = append(out, c)
	}
	mean := math.Max(point-far, math.Min(point+far, math.Log(g)))
	return append(out, Component{poolWeight, mean, opinionSD})
}
