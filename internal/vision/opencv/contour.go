package opencv

import "foodmassd/internal/geometry"

// plane is a map of values, row by row, that covers some square of the image.
type plane struct {
	values        []float32
	width, height int
}

// at returns a value; outside the plane it is 0, so that every contour closes.
func (p plane) at(x, y int) float64 {
	if x < 0 || y < 0 || x >= p.width || y >= p.height {
		return 0
	}
	return float64(p.values[y*p.width+x])
}

// edge is the line from a value's centre to that of its right (down false) or lower neighbour.
type edge struct {
	x, y int
	down bool
}

// contours returns the closed lines along which the bilinearly interpolated plane crosses level
// (marching squares), inside on the same hand all along, in cells of the plane: value (x, y) lies at
// (x+0.5, y+0.5).
func (p plane) contours(level float64) []geometry.Polygon {
	next := map[edge]edge{}
	var starts []edge
	for y := -1; y < p.height; y++ {
		for x := -1; x < p.width; x++ {
			for _, s := range p.segments(x, y, level) {
				next[s[0]] = s[1]
				starts = append(starts, s[0])
			}
		}
	}
	var all []geometry.Polygon
	for _, start := range starts {
		var line geometry.Polygon
		for e, ok := start, true; ok; {
			to, more := next[e]
			if !more {
				break
			}
			delete(next, e)
			line = append(line, p.crossing(e, level))
			e, ok = to, to != start
		}
		if len(line) >= 3 {
			all = append(all, line)
		}
	}
	return all
}

// segments returns how the contour passes the square between four neighbouring values of which (x, y)
// is the upper left: from edge to edge with the inside on the right hand (y grows downwards).
func (p plane) segments(x, y int, level float64) [][2]edge {
	nw, ne, sw, se := p.at(x, y), p.at(x+1, y), p.at(x, y+1), p.at(x+1, y+1)
	north, south := edge{x, y, false}, edge{x, y + 1, false}
	west, east := edge{x, y, true}, edge{x + 1, y, true}
	in := 0
	for i, v := range []float64{nw, ne, se, sw} {
		if v > level {
			in |= 1 << i
		}
	}
	switch in {
	case 1:
		return [][2]edge{{north, west}}
	case 2:
		return [][2]edge{{east, north}}
	case 3:
		return [][2]edge{{east, west}}
	case 4:
		return [][2]edge{{south, east}}
	case 6:
		return [][2]edge{{south, north}}
	case 7:
		return [][2]edge{{south, west}}
	case 8:
		return [][2]edge{{west, south}}
	case 9:
		return [][2]edge{{north, south}}
	case 11:
		return [][2]edge{{east, south}}
	case 12:
		return [][2]edge{{west, east}}
	case 13:
		return [][2]edge{{north, east}}
	case 14:
		return [][2]edge{{west, north}}
	case 5, 10:
		return saddle(in == 5, (nw+ne+sw+se)/4 > level, north, east, south, west)
	}
	return nil
}

// saddle joins or parts two diagonal corners, as the middle of the square says.
func saddle(nwSE, joined bool, north, east, south, west edge) [][2]edge {
	switch {
	case nwSE && joined:
		return [][2]edge{{north, east}, {south, west}}
	case nwSE:
		return [][2]edge{{north, west}, {south, east}}
	case joined:
		return [][2]edge{{east, south}, {west, north}}
	}
	return [][2]edge{{east, north}, {west, south}}
}

// crossing is where the plane crosses level on an edge.
func (p plane) crossing(e edge, level float64) geometry.Point {
	a, b := p.at(e.x, e.y), p.at(e.x+1, e.y)
	if e.down {
		b = p.at(e.x, e.y+1)
	}
	t := (level - a) / (b - a)
	if e.down {
		return geometry.Point{X: float64(e.x) + 0.5, Y: float64(e.y) + 0.5 + t}
	}
	return geometry.Point{X: float64(e.x) + 0.5 + t, Y: float64(e.y) + 0.5}
}
