package main

import (
	"foodmassd/internal/catalog"
	"foodmassd/internal/estimate"
	"foodmassd/internal/mass"
	"foodmassd/internal/store"
)

// siteOf makes of what was taught what the estimator reads, nil of nothing.
func siteOf(e *estimate.Estimator, l store.Learning) *estimate.Site {
	weighings := make([]mass.Weighing, 0, len(l.Weighings))
	for _, w := range l.Weighings {
		weighings = append(weighings, mass.Weighing{Food: w.Food, Top: w.Top, EstimatedG: w.EstimatedG,
			EstimatedLogSD: w.EstimatedLogSD, TrueG: w.TrueG, TrueSDG: w.TrueSDG, Probability: w.Probability})
	}
	factors := mass.Learn(e.Mass.Prior, weighings)
	if factors == nil {
		return nil
	}
	return &estimate.Site{Factors: factors}
}

// taughtFood is a taught food as the catalog would have it. Density and portion are those of the food that
// nobody knows, always: weighings remember what was estimated with them, and correct it.
func taughtFood(e *estimate.Estimator, t store.TaughtFood) catalog.Food {
	f, _ := e.Catalog.Food(catalog.UnknownKey)
	f.Key, f.NameKo, f.NameEn, f.Shape = t.Key, t.NameKo, t.NameEn, t.Shape
	return f
}
