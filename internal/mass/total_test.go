package mass

import (
	"math"
	"testing"
)

func food(medianG, logSD float64) Mixture { return Mixture{{1, math.Log(medianG), logSD}} }

func TestGivenTotalGivesTheLoadCellTheLastWord(t *testing.T) {
	for name, c := range map[string]struct {
		foods  []Mixture
		totalG float64
	}{
		"one food":               {[]Mixture{food(200, 0.12)}, 220},
		"two foods":              {[]Mixture{food(200, 0.12), food(80, 0.2)}, 310},
		"one unsure food":        {[]Mixture{food(200, 0.1), food(100, 0.85)}, 420},
		"foods of two minds":     {[]Mixture{{{0.5, math.Log(100), 0.1}, {0.5, math.Log(200), 0.1}}, food(50, 0.1)}, 240},
		"a crumb beside a meal":  {[]Mixture{food(2, 0.5), food(900, 0.1)}, 850},
		"only unknown, far less": {[]Mixture{food(120, 0.85)}, 40},
	} {
		t.Run(name, func(t *testing.T) {
			given, ok := GivenTotal(c.foods, c.totalG, 0)
			if !ok {
				t.Fatal("contradiction")
			}
			sum := 0.0
			for i, g := range given {
				sum += g.MassG
				_, before := c.foods[i].Moments()
				if !(g.MassG > 0) || g.SDG > math.Sqrt(before) || !(g.SDG > 0) {
					t.Errorf("food %d: %+v, SD before %g", i, g, math.Sqrt(before))
				}
			}
			if math.Abs(sum-c.totalG) > math.Max(2, 0.01*c.totalG) {
				t.Errorf("sum %g g, total %g g", sum, c.totalG)
			}
		})
	}
}

func TestGivenTotalPutsTheDifferenceWhereTheDoubtIs(t *testing.T) {
	given, ok := GivenTotal([]Mixture{food(200, 0.05), food(100, 0.4)}, 340, 0)
	if !ok {
		t.Fatal("contradiction")
	}
	if sure, unsure := given[0].MassG-200, given[1].MassG-100; !(unsure > 5*math.Abs(sure)) {
		t.Errorf("sure food moved by %g g, unsure one by %g g", sure, unsure)
	}
}

func TestGivenTotalRefusesAContradiction(t *testing.T) {
	for name, totalG := range map[string]float64{
		"far more": 900, "far less": 60, "nothing on the scale": 0, "below zero": -5, "not a number": math.NaN(), "infinite": math.Inf(1),
	} {
		if given, ok := GivenTotal([]Mixture{food(200, 0.1), food(80, 0.1)}, totalG, 0); ok || given != nil {
			t.Errorf("%s: accepted as %v", name, given)
		}
	}
	if _, ok := GivenTotal(nil, 100, 0); ok {
		t.Error("a total without foods was accepted")
	}
}

func TestAnUncertainTotalMovesTheFoodsLess(t *testing.T) {
	foods := []Mixture{food(200, 0.1), food(100, 0.1)}
	sure, ok := GivenTotal(foods, 340, 0)
	unsure, alsoOK := GivenTotal(foods, 340, 40)
	if !ok || !alsoOK {
		t.Fatal("contradiction")
	}
	if !(unsure[0].MassG < sure[0].MassG) || !(unsure[0].SDG > sure[0].SDG) {
		t.Errorf("sure total %+v, unsure one %+v", sure[0], unsure[0])
	}
	if _, ok := GivenTotal(foods, 520, 0); ok {
		t.Error("520 g to the gram agree with 300 g")
	}
	if _, ok := GivenTotal(foods, 520, 150); !ok {
		t.Error("520 ± 150 g contradict 300 g")
	}
}
