package cardreader

import (
	"math"

	"foodmassd/internal/card"
	"foodmassd/internal/geometry"
)

// sampler looks at an image through the modules of a code: module (x, y) covers [x, x+1) × [y, y+1) from
// the upper left corner of the code square.
type sampler struct {
	plane geometry.GreyPlane
	at    geometry.Homography // modules to pixels
	// middle is the brightness halfway between dark and light at each mark, swing half their difference.
	middle, swing [3]float64
	rmsPX         float64 // of the edges of the last fit
}

// marks are the middles of the corner marks, in modules.
var marks = [3]geometry.Point{{X: centred, Y: centred}, {X: centred + between, Y: centred}, {X: centred, Y: centred + between}}

// grey is the brightness at a place in modules; ok is false outside the image.
func (s *sampler) grey(x, y float64) (v float64, ok bool) {
	q, ok := s.at.Map(geometry.Point{X: x, Y: y})
	if !ok {
		return 0, false
	}
	return s.plane.At(q.X, q.Y)
}

// module is the mean brightness of the inner part of a module.
func (s *sampler) module(x, y int) (v float64, ok bool) {
	for _, dy := range []float64{0.3, 0.5, 0.7} {
		for _, dx := range []float64{0.3, 0.5, 0.7} {
			one, inside := s.grey(float64(x)+dx, float64(y)+dy)
			if !inside {
				return 0, false
			}
			v += one / 9
		}
	}
	return v, true
}

// levels measures dark and light at the marks and tells whether they look like marks.
func (s *sampler) levels() bool {
	for i, m := range marks {
		var sum, n [2]float64
		var seen [7][7]float64
		left, top := int(m.X-centred), int(m.Y-centred)
		for y := range 7 {
			for x := range 7 {
				v, ok := s.module(left+x, top+y)
				if !ok {
					return false
				}
				k := 0
				if inMark(x, y) {
					k = 1
				}
				seen[y][x] = v
				sum[k], n[k] = sum[k]+v, n[k]+1
			}
		}
		light, dark := sum[0]/n[0], sum[1]/n[1]
		s.middle[i], s.swing[i] = (light+dark)/2, (light-dark)/2
		wrong := 0
		for y, row := range seen {
			for x, v := range row {
				if v < s.middle[i] != inMark(x, y) {
					wrong++
				}
			}
		}
		if s.swing[i] < contrast/4 || wrong > maxWrong {
			return false
		}
	}
	return true
}

// maxWrong is how many of a mark's 49 modules may look wrong before the code is fitted to the photo.
const maxWrong = 8

// inMark tells whether a module of a mark is dark, counted from the mark's corner.
func inMark(x, y int) bool {
	ring := max(x-3, 3-x, y-3, 3-y)
	return ring != 2
}

// over interpolates a value known at the marks, linearly over the code.
func over(at [3]float64, x, y float64) float64 {
	return at[0] + (at[1]-at[0])*(x-centred)/between + (at[2]-at[0])*(y-centred)/between
}

// bits reads every module: true is dark.
func (s *sampler) bits() [][]bool {
	rows := make([][]bool, card.Modules)
	for y := range rows {
		rows[y] = make([]bool, card.Modules)
		for x := range rows[y] {
			v, ok := s.module(x, y)
			rows[y][x] = ok && v < over(s.middle, float64(x)+0.5, float64(y)+0.5)
		}
	}
	return rows
}

// knowledge tells whether a module, or one of the white margin, is dark, and whether that is known.
type knowledge func(x, y int) (dark, known bool)

// marksOnly is what is known of every code: its marks and the light around them.
func marksOnly(x, y int) (dark, known bool) {
	for _, m := range marks {
		left, top := x-int(m.X-centred), y-int(m.Y-centred)
		if left >= 0 && left < 7 && top >= 0 && top < 7 {
			return inMark(left, top), true
		}
		if left >= -1 && left <= 7 && top >= -1 && top <= 7 {
			return false, true
		}
	}
	return false, false
}

func wholeCode(bits [][]bool) knowledge {
	return func(x, y int) (dark, known bool) {
		if x < 0 || y < 0 || x >= card.Modules || y >= card.Modules {
			return false, true
		}
		return bits[y][x], true
	}
}

const (
	fitSteps     = 4
	minEdges     = 60
	maxOffModule = 0.35 // an edge farther off its place, in modules, is none
	maxRMSModule = 0.16
)

