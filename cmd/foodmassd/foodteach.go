package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"foodmassd/internal/api"
	"foodmassd/internal/catalog"
	"foodmassd/internal/counter"
	"foodmassd/internal/estimate"
	"foodmassd/internal/mass"
	"foodmassd/internal/store"
)

// ownPrefix begins the keys of foods that are not the catalog's.
const ownPrefix = "site_"

// foodsTaught is how many foods a kitchen may teach; its food file would be too large with more.
const foodsTaught = 500

// Teach implements api.Foods.
func (d *foodDesk) Teach(ctx context.Context, t api.FoodTeach, photo string) (api.FoodLearnt, error) {
	l, err := d.db.Learning(ctx)
	if err != nil {
		return api.FoodLearnt{}, err
	}
	food, err := d.named(l, t)
	if err != nil {
		return api.FoodLearnt{}, err
	}
	seen, recogniser, err := d.look(ctx, photo, t.FoodPhoto)
	switch {
	case err != nil:
		return api.FoodLearnt{}, err
	case len(seen.Seen.Embedding) == 0:
		return api.FoodLearnt{}, fmt.Errorf("the recogniser %s cannot learn foods; install the models of this version", recogniser)
	}
	example := store.Example{Embedding: seen.Seen.Embedding, TopView: seen.Seen.TopView, VolumeCM3: seen.Grams.VolumeCM3, Grams: t.Grams,
		Recogniser: recogniser, At: now()}
	taught := store.TaughtFood{Key: food.Key, NameKo: food.NameKo, NameEn: food.NameEn, Shape: food.Shape, AddedAt: example.At,
		Examples: []store.Example{example}}
	learnt := api.FoodLearnt{Key: food.Key, NameKo: food.NameKo, NameEn: food.NameEn, TrueG: t.Grams}
	var weighing *store.Weighing
	if t.Grams != nil {
		weighing = d.weigh(&learnt, seen, food, *t.Grams)
	}
	err = d.change(ctx, func() error { return d.db.Teach(ctx, taught, weighing) })
	return d.told(ctx, learnt, err)
}

// Calibrate implements api.Foods.
func (d *foodDesk) Calibrate(ctx context.Context, c api.FoodCalibrate, photo string) (api.FoodLearnt, error) {
	food, err := d.food(c.Key)
	if err != nil {
		return api.FoodLearnt{}, err
	}
	grams, err := d.gramsOf(c.Grams)
	if err != nil {
		return api.FoodLearnt{}, err
	}
	seen, _, err := d.look(ctx, photo, c.FoodPhoto)
	if err != nil {
		return api.FoodLearnt{}, err
	}
	learnt := api.FoodLearnt{Key: food.Key, NameKo: food.NameKo, NameEn: food.NameEn, TrueG: &grams}
	weighing := d.weigh(&learnt, seen, food, grams)
	if weighing == nil {
		return learnt, errors.New("nothing of known size lies beside the food, or the photo cuts it off; lay the coin or the card beside it and take all of it")
	}
	err = d.change(ctx, func() error {
		_, err := d.db.AddWeighing(ctx, *weighing)
		return err
	})
	return d.told(ctx, learnt, err)
}

// gramsOf takes the grams that are said, or what the scale says.
func (d *foodDesk) gramsOf(said *float64) (float64, error) {
	switch {
	case said != nil:
		return *said, nil
	case d.scale == nil:
		return 0, errors.New("no scale is configured; say what the food weighs with --grams")
	}
	s := d.scale.Status()
	switch {
	case s.FoodG == nil:
		return 0, fmt.Errorf("the scale has no grams: %s; wait until it rests, or say what the food weighs with --grams", cmp.Or(s.Why, s.State))
	case !(*s.FoodG >= counter.MinFoodG && *s.FoodG <= api.MaxFoodGrams):
		return 0, fmt.Errorf("the scale says %s; put the food on it, or say what it weighs with --grams", gramsOf(*s.FoodG))
	}
	return *s.FoodG, nil
}

