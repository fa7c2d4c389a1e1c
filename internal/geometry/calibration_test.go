package geometry

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// calibration is of a card of 120 mm in the middle of a photo of 1000 × 1000.
func calibration() Calibration {
	s := tilted(0.4, 0, 0)
	for i, c := range [4]Point{{-60, -60}, {60, -60}, {60, 60}, {-60, 60}} {
		s.Corners[i] = seenAt(0.4, c)
	}
	s.SideMM, s.RMSPx = 120, 0.1
	return Calibration{Square: s, Width: 1000, Height: 1000, TakenAt: time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)}
}

func TestACalibrationServesPhotosOfAnySizeButOneShape(t *testing.T) {
	c := calibration()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseCalibration(text)
	if err != nil || read != c {
		t.Fatalf("%+v, %v", read, err)
	}
	whole, _ := c.Plane(1000, 1000)
	half, ok := c.Plane(500, 501)
	if !ok {
		t.Fatal("no plane in half the size")
	}
	a, _ := whole.At(Point{300, 700})
	b, _ := half.At(Point{150, 350})
	if math.Abs(b.MMPerPx/a.MMPerPx-2) > 1e-9 {
		t.Errorf("%v and %v", a, b)
	}
	if _, ok := c.Plane(1000, 750); ok {
		t.Error("a photo of another shape is measured")
	}
}

func TestABadCalibrationIsRefusedWithWhatToDo(t *testing.T) {
	for want, spoil := range map[string]func(c *Calibration){
		"no square":     func(c *Calibration) { c.Square.Corners[0] = c.Square.Corners[2] },
		"print a large": func(c *Calibration) { *c = Calibration{Square: c.Square.Scaled(0.3), Width: 300, Height: 300} },
		"lay it flat":   func(c *Calibration) { c.Square.RMSPx = 2 },
		"in the middle": func(c *Calibration) { c.Square.CornerSDPx = 20 },
		"take the phot": func(c *Calibration) { c.Height = 0 },
	} {
		c := calibration()
		if err := c.Check(); err != nil {
			t.Fatalf("before: %v", err)
		}
		spoil(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func FuzzParseCalibration(f *testing.F) {
	text, err := json.Marshal(calibration())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"square":{"corners":[{},{},{},{}]},"width":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseCalibration(text)
		if err != nil {
			return
		}
		if p, ok := c.Plane(c.Width, c.Height); !ok || p == nil {
			t.Errorf("accepted, but no plane: %+v", c)
		}
	})
}
