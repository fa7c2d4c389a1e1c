package geometry

import "math"

// Square is a square of known size lying on the counter, as a photo shows it.
type Square struct {
	// Corners in pixels, clockwise as seen, from the upper left one of the square.
	Corners [4]Point `json:"corners"`
	// SideMM is the side in mm.
	SideMM float64 `json:"side_mm"`
	// RMSPx is how far, as a root mean square, the edges that it was measured by lie off it, in pixels.
	RMSPx float64 `json:"rms_px"`
	// CornerSDPx is the standard uncertainty of each coordinate of a corner, in pixels.
	CornerSDPx float64 `json:"corner_sd_px"`
}

// Plane is the counter as the camera sees it: every pixel has a place in mm on it.
type Plane struct {
	square Square
	toMM   Homography
	// moved are the same planes with one coordinate of one corner moved by its uncertainty.
	moved [8]Homography
}

// minCornerSpanPx is the least area, as the side of a square in pixels, from which a square is measured.
const minCornerSpanPx = 12

// PlaneOf returns the plane in which the square lies; ok is false for corners that no camera sees a
// square in (not convex, crossing, mirrored, too small) and a size or uncertainty that is not positive.
func PlaneOf(s Square) (p *Plane, ok bool) {
	if !(s.SideMM > 0 && s.CornerSDPx > 0 && s.RMSPx >= 0) || math.IsInf(s.SideMM, 0) || !s.convex() ||
		!(Polygon(s.Corners[:]).Area() >= minCornerSpanPx*minCornerSpanPx) {
		return nil, false
	}
	p = &Plane{square: s}
	if p.toMM, ok = s.toMM(); !ok {
		return nil, false
	}
	for i := range p.moved {
		m := s
		c := &m.Corners[i/2]
		if i%2 == 0 {
			c.X += s.CornerSDPx
		} else {
			c.Y += s.CornerSDPx
		}
		if p.moved[i], ok = m.toMM(); !ok {
			return nil, false
		}
	}
	return p, true
}

// convex tells whether the corners run clockwise (y grows downwards) and turn at each one.
func (s Square) convex() bool {
	for i, a := range s.Corners {
		b, c := s.Corners[(i+1)%4], s.Corners[(i+2)%4]
		if !((b.X-a.X)*(c.Y-b.Y)-(b.Y-a.Y)*(c.X-b.X) > 0) {
			return false
		}
	}
	return true
}

func (s Square) toMM() (Homography, bool) {
	a := s.SideMM
	return HomographyOf(s.Corners, [4]Point{{0, 0}, {a, 0}, {a, a}, {0, a}})
}

// Center is where the diagonals of the square cross, in pixels: its middle.
func (s Square) Center() Point {
	a, b, c, d := s.Corners[0], s.Corners[1], s.Corners[2], s.Corners[3]
	ux, uy, vx, vy := c.X-a.X, c.Y-a.Y, d.X-b.X, d.Y-b.Y
	t := ((b.X-a.X)*vy - (b.Y-a.Y)*vx) / (ux*vy - uy*vx)
	return Point{a.X + t*ux, a.Y + t*uy}
}

// Scaled returns the square in a photo of another size.
func (s Square) Scaled(by float64) Square {
	for i := range s.Corners {
		s.Corners[i].X *= by
		s.Corners[i].Y *= by
	}
	s.CornerSDPx *= by
	s.RMSPx *= by
	return s
}

// ToMM returns where on the counter a pixel lies, in mm from the square's first corner; ok is false at
// and beyond the horizon.
func (p *Plane) ToMM(at Point) (Point, bool) { return p.toMM.Map(at) }

// axes returns the longest and shortest step in mm on the counter that one pixel can be; ok as in ToMM.
func axes(toMM Homography, at Point) (long, short float64, ok bool) {
	j, ok := toMM.Jacobian(at)
	mean, det := math.Hypot(j[0]+j[3], j[1]-j[2])/2, math.Hypot(j[0]-j[3], j[1]+j[2])/2
	return mean + det, math.Abs(mean - det), ok && mean != det
}

// Aspect is the ratio in (0,1] in which circles on the counter around a pixel appear: the cosine of the
// tilt there, 1 looking straight down. ok as in ToMM.
func (p *Plane) Aspect(at Point) (ratio float64, ok bool) {
	long, short, ok := axes(p.toMM, at)
	return short / long, ok
}

// coinLike is mm per pixel as a coin lying there would tell it: its circle appears as an ellipse of
// 1/short × 1/long pixels per mm.
func coinLike(toMM Homography, at Point) (mmPerPx float64, ok bool) {
	long, short, ok := axes(toMM, at)
	return 1 / apparentDiameter(1/short, 1/long), ok
}

// foot is the pixel on the counter under the middle of what a box holds. Looking straight down that is
// the box's middle; with a tilt, half the depth of a footprint as deep as the box is wide above its lower side.
func (p *Plane) foot(box Rect) Point {
	middle := Point{box.X + box.Width/2, box.Y + box.Height/2}
	if aspect, ok := p.Aspect(middle); ok {
		middle.Y = math.Max(middle.Y, box.Y+box.Height-aspect*box.Width/2)
	}
	return middle
}

// farthest is the uncertainty beyond which a place is too far from the square to be measured by it.
const farthest = 0.25

// At returns the scale at a pixel, in the sense in which a coin lying there would give it: the mass model
// was fitted with coins beside the food, so its measures stay comparable (looking down, mm per pixel
// there; with a tilt, that of the direction without foreshortening). RelSD grows with the distance from
// the square. ok is false beyond the horizon and where nothing certain can be said.
func (p *Plane) At(at Point) (s Scale, ok bool) {
	mm, ok := coinLike(p.toMM, at)
	if !ok {
		return Scale{}, false
	}
	var sum float64
	for _, m := range p.moved {
		other, ok := coinLike(m, at)
		if !ok {
			return Scale{}, false
		}
		d := math.Log(other / mm)
		sum += d * d
	}
	s = Scale{MMPerPx: mm, RelSD: math.Sqrt(sum + planeSD*planeSD)}
	return s, s.RelSD <= farthest
}

// planeSD is what remains in a plane's scale when its corners are exact: a printer's scale, paper that does
// not lie flat, a lens that bends.
const planeSD = 0.005
