package opencv

import (
	"math"
	"testing"

	"foodmassd/internal/geometry"
)

// disc is a mask of n×n cells with a soft disc: the distance to the rim, as a probability.
func disc(n int, x, y, r float64) plane {
	p := plane{make([]float32, n*n), n, n}
	for i := range p.values {
		d := r - math.Hypot(float64(i%n)+0.5-x, float64(i/n)+0.5-y)
		p.values[i] = float32(1 / (1 + math.Exp(-2*d)))
	}
	return p
}

func TestContourOfADiscHasItsAreaToHalfAPercent(t *testing.T) {
	lines := disc(64, 30.3, 33.8, 20).contours(0.5)
	if len(lines) != 1 {
		t.Fatalf("%d contours", len(lines))
	}
	if a := lines[0].Area(); math.Abs(a/(math.Pi*20*20)-1) > 0.005 {
		t.Errorf("area %.1f, want %.1f", a, math.Pi*20*20)
	}
	b := lines[0].Bounds()
	if math.Abs(b.X+b.Width/2-30.3) > 0.05 || math.Abs(b.Y+b.Height/2-33.8) > 0.05 {
		t.Errorf("bounds %+v", b)
	}
}

func TestContoursCloseInEveryPatternOfCells(t *testing.T) {
	for pattern := range 1 << 9 { // all masks of 3 × 3 cells, saddles among them
		p := plane{make([]float32, 9), 3, 3}
		var cells float64
		for i := range p.values {
			if pattern>>i&1 == 1 {
				p.values[i] = 1
				cells++
			}
		}
		var signed float64
		for _, line := range p.contours(0.5) {
			for i, a := range line {
				b := line[(i+1)%len(line)]
				if distance(a, b) > 1.01 {
					t.Fatalf("pattern %09b: contour jumps from %v to %v", pattern, a, b)
				}
				signed += (a.X*b.Y - b.X*a.Y) / 2
			}
		}
		// A cell alone is a diamond of area 1/2; cells that touch fill the space between them.
		if signed = math.Abs(signed); (cells == 0) != (signed == 0) || signed > cells || signed < cells/2-1e-9 {
			t.Errorf("pattern %09b: area %.3f of %g cells", pattern, signed, cells)
		}
	}
}

func food(mask plane) closeUp {
	return closeUp{
		detection: detection{box: geometry.Rect{X: 100, Y: 200, Width: 160, Height: 160}, score: 1},
		crop:      geometry.Rect{X: 80, Y: 180, Width: 200, Height: 200},
		mask:      mask,
	}
}

func TestOutlineFollowsTheMaskWithFewPoints(t *testing.T) {
	o := food(disc(64, 32, 32, 25)).outline(0.5)
	want := math.Pi * math.Pow(25*200.0/64, 2)
	if len(o) < 12 || len(o) > maxOutlinePoints || math.Abs(o.Area()/want-1) > 0.01 {
		t.Errorf("%d points, area %.0f, want %.0f", len(o), o.Area(), want)
	}
}

func TestOutlineStaysInItsOwnBox(t *testing.T) {
	c := food(disc(64, 10, 32, 30)) // a neighbour's food fills the left of the crop
	for _, p := range c.outline(0.5) {
		if p.X < c.box.X-1e-9 || p.Y < c.box.Y-1e-9 || p.X > c.box.X+c.box.Width+1e-9 || p.Y > c.box.Y+c.box.Height+1e-9 {
			t.Errorf("%v lies outside %v", p, c.box)
		}
	}
}

func TestOutlineOfAnEmptyMaskIsTheBoxesEllipse(t *testing.T) {
	for name, mask := range map[string]plane{"empty": disc(64, 32, 32, -10), "speck": disc(64, 32, 32, 3)} {
		c := food(mask)
		o := c.outline(0.5)
		if a := o.Area() / c.box.Area(); math.Abs(a-math.Pi/4) > 0.01 {
			t.Errorf("%s: the outline fills %.3f of the box", name, a)
		}
		if iou := o.Bounds().IoU(c.box); iou < 0.999 {
			t.Errorf("%s: bounds %v", name, o.Bounds())
		}
	}
}

func TestJaggedOutlineIsCutToTheLimit(t *testing.T) {
	var star geometry.Polygon
	for i := range 400 {
		s, c := math.Sincos(2 * math.Pi * float64(i) / 400)
		r := 100 - 30*float64(i%2)
		star = append(star, geometry.Point{X: r * c, Y: r * s})
	}
	if got := simplify(star, maxOutlinePoints); len(got) < 3 || len(got) > maxOutlinePoints {
		t.Errorf("%d points", len(got))
	}
}
