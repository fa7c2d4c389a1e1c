package estimate

import (
	"foodmassd/internal/catalog"
	"foodmassd/internal/mass"
)

// Site is what a kitchen has taught. It is never changed, only replaced; nil is nothing.
type Site struct {
	// Factors correct the grams of the foods that were weighed there.
	Factors mass.Factors
}

// site returns what the kitchen has taught until now.
func (e *Estimator) site() Site {
	if e.Site != nil {
		if s := e.Site(); s != nil {
			return *s
		}
	}
	return Site{}
}

// Best is the food that this most likely is by its looks and size, whatever a second opinion says.
func (m Measured) Best() mass.Class { return m.eyeClasses()[0] }

// Weighed returns what a scale teaches by telling that this, a portion of the food, weighs trueG ± trueSDG grams.
// Its Probability is how sure the looks are of that food. ok is false where there is nothing to compare with:
// without a metric scale, or with a food that the photo cuts off.
func (e *Estimator) Weighed(m Measured, food catalog.Food, trueG, trueSDG float64) (w mass.Weighing, ok bool) {
	w = mass.Weighing{Food: food.Key, TrueG: trueG, TrueSDG: trueSDG}
	w.EstimatedG, w.EstimatedLogSD, w.Top, ok = e.Mass.Alone(food, m.observed)
	for _, c := range m.eyeClasses() {
		if c.Key == food.Key {
			w.Probability = c.Probability
		}
	}
	return w, ok
}
