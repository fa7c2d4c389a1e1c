package api

import (
	"mime/multipart"

	"foodmassd/internal/counter"
	"foodmassd/internal/fault"
)

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
		f.submission.Weight = counter.WeightOf(s.Scale)
	}
}
