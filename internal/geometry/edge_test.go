package geometry

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// scene renders an ellipse with 8×8 samples per pixel; shade gives the brightness at a position that
// lies in the disc at radius r (1 is the rim) or outside (r > 1).
func scene(width, height int, e Ellipse, shade func(x, y, r float64) float64, noise float64) GreyPlane {
	const samples = 8
	random := rand.New(rand.NewPCG(7, 7))
	p := GreyPlane{make([]byte, width*height), width, height}
	s, c := math.Sincos(e.Angle)
	for i := range p.Pixels {
		var sum float64
		for k := range samples * samples {
			x := float64(i%width) + (float64(k%samples)+0.5)/samples
			y := float64(i/width) + (float64(k/samples)+0.5)/samples
			dx, dy := x-e.Center.X, y-e.Center.Y
			u, v := (c*dx+s*dy)/(e.Major/2), (c*dy-s*dx)/(e.Minor/2)
			sum += shade(x, y, math.Hypot(u, v))
		}
		v := sum/(samples*samples) + noise*random.NormFloat64()
		p.Pixels[i] = byte(math.Max(0, math.Min(255, math.Round(v))))
	}
	return p
}

func plain(x, y, r float64) float64 {
	if r < 1 {
		return 180
	}
	return 90
}

// embossed has an inner ring stronger than most of the rim, and a motif.
func embossed(x, y, r float64) float64 {
	switch {
	case r > 1:
		return 110
	case r > 0.88:
		return 190
	case r > 0.84:
		return 140
	}
	return 170 + 25*math.Sin(x/3)*math.Cos(y/4)
}

// shadowed has a dark shadow of another shape on one side, touching the rim.
func shadowed(x, y, r float64) float64 {
	if r < 1 {
		return 170
	}
	if r < 1.25 && x+y > 210 {
		return 40
	}
	return 120
}

func TestRimOfARenderedCoinIsFoundWithinHalfAPercent(t *testing.T) {
	for name, shade := range map[string]func(x, y, r float64) float64{
		"plain": plain, "embossed": embossed, "shadowed": shadowed,
	} {
		for _, e := range []Ellipse{
			{Point{100.3, 99.6}, 60, 60, 0},
			{Point{101, 100}, 120, 78, 0.1},
			{Point{98.5, 101.2}, 90, 72, 0.8},
			{Point{100, 100}, 130, 128, -1.2},
		} {
			t.Run(fmt.Sprintf("%s/%.0fx%.0f", name, e.Major, e.Minor), func(t *testing.T) {
				p := scene(200, 200, e, shade, 6)
				near := e.Bounds() // as loose and displaced as a detector's box
				near = Rect{near.X - 0.05*near.Width, near.Y - 0.01*near.Height, near.Width * 1.08, near.Height * 1.04}
				got, ok := FitRim(p, near)
				if !ok {
					t.Fatal("no rim found")
				}
				if math.Abs(got.Major/e.Major-1) > 0.005 || math.Abs(got.Minor/e.Minor-1) > 0.005 {
					t.Errorf("axes %.2f × %.2f, want %.2f × %.2f", got.Major, got.Minor, e.Major, e.Minor)
				}
				if d := math.Hypot(got.Center.X-e.Center.X, got.Center.Y-e.Center.Y); d > 0.3 {
					t.Errorf("centre is %.2f px off", d)
				}
				if turn := math.Remainder(got.Angle-e.Angle, math.Pi); e.Minor < 0.9*e.Major && math.Abs(turn) > 0.03 {
					t.Errorf("angle %.3f, want %.3f", got.Angle, e.Angle)
				}
			})
		}
	}
}

func TestNoRimIsFoundWhereThereIsNone(t *testing.T) {
	flat := func(x, y, r float64) float64 { return 120 }
	corner := func(x, y, r float64) float64 {
		if x > 100 && y > 90 {
			return 200
		}
		return 50
	}
	e := Ellipse{Point{100, 100}, 80, 80, 0}
	for name, p := range map[string]GreyPlane{
		"flat":        scene(200, 200, e, flat, 0),
		"noise":       scene(200, 200, e, flat, 12),
		"corner":      scene(200, 200, e, corner, 3),
		"empty":       {},
		"short plane": {Pixels: make([]byte, 10), Width: 200, Height: 200},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := FitRim(p, Rect{55, 55, 90, 90}); ok {
				t.Errorf("found %+v", got)
			}
		})
	}
	if got, ok := FitRim(scene(200, 200, e, plain, 0), Rect{170, 150, 90, 90}); ok {
		t.Errorf("outside the image: found %+v", got)
	}
}
