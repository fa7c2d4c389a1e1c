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
}

// today returns the estimator with the site as it is now, so that one photo is estimated by one state of it.
func (e *Estimator) today() *Estimator {
	now := *e
	if e.Site != nil {
		if site := e.Site(); site != nil {
			now.enrolled = site.Foods
		}
	}
	return &now
}

// foods are those of the catalog and those taught on site.
func (e *Estimator) foods() mass.Foods {
	if e.enrolled != nil {
		return e.enrolled
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
	if e.enrolled == nil {
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
	for _, c := range e.enrolled.Recognise(network, f.Embedding, f.TopView) {
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
	case !e.enrolled.Serves(o.Key):
		o.Key = catalog.UnknownKey
	}
	return o
}
