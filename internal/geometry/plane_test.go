package geometry

import (
	"math"
	"testing"
)

// tilted is what a camera 400 mm away sees of a square of 40 mm on a counter tilted by angle about the
// image's horizontal, 2 px per mm in the middle of a 1000×1000 photo; moved in mm on the counter.
func tilted(angle, x, y float64) Square {
	s := Square{SideMM: 40, CornerSDPx: 0.1}
	for i, c := range [4]Point{{-20, -20}, {20, -20}, {20, 20}, {-20, 20}} {
		s.Corners[i] = seenAt(angle, Point{c.X + x, c.Y + y})
	}
	return s
}

// seenAt is where the camera of tilted sees a place on the counter.
func seenAt(angle float64, mm Point) Point {
	const far, perMM = 400, 2
	depth := far - mm.Y*math.Sin(angle) // the lower part is nearer
	return Point{500 + perMM*mm.X*far/depth, 500 + perMM*mm.Y*math.Cos(angle)*far/depth}
}

func TestAPlaneKnowsWherePixelsLieOnTheCounter(t *testing.T) {
	for _, angle := range []float64{0, 0.3, 0.8} {
		p, ok := PlaneOf(tilted(angle, 30, -50))
		if !ok {
			t.Fatal("no plane")
		}
		a, okA := p.ToMM(seenAt(angle, Point{-60, 40}))
		b, okB := p.ToMM(seenAt(angle, Point{60, 90}))
		if d := math.Hypot(a.X-b.X, a.Y-b.Y); !okA || !okB || math.Abs(d-130) > 1e-6 {
			t.Errorf("angle %g: %g mm instead of 130", angle, d)
		}
	}
}

func TestAPlaneGivesTheScaleOfACoinLyingThere(t *testing.T) {
	for _, angle := range []float64{0, 0.2, 0.5, 0.9} {
		p, _ := PlaneOf(tilted(angle, 0, 0))
		for _, at := range []Point{{0, 0}, {80, 0}, {-40, 60}, {0, -60}} {
			px := seenAt(angle, at)
			s, ok := p.At(px)
			// A coin of 2 mm there, small enough to be an ellipse.
			r, l := seenAt(angle, Point{at.X + 1, at.Y}), seenAt(angle, Point{at.X - 1, at.Y})
			n, f := seenAt(angle, Point{at.X, at.Y + 1}), seenAt(angle, Point{at.X, at.Y - 1})
			// Away from the middle axis the ellipse leans a little; its axes differ from these by less than 2 %.
			want := 2 / apparentDiameter(math.Hypot(r.X-l.X, r.Y-l.Y), math.Hypot(n.X-f.X, n.Y-f.Y))
			if !ok || math.Abs(s.MMPerPx/want-1) > 0.02 {
				t.Errorf("angle %g, %v: %g mm/px, want %g", angle, at, s.MMPerPx, want)
			}
		}
		if a, ok := p.Aspect(Point{500, 500}); !ok || math.Abs(a-math.Cos(angle)) > 1e-6 {
			t.Errorf("angle %g: aspect %g, want %g", angle, a, math.Cos(angle))
		}
	}
}

func TestAPlaneIsLessSureFarFromItsSquareAndNowhereBeyondTheHorizon(t *testing.T) {
	p, _ := PlaneOf(tilted(0.8, 0, 0))
	near, ok1 := p.At(Point{500, 500})
	far, ok2 := p.At(Point{500, 300})
	if !ok1 || !ok2 || near.RelSD < 0.005 || near.RelSD > 0.01 || far.RelSD < 2*near.RelSD {
		t.Errorf("%v near, %v far", near, far)
	}
	if s, ok := p.At(Point{500, -2000}); ok {
		t.Errorf("%v in the sky", s)
	}
}

func TestNoPlaneComesFromWhatIsNoSquare(t *testing.T) {
	good := tilted(0.3, 0, 0)
	for name, spoil := range map[string]func(s *Square){
		"mirrored":       func(s *Square) { s.Corners[1], s.Corners[3] = s.Corners[3], s.Corners[1] },
		"crossing":       func(s *Square) { s.Corners[1], s.Corners[2] = s.Corners[2], s.Corners[1] },
		"not convex":     func(s *Square) { s.Corners[2] = Point{480, 480} },
		"tiny":           func(s *Square) { *s = s.Scaled(0.1) },
		"a point":        func(s *Square) { s.Corners = [4]Point{} },
		"no number":      func(s *Square) { s.Corners[2].X = math.NaN() },
		"no size":        func(s *Square) { s.SideMM = 0 },
		"infinite":       func(s *Square) { s.SideMM = math.Inf(1) },
		"no uncertainty": func(s *Square) { s.CornerSDPx = 0 },
	} {
		s := good
		spoil(&s)
		if _, ok := PlaneOf(s); ok {
			t.Errorf("%s: %+v is taken for a square", name, s)
		}
	}
}

func TestScaledSquareIsTheSameOnASmallerPhoto(t *testing.T) {
	big, _ := PlaneOf(tilted(0.3, 0, 0))
	small, _ := PlaneOf(tilted(0.3, 0, 0).Scaled(0.5))
	a, _ := big.At(Point{400, 600})
	b, _ := small.At(Point{200, 300})
	if math.Abs(b.MMPerPx/a.MMPerPx-2) > 1e-9 || math.Abs(a.RelSD-b.RelSD) > 1e-9 {
		t.Errorf("%v and %v", a, b)
	}
}

func TestRefineFindsTheHomographyFromItsEdges(t *testing.T) {
	truth := Homography{20, 3, 100, -2, 18, 50, 0.004, -0.003, 1}
	var edges []Edge
	for i := range 60 {
		m := Point{float64(i % 10), float64(i / 10)}
		q, _ := truth.Map(m)
		s, c := math.Sincos(float64(i % 7))
		edges = append(edges, Edge{m, Point{q.X + 5*s, q.Y - 5*c}, Point{c, s}}) // moved along its line
	}
	h := Homography{19.5, 2.5, 101, -1.5, 18.2, 49, 0, 0, 1}
	for range 6 {
		var ok bool
		if h, ok = h.Refine(edges); !ok {
			t.Fatal("not determined")
		}
	}
	for i := range h {
		if math.Abs(h[i]-truth[i]) > 1e-6 {
			t.Fatalf("got %v, want %v", h, truth)
		}
	}
	if _, ok := h.Refine(edges[:5]); ok {
		t.Error("five edges determined eight figures")
	}
}
