package geometry

import "math"

// Measures is one food in millimetres, as if everything lay where the reference lies.
type Measures struct {
	WidthMM, HeightMM float64 // sides of the tight box
	AreaMM2           float64 // area inside the outline
}

// fillOfEllipse is the share of its box that an ellipse covers.
const fillOfEllipse = math.Pi / 4

// Measure converts a food's box and outline to millimetres. An outline that cannot belong to the box
// (empty, a sliver, or larger than the box) is replaced by the ellipse inside the box. ok is false for
// a box without extent.
func Measure(box Rect, outline Polygon, s Scale) (m Measures, ok bool) {
	w, h := box.Width*s.MMPerPx, box.Height*s.MMPerPx
	if !(w > 0 && h > 0) || math.IsInf(w*h, 0) {
		return Measures{}, false
	}
	area := outline.Area()
	if !(area >= 0.2*box.Area() && area <= 1.05*box.Area()) {
		area = fillOfEllipse * box.Area()
	}
	return Measures{WidthMM: w, HeightMM: h, AreaMM2: area * s.MMPerPx * s.MMPerPx}, true
}

// LongMM is the longer side of the box.
func (m Measures) LongMM() float64 { return math.Max(m.WidthMM, m.HeightMM) }

// ShortMM is the shorter side of the box.
func (m Measures) ShortMM() float64 { return math.Min(m.WidthMM, m.HeightMM) }
