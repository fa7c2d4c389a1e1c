package mass

import (
	"math"

	"foodmassd/internal/catalog"
	"foodmassd/internal/geometry"
)

// Foods without fitted coefficients are measured as a body of their catalog shape: area seen from
// above times a typical height, or the side silhouette turned about its vertical axis. Heights grow
// with the outline up to what a plate or bowl holds.
const (
	// bodySD is the spread of log volume of this rule.
	bodySD = 0.45
	// depthCapMM bounds the depth behind a side view; a plate is not deeper than that.
	depthCapMM = 200
)

// Spread of log density: of one food between kitchens, and over all foods (bread 0.2 to egg 1.1 g/cm³).
const (
	densitySD    = 0.25
	anyDensitySD = 0.5
)

// bodyVolume returns log cm³ of a food of this shape.
func bodyVolume(shape string, m geometry.Measures, top bool) float64 {
	across := math.Sqrt(m.AreaMM2) // mm
	var mm3 float64
	switch {
	case !top && shape == catalog.Spheroid:
		mm3 = math.Pi / 6 * m.HeightMM * m.WidthMM * math.Min(m.WidthMM, depthCapMM)
	case !top:
		mm3 = 0.5 * m.HeightMM * m.WidthMM * math.Min(m.WidthMM, depthCapMM)
	case shape == catalog.Spheroid:
		mm3 = 0.75 * m.AreaMM2 * math.Min(across, 100) // 2/3 · area · height of a sphere
	case shape == catalog.Slab:
		mm3 = 0.9 * m.AreaMM2 * math.Min(0.4*across, 30)
	default:
		mm3 = 0.6 * m.AreaMM2 * math.Min(0.8*across, 45)
	}
	return clamp(math.Log(mm3 / 1000))
}

// body estimates a food without fitted coefficients: volume of its shape times density, joined with
// what a portion usually weighs.
func body(f catalog.Food, m geometry.Measures, top bool, scaleSD float64) (c Component, logCM3 float64) {
	logCM3 = bodyVolume(f.Shape, m, top)
	spread := densitySD
	if f.Key == catalog.UnknownKey {
		spread = anyDensitySD
	}
	seen := bodySD*bodySD + spread*spread + 9*scaleSD*scaleSD
	prior := f.Portion.LogSD * f.Portion.LogSD
	share := prior / (prior + seen)
	c.LogMean = clamp(share*(logCM3+math.Log(f.Density.GPerCM3)) + (1-share)*f.Portion.LogMean())
	c.LogSD = math.Sqrt(share * seen)
	return c, logCM3
}
