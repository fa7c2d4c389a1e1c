package mass

import (
	"math"
	"slices"
)

// Component is one log-normal of a Mixture.
type Component struct {
	Weight, LogMean, LogSD float64
}

// Mixture is the distribution of a mass in grams: log-normals whose weights sum to 1. It is never
// empty and every LogSD is positive.
type Mixture []Component

// CDF returns the probability that the mass is at most g grams.
func (d Mixture) CDF(g float64) float64 {
	if g <= 0 {
		return 0
	}
	var p float64
	for _, c := range d {
		p += c.Weight * math.Erfc((c.LogMean-math.Log(g))/(c.LogSD*math.Sqrt2)) / 2
	}
	return p
}

// Quantile returns the grams below which the mass lies with probability p in (0,1).
func (d Mixture) Quantile(p float64) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, c := range d {
		lo, hi = math.Min(lo, c.LogMean-8*c.LogSD), math.Max(hi, c.LogMean+8*c.LogSD)
	}
	for range 60 {
		mid := (lo + hi) / 2
		if d.CDF(math.Exp(mid)) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return math.Exp((lo + hi) / 2)
}

// Point returns the grams to show. Of one log-normal it is the median. Between things that weigh much less
// and much more it leans to the lighter, since an error counts by its share of the truth: components
// weigh in by the inverse of their medians, as in the mean of 1/truth.
func (d Mixture) Point() float64 {
	leaning := slices.Clone(d)
	for i, c := range d {
		leaning[i].Weight *= math.Exp(-c.LogMean)
	}
	leaning.normalise()
	return leaning.Quantile(0.5)
}

// Moments returns mean and variance in grams and grams².
func (d Mixture) Moments() (mean, variance float64) {
	var square float64
	for _, c := range d {
		m := math.Exp(c.LogMean + c.LogSD*c.LogSD/2)
		mean += c.Weight * m
		square += c.Weight * m * m * math.Exp(c.LogSD*c.LogSD)
	}
	return mean, math.Max(0, square-mean*mean)
}

// logNormal returns the log-normal with the same median and 90 % interval width; unlike the moments
// it is not led astray by an unlikely component far away.
func (d Mixture) logNormal() (logMean, logVariance float64) {
	const sds = 2 * 1.6449 // between the 5 % and the 95 % quantile of a normal distribution
	i := d.Interval()
	sd := math.Log(i[1]/i[0]) / sds
	return math.Log(d.Quantile(0.5)), math.Max(1e-6, sd*sd)
}

// Interval returns the central 90 % interval in grams.
func (d Mixture) Interval() [2]float64 { return [2]float64{d.Quantile(0.05), d.Quantile(0.95)} }

// Near returns the probability that the truth is within 20 % of g grams, that is |g/truth − 1| ≤ 0.2.
func (d Mixture) Near(g float64) float64 { return d.CDF(g/0.8) - d.CDF(g/1.2) }
