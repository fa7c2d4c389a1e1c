package weighing_test

import (
	"math"
	"strings"
	"testing"

	"foodmassd/internal/weighing"
)

func TestFoodIsTheLoadLessItsContainer(t *testing.T) {
	bowl := &weighing.Container{Name: "국그릇", MassG: 200, SDG: 3}
	for name, tc := range map[string]struct {
		netG     float64
		in       *weighing.Container
		food, sd float64
	}{
		"in none":                     {412, nil, 412, 4},
		"in the bowl":                 {612, bowl, 412, 5},
		"the bowl alone":              {200, bowl, 0, 5},
		"a bowl a little lighter":     {198, bowl, 0, 5},
		"half a bowl counts as one":   {100, bowl, 0, 5},
		"an apple without the bowl":   {99.9, bowl, 99.9, 4},
		"nothing":                     {0, bowl, 0, 4},
		"the tray taken off with all": {-500, bowl, -500, 4},
	} {
		food, sd := weighing.Reading{State: weighing.Stable, NetG: tc.netG, ResolutionG: 4}.Food(tc.in)
		if food != tc.food || sd != tc.sd {
			t.Errorf("%s: %v ± %v g", name, food, sd)
		}
	}
	for _, in := range []*weighing.Container{nil, bowl} {
		if food, sd := (weighing.Reading{State: weighing.Settling, NetG: math.NaN()}).Food(in); !math.IsNaN(food) || !math.IsNaN(sd) {
			t.Errorf("while it settles: %v ± %v g", food, sd)
		}
	}
}

func TestAContainerHasANameForPeopleAndAMass(t *testing.T) {
	for _, c := range []weighing.Container{{"국그릇", 200, 1}, {"식판 2호 (큰 것)", 640.5, 0}, {strings.Repeat("밥", 40), 1, 0.5}} {
		if err := c.Check(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for _, c := range []weighing.Container{{"", 200, 1}, {" bowl", 200, 1}, {"bo\nwl", 200, 1}, {"bo\xffwl", 200, 1}, {"bo\x1b[2Jwl", 200, 1},
		{strings.Repeat("밥", 41), 200, 1}, {"none", 200, 1}, {"bowl", 0, 0}, {"bowl", -1, 1}, {"bowl", math.NaN(), 1}, {"bowl", 1e9, 1},
		{"bowl", 200, 200}, {"bowl", 200, -1}, {"bowl", 200, math.NaN()}} {
		if err := c.Check(); err == nil {
			t.Errorf("accepted: %+v", c)
		}
	}
}
