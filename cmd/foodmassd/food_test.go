package main

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/config"
	"foodmassd/internal/estimate"
	"foodmassd/internal/geometry"
	"foodmassd/internal/store"
	"foodmassd/internal/vision"
	"foodmassd/internal/weighing"
)

// still is an eye that always sees the same.
type still struct{ scene vision.Scene }

func (s *still) See(context.Context, vision.Request, func(string)) (vision.Scene, error) {
	return s.scene, nil
}

// apples are some, each with the probability to be one, beside a coin.
func apples(probabilities ...float64) vision.Scene {
	s := vision.Scene{Width: 1600, Height: 1200, Models: map[string]string{"recogniser": "eye 3"},
		References: []vision.Reference{{Kind: vision.KindCoin, Confidence: 0.99, Box: geometry.Rect{X: 20, Y: 300, Width: 51, Height: 51},
			Ellipse: &geometry.Ellipse{Center: geometry.Point{X: 45, Y: 325}, Major: 50, Minor: 50}}}}
	for i, p := range probabilities {
		x, y, side := 200+300*float64(i), 300., 160.
		s.Foods = append(s.Foods, vision.Food{Box: geometry.Rect{X: x, Y: y, Width: side, Height: side}, Score: 0.99, TopView: 1,
			Outline: geometry.Polygon{{X: x, Y: y}, {X: x + side, Y: y}, {X: x + side, Y: y + side}, {X: x, Y: y + side}},
			Classes: []vision.ClassProbability{{Key: "apple", Probability: p}}})
	}
	return s
}

// newKitchen is a desk with its estimator, which sees what eye holds.
func newKitchen(t *testing.T) (d *foodDesk, e *estimate.Estimator, eye *still) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	eye = &still{}
	if e, err = newEstimator(config.Default(), eye, log); err != nil {
		t.Fatal(err)
	}
	return newFoodDesk(db, e, time.Minute, func() string { return "eye 3" }, log), e, eye
}

// served estimates the plate with what the load cell says, 0 for nothing, and lets it teach.
func served(t *testing.T, d *foodDesk, e *estimate.Estimator, taskID string, scaleG float64) (taught bool, grams float64) {
	t.Helper()
	in := estimate.Input{}
	if scaleG > 0 {
		in.ScaleG = &scaleG
	}
	one := *e
	one.Observe = func(r *estimate.Result, foods []estimate.Measured) {
		d.plate(taskID, r, foods, 0)
		grams = foods[0].Grams.PointG()
	}
	if _, err := one.Estimate(t.Context(), in, nil); err != nil {
		t.Fatal(err)
	}
	select {
	case w := <-d.plates:
		d.learn(t.Context(), w)
		return true, grams
	default:
		return false, grams
	}
}

func TestPlatesOnTheScaleTeach(t *testing.T) {
	d, e, eye := newKitchen(t)
	eye.scene = apples(0.97)
	_, before := served(t, d, e, "0", 0)
	truth := 1.12 * before
	for _, id := range []string{"1", "2", "3", "4", "4", "4"} { // a task that was interrupted is analysed again
		if taught, _ := served(t, d, e, id, truth); !taught {
			t.Errorf("task %s taught nothing", id)
		}
	}
	l, err := d.db.Learning(t.Context())
	if err != nil || len(l.Weighings) != 4 {
		t.Fatalf("%d weighings, %v", len(l.Weighings), err)
	}
	for _, w := range l.Weighings {
		if w.Food != "apple" || !w.Top || w.Source != store.FromPlate || math.Abs(w.TrueG-truth) > 1e-9 || w.EstimatedG != l.Weighings[0].EstimatedG {
			t.Errorf("%+v", w)
		}
	}
	if _, after := served(t, d, e, "5", 0); after < 1.05*before || after > truth {
		t.Errorf("%g g after four plates of %g g, %g g before", after, truth, before)
	}
}

func TestPlatesThatDoNotTellOneFoodTeachNothing(t *testing.T) {
	d, e, eye := newKitchen(t)
	for name, tc := range map[string]struct {
		scene  vision.Scene
		scaleG float64
	}{
		"two foods":             {apples(0.97, 0.97), 400},
		"food not sure":         {apples(0.5), 200},
		"not weighed":           {apples(0.97), 0},
		"scale contradicts":     {apples(0.97), 3000},
		"nothing of known size": {func() vision.Scene { s := apples(0.97); s.References = nil; return s }(), 200},
	} {
		eye.scene = tc.scene
		if taught, _ := served(t, d, e, name, tc.scaleG); taught {
			t.Errorf("%s taught", name)
		}
	}
}

// onTray is a scale that says this.
type onTray struct{ status api.ScaleStatus }

func (s onTray) Status() api.ScaleStatus { return s.status }

func TestTheScaleSaysWhatACalibratedFoodWeighs(t *testing.T) {
	d, _, eye := newKitchen(t)
	eye.scene = apples(0.97)
	calibrate := func(foodG *float64) (api.FoodLearnt, error) {
		d.scale = onTray{api.ScaleStatus{State: string(weighing.Settling), ScaleDetail: api.ScaleDetail{FoodG: foodG}}}
		return d.Calibrate(t.Context(), api.FoodCalibrate{Key: "apple"}, "apple.jpg")
	}
	weighs, nothing := 231.5, 0.3
	learnt, err := calibrate(&weighs)
	if err != nil || *learnt.TrueG != weighs || learnt.Factor == nil || learnt.View != "top" {
		t.Errorf("%+v, %v", learnt, err)
	}
	for want, foodG := range map[string]*float64{"wait until it rests": nil, "put the food on it": &nothing} {
		if _, err := calibrate(foodG); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if f := d.factor("apple", true); f == nil || f.Weighings != 1 {
		t.Errorf("%+v", f)
	}
}

func TestNamesLeadToTheFoodThatIsMeant(t *testing.T) {
	d, _, _ := newKitchen(t)
	soup := store.TaughtFood{Key: "site_soup", NameKo: "시래기국", NameEn: "Radish leaf soup", Shape: "bowl", AddedAt: now()}
	l := store.Learning{Foods: []store.TaughtFood{soup}}
	for name, tc := range map[string]struct {
		teach              api.FoodTeach
		key, nameKo, shape string
	}{
		"catalogue, Korean":  {api.FoodTeach{Name: "사과"}, "apple", "사과", "spheroid"},
		"catalogue, English": {api.FoodTeach{Name: "apple", Shape: "ring"}, "apple", "사과", "spheroid"},
		"taught before":      {api.FoodTeach{Name: "radish leaf soup"}, "site_soup", "시래기국", "bowl"},
		"renamed":            {api.FoodTeach{Name: "무청국", Key: "site_soup", Shape: "mound"}, "site_soup", "무청국", "mound"},
		"new, Korean":        {api.FoodTeach{Name: "우거지국"}, ownKey("우거지국"), "우거지국", "mound"},
		"new, with English":  {api.FoodTeach{Name: "우거지국", NameEn: "Cabbage soup (hot)", Shape: "bowl"}, "site_cabbage_soup_hot", "우거지국", "bowl"},
	} {
		f, err := d.named(l, tc.teach)
		if err != nil || f.Key != tc.key || f.NameKo != tc.nameKo || f.Shape != tc.shape || f.NameEn == "" {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	if a, b := ownKey("우거지국"), ownKey("무청국"); a == b || !strings.HasPrefix(a, ownPrefix) || len(a) != len(ownPrefix)+8 {
		t.Errorf("keys %q and %q", a, b)
	}
}
