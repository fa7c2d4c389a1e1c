package opencv

import (
	"math"
	"slices"

	"foodmassd/internal/geometry"
	"foodmassd/models"

	"gocv.io/x/gocv"
)

// detector finds foods and coins in a whole photo.
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

// detect returns foods and coins in pixels of bgr, best first.
func (d *detector) detect(bgr gocv.Mat) (foods, coins []detection, err error) {
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
		return nil, nil, err
	}
	g, t := newGrid(d.spec, maps), d.spec.Thresholds
	whole := geometry.Rect{Width: float64(bgr.Cols()), Height: float64(bgr.Rows())}
	foods = suppress(toImage(g.peaks(heatFood, t.ScoreFood), s, whole), itself, t.NMSIoU, t.NMSContained)
	coins = suppress(toImage(g.peaks(heatCoin, t.ScoreCoin), s, whole), itself, t.NMSIoU, t.NMSContained)
	return without(foods, coins, t.NMSIoU), without(coins, foods, t.NMSIoU), nil
}

// without drops what the other class claims with a better score: nothing is both food and coin.
func without(found, others []detection, iou float64) []detection {
	var kept []detection
	for _, d := range found {
		if !slices.ContainsFunc(others, func(o detection) bool { return o.score > d.score && o.box.IoU(d.box) > iou }) {
			kept = append(kept, d)
		}
	}
	return kept
}

func itself(d detection) detection { return d }

// toImage turns input pixels into image pixels (input = s × image) and drops what lies outside.
func toImage(found []detection, s float64, image geometry.Rect) []detection {
	var inside []detection
	for _, d := range found {
		r := geometry.Rect{X: d.box.X / s, Y: d.box.Y / s, Width: d.box.Width / s, Height: d.box.Height / s}
		if d.box = clip(r, image); d.box.Width >= 1 && d.box.Height >= 1 {
			inside = append(inside, d)
		}
	}
	return inside
}
