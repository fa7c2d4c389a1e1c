package api

import (
	"mime/multipart"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

// Weigher tells what lies on the scale right now.
type Weigher interface {
	// Food returns the net grams of the food at rest, and what their source (a container's mass) adds to
	// the scale's own standard uncertainty in grams. ok is false while nothing rests, the scale is at
	// fault, or less lies on it than a food weighs.
	Food() (g, sdG float64, ok bool)
}

// MinFoodG is the least net load in grams that is taken for food: below it lie crumbs and drift.
const MinFoodG = 5

// Values of the form field scale.
const (
	scaleUse    = "use"
	scaleIgnore = "ignore"
)

// weight takes the word whether the scale counts for this photo.
func (f *form) weight(part *multipart.Part) error {
	value, ok, err := field(part)
	if err != nil || ok && value == "" {
		return err
	}
	if !ok || value != scaleUse && value != scaleIgnore {
		return fault.New(fault.BadScale, "read scale", nil)
	}
	f.scale = value
	return nil
}

// weigh adds what lies on the scale now that the photo has arrived, where it counts: when the client says
// so, and else only for the appliance's own camera, because any other photo may show another plate.
func (s *Server) weigh(f *form) {
	unasked := f.scale == "" && f.submission.FixedCamera && s.Scale != nil
	if f.scale == scaleUse || unasked {
		f.submission.Weight = weightOf(s.Scale)
	}
}

// weightOf reads a scale that counts; nil is one that is not there.
func weightOf(scale Weigher) task.Weight {
	if scale != nil {
		if g, sd, ok := scale.Food(); ok && g >= MinFoodG {
			return task.Weight{ScaleG: &g, ScaleSDG: sd}
		}
	}
	return task.Weight{ScaleMissing: true}
}
