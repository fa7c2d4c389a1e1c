package geometry

import "math"

// conic is the curve a·u² + b·uv + c·v² + d·u + e·v = 1. u and v are positions relative to the centre of a
// box in units of its half sides, so that the ellipse filling the box is the unit circle.
type conic struct{ a, b, c, d, e float64 }

// value is the left side minus one, far the approximate (Sampson) distance in box units.
func (k conic) far(u, v float64) float64 {
	f := k.a*u*u + k.b*u*v + k.c*v*v + k.d*u + k.e*v - 1
	return math.Abs(f) / math.Hypot(2*k.a*u+k.b*v+k.d, k.b*u+2*k.c*v+k.e)
}

// nearest returns the edge of a ray that is nearest to the conic, and how far that is.
func (k conic) nearest(ray []rimEdge) (best rimEdge, far float64) {
	far = math.Inf(1)
	for _, e := range ray {
		if f := k.far(e.u, e.v); f < far {
			best, far = e, f
		}
	}
	return best, far
}

// fitConic fits an ellipse to weighted points by least squares; ok is false when the points give no
// ellipse that is roughly the unit circle.
func fitConic(points []rimEdge) (k conic, ok bool) {
	var m [5 * 6]float64
	for _, p := range points {
		row := [6]float64{p.u * p.u, p.u * p.v, p.v * p.v, p.u, p.v, 1}
		for i := range 5 {
			for j := range row {
				m[6*i+j] += p.weight * row[i] * row[j]
			}
		}
	}
	x, ok := solve(m[:], 5)
	k = conic{x[0], x[1], x[2], x[3], x[4]}
	return k, ok && k.plausible()
}

// plausible tells whether the conic is an ellipse with its centre near the origin and radii near one.
func (k conic) plausible() bool {
	e := k.ellipse(Rect{X: -1, Y: -1, Width: 2, Height: 2})
	return e.Minor > 2*0.5 && e.Major < 2*1.6 && math.Hypot(e.Center.X, e.Center.Y) < 0.4
}

// ellipse returns the conic in the pixels of the box; the zero Ellipse when it is none.
func (k conic) ellipse(box Rect) Ellipse {
	ax, ay := box.Width/2, box.Height/2
	a, b, c, d, e := k.a/(ax*ax), k.b/(ax*ay), k.c/(ay*ay), k.d/ax, k.e/ay
	det := 4*a*c - b*b
	if a <= 0 || det <= 0 {
		return Ellipse{}
	}
	x, y := (b*e-2*c*d)/det, (b*d-2*a*e)/det
	level := 1 + a*x*x + b*x*y + c*y*y
	mean, spread := (a+c)/2, math.Hypot((a-c)/2, b/2)
	return Ellipse{
		Center: Point{box.X + ax + x, box.Y + ay + y},
		Major:  2 * math.Sqrt(level/(mean-spread)),
		Minor:  2 * math.Sqrt(level/(mean+spread)),
		Angle:  math.Atan2(-b, c-a) / 2,
	}
}

// Bounds returns the smallest Rect around the ellipse.
func (e Ellipse) Bounds() Rect {
	s, c := math.Sincos(e.Angle)
	w, h := math.Hypot(e.Major*c, e.Minor*s), math.Hypot(e.Major*s, e.Minor*c)
	return Rect{e.Center.X - w/2, e.Center.Y - h/2, w, h}
}
