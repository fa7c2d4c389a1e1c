package mass

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// weighed returns weighings of a 100 g estimate that came out these times heavier.
func weighed(food string, ratios ...float64) (out []Weighing) {
	for _, r := range ratios {
		out = append(out, Weighing{Food: food, Top: true, EstimatedG: 100, TrueG: 100 * r, TrueSDG: 1, Probability: 1})
	}
	return out
}

func repeat(ratio float64, n int) (out []float64) {
	for range n {
		out = append(out, ratio)
	}
	return out
}

func TestWeighingsTeachAFactor(t *testing.T) {
	m, _, _ := shipped(t)
	for name, tc := range map[string]struct {
		food      string
		ratios    []float64
		low, high float64 // of the factor
	}{
		"one heavier portion counts in part":       {"apple", []float64{1.1}, 1.03, 1.08},
		"ten of them count in full":                {"apple", repeat(1.1, 10), 1.08, 1.1},
		"a lone outlier hardly counts":             {"apple", []float64{2}, 1, 1.08},
		"... nor beside portions that are right":   {"apple", []float64{1, 0.98, 3, 1.02, 1}, 0.98, 1.03},
		"a consistent run wins":                    {"apple", repeat(2, 15), 1.8, 2},
		"... also over what was learnt before":     {"apple", append(repeat(1, 5), repeat(1.5, 20)...), 1.4, 1.5},
		"a body's height is learnt from one":       {"kimchi_stew", []float64{1.8}, 1.5, 1.8},
		"a body's factor stays within 10":          {"kimchi_stew", repeat(20, 50), 10, 10},
		"... and above a tenth":                    {"kimchi_stew", repeat(0.01, 50), 0.1, 0.1},
		"one of a food with a fit within 3":        {"apple", repeat(20, 50), 3, 3},
		"portions scatter, their middle is learnt": {"salad", []float64{0.7, 0.9, 1.1, 0.8, 0.8, 1}, 0.8, 0.95},
	} {
		f := Learn(m.Prior, weighed(tc.food, tc.ratios...))[FactorKey{tc.food, true}]
		const rounding = 1e-9
		if got := math.Exp(f.LogMean); got < tc.low-rounding || got > tc.high+rounding || f.Count != len(tc.ratios) {
			t.Errorf("%s: factor %.3f from %d weighings, want %g to %g", name, got, f.Count, tc.low, tc.high)
		}
	}
}

func TestMoreWeighingsMakeSurer(t *testing.T) {
	m, _, _ := shipped(t)
	last := m.Prior("apple").FactorSD
	for n := 1; n <= 16; n *= 2 {
		sd := Learn(m.Prior, weighed("apple", repeat(1.05, n)...))[FactorKey{"apple", true}].LogSD
		if sd >= last {
			t.Errorf("%d weighings: SD %g, was %g", n, sd, last)
		}
		last = sd
	}
	sure := Learn(m.Prior, weighed("apple", 1.1))
	doubtful := weighed("apple", 1.1)
	doubtful[0].EstimatedLogSD = 0.4
	if got := Learn(m.Prior, doubtful)[FactorKey{"apple", true}].LogMean; got >= sure[FactorKey{"apple", true}].LogMean/2 {
		t.Errorf("an estimate without a good scale teaches %g", got)
	}
}

// Kitchens drawn from the prior, some portions of which are another food: the factor must be about as
// far off as it says.
func TestAFactorKnowsHowWrongItMayBe(t *testing.T) {
	m, _, _ := shipped(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, food := range []string{"apple", "kimchi_stew"} {
		p := m.Prior(food)
		for _, n := range []int{1, 3, 10, 50} {
			const kitchens = 400
			within := 0
			for range kitchens {
				truth := p.FactorSD * r.NormFloat64()
				var ratios []float64
				for range n {
					portion := truth + p.PortionSD*r.NormFloat64()
					if r.Float64() < 0.03 {
						portion += 1
					}
					ratios = append(ratios, math.Exp(portion))
				}
				f := Learn(m.Prior, weighed(food, ratios...))[FactorKey{food, true}]
				if math.Abs(f.LogMean-math.Min(math.Max(truth, -p.MaxLog), p.MaxLog)) <= 1.645*f.LogSD {
					within++
				}
			}
			if share := float64(within) / kitchens; share < 0.8 || share > 0.97 {
				t.Errorf("%s, %d weighings: %.0f %% of kitchens are within the 90 %% interval", food, n, 100*share)
			}
		}
	}
}

func TestWhatCannotBeRightTeachesNothing(t *testing.T) {
	m, _, _ := shipped(t)
	for name, spoil := range map[string]func(*Weighing){
		"food not sure":       func(w *Weighing) { w.Probability = 0.79 },
		"probability is NaN":  func(w *Weighing) { w.Probability = math.NaN() },
		"nothing on the tray": func(w *Weighing) { w.TrueG = 0 },
		"endless":             func(w *Weighing) { w.TrueG = math.Inf(1) },
		"no estimate":         func(w *Weighing) { w.EstimatedG = math.NaN() },
		"no uncertainty":      func(w *Weighing) { w.TrueSDG = math.NaN() },
	} {
		w := weighed("apple", 1.2)
		spoil(&w[0])
		if f := Learn(m.Prior, w); f != nil {
			t.Errorf("%s: %v", name, f)
		}
	}
}

func TestAFactorCorrectsItsFoodAndViewOnly(t *testing.T) {
	m, foods, _ := shipped(t)
	factors := Learn(m.Prior, weighed("apple", repeat(1.2, 10)...))
	side, unscaled, pear := apple(80), apple(80), apple(80)
	side.TopView, unscaled.Measures, pear.Classes = 0, nil, []Class{{"pear", 1}}
	for name, tc := range map[string]struct {
		o         Observation
		corrected bool
	}{
		"from above":       {apple(80), true},
		"from the side":    {side, false},
		"without measures": {unscaled, false},
		"another food":     {pear, false},
	} {
		before := m.Estimate(foods, tc.o)
		tc.o.Factors = factors
		after := m.Estimate(foods, tc.o)
		if !tc.corrected {
			if !reflect.DeepEqual(before, after) {
				t.Errorf("%s: %v became %v", name, before, after)
			}
			continue
		}
		if ratio := after.PointG() / before.PointG(); ratio < 1.15 || ratio > 1.2 || after.VolumeCM3 != before.VolumeCM3 {
			t.Errorf("%s: %.3f times as heavy, %g cm³ of %g", name, ratio, after.VolumeCM3, before.VolumeCM3)
		}
		if width(after.Grams.Interval()) > width(before.Grams.Interval()) {
			t.Errorf("%s: %v is wider than %v", name, after.Grams.Interval(), before.Grams.Interval())
		}
	}
}

func TestWhatIsLearntFromHasNoFactorInIt(t *testing.T) {
	m, foods, _ := shipped(t)
	food, _ := foods.Food("apple")
	o := apple(80)
	plain, sd, top, ok := m.Alone(food, o)
	if want := m.Estimate(foods, o); !ok || !top || !near(plain, want.PointG(), 1e-9) || sd != want.Grams[0].LogSD {
		t.Errorf("%g g ± %g, want %v", plain, sd, want)
	}
	o.Factors = Learn(m.Prior, weighed("apple", repeat(1.2, 10)...))
	if again, _, _, _ := m.Alone(food, o); again != plain {
		t.Errorf("%g g with a factor, %g g without", again, plain)
	}
	o.Cut = true
	if _, _, _, ok := m.Alone(food, o); ok {
		t.Error("a food that is cut off can be learnt from")
	}
}
