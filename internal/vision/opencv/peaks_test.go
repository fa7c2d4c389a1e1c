package opencv

import (
	"math"
	"testing"

	"foodmassd/internal/geometry"
)

// gridOf is a detector output of 8×8 cells of 4 pixels in which only the given cells speak.
func gridOf(heat map[[2]int]float32, reach [4]float32) grid {
	spec := &detectorSpec{channel: map[string]int{heatFood: 0, heatCoin: 1, "left": 2, "top": 3, "right": 4, "bottom": 5}}
	spec.Output.Shape, spec.Output.Stride = []int{1, 6, 8, 8}, 4
	maps := make([]float32, 6*64)
	for at, v := range heat {
		maps[at[1]*8+at[0]] = v
	}
	for side, d := range reach {
		for i := range 64 {
			maps[(2+side)*64+i] = d
		}
	}
	return newGrid(spec, maps)
}

func TestPeakTellsItsBoxFromTheCellsCentre(t *testing.T) {
	g := gridOf(map[[2]int]float32{{3, 2}: 0.8}, [4]float32{6, 5, 10, 7})
	got := g.peaks(heatFood, sides, 0.35)
	want := geometry.Rect{X: 14 - 6, Y: 10 - 5, Width: 16, Height: 12}
	if len(got) != 1 || got[0].box.IoU(want) < 0.9999 || math.Abs(got[0].score-0.8) > 1e-6 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if n := len(g.peaks(heatCoin, sides, 0.35)); n != 0 {
		t.Errorf("%d coins", n)
	}
}

func TestAPlateIsFoundByItsOwnSidesUnderTheFoodOnIt(t *testing.T) {
	spec := &detectorSpec{channel: map[string]int{heatFood: 0, heatPlate: 1, "left": 2, "top": 2, "right": 2, "bottom": 2,
		"plate_left": 3, "plate_top": 3, "plate_right": 3, "plate_bottom": 3}}
	spec.Output.Shape, spec.Output.Stride = []int{1, 4, 8, 8}, 4
	maps := make([]float32, 4*64)
	centre := 3*8 + 3
	maps[centre], maps[64+centre] = 0.9, 0.7
	for i := range 64 {
		maps[2*64+i], maps[3*64+i] = 4, 12
	}
	g := newGrid(spec, maps)
	food, plate := g.peaks(heatFood, sides, 0.35), g.peaks(heatPlate, plateSides, 0.35)
	if len(food) != 1 || len(plate) != 1 || math.Abs(food[0].box.Width-8) > 1e-6 || math.Abs(plate[0].box.Width-24) > 1e-6 {
		t.Errorf("food %+v, plate %+v", food, plate)
	}
}

func TestOnlyLocalMaximaOverTheThresholdArePeaks(t *testing.T) {
	g := gridOf(map[[2]int]float32{{0, 0}: 0.5, {1, 0}: 0.4, {1, 1}: 0.45, {5, 5}: 0.34, {7, 7}: 0.9}, [4]float32{4, 4, 4, 4})
	if got := g.peaks(heatFood, sides, 0.35); len(got) != 2 {
		t.Errorf("got %+v, want peaks at two corners", got)
	}
}

func TestSameObjectIsKeptOnceAndNeighboursStay(t *testing.T) {
	box := func(x, y, w, h float64) geometry.Rect { return geometry.Rect{X: x, Y: y, Width: w, Height: h} }
	all := []detection{
		{box(2, 1, 100, 100), 0.6},    // again
		{box(0, 0, 100, 100), 0.9},    // the food
		{box(20, 20, 30, 30), 0.7},    // a part of it
		{box(90, 0, 100, 100), 0.5},   // touches it
		{box(400, 400, 50, 50), 0.95}, // elsewhere
	}
	got := suppress(all, itself, 0.45, 0.8)
	if len(got) != 3 || got[0].score != 0.95 || got[1].score != 0.9 || got[2].score != 0.5 {
		t.Errorf("got %+v", got)
	}
}

func TestNothingIsBothFoodAndCoin(t *testing.T) {
	at := func(x, score float64) detection { return detection{geometry.Rect{X: x, Width: 50, Height: 50}, score} }
	foods, coins := []detection{at(0, 0.6), at(200, 0.4), at(400, 0.5)}, []detection{at(4, 0.4), at(203, 0.9), at(380, 0.9)}
	if got := without(foods, coins, 0.45); len(got) != 2 || got[0] != foods[0] || got[1] != foods[2] {
		t.Errorf("foods %+v", got)
	}
	if got := without(coins, foods, 0.45); len(got) != 2 || got[0] != coins[1] || got[1] != coins[2] {
		t.Errorf("coins %+v", got)
	}
}
