package estimate

import (
	"math"

	"foodmassd/internal/geometry"
	"foodmassd/internal/mass"
	"foodmassd/internal/vision"
)

// weighEach estimates every food by itself.
func (e *Estimator) weighEach(scene vision.Scene, r ruler) []Measured {
	foods := make([]Measured, 0, len(scene.Foods))
	for _, seen := range scene.Foods {
		f := Measured{Seen: seen, Cut: touchesBorder(seen.Box, scene), method: ClassPrior}
		f.observed = mass.Observation{TopView: math.Min(1, math.Max(0, seen.TopView)), Cut: f.Cut, Factors: e.now.Factors}
		if scale, ok := r.under(seen.Box); ok {
			if m, ok := geometry.Measure(seen.Box, seen.Outline, scale); ok {
				f.Scale, f.Measures, f.method = &scale, &m, ReferenceScaled
				f.observed.Measures, f.observed.ScaleRelSD = &m, scale.RelSD
			}
		}
		e.weigh(&f, e.looks(seen))
		f.interval = f.Grams.Grams.Interval()
		f.near = f.Grams.Grams.Near(f.massG)
		foods = append(foods, f)
	}
	return foods
}

// weigh computes a food's classes and grams from the classes that it looks like.
func (e *Estimator) weigh(f *Measured, looks []mass.Class) {
	f.observed.Classes = looks
	f.Classes = e.Mass.BySize(f.observed)
	f.observed.Classes = f.Classes
	f.Grams = e.Mass.Estimate(e.foods(), f.observed)
	f.massG = f.Grams.PointG()
}

// touchesBorder reports whether the photo ends within the box.
func touchesBorder(b geometry.Rect, scene vision.Scene) bool {
	const px = 1.5
	return b.X < px || b.Y < px || b.X+b.Width > float64(scene.Width)-px || b.Y+b.Height > float64(scene.Height)-px
}
