// Package geometry turns pixels into millimetres: rectangles, polygons and ellipses in an image,
// the metric scale that a reference object of known size gives, and its uncertainty. Pure Go;
// plain numbers come in and go out, no image, file or clock.
package geometry

import "math"

// Point is a position in pixels of the upright original image; X grows to the right, Y downwards.
type Point struct{ X, Y float64 }

// Rect is an axis-aligned box in pixels of the upright original image.
type Rect struct{ X, Y, Width, Height float64 }

// Area returns the area in square pixels.
func (r Rect) Area() float64 { return r.Width * r.Height }

// IoU returns intersection over union with s, in [0,1].
func (r Rect) IoU(s Rect) float64 {
	w := math.Min(r.X+r.Width, s.X+s.Width) - math.Max(r.X, s.X)
	h := math.Min(r.Y+r.Height, s.Y+s.Height) - math.Max(r.Y, s.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (r.Area() + s.Area() - w*h)
}

// Polygon is a closed outline; the last point joins the first.
type Polygon []Point

// Area returns the enclosed area in square pixels (shoelace formula), always >= 0.
func (p Polygon) Area() float64 {
	var sum float64
	for i, a := range p {
		b := p[(i+1)%len(p)]
		sum += a.X*b.Y - b.X*a.Y
	}
	return math.Abs(sum) / 2
}

// Bounds returns the smallest Rect around the polygon; the zero Rect for an empty one.
func (p Polygon) Bounds() Rect {
	if len(p) == 0 {
		return Rect{}
	}
	lo, hi := p[0], p[0]
	for _, q := range p[1:] {
		lo.X, lo.Y = math.Min(lo.X, q.X), math.Min(lo.Y, q.Y)
		hi.X, hi.Y = math.Max(hi.X, q.X), math.Max(hi.Y, q.Y)
	}
	return Rect{lo.X, lo.Y, hi.X - lo.X, hi.Y - lo.Y}
}

// Ellipse is an ellipse in pixels: the image of a round reference object. Major and Minor are full
// axis lengths (diameters), Major >= Minor; Angle is that of the major axis to the X axis, in radians.
type Ellipse struct {
	Center       Point
	Major, Minor float64
	Angle        float64
}
