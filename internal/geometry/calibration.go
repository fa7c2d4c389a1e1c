package geometry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Calibration is what a fixed camera over the counter is known by: a card that lay in the counter's
// plane once.
type Calibration struct {
	// Square is the card's code, in pixels of a photo of Width × Height.
	Square Square `json:"square"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	// TakenAt is when the calibration was made.
	TakenAt time.Time `json:"taken_at"`
}

// What a card has to show to be calibrated with, so that the scale holds over the counter around it.
const (
	minCalibrationPx  = 100   // side of the square
	maxCalibrationRMS = 0.004 // of the side
	maxCalibrationSD  = 0.05  // of the scale in the middle of the photo
)

// Check says in English what is wrong with a calibration and what to do, nil when it serves.
func (c Calibration) Check() error {
	p, ok := PlaneOf(c.Square)
	if !ok || c.Width < 1 || c.Height < 1 || c.Width > 1e5 || c.Height > 1e5 {
		return errors.New("the card's corners make no square; take the photo again")
	}
	side := math.Sqrt(Polygon(c.Square.Corners[:]).Area())
	if side < minCalibrationPx {
		return fmt.Errorf("the card is only %.0f pixels wide, %d are needed; print a larger one (reference-card --size-mm) or take a larger photo", side, minCalibrationPx)
	}
	if c.Square.RMSPx > maxCalibrationRMS*side {
		return fmt.Errorf("the card's edges lie %.1f pixels off a plane square; lay it flat, keep the camera still and in focus", c.Square.RMSPx)
	}
	s, ok := p.At(Point{float64(c.Width) / 2, float64(c.Height) / 2})
	if !ok || s.RelSD > maxCalibrationSD {
		return errors.New("the card lies too far from the middle of the photo to tell the scale there; lay it in the middle or print a larger one")
	}
	return nil
}

// maxAspectError is how far two photos of one camera may differ in shape: a pixel of rounding.
const maxAspectError = 0.005

// Plane returns the counter in a photo of another size by the same camera; ok is false when the photo has
// another shape, and so was cropped, turned or taken otherwise.
func (c Calibration) Plane(width, height int) (p *Plane, ok bool) {
	by := float64(width) / float64(c.Width)
	if !(math.Abs(by*float64(c.Height)/float64(height)-1) <= maxAspectError) {
		return nil, false
	}
	return PlaneOf(c.Square.Scaled(by))
}

// ParseCalibration reads a calibration as json.Marshal writes it; one that Check refuses is an error.
func ParseCalibration(text []byte) (c Calibration, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("read camera calibration: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return c, errors.New("read camera calibration: more follows it")
	}
	if err := c.Check(); err != nil {
		return c, fmt.Errorf("camera calibration: %w", err)
	}
	return c, nil
}
