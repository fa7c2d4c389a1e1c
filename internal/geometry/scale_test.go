package geometry

import (
	"math"
	"testing"
)

func coin(x, y, major, minor, confidence float64) Round {
	return Round{
		Box:        Rect{x - major/2, y - minor/2, major, minor},
		Ellipse:    &Ellipse{Center: Point{x, y}, Major: major, Minor: minor},
		DiameterMM: 25, Confidence: confidence,
	}
}

// combined is the field of round objects in a photo of 640 × 480 pixels.
func combined(refs []Round) (*Field, bool) {
	var cues []Cue
	for _, r := range refs {
		if c, ok := r.Cue(640, 480); ok {
			cues = append(cues, c)
		}
	}
	return Combine(cues)
}

func TestRoundThingsGiveOneScale(t *testing.T) {
	boxOnly := coin(100, 100, 51.3, 51.3, 1)
	boxOnly.Ellipse = nil
	cutBox := Round{Box: Rect{0, 80, 30, 51.3}, DiameterMM: 25, Confidence: 1}
	plate := coin(300, 300, 200, 200, 1)
	plate.DiameterMM, plate.Raised = 100/1.08, true // its rim looks as if it were 100 mm across
	for name, c := range map[string]struct {
		refs         []Round
		mmPerPx      float64
		loSD, hiSD   float64
		used         int
		tolerancePct float64
	}{
		"one round coin":                     {[]Round{coin(100, 100, 50, 50, 1)}, 0.5, 0.005, 0.03, 1, 0.01},
		"box alone is corrected":             {[]Round{boxOnly}, 0.5, 0.03, 0.05, 1, 0.01},
		"tilted coin: the major axis":        {[]Round{coin(100, 100, 50, 30, 1)}, 0.5, 0.005, 0.03, 1, 0.01},
		"nearly level: the mean axis":        {[]Round{coin(100, 100, 51, 49, 1)}, 0.5, 0.005, 0.03, 1, 0.1},
		"cut off box: what is left of it":    {[]Round{cutBox}, 0.5, 0.15, 0.2, 1, 0.01},
		"two agreeing coins are surer":       {[]Round{coin(100, 100, 50, 50, 1), coin(300, 100, 51, 51, 1)}, 0.495, 0.005, 0.014, 2, 0.1},
		"a contradiction leaves doubt":       {[]Round{coin(100, 100, 50, 50, 0.9), coin(300, 100, 90, 90, 0.5)}, 0.5, 0.2, 0.6, 1, 0.01},
		"two coins outvote a surer thing":    {[]Round{coin(100, 100, 50, 50, 0.6), coin(300, 100, 50, 50, 0.6), coin(400, 300, 90, 90, 0.9)}, 0.5, 0.2, 0.5, 2, 0.01},
		"a cut coin does not mislead":        {[]Round{coin(100, 100, 50, 50, 0.9), cutBox}, 0.5, 0.005, 0.03, 2, 0.1},
		"a plate alone is less sure":         {[]Round{plate}, 0.5, 0.04, 0.05, 1, 0.01},
		"a plate adds little to a coin":      {[]Round{plate, coin(100, 100, 50, 50, 1)}, 0.5, 0.01, 0.016, 2, 0.01},
		"a coin leads, the plate is 8 % off": {[]Round{coin(100, 100, 50, 50, 1), {Box: plate.Box, Ellipse: plate.Ellipse, DiameterMM: 100, Confidence: 1, Raised: true}}, 0.505, 0.01, 0.03, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f, ok := combined(c.refs)
			if !ok {
				t.Fatal("no scale")
			}
			s, ok := f.Under(Rect{300, 200, 50, 50})
			if !ok || math.Abs(s.MMPerPx/c.mmPerPx-1)*100 > c.tolerancePct {
				t.Errorf("scale %v, %v; want %g mm/px", s, ok, c.mmPerPx)
			}
			if s.RelSD < c.loSD || s.RelSD > c.hiSD || f.Used != c.used {
				t.Errorf("RelSD %g, used %d; want %g…%g, %d", s.RelSD, f.Used, c.loSD, c.hiSD, c.used)
			}
		})
	}
}

func TestWhatCannotBeMeasuredGivesNoScale(t *testing.T) {
	for name, r := range map[string]Round{
		"no size":      {Box: Rect{10, 10, 50, 50}, Confidence: 1},
		"no extent":    {Box: Rect{10, 10, 0, 0}, DiameterMM: 25, Confidence: 1},
		"not a number": {Box: Rect{10, 10, math.NaN(), 50}, DiameterMM: 25, Confidence: 1},
		"infinite":     {Box: Rect{10, 10, math.Inf(1), 50}, DiameterMM: 25, Confidence: 1},
	} {
		if c, ok := r.Cue(640, 480); ok {
			t.Errorf("%s: got %v", name, c)
		}
	}
	if _, ok := Combine(nil); ok {
		t.Error("no reference gave a scale")
	}
}

func TestMeasure(t *testing.T) {
	box := Rect{10, 20, 40, 20}
	square := Polygon{{10, 20}, {50, 20}, {50, 40}, {10, 40}}
	s := Scale{MMPerPx: 2}
	for name, c := range map[string]struct {
		outline Polygon
		area    float64
	}{
		"outline":                        {square, 3200},
		"no outline: ellipse in the box": {nil, 3200 * math.Pi / 4},
		"sliver: ellipse in the box":     {Polygon{{10, 20}, {50, 20}, {50, 21}}, 3200 * math.Pi / 4},
	} {
		m, ok := Measure(box, c.outline, s)
		if !ok || m.WidthMM != 80 || m.HeightMM != 40 || math.Abs(m.AreaMM2-c.area) > 1e-9 {
			t.Errorf("%s: %+v, %v; want area %g", name, m, ok, c.area)
		}
	}
	if _, ok := Measure(Rect{1, 1, 0, 5}, nil, s); ok {
		t.Error("a box without extent was measured")
	}
}
