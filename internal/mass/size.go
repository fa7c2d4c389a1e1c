package mass

import (
	"math"
	"sort"

	"foodmassd/internal/catalog"
	"foodmassd/internal/geometry"
)

// tails are the degrees of freedom of Student's t for sizes: a food of unusual size stays possible.
const tails = 4

// BySize returns the classes, likeliest first, after the food's size has been weighed against how
// large each of them usually is. The recogniser sees crops scaled to one size and cannot tell a plum
// from a tomato by it; here the millimetres are known. Probabilities keep their sum, and the unknown
// food keeps its own: unknown food has any size. Nothing changes without a metric scale, or when part
// of the food is outside the photo.
func (m *Model) BySize(o Observation) []Class {
	out := append([]Class(nil), o.Classes...)
	if o.Measures == nil || o.Cut {
		return out
	}
	var before, after float64
	for i, c := range out {
		if c.Key == catalog.UnknownKey {
			continue
		}
		likelihood := o.TopView*m.Top.sizeDensity(c.Key, *o.Measures, o.ScaleRelSD) +
			(1-o.TopView)*m.Side.sizeDensity(c.Key, *o.Measures, o.ScaleRelSD)
		before += c.Probability
		out[i].Probability *= likelihood
		after += out[i].Probability
	}
	if !(after > 0) || math.IsInf(before/after, 0) {
		return append(out[:0], o.Classes...)
	}
	for i := range out {
		if out[i].Key != catalog.UnknownKey {
			out[i].Probability *= before / after
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Probability > out[j].Probability })
	return out
}

// sizeDensity is proportional to the probability density of these measures for a food.
func (v View) sizeDensity(key string, m geometry.Measures, scaleSD float64) float64 {
	s, fitted := v.Sizes[key]
	if !fitted {
		s = v.Sizes[catalog.UnknownKey]
	}
	density := 1.0
	for i, name := range v.SizeFeatures {
		f := features[name]
		sd := math.Hypot(s.SD[i], f.power*scaleSD)
		z := (f.of(m) - s.Mean[i]) / sd
		density *= math.Pow(1+z*z/tails, -(tails+1)/2.0) / sd
	}
	return density
}
