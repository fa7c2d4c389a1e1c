package catalog

import (
	"math"
	"sort"
)

// Class is the probability in [0,1] that a food is the one with this key.
type Class struct {
	Key         string
	Probability float64
	// Likeness is the cosine in [-1,1] of the food's embedding to what the class looks like, 0 where nobody knows.
	Likeness float64
}

// How sure likeness makes. The odds that a food is the taught one against what the network says are
// exp(sharpness · (its cosine to the taught food + lead − its cosine to the network's classes)), where the latter
// counts as unlike at least. Chosen by teaching ten foods by five photos each (models/MODEL_CARD.md, "Taught on
// site"): a greater lead or a smaller unlike names a few more of the taught foods and steals as many of the others,
// and more of dishes that are none of either.
const (
	sharpness = 25
	lead      = 0.03
	unlike    = 0.45
	// offMenu is the share of the probability of foods that are not on the menu that goes to the unknown food:
	// what is hardly like anything on the menu is none of it.
	offMenu = 0.05
)

// Recognise returns the network's classes, which sum to 1, after the taught foods have competed with them and foods
// that are not on the menu have left; likeliest first, summing to 1. topView is the probability in [0,1] that the
// camera looks down. Without taught foods and menu, and on a nil Enrolled, they are returned as they are; examples
// of another length than embedding (of another network) count nothing.
func (e *Enrolled) Recognise(classes []Class, embedding []float32, topView float64) []Class {
	if e == nil || len(e.likes) == 0 && e.menu == nil {
		return classes
	}
	weights := e.served(classes)
	weights = scaled(weights, evidence(weights))
	for _, l := range e.likes {
		if q, ok := l.cosine(embedding, topView); ok && e.Serves(l.key) {
			weights = addTo(weights, l.key, math.Exp(sharpness*(q+lead)))
		}
	}
	return scaled(weights, 1)
}

// evidence is how well the network's classes, which sum to 1, explain the embedding.
func evidence(classes []Class) (sum float64) {
	for _, c := range classes {
		sum += c.Probability * math.Exp(sharpness*math.Max(unlike, c.Likeness))
	}
	return sum
}

// cosine is how like the taught food an embedding is; false for one of another length.
func (l likeness) cosine(embedding []float32, topView float64) (float64, bool) {
	prototype := l.side
	if topView >= 0.5 {
		prototype = l.top
	}
	if len(embedding) != len(prototype) {
		return 0, false
	}
	return dot(embedding, prototype), true
}

// Serves reports whether the food may be on a tray today: every food without a menu and on a nil Enrolled, and the
// unknown food always.
func (e *Enrolled) Serves(key string) bool {
	return e == nil || e.menu == nil || key == UnknownKey || e.menu[key]
}

// served returns the classes that may be served, summing to 1.
func (e *Enrolled) served(classes []Class) []Class {
	var out []Class
	var off float64
	for _, c := range classes {
		if e.Serves(c.Key) {
			out = append(out, c)
		} else {
			off += c.Probability
		}
	}
	if off > 0 {
		out = addTo(out, UnknownKey, offMenu*off)
	}
	return scaled(out, 1)
}

// addTo adds a weight to a class, which may be a new one.
func addTo(classes []Class, key string, weight float64) []Class {
	for i := range classes {
		if classes[i].Key == key {
			classes[i].Probability += weight
			return classes
		}
	}
	return append(classes, Class{Key: key, Probability: weight})
}

// scaled returns the classes, likeliest first, with probabilities that sum to sum.
func scaled(classes []Class, sum float64) []Class {
	var old float64
	for _, c := range classes {
		old += c.Probability
	}
	if !(old > 0) {
		return []Class{{Key: UnknownKey, Probability: sum}}
	}
	for i := range classes {
		classes[i].Probability *= sum / old
	}
	sort.SliceStable(classes, func(i, j int) bool { return classes[i].Probability > classes[j].Probability })
	return classes
}
