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
		o := mass.Observation{Classes: classesOf(seen), TopView: math.Min(1, math.Max(0, seen.TopView)), Cut: f.Cut}
		if scale, ok := r.under(seen.Box); ok {
			if m, ok := geometry.Measure(seen.Box, seen.Outline, scale); ok {
				f.Scale, f.Measures, f.method = &scale, &m, ReferenceScaled
				o.Measures, o.ScaleRelSD = &m, scale.RelSD
			}
		}
		f.Classes = e.Mass.BySize(o)
		o.Classes = f.Classes
		f.Grams = e.Mass.Estimate(e.Catalog, o)
		f.observed = o
		f.massG = f.Grams.PointG()
		f.interval = f.Grams.Grams.Interval()
		f.near = f.Grams.Grams.Near(f.massG)
		foods = append(foods, f)
	}
	return foods
}

// classesOf returns the food's classes as they look, likeliest first and complete.
func classesOf(f vision.Food) []mass.Class {
	out := make([]mass.Class, 0, len(f.Classes))
	for _, c := range f.Classes {
		out = append(out, mass.Class{Key: c.Key, Probability: c.Probability})
	}
	return mass.Complete(out)
}

// touchesBorder reports whether the photo ends within the box.
func touchesBorder(b geometry.Rect, scene vision.Scene) bool {
	const px = 1.5
	return b.X < px || b.Y < px || b.X+b.Width > float64(scene.Width)-px || b.Y+b.Height > float64(scene.Height)-px
}
