package cardreader

import (
	"math"
	"testing"

	"foodmassd/internal/card"
	"foodmassd/internal/geometry"
)

const degree = math.Pi / 180

// off compares a card with what was drawn: the largest error of a corner in pixels, and the relative
// error of the square's side.
func off(v view, s geometry.Square) (cornerPX, length float64) {
	var drawn geometry.Polygon
	for i, c := range [4]geometry.Point{{}, {X: card.Modules}, {X: card.Modules, Y: card.Modules}, {Y: card.Modules}} {
		q, _ := v.modules().Map(c)
		drawn = append(drawn, q)
		cornerPX = math.Max(cornerPX, math.Hypot(q.X-s.Corners[i].X, q.Y-s.Corners[i].Y))
	}
	return cornerPX, math.Abs(math.Sqrt(geometry.Polygon(s.Corners[:]).Area()/drawn.Area()) - 1)
}

func TestAccuracyOverSizeAndTilt(t *testing.T) {
	for _, size := range []float64{50, 70, 100, 200, 400} {
		for _, tilt := range []float64{0, 30, 45} {
			var corner, length float64
			found, turns := 0, 0
			for turn := 0.2; turn < 2*math.Pi; turn += 2.1 {
				v := typical(size, tilt*degree, turn)
				turns++
				for _, s := range Read(v.render("FM1:40.0")) {
					if s.SideMM == 40 {
						found++
					}
					c, l := off(v, s)
					corner, length = math.Max(corner, c), math.Max(length, l)
				}
			}
			t.Logf("%3.0f px, tilt %2.0f°: %d of %d read, corners within %.2f px, length within %.2f %%", size, tilt, found, turns, corner, 100*length)
			if found != turns || corner > 0.3 || length > 0.005 {
				t.Errorf("%g px, tilt %g°: %d of %d read, corners %.3f px, length %.2f %% off", size, tilt, found, turns, corner, 100*length)
			}
		}
	}
}

func TestACardIsReadInPoorLight(t *testing.T) {
	for name, change := range map[string]func(*view){
		"shadow":   func(v *view) { v.shadow = true },
		"dim":      func(v *view) { v.dark, v.light = 20, 70 },
		"faded":    func(v *view) { v.dark, v.light = 110, 190 },
		"noisy":    func(v *view) { v.noise = 6 },
		"blurred":  func(v *view) { v.blur = 2.5 },
		"no noise": func(v *view) { v.noise, v.blur = 0, 0.3 },
	} {
		v := typical(150, 30*degree, 0.5)
		change(&v)
		got := Read(v.render("FM1:62.5"))
		if len(got) != 1 || got[0].SideMM != 62.5 {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		if c, l := off(v, got[0]); c > 1 || l > 0.005 {
			t.Errorf("%s: corners %.2f px, length %.2f %% off", name, c, 100*l)
		}
	}
}

func TestOnlyACardsTextCounts(t *testing.T) {
	v := typical(150, 0.2, 0.5)
	for _, text := range []string{"HTTP://A.B", "FM1:400.0", "12345"} {
		if got := Read(v.render(text)); len(got) != 0 {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestACardCutByTheBorderIsNotMeasured(t *testing.T) {
	v := typical(150, 0, 0)
	v.center.X = 70
	if got := Read(v.render("FM1:40.0")); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// plain is a photo without a card: soft shapes and the noise of a camera.
func plain(width, height int) geometry.GreyPlane {
	p := geometry.GreyPlane{Pixels: make([]byte, width*height), Width: width, Height: height}
	noise := uint32(1)
	for i := range p.Pixels {
		noise = noise*1664525 + 1013904223
		x, y := float64(i%width), float64(i/width)
		p.Pixels[i] = byte(120 + 60*math.Sin(x/31)*math.Cos(y/43) + float64(noise>>24)/40)
	}
	return p
}

func TestNothingIsReadWhereThereIsNoCard(t *testing.T) {
	for name, p := range map[string]geometry.GreyPlane{
		"soft shapes": plain(320, 240),
		"flat":        {Pixels: make([]byte, 10000), Width: 100, Height: 100},
		"line":        {Pixels: make([]byte, 3000), Width: 3000, Height: 1},
		"empty":       {},
		"short":       {Pixels: make([]byte, 10), Width: 100, Height: 100},
	} {
		if got := Read(p); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	v := typical(60, 0.3, 0.4)
	f.Add(v.render("FM1:40.0").Pixels, v.width)
	f.Add(plain(40, 30).Pixels, 40)
	f.Fuzz(func(t *testing.T, pixels []byte, width int) {
		if width < 1 || width > 2000 || len(pixels) > 1<<16 {
			return
		}
		for _, s := range Read(geometry.GreyPlane{Pixels: pixels, Width: width, Height: len(pixels) / width}) {
			if !card.ValidSide(s.SideMM) || !(s.CornerSDPx > 0) {
				t.Errorf("%+v", s)
			}
		}
	})
}

func BenchmarkReadWithoutACard(b *testing.B) {
	p := plain(1920, 1440)
	for b.Loop() {
		Read(p)
	}
}

func BenchmarkReadACard(b *testing.B) {
	p := typical(200, 30*degree, 0.4).render("FM1:40.0")
	for b.Loop() {
		Read(p)
	}
}
