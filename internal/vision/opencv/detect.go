package opencv

import (
	"math"
	"slices"

	"foodmassd/internal/geometry"
	"foodmassd/models"

	"gocv.io/x/gocv"
)

// detector finds foods and reference objects in a whole photo.
type detector struct {
	*network
	spec *detectorSpec
}

func newDetector(set *models.Set) (*detector, error) {
	spec, err := readDetectorSpec(set)
	if err != nil {
		return nil, err
	}
	n, err := load(set, spec.netSpec, spec.Output.Shape)
	if err != nil {
		return nil, err
	}
	return &detector{n, spec}, nil
}

// found is what the detector sees, in pixels of the analysis image, best first.
type found struct{ foods, coins, plates []detection }

// detect looks at bgr; plates stay empty with a network that does not know them.
func (d *detector) detect(bgr gocv.Mat) (found, error) {
	side := d.spec.side()
	s := float64(side) / float64(max(bgr.Cols(), bgr.Rows()))
	fit := func(n int) int { return max(1, int(math.Round(float64(n)*s))) }
	small := resize(bgr, fit(bgr.Cols()), fit(bgr.Rows()))
	defer small.Close()
	input := gocv.NewMat()
	defer input.Close()
	gocv.CopyMakeBorder(small, &input, 0, side-small.Rows(), 0, side-small.Cols(), gocv.BorderConstant, d.fill())
	maps, err := d.forward(input)
	if err != nil {
		return found{}, err
	}
	g, t := newGrid(d.spec, maps), d.spec.Thresholds
	whole := geometry.Rect{Width: float64(bgr.Cols()), Height: float64(bgr.Rows())}
	best := func(heat string, sides []string, score float64) []detection {
		return suppress(toImage(g.peaks(heat, sides, score), s, whole), itself, t.NMSIoU, t.NMSContained)
	}
	foods, coins := best(heatFood, sides, t.ScoreFood), best(heatCoin, sides, t.ScoreCoin)
	seen := found{foods: without(foods, coins, t.NMSIoU), coins: without(coins, foods, t.NMSIoU)}
	if d.spec.seesPlates() {
		seen.plates = best(heatPlate, plateSides, t.ScorePlate)
	}
	return seen, nil
}

// without drops what the other class claims with a better score: nothing is both food and coin.
func without(all, others []detection, iou float64) []detection {
	var kept []detection
	for _, d := range all {
		if !slices.ContainsFunc(others, func(o detection) bool { return o.score > d.score && o.box.IoU(d.box) > iou }) {
			kept = append(kept, d)
		}
	}
	return kept
}

func itself(d detection) detection { return d }

// toImage turns input pixels into image pixels (input = s × image) and drops what lies outside.
func toImage(all []detection, s float64, image geometry.Rect) []detection {
	var inside []detection
	for _, d := range all {
		r := geometry.Rect{X: d.box.X / s, Y: d.box.Y / s, Width: d.box.Width / s, Height: d.box.Height / s}
		if d.box = clip(r, image); d.box.Width >= 1 && d.box.Height >= 1 {
			inside = append(inside, d)
		}
	}
	return inside
}
