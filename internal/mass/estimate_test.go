package mass

import (
	"math"
	"testing"

	"foodmassd/internal/geometry"
)

func near(got, want, relative float64) bool { return math.Abs(got-want) <= relative*math.Abs(want) }

func apple(width float64) Observation {
	return Observation{
		Classes: []Class{{"apple", 1}}, TopView: 1, ScaleRelSD: 0.01,
		Measures: &geometry.Measures{WidthMM: width, HeightMM: width, AreaMM2: width * width * 0.785},
	}
}

func TestEstimateFollowsTheCoefficients(t *testing.T) {
	m, foods := loadSmall(t)
	e := m.Estimate(foods, apple(80))
	x := math.Log(0.8)
	if want := math.Exp(5 + 3*x); !near(e.PointG(), want, 1e-6) {
		t.Errorf("median %g g, want %g", e.PointG(), want)
	}
	if want := math.Exp(5.2 + 3*x); !near(e.VolumeCM3, want, 1e-6) {
		t.Errorf("volume %g cm³, want %g", e.VolumeCM3, want)
	}
	if want := math.Sqrt(0.01 + 0.04*x*x + 0.1*0.1); !near(e.Grams[0].LogSD, want, 1e-6) {
		t.Errorf("log SD %g, want %g", e.Grams[0].LogSD, want)
	}
}

func width(i [2]float64) float64 { return math.Log(i[1] / i[0]) }

func TestDoubtWidensTheInterval(t *testing.T) {
	m, foods, _ := shipped(t)
	sure := m.Estimate(foods, apple(95))
	for name, change := range map[string]func(*Observation){
		"coarse scale":      func(o *Observation) { o.ScaleRelSD = 0.15 },
		"unsure class":      func(o *Observation) { o.Classes = []Class{{"apple", 0.6}, {"peach", 0.2}, {"tomato", 0.2}} },
		"probably unknown":  func(o *Observation) { o.Classes = Complete([]Class{{"apple", 0.3}}) },
		"cut off":           func(o *Observation) { o.Cut = true },
		"larger than known": func(o *Observation) { o.Measures = apple(300).Measures },
		"no scale":          func(o *Observation) { o.Measures = nil },
	} {
		o := apple(95)
		change(&o)
		e := m.Estimate(foods, o)
		if width(e.Grams.Interval()) <= width(sure.Grams.Interval()) {
			t.Errorf("%s: interval %v is not wider than %v", name, e.Grams.Interval(), sure.Grams.Interval())
		}
		if e.Grams.Near(e.PointG()) >= sure.Grams.Near(sure.PointG()) {
			t.Errorf("%s: more confident than a clear apple", name)
		}
	}
}

func TestWithoutScaleThePortionIsTypicalAndNothingIsMeasured(t *testing.T) {
	m, foods, _ := shipped(t)
	o := apple(95)
	o.Measures = nil
	e := m.Estimate(foods, o)
	food, _ := foods.Food("apple")
	if !near(e.PointG(), food.Portion.MedianG, 1e-6) || e.VolumeCM3 != 0 {
		t.Errorf("%g g, %g cm³; want the portion's %g g and no volume", e.PointG(), e.VolumeCM3, food.Portion.MedianG)
	}
	if near := e.Grams.Near(e.PointG()); near > 0.6 {
		t.Errorf("confidence %g from a typical portion alone", near)
	}
}

func TestUnfittedFoodsGrowWithTheirSize(t *testing.T) {
	m, foods, _ := shipped(t)
	for _, key := range []string{"unknown", "kimchi_stew", "never heard of"} {
		for _, top := range []float64{0, 1} {
			last := 0.0
			for _, size := range []float64{20, 60, 120, 250} {
				o := apple(size)
				o.Classes, o.TopView = []Class{{key, 1}}, top
				e := m.Estimate(foods, o)
				if e.PointG() <= last || e.PointG() > 3000 || !(e.VolumeCM3 > 0) {
					t.Errorf("%s, top %g, %g mm: %g g after %g g, %g cm³", key, top, size, e.PointG(), last, e.VolumeCM3)
				}
				last = e.PointG()
			}
		}
	}
}

func TestMixture(t *testing.T) {
	d := Mixture{{0.5, math.Log(100), 0.1}, {0.5, math.Log(200), 0.1}}
	if got := d.CDF(math.Sqrt(100 * 200)); !near(got, 0.5, 1e-6) {
		t.Errorf("CDF between two equal peaks is %g", got)
	}
	for _, p := range []float64{0.05, 0.3, 0.95} {
		if got := d.CDF(d.Quantile(p)); !near(got, p, 1e-6) {
			t.Errorf("CDF(Quantile(%g)) = %g", p, got)
		}
	}
	one := Mixture{{1, math.Log(100), 0.1}}
	mean, variance := one.Moments()
	if !near(mean, 100*math.Exp(0.005), 1e-9) || !near(variance, mean*mean*math.Expm1(0.01), 1e-9) {
		t.Errorf("moments %g, %g", mean, variance)
	}
	if got := one.Near(100); !near(got, 0.954, 0.01) {
		t.Errorf("within 20 %% with 10 %% spread: %g", got)
	}
}

func TestSizeTellsAPlumFromAnApple(t *testing.T) {
	m, _ := loadSmall(t)
	o := apple(50)
	o.Classes = []Class{{"apple", 0.5}, {"plum", 0.4}}
	got := m.BySize(o)
	if got[0].Key != "plum" || got[0].Probability < 0.6 || !near(got[0].Probability+got[1].Probability, 0.9, 1e-9) {
		t.Errorf("50 mm: %v", got)
	}
	o.Measures = apple(82).Measures
	if got := m.BySize(o); got[0].Key != "apple" || got[0].Probability < 0.7 {
		t.Errorf("82 mm: %v", got)
	}
	for name, change := range map[string]func(*Observation){
		"no scale": func(o *Observation) { o.Measures = nil },
		"cut off":  func(o *Observation) { o.Cut = true },
	} {
		o := o
		change(&o)
		if got := m.BySize(o); got[0] != o.Classes[0] {
			t.Errorf("%s: %v", name, got)
		}
	}
}
