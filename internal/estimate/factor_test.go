package estimate

import (
	"context"
	"encoding/json"
	"testing"

	"foodmassd/internal/mass"
	"foodmassd/internal/vision"
)

// lookAt estimates a photo and returns the result as JSON, less what differs each time, and its first food.
func lookAt(t *testing.T, e *Estimator, in Input) (string, Measured) {
	t.Helper()
	var first Measured
	e.Observe = func(_ *Result, foods []Measured) { first = foods[0] }
	r, err := e.Estimate(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.TimingsMS = nil
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), first
}

func TestWeighedPortionsCorrectTheNextOnesAndCanBeForgotten(t *testing.T) {
	var site *Site
	e := estimator(t, fixedEye{scene: scene([]vision.Reference{coin}, seen("kimchi_stew", 0.97, 300, 195, 1))})
	before, m := lookAt(t, e, Input{})
	e.Site = func() *Site { return site }
	if untaught, _ := lookAt(t, e, Input{}); untaught != before {
		t.Errorf("before anything was taught: %s\nwithout a site: %s", untaught, before)
	}

	food, _ := e.Catalog.Food(m.Best().Key)
	truth := 1.2 * m.Grams.PointG()
	var weighings []mass.Weighing
	for range 8 {
		w, ok := e.Weighed(m, food, truth, 1)
		if !ok || !w.Top || w.Probability < 0.8 {
			t.Fatalf("%+v, %v", w, ok)
		}
		weighings = append(weighings, w)
	}
	site = &Site{Factors: mass.Learn(e.Mass.Prior, weighings)}
	_, taught := lookAt(t, e, Input{})
	if g := taught.Grams.PointG(); g < 0.97*truth || g > truth {
		t.Errorf("%g g after eight of %g g, %g g before", g, truth, m.Grams.PointG())
	}
	if i, was := taught.Grams.Grams.Interval(), m.Grams.Grams.Interval(); i[1]/i[0] >= was[1]/was[0] {
		t.Errorf("%v is no surer than %v", i, was)
	}

	// What the next plate teaches is neither what was learnt nor what the scale said.
	scaleG := truth
	_, weighed := lookAt(t, e, Input{ScaleG: &scaleG})
	if w, ok := e.Weighed(weighed, food, truth, 1); !ok || w != weighings[0] {
		t.Errorf("learnt from %+v, the first time from %+v", w, weighings[0])
	}
	site = nil
	if forgotten, _ := lookAt(t, e, Input{}); forgotten != before {
		t.Errorf("after forgetting: %s\nbefore: %s", forgotten, before)
	}
}

func TestWithoutAScaleOrAWholeFoodAWeightTeachesNothing(t *testing.T) {
	for name, s := range map[string]vision.Scene{
		"no reference": scene(nil, seen("apple", 0.97, 300, 195, 1)),
		"cut off":      scene([]vision.Reference{coin}, seen("apple", 0.97, 621, 195, 1)),
	} {
		e := estimator(t, fixedEye{scene: s})
		_, m := lookAt(t, e, Input{})
		food, _ := e.Catalog.Food("apple")
		if w, ok := e.Weighed(m, food, 200, 1); ok {
			t.Errorf("%s: %+v", name, w)
		}
	}
}
