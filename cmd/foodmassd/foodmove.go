package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"foodmassd/internal/api"
	"foodmassd/internal/catalog"
	"foodmassd/internal/store"
)

// Export implements api.Foods.
func (d *foodDesk) Export(ctx context.Context) (api.FoodLessons, error) {
	l, err := d.db.Learning(ctx)
	out := api.FoodLessons{Weighings: []api.FoodWeighing{}, Foods: []api.TaughtFood{}}
	for _, w := range l.Weighings {
		out.Weighings = append(out.Weighings, api.FoodWeighing(w))
	}
	for _, f := range l.Foods {
		moved := api.TaughtFood{Key: f.Key, NameKo: f.NameKo, NameEn: f.NameEn, Shape: f.Shape, AddedAt: f.AddedAt}
		for _, e := range f.Examples {
			moved.Examples = append(moved.Examples, api.FoodExample(e))
		}
		out.Foods = append(out.Foods, moved)
	}
	return out, err
}

// Import implements api.Foods.
func (d *foodDesk) Import(ctx context.Context, l api.FoodLessons) error {
	var in store.Learning
	for _, w := range l.Weighings {
		in.Weighings = append(in.Weighings, store.Weighing(w))
	}
	for _, f := range l.Foods {
		if err := d.mayImport(f); err != nil {
			return fmt.Errorf("nothing was imported: %w", err)
		}
		moved := store.TaughtFood{Key: f.Key, NameKo: f.NameKo, NameEn: f.NameEn, Shape: f.Shape, AddedAt: f.AddedAt}
		for _, e := range f.Examples {
			moved.Examples = append(moved.Examples, store.Example(e))
		}
		in.Foods = append(in.Foods, moved)
	}
	return d.change(ctx, func() error { return d.db.ReplaceLearning(ctx, in) })
}

// mayImport refuses a food that this version does not know how to weigh.
func (d *foodDesk) mayImport(f api.TaughtFood) error {
	_, listed := d.eye.Catalog.Food(f.Key)
	switch {
	case !listed && !strings.HasPrefix(f.Key, ownPrefix):
		return fmt.Errorf("the food %s is not in this catalogue; export it from the same version of foodmassd", f.Key)
	case !slices.Contains(catalog.Shapes(), f.Shape):
		return fmt.Errorf("the shape %q of %s is not known; export it from the same version of foodmassd", f.Shape, f.Key)
	}
	return nil
}
