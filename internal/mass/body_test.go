package mass

import (
	"math"
	"testing"

	"foodmassd/internal/geometry"
)

// served is a dish seen from above, its outline an ellipse of these axes in mm.
func served(key string, width, height float64) Observation {
	return Observation{
		Classes: []Class{{key, 1}}, TopView: 1, ScaleRelSD: 0.015,
		Measures: &geometry.Measures{WidthMM: width, HeightMM: height, AreaMM2: math.Pi / 4 * width * height},
	}
}

// dishes as they are served; grams between which a cook would put them.
var dishes = []struct {
	what          string
	key           string
	width, height float64
	low, high     float64
}{
	{"a 160 mm bowl of stew", "kimchi_stew", 160, 160, 300, 600},
	{"a 120 mm soup bowl", "seaweed_soup", 120, 120, 220, 400},
	{"a 180 mm bowl of noodles", "ramyeon", 180, 180, 500, 800},
	{"a 110 mm rice bowl", "steamed_rice", 110, 110, 150, 230},
	{"a heap of sprouts", "bean_sprouts", 80, 60, 30, 65},
	{"kimchi on a side dish", "kimchi", 60, 60, 25, 60},
	{"a small cutlet", "pork_cutlet", 90, 70, 60, 120},
	{"a whole cutlet", "pork_cutlet", 180, 120, 150, 260},
	{"one nugget", "chicken_nuggets", 45, 35, 15, 35},
	{"a fried egg", "fried_egg", 100, 95, 40, 75},
	{"a plate of salad", "salad", 140, 140, 50, 120},
	{"curry over rice", "curry", 190, 150, 350, 700},
}

func TestDishesWeighWhatACookWouldSay(t *testing.T) {
	m, foods, _ := shipped(t)
	for _, d := range dishes {
		e := m.Estimate(foods, served(d.key, d.width, d.height))
		i := e.Grams.Interval()
		if g := e.PointG(); g < d.low || g > d.high {
			t.Errorf("%s: %.0f g, want %g to %g", d.what, g, d.low, d.high)
		}
		if ratio := i[1] / i[0]; i[0] > d.low || i[1] < d.high || ratio < 2 || ratio > 12 {
			t.Errorf("%s: interval %.0f is not honest about %g to %g g", d.what, i, d.low, d.high)
		}
		if near := e.Grams.Near(e.PointG()); near > 0.6 {
			t.Errorf("%s: confidence %.2f without a measured height", d.what, near)
		}
	}
}

// The camera is held obliquely: the network may say either view, and the outline is foreshortened.
func TestADishHardlyChangesWhenSeenObliquely(t *testing.T) {
	m, foods, _ := shipped(t)
	for _, d := range dishes {
		above := m.Estimate(foods, served(d.key, d.width, d.height)).PointG()
		o := served(d.key, d.width, 0.7*d.height)
		o.TopView = 0
		if oblique := m.Estimate(foods, o).PointG(); oblique < above/1.5 || oblique > 1.5*above {
			t.Errorf("%s: %.0f g from above, %.0f g obliquely", d.what, above, oblique)
		}
	}
}
