package geometry

import "math"

// Homography maps one plane to another as a camera does, positions as in projective geometry: rows of the
// 3×3 matrix, one after the other. It is scaled so that the third coordinate is positive where it was made.
type Homography [9]float64

// HomographyOf returns the homography that maps each from to its to; ok is false when three of four
// points lie in a line.
func HomographyOf(from, to [4]Point) (h Homography, ok bool) {
	var m [8 * 9]float64
	for i, p := range from {
		q := to[i]
		copy(m[18*i:], []float64{p.X, p.Y, 1, 0, 0, 0, -p.X * q.X, -p.Y * q.X, q.X})
		copy(m[18*i+9:], []float64{0, 0, 0, p.X, p.Y, 1, -p.X * q.Y, -p.Y * q.Y, q.Y})
	}
	x, ok := solve(m[:], 8)
	copy(h[:], x[:])
	h[8] = 1
	if f := from[0]; h[6]*f.X+h[7]*f.Y+1 < 0 { // the origin lies beyond the horizon
		for i := range h {
			h[i] = -h[i]
		}
	}
	for _, p := range from {
		if _, inFront := h.Map(p); !inFront {
			return h, false // the four points are not the image of four points seen from one side
		}
	}
	return h, ok
}

// Map returns where p goes; ok is false beyond the horizon.
func (h Homography) Map(p Point) (q Point, ok bool) {
	w := h[6]*p.X + h[7]*p.Y + h[8]
	q = Point{(h[0]*p.X + h[1]*p.Y + h[2]) / w, (h[3]*p.X + h[4]*p.Y + h[5]) / w}
	return q, w > 1e-9
}

// Jacobian returns how q = Map(p) moves with p: dqx/dx, dqx/dy, dqy/dx, dqy/dy.
func (h Homography) Jacobian(p Point) (j [4]float64, ok bool) {
	q, ok := h.Map(p)
	w := h[6]*p.X + h[7]*p.Y + h[8]
	return [4]float64{(h[0] - q.X*h[6]) / w, (h[1] - q.X*h[7]) / w, (h[3] - q.Y*h[6]) / w, (h[4] - q.Y*h[7]) / w}, ok
}

// Edge is a place on a line of the first plane that was seen in the second one: Model has to come to lie
// on the line through Seen whose unit normal is Normal.
type Edge struct{ Model, Seen, Normal Point }

// Off is how far, in units of the second plane, the edge lies off its line.
func (h Homography) Off(e Edge) float64 {
	q, _ := h.Map(e.Model)
	return e.Normal.X*(q.X-e.Seen.X) + e.Normal.Y*(q.Y-e.Seen.Y)
}

// Refine moves the homography by one Gauss–Newton step towards the least squares of Off over the edges;
// ok is false when they do not determine it.
func (h Homography) Refine(edges []Edge) (better Homography, ok bool) {
	var m [8 * 9]float64
	for _, e := range edges {
		q, inFront := h.Map(e.Model)
		if !inFront {
			return h, false
		}
		w := h[6]*e.Model.X + h[7]*e.Model.Y + h[8]
		x, y := e.Model.X/w, e.Model.Y/w
		n, along := e.Normal, e.Normal.X*q.X+e.Normal.Y*q.Y
		row := [9]float64{n.X * x, n.X * y, n.X / w, n.Y * x, n.Y * y, n.Y / w, -along * x, -along * y, -h.Off(e)}
		for i := range 8 {
			for j := range row {
				m[9*i+j] += row[i] * row[j]
			}
		}
	}
	step, ok := solve(m[:], 8)
	better = h
	for i, d := range step {
		better[i] += d
	}
	return better, ok && !math.IsNaN(better[0])
}
