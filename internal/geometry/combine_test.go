package geometry

import (
	"math"
	"testing"
)

// card is the cue of the square of tilted, 2 px/mm in the middle.
func card(t *testing.T, angle float64) Cue {
	t.Helper()
	p, ok := PlaneOf(tilted(angle, 0, 0))
	if !ok {
		t.Fatal("no plane")
	}
	c, ok := PlaneCue(p, 0, 1)
	if !ok {
		t.Fatal("no cue")
	}
	return c
}

// lying is a coin on the counter of tilted, told diff times as large as it is.
func lying(angle float64, mm Point, diff, sd float64) Cue {
	p, _ := PlaneOf(tilted(angle, 0, 0))
	at := seenAt(angle, mm)
	s, _ := p.At(at)
	return Cue{At: at, Scale: Scale{MMPerPx: s.MMPerPx * diff, RelSD: sd}, Rank: 1, Confidence: 1}
}

func TestTheBetterKindLeadsAndTheOtherIsHeldAgainstItWhereItLies(t *testing.T) {
	// Far down the tilted counter a pixel is 15 % smaller than at the card; the coin there agrees all the same.
	c := lying(0.7, Point{0, 90}, 1.005, 0.004)
	f, ok := Combine([]Cue{c, card(t, 0.7)})
	if !ok || f.Lead != 1 || f.Used != 2 || len(f.Against) != 0 {
		t.Fatalf("%+v", f)
	}
	s, ok := f.Under(Rect{c.At.X - 10, c.At.Y - 20, 20, 20})
	alone, _ := Combine([]Cue{card(t, 0.7)})
	a, _ := alone.Under(Rect{c.At.X - 10, c.At.Y - 20, 20, 20})
	if r := s.MMPerPx / a.MMPerPx; !ok || r < 1.001 || r > 1.005 || s.RelSD >= a.RelSD {
		t.Errorf("with the coin %v, without %v", s, a)
	}
}

func TestAContradictionOver15PercentIsNamedAndWidens(t *testing.T) {
	alone, _ := Combine([]Cue{card(t, 0)})
	sure, _ := alone.Under(Rect{490, 490, 20, 20})
	for _, tc := range []struct {
		diff  float64
		named bool
	}{{1.18, true}, {1 / 1.18, true}, {1.12, false}} {
		f, _ := Combine([]Cue{card(t, 0), lying(0, Point{50, 50}, tc.diff, 0.012)})
		s, _ := f.Under(Rect{490, 490, 20, 20})
		if f.Used != 1 || (len(f.Against) == 1) != tc.named || math.Abs(s.MMPerPx/sure.MMPerPx-1) > 1e-9 || s.RelSD < 5*sure.RelSD {
			t.Errorf("%g times: %+v, %v alone, %v", tc.diff, f, sure, s)
		}
		if tc.named && math.Abs(f.Against[0].Share-0.18) > 1e-6 {
			t.Errorf("%g times: %g", tc.diff, f.Against[0].Share)
		}
	}
}

func TestAnUnsureReferenceThatIsOffIsNoContradiction(t *testing.T) {
	f, _ := Combine([]Cue{card(t, 0), lying(0, Point{50, 50}, 1.2, 0.15)})
	if f.Used != 2 || len(f.Against) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestAFoodIsMeasuredWhereItStandsNotWhereItReaches(t *testing.T) {
	for _, tc := range []struct{ angle, y float64 }{{0, 500}, {1.2, 550 - 0.5*100*math.Cos(1.2)}} {
		p, _ := PlaneOf(tilted(tc.angle, 0, 0))
		if at := p.foot(Rect{450, 450, 100, 100}); math.Abs(at.X-500) > 1e-9 || math.Abs(at.Y-tc.y) > 2 {
			t.Errorf("angle %g: %v", tc.angle, at)
		}
	}
}
