package geometry

import (
	"math"
	"sort"
)

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
}

// Scale is the metric scale of a photo.
type Scale struct {
	// MMPerPx is millimetres per pixel where the reference lies.
	MMPerPx float64
	// RelSD is the relative standard uncertainty of MMPerPx.
	RelSD float64
	// Used counts the references that agreed and were averaged, LeftOut those that contradicted them.
	Used, LeftOut int
}

// MinCoinMM and MaxCoinMM bound the diameters of coins that are believed, in mm: the smallest coins in
// use measure about 15, the largest about 40.
const MinCoinMM, MaxCoinMM = 10, 50

// ValidCoin reports whether a coin's diameter in mm is believed; a NaN is not.
func ValidCoin(mm float64) bool { return mm >= MinCoinMM && mm <= MaxCoinMM }

// Relative standard uncertainties of a diameter, measured on ECUSTFD coins against their outlines.
const (
	ellipseSD = 0.012 // refined edge
	boxSD     = 0.03  // box alone
	cutSD     = 0.15  // part of the reference lies outside the photo
	edgePx    = 0.5   // reading error of a diameter in pixels

	// boxLoose is by how much boxes of coins are wider than the coin (ECUSTFD labels, on which the
	// detector was trained: 2.6 %).
	boxLoose = 1.026
	// borderPx is how close to the photo's border a reference counts as cut off.
	borderPx = 1.5
)

// ScaleFrom combines round references into one scale for a photo of width × height pixels. The largest
// group that agrees, among equals that around the surest, is averaged by uncertainty. Those that
// contradict it are left out, but one of them may be the real one: RelSD then spans both. ok is false
// when no reference is usable.
func ScaleFrom(refs []Round, width, height int) (s Scale, ok bool) {
	var all []Scale
	for _, r := range refs {
		if one, ok := r.scale(float64(width), float64(height)); ok {
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return Scale{}, false
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].RelSD < all[j].RelSD })
	lead := all[0]
	for _, one := range all[1:] {
		if one.support(all) > lead.support(all) {
			lead = one
		}
	}
	var sum, weight, spread, outside, outsideSpread float64
	for _, one := range all {
		d, w := math.Log(one.MMPerPx/lead.MMPerPx), one.weight()
		if !one.agrees(lead) {
			outside, outsideSpread = outside+w, outsideSpread+w*d*d
			s.LeftOut++
			continue
		}
		sum, weight, spread = sum+w*d, weight+w, spread+w*d*d
		s.Used++
	}
	mean := sum / weight
	s.MMPerPx = lead.MMPerPx * math.Exp(mean)
	// Coins that scatter more than they should make the mean worse than its weights say.
	excess := math.Sqrt(math.Max(1, (spread/weight-mean*mean)*weight/math.Max(1, float64(s.Used-1))))
	s.RelSD = math.Hypot(excess/math.Sqrt(weight), math.Sqrt(outsideSpread/(weight+outside)))
	return s, true
}

func (s Scale) weight() float64 { return 1 / (s.RelSD * s.RelSD) }

func (s Scale) agrees(t Scale) bool {
	return math.Abs(math.Log(s.MMPerPx/t.MMPerPx)) <= 3*math.Hypot(s.RelSD, t.RelSD)
}

// support counts those that agree with s.
func (s Scale) support(all []Scale) (n int) {
	for _, t := range all {
		if s.agrees(t) {
			n++
		}
	}
	return n
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
	if !(minor > 2 && major >= minor && r.DiameterMM > 0 && r.Confidence > 0) || math.IsInf(major, 0) {
		return Scale{}, false
	}
	px := apparentDiameter(major, minor)
	return Scale{
		MMPerPx: r.DiameterMM / px,
		RelSD:   math.Hypot(sd, edgePx/px) / math.Sqrt(math.Min(1, r.Confidence)),
		Used:    1,
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
