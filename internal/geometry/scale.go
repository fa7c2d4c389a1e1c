package geometry

import "math"

// Round is one round reference object of known size seen in a photo.
type Round struct {
	// Box around it, in pixels.
	Box Rect
	// Ellipse is its refined edge, nil when only the box is known.
	Ellipse *Ellipse
	// DiameterMM is its known size in mm.
	DiameterMM float64
	// Confidence in (0,1] that it is that object.
	Confidence float64
	// Raised tells that its rim lies above the counter, as a plate's does.
	Raised bool
}

// Scale is the metric scale at a place in a photo.
type Scale struct {
	// MMPerPx is millimetres per pixel on the counter there.
	MMPerPx float64
	// RelSD is the relative standard uncertainty of MMPerPx.
	RelSD float64
}

// MinCoinMM and MaxCoinMM bound the diameters of coins that are believed, in mm: the smallest coins in
// use measure about 15, the largest about 40.
const MinCoinMM, MaxCoinMM = 10, 50

// ValidCoin reports whether a coin's diameter in mm is believed; a NaN is not.
func ValidCoin(mm float64) bool { return mm >= MinCoinMM && mm <= MaxCoinMM }

// MinPlateMM and MaxPlateMM bound the diameters of plates that are believed, in mm.
const MinPlateMM, MaxPlateMM = 100, 400

// ValidPlate reports whether a plate's diameter in mm is believed; a NaN is not.
func ValidPlate(mm float64) bool { return mm >= MinPlateMM && mm <= MaxPlateMM }

// Relative standard uncertainties of a diameter, measured on ECUSTFD coins against their outlines.
const (
	ellipseSD = 0.012 // refined edge
	boxSD     = 0.03  // box alone
	cutSD     = 0.15  // part of the reference lies outside the photo
	// raised is by how much a plate's rim, nearer to the camera than the counter, looks larger than the
	// plate is, raisedSD by how much that varies with the camera's distance: measured by the coins beside
	// 156 white ECUSTFD plates of 207 mm from above (red ones of 187 mm: 1.045).
	raised   = 1.08
	raisedSD = 0.04
	edgePx   = 0.5 // reading error of a diameter in pixels

	// boxLoose is by how much boxes of coins are wider than the coin (ECUSTFD labels, on which the
	// detector was trained: 2.6 %).
	boxLoose = 1.026
	// borderPx is how close to the photo's border a reference counts as cut off.
	borderPx = 1.5
)

// Cue returns the scale that the object gives in a photo of width × height pixels; ok is false when it
// cannot be measured.
func (r Round) Cue(width, height int) (c Cue, ok bool) {
	c.At = Point{r.Box.X + r.Box.Width/2, r.Box.Y + r.Box.Height/2}
	c.Confidence = r.Confidence
	c.Scale, ok = r.scale(float64(width), float64(height))
	return c, ok
}

func (r Round) scale(width, height float64) (Scale, bool) {
	major, minor, sd := math.Max(r.Box.Width, r.Box.Height), math.Min(r.Box.Width, r.Box.Height), boxSD
	cut := r.Box.X < borderPx || r.Box.Y < borderPx ||
		r.Box.X+r.Box.Width > width-borderPx || r.Box.Y+r.Box.Height > height-borderPx
	switch {
	case r.Ellipse != nil:
		major, minor, sd = r.Ellipse.Major, r.Ellipse.Minor, ellipseSD
	case cut:
		// Only the longer side of what is left can still be the diameter.
		minor = major
		fallthrough
	default:
		major, minor = major/boxLoose, minor/boxLoose
	}
	if cut {
		sd = cutSD
	}
	size := r.DiameterMM
	if r.Raised {
		size, sd = size*raised, math.Hypot(sd, raisedSD)
	}
	if !(minor > 2 && major >= minor && r.DiameterMM > 0 && r.Confidence > 0) || math.IsInf(major, 0) {
		return Scale{}, false
	}
	px := apparentDiameter(major, minor)
	return Scale{
		MMPerPx: size / px,
		RelSD:   math.Hypot(sd, edgePx/px) / math.Sqrt(math.Min(1, r.Confidence)),
	}, true
}

// apparentDiameter is the diameter in pixels that stands for the known one. Near the vertical the
// geometric mean of the axes averages the reading error (on ECUSTFD it serves both views better than
// either axis, also where the coin leans upright and its aspect is not the camera's tilt); once the
// tilt is real, only the major axis is free of foreshortening. In between it passes smoothly from one
// to the other.
func apparentDiameter(major, minor float64) float64 {
	const tilted, level = 0.75, 0.9
	aspect := minor / major
	share := math.Min(1, math.Max(0, (aspect-tilted)/(level-tilted)))
	return major * math.Pow(aspect, share/2)
}
