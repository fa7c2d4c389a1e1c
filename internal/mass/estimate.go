package mass

import (
	"math"
	"sort"

	"foodmassd/internal/catalog"
	"foodmassd/internal/geometry"
)

// Class is the probability in [0,1] that a food is the one with this catalog key.
type Class struct {
	Key         string
	Probability float64
}

// Observation is what is known of one food.
type Observation struct {
	// Classes with probabilities that sum to 1, see Complete.
	Classes []Class
	// TopView is the probability in [0,1] that the camera looks from above.
	TopView float64
	// Measures in millimetres, nil without a metric scale.
	Measures *geometry.Measures
	// ScaleRelSD is the relative uncertainty of that scale.
	ScaleRelSD float64
	// Cut tells that the photo ends within the food: an unknown part is missing.
	Cut bool
	// Factors correct the foods that were weighed in this kitchen; nil corrects nothing.
	Factors Factors
}

// Estimate is the mass of one food.
type Estimate struct {
	Grams Mixture
	// VolumeCM3 is what was computed on the way, 0 without a metric scale.
	VolumeCM3 float64
}

// PointG is the number to show, in grams.
func (e Estimate) PointG() float64 { return e.Grams.Point() }

// negligible is the probability below which a class or view is left out.
const negligible = 0.005

const (
	// cutSD is the spread of log grams that a food cut off by the photo's border adds.
	cutSD = 0.3
	// elsewhereSD is by how much portions vary between kitchens and markets, in log grams, beside the
	// spread within the catalog's source.
	elsewhereSD = 0.25
)

// Foods are looked up by their key: a catalog, or one with what was taught on site.
type Foods interface {
	// Food returns the food with that key; for a key that it does not have, the unknown food and false.
	Food(key string) (catalog.Food, bool)
}

// Estimate returns the distribution of the food's mass.
func (m *Model) Estimate(foods Foods, o Observation) Estimate {
	var e Estimate
	var logVolume, weight float64
	add := func(probability float64, c Component) bool {
		if !(probability >= negligible) {
			return false
		}
		c.Weight = probability
		e.Grams = append(e.Grams, c)
		return true
	}
	for _, class := range o.Classes {
		food, _ := foods.Food(class.Key)
		if o.Measures == nil {
			add(class.Probability, typical(food))
			continue
		}
		for _, top := range []bool{true, false} {
			probability := class.Probability * o.TopView
			if !top {
				probability = class.Probability * (1 - o.TopView)
			}
			if c, logCM3 := m.measured(food, o, top); add(probability, c) {
				logVolume, weight = logVolume+probability*logCM3, weight+probability
			}
		}
	}
	if len(e.Grams) == 0 { // no class, or so many that each is negligible
		food, _ := foods.Food(catalog.UnknownKey)
		add(1, typical(food))
	}
	e.Grams.normalise()
	if weight > 0 {
		e.VolumeCM3 = math.Exp(logVolume / weight)
	}
	return e
}

// Fits reports whether the food has coefficients fitted to weighed portions; any other is computed
// from its outline, a typical height and a density.
func (m *Model) Fits(key string) bool {
	_, top := m.Top.Foods[key]
	_, side := m.Side.Foods[key]
	return top && side
}

// typical is what a portion weighs that was not measured.
func typical(f catalog.Food) Component {
	return Component{LogMean: f.Portion.LogMean(), LogSD: math.Hypot(f.Portion.LogSD, elsewhereSD)}
}

// measured is what the food weighs if it is this one and seen from this side, and its log cm³.
func (m *Model) measured(f catalog.Food, o Observation, top bool) (c Component, logCM3 float64) {
	scaleSD := math.Sqrt(math.Max(0, o.ScaleRelSD*o.ScaleRelSD-m.ScaleSD*m.ScaleSD))
	view := m.Side
	if top {
		view = m.Top
	}
	if _, fitted := view.Foods[f.Key]; fitted {
		c, logCM3 = view.at(f.Key, *o.Measures, scaleSD)
	} else {
		c, logCM3 = body(f, *o.Measures, top, scaleSD)
	}
	if factor, learnt := o.Factors[FactorKey{f.Key, top}]; learnt {
		c = m.Prior(f.Key).correct(c, factor)
	}
	if o.Cut {
		c.LogSD = math.Hypot(c.LogSD, cutSD)
	}
	return c, logCM3
}

// Complete returns the classes, likeliest first, with the probability missing to 1 given to the
// unknown food.
func Complete(classes []Class) []Class {
	var out []Class
	rest := 1.0
	for _, c := range classes {
		if c.Key != catalog.UnknownKey && c.Probability > 0 {
			out = append(out, c)
			rest -= c.Probability
		}
	}
	if rest > 0 {
		out = append(out, Class{catalog.UnknownKey, rest})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Probability > out[j].Probability })
	return out
}

func (d Mixture) normalise() {
	var sum float64
	for _, c := range d {
		sum += c.Weight
	}
	for i := range d {
		d[i].Weight /= sum
	}
}