// weigh compares an estimate with the truth and notes both in learnt; nil without an estimate.
func (d *foodDesk) weigh(learnt *api.FoodLearnt, seen estimate.Measured, food catalog.Food, grams float64) *store.Weighing {
	w, ok := d.eye.Weighed(seen, food, grams, mass.TotalSDG(grams, 0))
	if !ok {
		return nil
	}
	w.Probability = 1 // the technician knows
	learnt.EstimatedG, learnt.View = &w.EstimatedG, "side"
	if w.Top {
		learnt.View = "top"
	}
	kept := keptWeighing(w, "", store.FromTechnician)
	return &kept
}

// told completes what is told of a lesson with where it has led.
func (d *foodDesk) told(ctx context.Context, learnt api.FoodLearnt, err error) (api.FoodLearnt, error) {
	if err != nil {
		return learnt, err
	}
	list, err := d.List(ctx)
	for _, f := range list.Foods {
		if f.Key == learnt.Key {
			learnt.Examples = f.Examples
		}
	}
	if learnt.View != "" {
		learnt.Factor = d.factor(learnt.Key, learnt.View == "top")
	}
	return learnt, err
}

// look returns the one food that a photo shows, and the recogniser that saw it.
func (d *foodDesk) look(ctx context.Context, photo string, p api.FoodPhoto) (one estimate.Measured, recogniser string, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.deadline)
	defer cancel()
	var foods []estimate.Measured
	eye := d.eye
	eye.Observe = func(_ *estimate.Result, seen []estimate.Measured) { foods = seen }
	r, err := eye.Estimate(ctx, estimate.Input{Path: photo, FixedCamera: p.FixedCamera}, nil)
	switch {
	case err != nil:
		return one, "", err
	case len(foods) == 0:
		return one, "", errors.New("no food is seen on the photo; take it from nearer, in good light, on a plain plate")
	case len(foods) > 1 && !p.Largest:
		return one, "", fmt.Errorf("%d foods are seen on the photo; show one alone, or take the largest with --largest", len(foods))
	}
	one = slices.MaxFunc(foods, func(a, b estimate.Measured) int {
		return cmp.Compare(a.Seen.Box.Width*a.Seen.Box.Height, b.Seen.Box.Width*b.Seen.Box.Height)
	})
	return one, r.Model["recogniser"], nil
}

// named returns the food that is meant: one that is known by the key or the name, or else a new one.
func (d *foodDesk) named(l store.Learning, t api.FoodTeach) (catalog.Food, error) {
	if t.Shape != "" && !slices.Contains(catalog.Shapes(), t.Shape) {
		return catalog.Food{}, fmt.Errorf("%q is no shape; use one of %s", t.Shape, strings.Join(catalog.Shapes(), ", "))
	}
	for _, f := range d.foods(l) {
		if f.Key != t.Key && (t.Key != "" || !isCalled(f, t.Name)) {
			continue
		}
		if _, listed := d.eye.Catalog.Food(f.Key); listed { // whose names and shape stay
			return f, nil
		}
		if t.Key != "" {
			f.NameKo = t.Name
		}
		f.NameEn, f.Shape = cmp.Or(t.NameEn, f.NameEn), cmp.Or(t.Shape, f.Shape)
		return f, nil
	}
	switch key := cmp.Or(t.Key, ownKey(cmp.Or(t.NameEn, t.Name))); {
	case !strings.HasPrefix(key, ownPrefix):
		return catalog.Food{}, fmt.Errorf("there is no food %s; begin the key of a new one with %s, or leave --key out", key, ownPrefix)
	case len(l.Foods) >= foodsTaught:
		return catalog.Food{}, fmt.Errorf("%d foods are taught already; forget some with foodmassd food forget", foodsTaught)
	default:
		f := taughtFood(&d.eye, store.TaughtFood{Key: key, NameKo: t.Name, NameEn: cmp.Or(t.NameEn, t.Name), Shape: t.Shape})
		f.Shape = cmp.Or(f.Shape, catalog.Mound)
		return f, nil
	}
}

func isCalled(f catalog.Food, name string) bool {
	return f.NameKo == name || strings.EqualFold(f.NameEn, name)
}

var notInKey = regexp.MustCompile(`[^a-z0-9]+`)

// ownKey makes a key of a name: of its Latin letters, or of its hash when it has too few.
func ownKey(name string) string {
	slug := strings.Trim(notInKey.ReplaceAllString(strings.ToLower(name), "_"), "_")
	if len(slug) < 3 {
		slug = fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:8]
	}
	return ownPrefix + slug
}
