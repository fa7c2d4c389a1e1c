package estimate

import (
	"foodmassd/internal/catalog"
	"foodmassd/internal/mass"
	"foodmassd/internal/vision"
)

// Site is what one kitchen has taught the appliance. It is immutable.
type Site struct {
	// Foods are the catalog, the foods taught on site and the menu of the day; nil when nothing was taught.
	Foods *catalog.Enrolled
	// Factors correct the grams of the foods that were weighed there.
	Factors mass.Factors
}

// today returns the estimator with the site as it is now, so that one photo is estimated by one state of it.
func (e *Estimator) today() *Estimator {
	fixed := *e
	fixed.now = Site{}
	if e.Site != nil {
		if site := e.Site(); site != nil {
			fixed.now = *site
		}
	}
	return &fixed
}

// foods are those of the catalog and those taught on site.
func (e *Estimator) foods() mass.Foods {
	if e.now.Foods != nil {
		return e.now.Foods
	}
	return e.Catalog
}

// looks returns the food's classes as they look, likeliest first and complete.
func (e *Estimator) looks(f vision.Food) []mass.Class {
	classes := make([]mass.Class, 0, len(f.Classes))
	for _, c := range f.Classes {
		classes = append(classes, mass.Class{Key: c.Key, Probability: c.Probability})
	}
	classes = mass.Complete(classes)
	if e.now.Foods == nil {
		return classes
	}
	likeness := map[string]float64{}
	for _, c := range f.Classes {
		likeness[c.Key] = c.Likeness
	}
	network := make([]catalog.Class, 0, len(classes))
	for _, c := range classes {
		network = append(network, catalog.Class{Key: c.Key, Probability: c.Probability, Likeness: likeness[c.Key]})
	}
	classes = classes[:0]
	for _, c := range e.now.Foods.Recognise(network, f.Embedding, f.TopView) {
		classes = append(classes, mass.Class{Key: c.Key, Probability: c.Probability})
	}
	return classes
}

// meant returns the opinion on a food taken for best with the key that it means here. Whoever gives it has a list
// without the foods taught on site: "unknown" does not speak against one. A food that is not on the menu is unknown.
func (e *Estimator) meant(o Opinion, best string) Opinion {
	_, listed := e.Catalog.Food(best)
	switch {
	case !listed && o.Key == catalog.UnknownKey:
		o.Key = best
	case !e.now.Foods.Serves(o.Key):
		o.Key = catalog.UnknownKey
	}
	return o
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
