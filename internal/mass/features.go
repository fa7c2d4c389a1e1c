package mass

import (
	"math"

	"foodmassd/internal/geometry"
)

// feature is one input of the log-linear model.
type feature struct {
	of func(geometry.Measures) float64
	// power is how the feature changes with the logarithm of the metric scale.
	power float64
}

// features by name, as models/mass.json calls them. Lengths are logarithms of decimetres, so that
// offsets are the grams of something 10 cm wide.
var features = map[string]feature{
	"log_width":        {func(m geometry.Measures) float64 { return math.Log(m.WidthMM / 100) }, 1},
	"log_height":       {func(m geometry.Measures) float64 { return math.Log(m.HeightMM / 100) }, 1},
	"log_long":         {func(m geometry.Measures) float64 { return math.Log(m.LongMM() / 100) }, 1},
	"log_short":        {func(m geometry.Measures) float64 { return math.Log(m.ShortMM() / 100) }, 1},
	"log_size":         {func(m geometry.Measures) float64 { return math.Log(m.WidthMM*m.HeightMM/1e4) / 2 }, 1},
	"log_long_short":   {func(m geometry.Measures) float64 { return math.Log(m.LongMM() / m.ShortMM()) }, 0},
	"log_width_height": {func(m geometry.Measures) float64 { return math.Log(m.WidthMM / m.HeightMM) }, 0},
}

// maxBeyond bounds by how much log grams are extrapolated past the sizes of the fit.
const maxBeyond = 1.5

// at evaluates the posterior for one food: log grams, log cm³ and the standard deviation of log grams.
// Within the sizes of the fit the coefficients hold; beyond them grams grow with the third power of
// length, as bodies do (the scale's error with them), and the distribution widens. scaleSD is the
// relative uncertainty of the scale beyond that of the fit.
func (v View) at(key string, m geometry.Measures, scaleSD float64) (c Component, logCM3 float64) {
	f := v.Foods[key]
	x := make([]float64, len(v.Features)+1)
	x[0] = 1
	var power, lengths, beyond float64
	for i, name := range v.Features {
		raw := features[name].of(m)
		x[i+1] = math.Min(math.Max(raw, f.Low[i]), f.High[i])
		beyond += features[name].power * (raw - x[i+1])
		lengths += features[name].power
		power += features[name].power * f.Mean[i+1]
	}
	beyond *= 3 / math.Max(1, lengths)
	beyond = math.Min(math.Max(beyond, -maxBeyond), maxBeyond)
	if beyond != 0 {
		power = 3
	}
	c.LogMean, logCM3 = beyond, beyond
	variance := beyond * beyond / 9
	for i := range x {
		c.LogMean += f.Mean[i] * x[i]
		logCM3 += f.Volume[i] * x[i]
		for j := range x {
			variance += x[i] * f.Cov[i][j] * x[j]
		}
	}
	variance = math.Max(0, variance) + f.NoiseSD*f.NoiseSD + power*power*scaleSD*scaleSD
	c.LogMean, c.LogSD = clamp(c.LogMean), math.Min(math.Sqrt(variance), maxLogSD)
	return c, clamp(logCM3)
}

// Grams and cm³ stay between 0.1 and 20,000 whatever a model or a measure says.
const maxLogSD = 2

func clamp(logValue float64) float64 {
	return math.Min(math.Max(logValue, math.Log(0.1)), math.Log(20000))
}
