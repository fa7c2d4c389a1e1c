package mass

import (
	"math"
	"testing"
)

func probability(classes []Class, key string) (p float64) {
	for _, c := range classes {
		if c.Key == key {
			p += c.Probability
		}
	}
	return p
}

func TestANamedFoodGainsByABoundedFactor(t *testing.T) {
	for name, c := range map[string]struct {
		eye      []Class
		named    string
		first    string
		low, top float64 // of the named food
	}{
		"named as seen":                {[]Class{{"apple", 0.7}, {"pear", 0.3}}, "apple", "apple", 0.94, 0.96},
		"the other of a doubtful pair": {[]Class{{"apple", 0.55}, {"pear", 0.45}}, "pear", "pear", 0.85, 0.9},
		"against a sure eye":           {[]Class{{"apple", 0.98}, {"pear", 0.02}}, "pear", "apple", 0.1, 0.2},
		"never thought of":             {[]Class{{"apple", 1}}, "mango", "apple", 0.1, 0.2},
		"never thought of, no name":    {[]Class{{"unknown", 1}}, "mango", "mango", 0.6, 0.75},
		"no food of the catalog":       {[]Class{{"apple", 0.6}, {"unknown", 0.4}}, "unknown", "unknown", 0.8, 0.9},
		"as sure as can be":            {[]Class{{"apple", 1}}, "apple", "apple", 1, 1},
	} {
		got := Named(c.eye, c.named)
		sum := 0.0
		for _, g := range got {
			sum += g.Probability
		}
		if p := probability(got, c.named); math.Abs(sum-1) > 1e-9 || got[0].Key != c.first || p < c.low || p > c.top {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAConfirmedMassIsSurerAndBetweenBothFigures(t *testing.T) {
	for name, d := range map[string]Mixture{
		"measured": {{1, math.Log(200), 0.12}},
		"a dish":   {{1, math.Log(200), 0.45}},
		"two ways": {{0.7, math.Log(200), 0.2}, {0.3, math.Log(230), 0.3}},
	} {
		for _, g := range []float64{140, 200, 290} {
			after := d.Confirmed(g)
			before, i := d.Interval(), after.Interval()
			if i[1]/i[0] >= before[1]/before[0] || after.Near(after.Point()) <= d.Near(d.Point()) {
				t.Errorf("%s told %g g: %v became %v", name, g, before, i)
			}
			if p := after.Point(); (p-d.Point())*(g-d.Point()) < -1e-9 || math.Abs(p-d.Point()) > math.Abs(g-d.Point()) {
				t.Errorf("%s told %g g: %g g became %g g", name, g, d.Point(), p)
			}
		}
	}
}

func TestADoubtedMassAdmitsBothFiguresWithinBounds(t *testing.T) {
	d := Mixture{{1, math.Log(200), 0.12}}
	for _, g := range []float64{20, 90, 400, 1e300} {
		after := d.Doubted(g)
		i := after.Interval()
		if after.Near(200) >= d.Near(200) || i[1]/i[0] <= d.Interval()[1]/d.Interval()[0] {
			t.Errorf("told %g g: %v, within 20 %% with %g", g, i, after.Near(200))
		}
		if told := math.Max(50, math.Min(800, g)); told < i[0]/1.7 || told > i[1]*1.7 || i[0] < 20 || i[1] > 2000 {
			t.Errorf("told %g g: %v", g, i)
		}
	}
}
