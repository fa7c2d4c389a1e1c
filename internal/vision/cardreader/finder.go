package cardreader

import (
	"cmp"
	"math"
	"slices"

	"foodmassd/internal/geometry"
)

// What the corner marks of a QR code are looked for with.
const (
	contrast     = 20  // least difference in brightness between neighbouring runs
	minFinderPX  = 7   // least width of a mark
	rowStep      = 3   // rows between those that are looked through
	maxFinders   = 12  // marks kept: those that most rows cross
	narrowSlack  = 0.6 // of a module: how far a run of one module may be off
	middleSlack  = 1.2 // the same of the run of three modules
	maxElongated = 3.5 // height to width or width to height of a mark
)

// finder is a corner mark: three squares in each other, 7, 5 and 3 modules wide. Every line through the
// middle crosses dark, light, dark, light, dark in the ratio 1:1:3:1:1.
type finder struct {
	at     geometry.Point
	sizePX float64 // 7 modules, mean of width and height
	hits   int     // rows in which it was met
}

// findFinders returns what looks like corner marks, those met most often first.
func findFinders(p geometry.GreyPlane) []finder {
	var found []finder
	var edges []crossing
	for y := rowStep / 2; y < p.Height; y += rowStep {
		row := line{p.Pixels[y*p.Width : (y+1)*p.Width], 1}
		edges = row.crossings(edges[:0])
		for i := 5; i < len(edges); i++ {
			width, ok := markWidth(edges[i-5 : i+1])
			if !ok {
				continue
			}
			at := geometry.Point{X: (edges[i-3].at + edges[i-2].at) / 2, Y: float64(y) + 0.5}
			near := func(f finder) bool {
				return math.Hypot(f.at.X-at.X, f.at.Y-at.Y) < 0.3*f.sizePX && width < 2*f.sizePX && f.sizePX < 2*width
			}
			if k := slices.IndexFunc(found, near); k >= 0 {
				found[k].hits++
			} else if f, ok := confirm(p, at, width); ok && !slices.ContainsFunc(found, func(o finder) bool { return o.at == f.at }) {
				found = append(found, f)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b finder) int { return cmp.Compare(b.hits, a.hits) })
	return found[:min(len(found), maxFinders)]
}

// confirm looks along the column and once more along the row through what a row shows of a mark.
func confirm(p geometry.GreyPlane, at geometry.Point, width float64) (finder, bool) {
	x, y, reach := int(at.X), int(at.Y), int(0.6*maxElongated*width) // half the mark, and a little
	top := max(0, y-reach)
	column := line{p.Pixels[top*p.Width+x : min(p.Height-1, y+reach)*p.Width+x+1], p.Width}
	middle, height, ok := column.markAround(at.Y - float64(top))
	if !ok || width > maxElongated*height {
		return finder{}, false
	}
	at.Y = float64(top) + middle
	y = min(int(at.Y), p.Height-1)
	left := max(0, x-int(width))
	row := line{p.Pixels[y*p.Width+left : y*p.Width+min(p.Width, x+int(width)+1)], 1}
	if middle, width, ok = row.markAround(at.X - float64(left)); !ok {
		return finder{}, false
	}
	at.X = float64(left) + middle
	return finder{at: at, sizePX: (width + height) / 2, hits: 1}, true
}

// markAround looks for the mark whose middle run holds a position.
func (l line) markAround(at float64) (middle, width float64, ok bool) {
	edges := l.crossings(nil)
	for i := 5; i < len(edges); i++ {
		if edges[i-3].at <= at && at <= edges[i-2].at {
			width, ok = markWidth(edges[i-5 : i+1])
			return (edges[i-3].at + edges[i-2].at) / 2, width, ok
		}
	}
	return 0, 0, false
}

// markWidth returns how wide the mark between six crossings is; ok is false when they are of none.
func markWidth(e []crossing) (width float64, ok bool) {
	width = e[5].at - e[0].at
	module := width / 7
	if e[0].rises || width < minFinderPX || math.Abs(e[3].at-e[2].at-3*module) > middleSlack*module {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if math.Abs(e[i+1].at-e[i].at-module) > narrowSlack*module {
			return 0, false
		}
	}
	return width, true
}

// line is a row or column of an image, or a part of one: every step-th pixel.
type line struct {
	pixels []byte
	step   int
}

// crossing is where the brightness changes, in pixels from the beginning of the line; rises tells whether
// what follows is the lighter.
type crossing struct {
	at    float64
	rises bool
}

// crossings appends where one run ends and the next begins: halfway between their extremes, which lie at
// least contrast apart. No threshold is set, so that a shadow across the card does no harm.
func (l line) crossings(found []crossing) []crossing {
	if len(l.pixels) == 0 {
		return found
	}
	before, now := l.pixels[0], l.pixels[0] // extremes of the run before and of this one
	beforeAt, nowAt := 0, 0
	for i := l.step; i < len(l.pixels); {
		for ; i < len(l.pixels); i += l.step { // a light run
			v := l.pixels[i]
			if v >= now {
				now, nowAt = v, i
			} else if now-v >= contrast {
				found = l.cross(found, before, now, beforeAt, nowAt)
				before, beforeAt, now, nowAt = now, nowAt, v, i
				break
			}
		}
		for ; i < len(l.pixels); i += l.step { // a dark one
			v := l.pixels[i]
			if v <= now {
				now, nowAt = v, i
			} else if v-now >= contrast {
				found = l.cross(found, before, now, beforeAt, nowAt)
				before, beforeAt, now, nowAt = now, nowAt, v, i
				break
			}
		}
	}
	return l.cross(found, before, now, beforeAt, nowAt)
}

// cross appends the crossing between two extremes, unless they are too much alike.
func (l line) cross(found []crossing, before, now byte, beforeAt, nowAt int) []crossing {
	if max(before, now)-min(before, now) < contrast {
		return found
	}
	// From the dark end: what lies beyond the white margin may be lighter still, and the first crossing seen
	// from there would be on the margin.
	level, at, step := (int(before)+int(now))/2, beforeAt, l.step
	if before > now {
		at, step = nowAt, -l.step
	}
	for int(l.pixels[at+step]) < level {
		at += step
	}
	a, b := int(l.pixels[at]), int(l.pixels[at+step])
	return append(found, crossing{(float64(at)+float64(step)*float64(level-a)/float64(b-a))/float64(l.step) + 0.5, now > before})
}
