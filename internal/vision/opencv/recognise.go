package opencv

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"

	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
	"foodmassd/models"

	"gocv.io/x/gocv"
)

const (
	// maxFoods bounds the time spent on one photo; a tray holds seven dishes at most.
	maxFoods = 12
	// settledIoU is the agreement of the refined box with the box of its crop, and sureProbability that of
	// the likeliest class, from which on a second look changes nothing worth its milliseconds.
	settledIoU      = 0.9
	sureProbability = 0.98
	// minProbability is where the list of classes ends.
	minProbability = 0.002
)

// recogniser looks closely at one food.
type recogniser struct {
	*network
	spec *recogniserSpec
}

func newRecogniser(set *models.Set) (*recogniser, error) {
	spec, err := readRecogniserSpec(set)
	if err != nil {
		return nil, err
	}
	n, err := load(set, spec.netSpec, spec.Output.Shape)
	if err != nil {
		return nil, err
	}
	return &recogniser{n, spec}, nil
}

// closeUp is what a look at one food tells; positions in pixels of the image.
type closeUp struct {
	detection // with the refined box
	// crop is the square that was looked at; mask covers it.
	crop      geometry.Rect
	mask      plane
	probs     []float32
	topView   float64
	embedding []float32
	likeness  []float32 // of the embedding to each class
}

// recognise looks at a detected food and, when that moved the box or left doubt about the class, once more
// at the mirror image of what the refined box holds, whose errors are others; both looks count the same.
func (r *recogniser) recognise(bgr gocv.Mat, d detection) (closeUp, error) {
	first, err := r.look(bgr, d, false)
	if err != nil || first.box.IoU(d.box) >= settledIoU && slices.Max(first.probs) >= sureProbability {
		return first, err
	}
	second, err := r.look(bgr, first.detection, true)
	if err != nil {
		return closeUp{}, err
	}
	return second.with(first), nil
}

// notFood returns those of the coins that do not rather look like a food: a biscuit or a grape of a coin's
// size would be a wrong scale. Of 605 coins of ECUSTFD, seen by networks that did not know them, one is lost.
func (r *recogniser) notFood(bgr gocv.Mat, coins []detection) ([]detection, error) {
	var kept []detection
	for _, d := range coins {
		c, err := r.look(bgr, d, false)
		if err != nil {
			return nil, err
		}
		if best := r.classes(c); len(best) == 0 || best[0].Key == vision.UnknownKey || best[0].Probability < 0.5 {
			kept = append(kept, d)
		}
	}
	return kept, nil
}

// with averages what two looks tell; the mask stays the receiver's.
func (c closeUp) with(other closeUp) closeUp {
	mean := func(a, b float64) float64 { return (a + b) / 2 }
	c.box = corners(mean(c.box.X, other.box.X), mean(c.box.Y, other.box.Y),
		mean(c.box.X+c.box.Width, other.box.X+other.box.Width), mean(c.box.Y+c.box.Height, other.box.Y+other.box.Height))
	for i := range c.probs {
		c.probs[i] = (c.probs[i] + other.probs[i]) / 2
		c.likeness[i] = (c.likeness[i] + other.likeness[i]) / 2
	}
	c.topView = mean(c.topView, other.topView)
	var length float64
	for i, v := range other.embedding {
		c.embedding[i] += v
		length += float64(c.embedding[i]) * float64(c.embedding[i])
	}
	for i := range c.embedding {
		c.embedding[i] /= float32(math.Max(1e-6, math.Sqrt(length)))
	}
	return c
}

// look examines the surroundings of a box, or their mirror image; what it returns is not mirrored.
func (r *recogniser) look(bgr gocv.Mat, d detection, mirrored bool) (closeUp, error) {
	square := cropSquare(d.box, r.spec.Input.Margin)
	crop := cut(bgr, square, r.fill())
	defer crop.Close()
	input := resize(crop, r.spec.side(), r.spec.side())
	defer input.Close()
	if mirrored {
		gocv.Flip(input, &input, 1)
	}
	out, err := r.forward(input)
	if err != nil {
		return closeUp{}, err
	}
	get := func(name string) []float32 {
		p := r.spec.parts[name]
		return out[p.Offset : p.Offset+p.Length]
	}
	side := float64(square.Dx())
	b := get("box")
	left, right := float64(b[0]), float64(b[2])
	mask := plane{get("mask"), r.spec.parts["mask"].Shape[1], r.spec.parts["mask"].Shape[0]}
	if mirrored {
		left, right = 1-right, 1-left
		for row := range slices.Chunk(mask.values, mask.width) {
			slices.Reverse(row)
		}
	}
	c := closeUp{
		detection: d,
		crop:      geometry.Rect{X: float64(square.Min.X), Y: float64(square.Min.Y), Width: side, Height: side},
		mask:      mask,
		probs:     get("probs"),
		topView:   unit(get("top_view")[0]),
		embedding: get("embedding"),
		likeness:  get("likeness"),
	}
	refined := corners(c.crop.X+left*side, c.crop.Y+float64(b[1])*side, c.crop.X+right*side, c.crop.Y+float64(b[3])*side)
	refined = clip(refined, geometry.Rect{Width: float64(bgr.Cols()), Height: float64(bgr.Rows())})
	if refined.Width >= 1 && refined.Height >= 1 {
		c.box = refined
	}
	return c, nil
}

// classes pairs keys with probabilities, best first.
func (r *recogniser) classes(c closeUp) []vision.ClassProbability {
	var all []vision.ClassProbability
	for i, p := range c.probs {
		if p := unit(p); p >= minProbability {
			likeness := math.Max(-1, math.Min(1, float64(c.likeness[i])))
			all = append(all, vision.ClassProbability{Key: r.spec.Classes[i], Probability: p, Likeness: likeness})
		}
	}
	slices.SortStableFunc(all, func(a, b vision.ClassProbability) int { return cmp.Compare(b.Probability, a.Probability) })
	return all
}

func unit(v float32) float64 { return math.Max(0, math.Min(1, float64(v))) }

// cropSquare is the square of whole pixels about the box's centre, margin times its longer side wide.
func cropSquare(box geometry.Rect, margin float64) image.Rectangle {
	side := max(2, int(math.Round(margin*math.Max(box.Width, box.Height))))
	x := int(math.Round(box.X + (box.Width-float64(side))/2))
	y := int(math.Round(box.Y + (box.Height-float64(side))/2))
	return image.Rect(x, y, x+side, y+side)
}

// cut copies a part of m; what lies outside has one colour.
func cut(m gocv.Mat, part image.Rectangle, fill color.RGBA) gocv.Mat {
	inside := part.Intersect(image.Rect(0, 0, m.Cols(), m.Rows()))
	region := m.Region(inside)
	defer region.Close()
	whole := gocv.NewMat()
	gocv.CopyMakeBorder(region, &whole, inside.Min.Y-part.Min.Y, part.Max.Y-inside.Max.Y,
		inside.Min.X-part.Min.X, part.Max.X-inside.Max.X, gocv.BorderConstant, fill)
	return whole
}
