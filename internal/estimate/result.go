package estimate

// Result is data.result of task.completed, and "result" of the command line's JSON Lines.
type Result struct {
	Filename        string             `json:"filename"`
	DetectedObjects DetectedObjects    `json:"detected_objects"`
	MassEstimation  MassEstimation     `json:"mass_estimation"`
	References      []Reference        `json:"references"`
	ScaleSource     string             `json:"scale_source"`
	ScaleReadingG   *float64           `json:"scale_reading_g"`
	ScaleStatus     string             `json:"scale_status"`
	Image           ImageSize          `json:"image"`
	TimingsMS       map[string]float64 `json:"timings_ms"`
	Model           map[string]string  `json:"model"`
	// Message is the Korean closing sentence, e.g. that no food was found; it becomes data.message.
	Message string `json:"-"`
}

// DetectedObjects counts detections; Food before overlapping ones were merged.
type DetectedObjects struct {
	Food             int `json:"food"`
	ReferenceObjects int `json:"reference_objects"`
}

// MassEstimation lists the foods; TotalMassG is the sum of their masses in grams.
type MassEstimation struct {
	Foods      []Food  `json:"foods"`
	TotalMassG float64 `json:"total_mass_g"`
	FoodCount  int     `json:"food_count"`
	// TotalIntervalG is the 90 % interval of the total in grams.
	TotalIntervalG [2]float64 `json:"total_interval_g"`
}

// Food is one food with its grams. Masses are rounded to 0.1 g. Confidence is the probability that
// EstimatedMassG lies within 20 % of the truth.
type Food struct {
	FoodName           string       `json:"food_name"`
	FoodNameEn         string       `json:"food_name_en"`
	FoodKey            string       `json:"food_key"`
	EstimatedMassG     float64      `json:"estimated_mass_g"`
	MassIntervalG      [2]float64   `json:"mass_interval_g"`
	Confidence         float64      `json:"confidence"`
	VerificationMethod string       `json:"verification_method"`
	Reasoning          string       `json:"reasoning"`
	BBox               BBox         `json:"bbox"`
	Outline            [][2]float64 `json:"outline"`
	VolumeCM3          *float64     `json:"volume_cm3"`
	AreaCM2            *float64     `json:"area_cm2"`
}

// BBox is a box in pixels of the upright original image.
type BBox struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Reference is one reference object found; SizeMM its known size: the diameter of a coin or plate, the side
// of a card's code.
type Reference struct {
	Kind       string  `json:"kind"`
	BBox       BBox    `json:"bbox"`
	SizeMM     float64 `json:"size_mm"`
	Confidence float64 `json:"confidence"`
}

// ImageSize is the upright original's size in pixels.
type ImageSize struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Values of Food.VerificationMethod, best first.
const (
	ScaleVerification      = "scale_verification"
	MultimodalVerification = "multimodal_verification"
	ReferenceScaled        = "reference_scaled"
	ClassPrior             = "class_prior"
)

// Values of Result.ScaleStatus: what became of the load cell's reading.
const (
	ScaleNotAsked     = "not_asked"    // the photo came without one
	ScaleUsed         = "used"         // the foods' masses meet it
	ScaleContradicted = "contradicted" // it does not go with the foods seen; they stay as seen
	ScaleWithoutFood  = "without_food" // no food was seen that it could be of
	ScaleUnavailable  = "unavailable"  // it was to count, and nothing was at rest
)

// Values of Result.ScaleSource, best first: what leads where several things give a scale.
const (
	ScaleFromCamera = "calibrated_camera"
	ScaleFromCard   = "qr_card"
	ScaleFromCoin   = "coin"
	ScaleFromPlate  = "plate"
	ScaleNone       = "none"
)
