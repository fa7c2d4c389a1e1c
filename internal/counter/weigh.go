package counter

import (
	"math"

	"foodmassd/internal/task"
)

// Weigher tells what food lies on the scale right now.
type Weigher interface {
	// Food returns the net grams at rest, and what their source (a container's mass) adds to the scale's
	// own standard uncertainty in grams. ok is false while nothing rests or the scale is at fault.
	Food() (g, sdG float64, ok bool)
}

// MinFoodG is the least net load in grams that is taken for food: below it lie crumbs and drift.
const MinFoodG = 5

// WeightOf is what a scale that counts says; nil is one that is not there.
func WeightOf(scale Weigher) task.Weight {
	if scale != nil {
		if g, sd, ok := scale.Food(); ok && g >= MinFoodG {
			return task.Weight{ScaleG: &g, ScaleSDG: sd}
		}
	}
	return task.Weight{ScaleMissing: true}
}

// A load whose reading moves by more than sameG, or sameShare of it, has changed between two readings: the
// first is the spread of a load at rest, twice, the second what a bounce of a heavy tray leaves.
const (
	sameG     = 2.
	sameShare = 0.005
)

// same tells whether two readings are of one load at rest.
func same(a, b task.Weight) bool {
	return a.ScaleG != nil && b.ScaleG != nil && math.Abs(*a.ScaleG-*b.ScaleG) <= math.Max(sameG, sameShare**b.ScaleG)
}
