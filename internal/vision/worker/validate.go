package worker

import (
	"fmt"
	"math"

	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

// What a scene of a real photo stays far below.
const (
	maxSidePX        = 100_000
	maxObjects       = 1000
	maxOutlinePoints = 10_000
	maxEmbedding     = 4096
	maxText          = 256
	maxPreviewBytes  = 2 << 20
)

// slackPX is how far a position may lie outside the image, in pixels: rounding, no more.
const slackPX = 1

// check refuses a scene that no seer can mean: the numbers go on to diners and into the database.
func check(s *vision.Scene) error {
	if s.Width < 1 || s.Height < 1 || s.Width > maxSidePX || s.Height > maxSidePX {
		return fmt.Errorf("image of %d × %d pixels", s.Width, s.Height)
	}
	if len(s.Foods) > maxObjects || len(s.References) > maxObjects || s.FoodDetections < 0 || len(s.Models) > maxObjects {
		return fmt.Errorf("%d foods, %d references, %d detections", len(s.Foods), len(s.References), s.FoodDetections)
	}
	if len(s.Preview) > maxPreviewBytes {
		return fmt.Errorf("preview of %d bytes", len(s.Preview))
	}
	frame := geometry.Rect{Width: float64(s.Width), Height: float64(s.Height)}
	for i := range s.Foods {
		if err := checkFood(&s.Foods[i], frame); err != nil {
			return fmt.Errorf("food %d: %w", i, err)
		}
	}
	for i := range s.References {
		if err := checkReference(&s.References[i], frame); err != nil {
			return fmt.Errorf("reference %d: %w", i, err)
		}
	}
	for stage, ms := range s.TimingsMS {
		if len(stage) > maxText || !(ms >= 0 && ms < 1e9) {
			return fmt.Errorf("stage %.20q took %g ms", stage, ms)
		}
	}
	return nil
}

func checkFood(f *vision.Food, frame geometry.Rect) error {
	if err := checkBox(f.Box, frame); err != nil {
		return err
	}
	if n := len(f.Outline); n < 3 || n > maxOutlinePoints {
		return fmt.Errorf("outline of %d points", n)
	}
	for _, p := range f.Outline {
		if !near(p, frame, slackPX) {
			return fmt.Errorf("outline point %v lies outside the image", p)
		}
	}
	if !isProbability(f.Score) || !isProbability(f.TopView) {
		return fmt.Errorf("score %g, top view %g", f.Score, f.TopView)
	}
	var sum float64
	for _, c := range f.Classes {
		if c.Key == "" || len(c.Key) > maxText || !isProbability(c.Probability) || !(math.Abs(c.Likeness) <= 1) {
			return fmt.Errorf("class %.20q with probability %g and likeness %g", c.Key, c.Probability, c.Likeness)
		}
		sum += c.Probability
	}
	if sum > 1.001 { // float32 sums of a softmax are this exact
		return fmt.Errorf("class probabilities sum to %g", sum)
	}
	if len(f.Embedding) > maxEmbedding {
		return fmt.Errorf("embedding of %d numbers", len(f.Embedding))
	}
	for _, v := range f.Embedding {
		if !(math.Abs(float64(v)) <= 1.001) {
			return fmt.Errorf("embedding holds %g", v)
		}
	}
	return nil
}

func checkReference(r *vision.Reference, frame geometry.Rect) error {
	if r.Kind == "" || len(r.Kind) > maxText || !isProbability(r.Confidence) {
		return fmt.Errorf("kind %.20q with confidence %g", r.Kind, r.Confidence)
	}
	if err := checkBox(r.Box, frame); err != nil {
		return err
	}
	if (r.Square != nil) != (r.Kind == vision.KindCard) {
		return fmt.Errorf("%s with or without a square", r.Kind)
	}
	if q := r.Square; q != nil {
		if _, ok := geometry.PlaneOf(*q); !ok {
			return fmt.Errorf("square %v", *q)
		}
		for _, c := range q.Corners {
			if !near(c, frame, slackPX) {
				return fmt.Errorf("corner %v lies outside the image", c)
			}
		}
	}
	e := r.Ellipse
	if e == nil {
		return nil
	}
	// The rim of an object cut by the image's edge may reach beyond it.
	if !(e.Minor > 0 && e.Minor <= e.Major && e.Major <= 2*math.Max(frame.Width, frame.Height)) ||
		!(math.Abs(e.Angle) <= 2*math.Pi) || !near(e.Center, frame, e.Major) {
		return fmt.Errorf("ellipse %v", *e)
	}
	return nil
}

func checkBox(b, frame geometry.Rect) error {
	lo, hi := geometry.Point{X: b.X, Y: b.Y}, geometry.Point{X: b.X + b.Width, Y: b.Y + b.Height}
	if !(b.Width > 0 && b.Height > 0) || !near(lo, frame, slackPX) || !near(hi, frame, slackPX) {
		return fmt.Errorf("box %v", b)
	}
	return nil
}

// near tells whether p lies in the frame or at most slack outside; never for NaN.
func near(p geometry.Point, frame geometry.Rect, slack float64) bool {
	return p.X >= -slack && p.Y >= -slack && p.X <= frame.Width+slack && p.Y <= frame.Height+slack
}

func isProbability(p float64) bool { return p >= 0 && p <= 1 }
