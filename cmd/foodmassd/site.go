package main

import (
	"slices"

	"foodmassd/internal/catalog"
	"foodmassd/internal/estimate"
	"foodmassd/internal/mass"
	"foodmassd/internal/store"
)

// siteOf makes of what was taught what the estimator reads, with a menu unless it is empty; nil of nothing. Examples
// of another recogniser than the present one are left out.
func siteOf(e *estimate.Estimator, l store.Learning, recogniser string, menu []string) (*estimate.Site, error) {
	site := &estimate.Site{Factors: factorsOf(e, l.Weighings)}
	taught := taughtOf(e, l.Foods, recogniser)
	// A food may have been forgotten after it was put on the menu.
	menu = slices.DeleteFunc(slices.Clone(menu), func(key string) bool {
		_, listed := e.Catalog.Food(key)
		return !listed && !slices.ContainsFunc(taught, func(t catalog.Taught) bool { return t.Food.Key == key })
	})
	if len(taught) > 0 || len(menu) > 0 {
		var err error
		if site.Foods, err = e.Catalog.Enrol(taught, menu); err != nil {
			return nil, err
		}
	}
	if site.Factors == nil && site.Foods == nil {
		return nil, nil
	}
	return site, nil
}

func factorsOf(e *estimate.Estimator, kept []store.Weighing) mass.Factors {
	weighings := make([]mass.Weighing, 0, len(kept))
	for _, w := range kept {
		weighings = append(weighings, mass.Weighing{Food: w.Food, Top: w.Top, EstimatedG: w.EstimatedG,
			EstimatedLogSD: w.EstimatedLogSD, TrueG: w.TrueG, TrueSDG: w.TrueSDG, Probability: w.Probability})
	}
	return mass.Learn(e.Mass.Prior, weighings)
}

func taughtOf(e *estimate.Estimator, kept []store.TaughtFood, recogniser string) (all []catalog.Taught) {
	for _, t := range kept {
		food := catalog.Taught{Food: taughtFood(e, t)}
		for _, x := range t.Examples {
			if x.Recogniser == recogniser {
				food.Examples = append(food.Examples, catalog.Example{Embedding: x.Embedding, TopView: x.TopView})
			}
		}
		all = append(all, food)
	}
	return all
}

// taughtFood is a taught food as the catalog has it or, where that does not know it, would have it: density and
// portion are then those of the food that nobody knows, always; weighings remember what was estimated with them, and
// correct it.
func taughtFood(e *estimate.Estimator, t store.TaughtFood) catalog.Food {
	f, listed := e.Catalog.Food(t.Key)
	if listed {
		return f
	}
	f.Key, f.NameKo, f.NameEn, f.Shape = t.Key, t.NameKo, t.NameEn, t.Shape
	return f
}