// fit moves the homography onto the edges between dark and light modules; ok is false when too few are
// seen or they do not lie where a code's do.
func (s *sampler) fit(known knowledge) bool {
	for range fitSteps {
		edges := s.edges(known)
		if len(edges) < minEdges {
			return false
		}
		h, ok := s.at.Refine(edges)
		if !ok {
			return false
		}
		s.at = h
	}
	edges, sum := s.edges(known), 0.0
	for _, e := range edges {
		off := s.at.Off(e)
		sum += off * off
	}
	s.rmsPX = math.Sqrt(sum / float64(len(edges)))
	return len(edges) >= minEdges && s.rmsPX < maxRMSModule*s.modulePX()
}

// modulePX is the width of a module in pixels, as the root of its area.
func (s *sampler) modulePX() float64 {
	j, _ := s.at.Jacobian(geometry.Point{X: card.Modules / 2.0, Y: card.Modules / 2.0})
	return math.Sqrt(math.Abs(j[0]*j[3] - j[1]*j[2]))
}

// edges returns where the edges between known neighbours are seen.
func (s *sampler) edges(known knowledge) []geometry.Edge {
	var all []geometry.Edge
	for y := -1; y < card.Modules; y++ {
		for x := -1; x < card.Modules; x++ {
			dark, sure := known(x, y)
			if !sure {
				continue
			}
			if other, sure := known(x+1, y); sure && other != dark {
				all = s.edge(all, float64(x+1), float64(y)+0.5, false, other)
			}
			if other, sure := known(x, y+1); sure && other != dark {
				all = s.edge(all, float64(x)+0.5, float64(y+1), true, other)
			}
		}
	}
	return all
}

// How an edge is looked at: at places along it, with steps across, all in modules.
var edgeAlong = [3]float64{-0.25, 0, 0.25}

const (
	edgeReach = 0.5
	edgeParts = 10
)

// edge appends the edge whose middle is (x, y), level or upright; darkens tells whether the module
// to the right or below is the dark one. It lies where the change of brightness has its centre.
func (s *sampler) edge(all []geometry.Edge, x, y float64, level, darkens bool) []geometry.Edge {
	var profile [edgeParts + 1]float64
	for i := range profile {
		across := edgeReach * (2*float64(i)/edgeParts - 1)
		for _, along := range edgeAlong {
			px, py := x+across, y+along
			if level {
				px, py = x+along, y+across
			}
			v, ok := s.grey(px, py)
			if !ok {
				return all
			}
			profile[i] += v / float64(len(edgeAlong))
		}
	}
	var sum, moment float64
	for i := range edgeParts {
		change := profile[i+1] - profile[i]
		if darkens {
			change = -change
		}
		change = math.Max(0, change)
		sum += change
		moment += change * edgeReach * ((2*float64(i)+1)/edgeParts - 1)
	}
	off := moment / sum
	if sum < 0.5*over(s.swing, x, y) || !(math.Abs(off) < maxOffModule) {
		return all
	}
	model, seen, ahead := geometry.Point{X: x, Y: y}, geometry.Point{X: x + off, Y: y}, geometry.Point{X: x, Y: y + 0.5}
	if level {
		seen, ahead = geometry.Point{X: x, Y: y + off}, geometry.Point{X: x + 0.5, Y: y}
	}
	at, _ := s.at.Map(seen)
	from, _ := s.at.Map(model)
	to, _ := s.at.Map(ahead) // along the edge
	length := math.Hypot(to.X-from.X, to.Y-from.Y)
	return append(all, geometry.Edge{Model: model, Seen: at, Normal: geometry.Point{X: (from.Y - to.Y) / length, Y: (to.X - from.X) / length}})
}

// cornerSD is how exactly a corner is known on rendered cards, in pixels, when the edges lie well.
const cornerSD = 0.08

// square is the code square in pixels.
func (s *sampler) square(sideMM float64) geometry.Square {
	const n = card.Modules
	q := geometry.Square{SideMM: sideMM, RMSPx: s.rmsPX, CornerSDPx: cornerSD + s.rmsPX/10}
	for i, c := range [4]geometry.Point{{X: 0, Y: 0}, {X: n, Y: 0}, {X: n, Y: n}, {X: 0, Y: n}} {
		q.Corners[i], _ = s.at.Map(c)
	}
	return q
}
