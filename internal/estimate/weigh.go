package estimate

import (
	"foodmassd/internal/mass"
)

// verdict tells what a known net total did to the foods.
type verdict int

const (
	notWeighed verdict = iota
	agrees
	contradicts
)

// distrust is the factor on the probability of being right when scale and vision contradict each
// other: one of them is wrong, and nothing says which.
const distrust = 0.5

// together conditions the foods on the known net total. Where vision and scale contradict each other
// beyond both uncertainties the masses stay as seen and only the trust in them drops.
func together(foods []Measured, in Input) verdict {
	if in.ScaleG == nil || len(foods) == 0 {
		return notWeighed
	}
	grams := make([]mass.Mixture, len(foods))
	for i := range foods {
		grams[i] = foods[i].Grams.Grams
	}
	given, ok := mass.GivenTotal(grams, *in.ScaleG, in.ScaleSDG)
	if !ok {
		for i := range foods {
			foods[i].near *= distrust
		}
		return contradicts
	}
	for i, g := range given {
		posterior := mass.Mixture{mass.SumOf(g.MassG, g.SDG*g.SDG)}
		foods[i].massG, foods[i].method = g.MassG, ScaleVerification
		foods[i].interval = posterior.Interval()
		foods[i].near = posterior.Near(g.MassG)
	}
	return agrees
}

// totalInterval returns the 90 % interval of the sum in grams.
func totalInterval(foods []Measured, v verdict, totalG float64, in Input) [2]float64 {
	switch {
	case len(foods) == 0:
		return [2]float64{}
	case v == agrees:
		sd := mass.TotalSDG(*in.ScaleG, in.ScaleSDG)
		return mass.Mixture{mass.SumOf(totalG, sd*sd)}.Interval()
	case len(foods) == 1:
		return foods[0].interval
	}
	var mean, variance, own float64
	for _, f := range foods {
		m, v := f.Grams.Grams.Moments()
		mean, variance, own = mean+m, variance+v, own+m*m
	}
	if s := foods[0].Scale; s != nil {
		// One scale serves all foods: its error (the third power of a length) does not average out.
		variance += 9 * s.RelSD * s.RelSD * (mean*mean - own)
	}
	return mass.Mixture{mass.SumOf(mean, variance)}.Interval()
}
