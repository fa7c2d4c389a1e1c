// Package vision holds what the eye of the appliance reports, in plain numbers: foods with outlines
// and class probabilities, and reference objects. The networks and OpenCV live in vision/opencv, the
// process around them in vision/worker; this package imports neither, so that everybody may read it.
package vision

import (
	"context"

	"foodmassd/internal/geometry"
)

// Stages that an analysis passes, in order, as reported to a progress callback.
const (
	StageDecode    = "decode"
	StageDetect    = "detect"
	StageRecognise = "recognise"
	StageReference = "reference"
)

// DefaultMaxSidePx is the longer side beyond which photos are scaled down for the analysis.
const DefaultMaxSidePx = 1920

// Request names one photo to look at.
type Request struct {
	// Path of a JPEG or PNG file. The file is only read.
	Path string `json:"path"`
	// MaxSidePx is the longest side used for the analysis; larger photos are scaled down. 0:
	// DefaultMaxSidePx.
	MaxSidePx int `json:"max_side_px,omitempty"`
	// PreviewSidePx is the longest side of the Scene's Preview; 0 makes none.
	PreviewSidePx int `json:"preview_side_px,omitempty"`
}

// Scene is what one photo shows. All positions are in pixels of the upright original image (EXIF
// orientation applied), whatever size was analysed.
type Scene struct {
	Width  int `json:"width"`
	Height int `json:"height"`
	// Foods after merging, best first.
	Foods []Food `json:"foods"`
	// FoodDetections counts food detections before overlapping ones were merged.
	FoodDetections int         `json:"food_detections"`
	References     []Reference `json:"references"`
	// TimingsMS is the wall time per stage in milliseconds.
	TimingsMS map[string]float64 `json:"timings_ms"`
	// Models maps the role of a network ("detector", "recogniser") to its name and version.
	Models map[string]string `json:"models"`
	// Preview is a small upright JPEG of the photo, where it was asked for and food was found.
	Preview []byte `json:"preview,omitempty"`
}

// Food is one food found in the photo.
type Food struct {
	// Box is the tight box around the food, refined to the edge.
	Box geometry.Rect `json:"box"`
	// Outline is the food's outer contour, at least three points.
	Outline geometry.Polygon `json:"outline"`
	// Score is the detector's confidence in (0,1] that this is food at all.
	Score float64 `json:"score"`
	// Classes are catalog keys with calibrated probabilities, best first, summing to at most 1;
	// "unknown" takes what belongs to no known food.
	Classes []ClassProbability `json:"classes"`
	// TopView is the probability in [0,1] that the camera looks down on the food.
	TopView float64 `json:"top_view"`
	// Embedding is a unit vector by which foods are told apart that the recogniser was never trained on.
	Embedding []float32 `json:"embedding,omitempty"`
}

// ClassProbability is the probability in [0,1] that a food is Key.
type ClassProbability struct {
	Key         string  `json:"key"`
	Probability float64 `json:"probability"`
	// Likeness is the cosine in [-1,1] of the food's Embedding to what the class looks like.
	Likeness float64 `json:"likeness"`
}

// UnknownKey is the class of a food that is not recognised.
const UnknownKey = "unknown"

// Kinds of reference objects.
const (
	KindCoin  = "coin"
	KindPlate = "plate"
	KindCard  = "qr_card"
)

// Reference is one object found in the photo whose size a card tells itself and the configuration for the
// others.
type Reference struct {
	Kind string        `json:"kind"`
	Box  geometry.Rect `json:"box"`
	// Ellipse is the refined edge of a round reference; nil when the edge fit failed, and then
	// Box is all there is.
	Ellipse *geometry.Ellipse `json:"ellipse,omitempty"`
	// Square is a card's code with the size that it tells; nil for every other kind.
	Square *geometry.Square `json:"square,omitempty"`
	// Confidence in (0,1] that this is such an object.
	Confidence float64 `json:"confidence"`
}

// Seer looks at one photo at a time. progress, which may be nil, is called with each Stage as it
// begins. Errors carry a fault.Code: fault.Undecodable for a photo that cannot be read,
// fault.WorkerFailed when the process behind it died, hung past ctx's deadline or answered nonsense.
type Seer interface {
	See(ctx context.Context, r Request, progress func(stage string)) (Scene, error)
}
