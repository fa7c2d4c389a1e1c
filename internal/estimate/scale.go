package estimate

import (
	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

// scaleOf returns the metric scale that the coins in the photo give, nil when there is none.
func scaleOf(scene vision.Scene, coinDiameterMM float64) *geometry.Scale {
	var coins []geometry.Round
	for _, r := range scene.References {
		if r.Kind == vision.KindCoin {
			coins = append(coins, geometry.Round{
				Box: r.Box, Ellipse: r.Ellipse, DiameterMM: coinDiameterMM, Confidence: r.Confidence,
			})
		}
	}
	if s, ok := geometry.ScaleFrom(coins, scene.Width, scene.Height); ok {
		return &s
	}
	return nil
}
