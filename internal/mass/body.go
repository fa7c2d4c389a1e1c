package mass

import (
	"math"

	"foodmassd/internal/catalog"
	"foodmassd/internal/geometry"
)

// Foods without fitted coefficients are measured as a body of their catalog shape: area seen from
// above times a typical height that grows with the outline up to what is usually served. A side view
// shows the real height of a round or unknown body; of what lies flat it shows mostly depth, because
// photos of plates are taken from obliquely above, so there the plan follows from the width alone.

// form is how a shape fills the prism under its outline: volume = fill · area · height, where height
// is rise · √area, at most capMM mm.
type form struct{ fill, rise, capMM float64 }

var forms = map[string]form{
	catalog.Spheroid: {0.75, 1, 100}, // 2/3 of the prism, whose height is the diameter
	catalog.Ring:     {0.6, 0.8, 45},
	catalog.Slab:     {0.9, 0.4, 30},
	catalog.Mound:    {0.6, 0.45, 45},
	catalog.Bowl:     {0.65, 0.35, 60}, // a hemisphere fills 2/3, a bowl with sloping sides less
	catalog.Lump:     {0.6, 0.8, 45},
}

const (
	// bodySD is the spread of log volume of this rule.
	bodySD = 0.45
	// depthCapMM bounds the depth behind a side view; a plate is not deeper than that.
	depthCapMM = 200
)

// bodyVolume returns log cm³ of a food.
func bodyVolume(food catalog.Food, m geometry.Measures, top bool) float64 {
	f := forms[food.Shape]
	if food.HeightMM > 0 {
		f.capMM = food.HeightMM
	}
	depth := math.Min(m.WidthMM, depthCapMM)
	var mm3 float64
	switch {
	case top:
		mm3 = f.fill * m.AreaMM2 * f.height(m.AreaMM2)
	case food.Shape == catalog.Spheroid:
		mm3 = math.Pi / 6 * m.HeightMM * m.WidthMM * depth
	case food.Shape == catalog.Ring || food.Shape == catalog.Lump:
		mm3 = 0.5 * m.HeightMM * m.WidthMM * depth
	default:
		plan := math.Pi / 4 * m.WidthMM * depth
		height := f.height(plan)
		if food.Shape != catalog.Bowl { // whose depth stays hidden
			height = math.Min(height, m.HeightMM)
		}
		mm3 = f.fill * plan * height
	}
	return clamp(math.Log(mm3 / 1000))
}

// height is that of a body with this plan in mm².
func (f form) height(areaMM2 float64) float64 {
	return math.Min(f.rise*math.Sqrt(areaMM2), f.capMM)
}

// body estimates a food without fitted coefficients: volume of its shape times density, joined with
// what a portion usually weighs.
func body(f catalog.Food, m geometry.Measures, top bool, scaleSD float64) (c Component, logCM3 float64) {
	logCM3 = bodyVolume(f, m, top)
	seen := bodySD*bodySD + f.Density.LogSD*f.Density.LogSD + 9*scaleSD*scaleSD
	usual := typical(f)
	share := usual.LogSD * usual.LogSD / (usual.LogSD*usual.LogSD + seen)
	c.LogMean = clamp(share*(logCM3+math.Log(f.Density.GPerCM3)) + (1-share)*usual.LogMean)
	c.LogSD = math.Sqrt(share * seen)
	return c, logCM3
}
