package opencv

import (
	"cmp"
	"math"
	"slices"

	"foodmassd/internal/geometry"
)

// Channels of the detector that are probabilities of an object's centre.
const (
	heatFood  = "heat_food"
	heatCoin  = "heat_coin"
	heatPlate = "heat_plate"
)

// Channels that tell how far a box reaches from a cell, in input pixels. A plate lies under its food, with
// its centre in the same cell, so it has its own.
var (
	sides      = []string{"left", "top", "right", "bottom"}
	plateSides = []string{"plate_left", "plate_top", "plate_right", "plate_bottom"}
)

// detection is a box with its score; boxes are in pixels of the analysis image.
type detection struct {
	box   geometry.Rect
	score float64
}

// grid reads the detector's output maps, each rows×cols cells.
type grid struct {
	spec       *detectorSpec
	maps       []float32
	rows, cols int
}

func newGrid(spec *detectorSpec, maps []float32) grid {
	return grid{spec, maps, spec.Output.Shape[2], spec.Output.Shape[3]}
}

// at returns one channel's value, 0 outside the grid.
func (g grid) at(channel, x, y int) float64 {
	if x < 0 || y < 0 || x >= g.cols || y >= g.rows {
		return 0
	}
	return float64(g.maps[(channel*g.rows+y)*g.cols+x])
}

// peaks returns a detection, in input pixels, for each cell whose heat is at least score and the
// largest of its 3×3 neighbourhood; the box is that which the sides tell.
func (g grid) peaks(heat string, sides []string, score float64) []detection {
	c := g.spec.channel[heat]
	var found []detection
	for y := range g.rows {
		for x := range g.cols {
			if v := g.at(c, x, y); v >= score && g.isPeak(c, x, y) {
				found = append(found, detection{g.box(c, sides, x, y), math.Min(v, 1)})
			}
		}
	}
	return found
}

func (g grid) isPeak(c, x, y int) bool {
	v := g.at(c, x, y)
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if g.at(c, x+dx, y+dy) > v {
				return false
			}
		}
	}
	return true
}

// box averages the boxes that the 3×3 cells around a peak tell, weighted by their heat.
func (g grid) box(heat int, sides []string, x, y int) geometry.Rect {
	var to [4]int
	for i, name := range sides {
		to[i] = g.spec.channel[name]
	}
	var left, top, right, bottom, sum float64
	for cy := max(y-1, 0); cy <= min(y+1, g.rows-1); cy++ {
		for cx := max(x-1, 0); cx <= min(x+1, g.cols-1); cx++ {
			w := g.at(heat, cx, cy)
			px, py := (float64(cx)+0.5)*g.spec.Output.Stride, (float64(cy)+0.5)*g.spec.Output.Stride
			left += w * (px - g.at(to[0], cx, cy))
			top += w * (py - g.at(to[1], cx, cy))
			right += w * (px + g.at(to[2], cx, cy))
			bottom += w * (py + g.at(to[3], cx, cy))
			sum += w
		}
	}
	return corners(left/sum, top/sum, right/sum, bottom/sum)
}

// suppress keeps the best of detections that are the same object, best first. contained, unless 0, also
// drops a box of which that share lies inside a better one.
func suppress[T any](all []T, look func(T) detection, iou, contained float64) []T {
	slices.SortStableFunc(all, func(a, b T) int { return cmp.Compare(look(b).score, look(a).score) })
	var kept []T
	for _, d := range all {
		box := look(d).box
		if !slices.ContainsFunc(kept, func(k T) bool {
			better := look(k).box
			return better.IoU(box) > iou || contained > 0 && overlap(better, box) > contained*box.Area()
		}) {
			kept = append(kept, d)
		}
	}
	return kept
}

func corners(left, top, right, bottom float64) geometry.Rect {
	return geometry.Rect{X: left, Y: top, Width: right - left, Height: bottom - top}
}

// clip returns the part of r inside s; its size is not positive when there is none.
func clip(r, s geometry.Rect) geometry.Rect {
	return corners(math.Max(r.X, s.X), math.Max(r.Y, s.Y),
		math.Min(r.X+r.Width, s.X+s.Width), math.Min(r.Y+r.Height, s.Y+s.Height))
}

// overlap is the area in square pixels that r and s share.
func overlap(r, s geometry.Rect) float64 {
	c := clip(r, s)
	return math.Max(c.Width, 0) * math.Max(c.Height, 0)
}
