package opencv

import (
	"math"

	"foodmassd/internal/geometry"
)

const (
	// maxOutlinePoints keeps an outline light enough for a phone, outlineTolerance (a share of the
	// perimeter) its area to 1 %: corners on a curve cut off what lies between them.
	maxOutlinePoints = 64
	outlineTolerance = 0.001
	// minMaskShare is the part of the box that a mask has to fill to be believed.
	minMaskShare = 0.15
)

// outline returns the food's contour in pixels of the image: the mask's largest contour inside the
// refined box, or the box's ellipse when the mask shows next to nothing.
func (c closeUp) outline(level float64) geometry.Polygon {
	perCell := c.crop.Width / float64(c.mask.width)
	var best geometry.Polygon
	for _, line := range c.mask.contours(level) {
		for i, q := range line {
			line[i] = geometry.Point{X: c.crop.X + q.X*perCell, Y: c.crop.Y + q.Y*perCell}
		}
		if line = clipPolygon(line, c.box); line.Area() > best.Area() {
			best = line
		}
	}
	if best.Area() < minMaskShare*c.box.Area() {
		return ellipseIn(c.box)
	}
	return simplify(best, maxOutlinePoints)
}

// ellipseIn is the ellipse that fills a box.
func ellipseIn(box geometry.Rect) geometry.Polygon {
	const points = 32
	p := make(geometry.Polygon, points)
	for i := range p {
		s, c := math.Sincos(2 * math.Pi * float64(i) / points)
		p[i] = geometry.Point{X: box.X + box.Width*(1+c)/2, Y: box.Y + box.Height*(1+s)/2}
	}
	return p
}

// clipPolygon returns the part of p inside box, one side after the other (Sutherland–Hodgman).
func clipPolygon(p geometry.Polygon, box geometry.Rect) geometry.Polygon {
	inside := []func(q geometry.Point) float64{ // the distance inside each side
		func(q geometry.Point) float64 { return q.X - box.X },
		func(q geometry.Point) float64 { return q.Y - box.Y },
		func(q geometry.Point) float64 { return box.X + box.Width - q.X },
		func(q geometry.Point) float64 { return box.Y + box.Height - q.Y },
	}
	for _, depth := range inside {
		var kept geometry.Polygon
		for i, b := range p {
			a := p[(i+len(p)-1)%len(p)]
			da, db := depth(a), depth(b)
			if (da >= 0) != (db >= 0) {
				t := da / (da - db)
				kept = append(kept, geometry.Point{X: a.X + t*(b.X-a.X), Y: a.Y + t*(b.Y-a.Y)})
			}
			if db >= 0 {
				kept = append(kept, b)
			}
		}
		p = kept
	}
	return p
}

// simplify leaves out points that change the outline less than the tolerance, and more than that until
// at most limit points are left (Douglas–Peucker on the two halves between far apart points).
func simplify(p geometry.Polygon, limit int) geometry.Polygon {
	if len(p) <= 3 {
		return p
	}
	var perimeter float64
	for i, a := range p {
		perimeter += distance(a, p[(i+1)%len(p)])
	}
	far := 0
	for i, q := range p {
		if distance(q, p[0]) > distance(p[far], p[0]) {
			far = i
		}
	}
	for tolerance := outlineTolerance * perimeter; ; tolerance *= 1.3 {
		short := append(thin(p[:far+1], tolerance), thin(append(p[far:len(p):len(p)], p[0]), tolerance)...)
		if len(short) < 3 {
			return p[:min(len(p), limit)]
		}
		if len(short) <= limit {
			return short
		}
	}
}

// thin is Douglas–Peucker on an open line; the last point is left out.
func thin(line geometry.Polygon, tolerance float64) geometry.Polygon {
	a, b := line[0], line[len(line)-1]
	far, most := 0, tolerance
	for i := 1; i < len(line)-1; i++ {
		if d := toSegment(line[i], a, b); d > most {
			far, most = i, d
		}
	}
	if far == 0 {
		return geometry.Polygon{a}
	}
	return append(thin(line[:far+1], tolerance), thin(line[far:], tolerance)...)
}

func distance(a, b geometry.Point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }

// toSegment is the distance of q to the segment from a to b.
func toSegment(q, a, b geometry.Point) float64 {
	dx, dy := b.X-a.X, b.Y-a.Y
	length := dx*dx + dy*dy
	if length == 0 {
		return distance(q, a)
	}
	t := math.Max(0, math.Min(1, ((q.X-a.X)*dx+(q.Y-a.Y)*dy)/length))
	return distance(q, geometry.Point{X: a.X + t*dx, Y: a.Y + t*dy})
}
