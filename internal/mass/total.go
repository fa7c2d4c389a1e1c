package mass

import "math"

// Uncertainty of a known net total: a gram, and 0.2 % of the reading.
const (
	totalSD    = 1.0
	totalRelSD = 0.002
	// contradictSDs is the two-sided 99 % bound of a normal distribution.
	contradictSDs = 2.576
)

// Conditioned is one food after the total is known, in grams.
type Conditioned struct {
	MassG, SDG float64
}

// TotalSDG returns the standard uncertainty in grams of a known net total. sdG, 0 or more, is what its
// source adds to the scale's own, such as the mass of a container that is known only so well.
func TotalSDG(totalG, sdG float64) float64 {
	return math.Hypot(math.Hypot(totalSD, totalRelSD*totalG), sdG)
}

// GivenTotal conditions the foods on their known net total in grams; sdG is as in TotalSDG. When both
// agree, the masses returned sum to the total within its uncertainty, and stay positive because the
// update works on logarithms: Gauss–Newton towards the most probable masses, covariance from the last
// step. When they contradict each other beyond both uncertainties ok is false: averaging two wrong
// numbers helps nobody.
func GivenTotal(foods []Mixture, totalG, sdG float64) (given []Conditioned, ok bool) {
	sd := TotalSDG(totalG, sdG)
	var expected, variance float64
	for _, f := range foods {
		mean, v := f.Moments()
		expected, variance = expected+mean, variance+v
	}
	if len(foods) == 0 || !(totalG > 0) || math.IsInf(totalG, 0) || !sumPlausible(expected, variance, totalG, sd) {
		return nil, false
	}
	logMean, logVar := make([]float64, len(foods)), make([]float64, len(foods))
	at := make([]float64, len(foods))
	for i, f := range foods {
		logMean[i], logVar[i] = f.logNormal()
		at[i] = logMean[i]
	}
	out := make([]Conditioned, len(foods))
	for range 50 {
		predicted, gain := 0.0, sd*sd
		for i, u := range at {
			g := math.Exp(u)
			predicted += g + g*(logMean[i]-u)
			gain += logVar[i] * g * g
		}
		for i, u := range at {
			g := math.Exp(u)
			next := logMean[i] + logVar[i]*g/gain*(totalG-predicted)
			at[i] = u + math.Min(0.5, math.Max(-0.5, next-u)) // a bounded step converges from far away
			out[i].SDG = g * math.Sqrt(math.Max(0, logVar[i]*(1-logVar[i]*g*g/gain)))
		}
	}
	for i, u := range at {
		out[i].MassG = math.Exp(u)
	}
	return out, true
}

// sumPlausible compares the total with a log-normal of the sum's moments, widened by the scale's own
// uncertainty.
func sumPlausible(mean, variance, totalG, sd float64) bool {
	c := SumOf(mean, variance+sd*sd)
	return math.Abs(math.Log(totalG)-c.LogMean) <= contradictSDs*c.LogSD
}

// SumOf returns the log-normal with this mean and variance in grams.
func SumOf(mean, variance float64) Component {
	s2 := math.Log1p(variance / (mean * mean))
	return Component{Weight: 1, LogMean: math.Log(mean) - s2/2, LogSD: math.Max(1e-3, math.Sqrt(s2))}
}
