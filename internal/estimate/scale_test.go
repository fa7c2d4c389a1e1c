package estimate

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

// squareOf is a code of side pixels seen from straight above.
func squareOf(x, y, side, sideMM float64) *geometry.Square {
	return &geometry.Square{SideMM: sideMM, CornerSDPx: 0.1, RMSPx: 0.1,
		Corners: [4]geometry.Point{{X: x, Y: y}, {X: x + side, Y: y}, {X: x + side, Y: y + side}, {X: x, Y: y + side}}}
}

// cardOf is a card of 40 mm at 0.5 mm per pixel, as coin is one of 25 mm, or diff times as large.
func cardOf(diff float64) vision.Reference {
	side := 80 / diff
	return vision.Reference{Kind: vision.KindCard, Confidence: 0.999, Square: squareOf(600, 400, side, 40),
		Box: geometry.Rect{X: 600, Y: 400, Width: side, Height: side}}
}

// plate of 200 mm, whose raised rim looks 8 % larger.
var plate = vision.Reference{Kind: vision.KindPlate, Confidence: 0.9, Box: geometry.Rect{X: 184, Y: 34, Width: 432, Height: 432},
	Ellipse: &geometry.Ellipse{Center: geometry.Point{X: 400, Y: 250}, Major: 432, Minor: 432}}

func estimateOf(t *testing.T, e *Estimator, in Input) *Result {
	t.Helper()
	r, err := e.Estimate(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEachReferenceGivesTheSameMass(t *testing.T) {
	apple := seen("apple", 0.97, 300, 195, 1)
	want := result(t, scene([]vision.Reference{coin}, apple), Input{}).MassEstimation.TotalMassG
	known := &geometry.Calibration{Square: *squareOf(800, 600, 400, 100), Width: 1632, Height: 1224}
	for name, c := range map[string]struct {
		references []vision.Reference
		source     string
		reason     string
		listed     int
	}{
		"card":            {[]vision.Reference{cardOf(1)}, ScaleFromCard, "한 변 40.0mm 카드를 기준으로", 1},
		"card over coin":  {[]vision.Reference{coin, cardOf(1)}, ScaleFromCard, "카드를", 2},
		"plate":           {[]vision.Reference{plate}, ScaleFromPlate, "지름 200.0mm 접시를 기준으로", 1},
		"coin over plate": {[]vision.Reference{plate, coin}, ScaleFromCoin, "동전을", 2},
		"camera over all": {[]vision.Reference{plate, coin, cardOf(1)}, ScaleFromCamera, "보정된 카메라를 기준으로", 3},
		"camera alone":    {nil, ScaleFromCamera, "보정된 카메라를", 0},
	} {
		e := estimator(t, fixedEye{scene: scene(c.references, apple)})
		e.PlateDiameterMM = 200
		e.Camera = func() (*geometry.Calibration, error) { return known, nil }
		r := estimateOf(t, e, Input{FixedCamera: c.source == ScaleFromCamera})
		f := r.MassEstimation.Foods[0]
		if r.ScaleSource != c.source || !strings.Contains(f.Reasoning, c.reason) || f.VerificationMethod != ReferenceScaled {
			t.Errorf("%s: %s, %s", name, r.ScaleSource, f.Reasoning)
		}
		if math.Abs(f.EstimatedMassG/want-1) > 0.02 {
			t.Errorf("%s: %g g, by a coin %g g", name, f.EstimatedMassG, want)
		}
		if len(r.References) != c.listed || r.DetectedObjects.ReferenceObjects != c.listed {
			t.Errorf("%s: %+v", name, r.References)
		}
	}
}

func TestPlatesOfAnySizeAreNoReference(t *testing.T) {
	r := result(t, scene([]vision.Reference{plate}, seen("apple", 0.97, 300, 195, 1)), Input{})
	if r.ScaleSource != ScaleNone || len(r.References) != 0 || r.DetectedObjects.ReferenceObjects != 0 {
		t.Errorf("%s, %+v", r.ScaleSource, r.References)
	}
}

func TestAReferenceThatContradictsIsNamedAndCostsConfidence(t *testing.T) {
	apple := seen("apple", 0.97, 300, 195, 1)
	second := coin
	second.Confidence, second.Box.X = 0.9, 120
	second.Ellipse = &geometry.Ellipse{Center: geometry.Point{X: 145, Y: 325}, Major: 41, Minor: 41}
	for want, c := range map[string]struct{ alone, both []vision.Reference }{
		"동전과 카드의 크기가 18% 어긋나 카드를 기준으로 했습니다.":      {[]vision.Reference{cardOf(1.18)}, []vision.Reference{coin, cardOf(1.18)}},
		"다른 동전과 크기가 22% 어긋나 더 뚜렷한 동전을 기준으로 했습니다.": {[]vision.Reference{coin}, []vision.Reference{second, coin}},
	} {
		alone := result(t, scene(c.alone, apple), Input{}).MassEstimation.Foods[0]
		both := result(t, scene(c.both, apple), Input{}).MassEstimation.Foods[0]
		if !strings.Contains(both.Reasoning, want) || strings.Contains(alone.Reasoning, "어긋나") {
			t.Errorf("reasoning %q", both.Reasoning)
		}
		if both.Confidence >= alone.Confidence || both.MassIntervalG[1]-both.MassIntervalG[0] <= alone.MassIntervalG[1]-alone.MassIntervalG[0] {
			t.Errorf("alone %v at %g, both %v at %g", alone.MassIntervalG, alone.Confidence, both.MassIntervalG, both.Confidence)
		}
	}
}

func TestACalibrationThatDoesNotServeIsSaidAndTheCoinMeasures(t *testing.T) {
	other := &geometry.Calibration{Square: *squareOf(800, 600, 400, 100), Width: 1600, Height: 900}
	for name, c := range map[string]struct {
		camera func() (*geometry.Calibration, error)
		want   string
	}{
		"another shape": {func() (*geometry.Calibration, error) { return other, nil }, "비율"},
		"none":          {func() (*geometry.Calibration, error) { return nil, nil }, "보정되어 있지 않아"},
		"unreadable":    {func() (*geometry.Calibration, error) { return nil, errors.New("damaged") }, "보정되어 있지 않아"},
		"no camera":     {nil, "보정되어 있지 않아"},
	} {
		e := estimator(t, fixedEye{scene: scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 195, 1))})
		e.Camera = c.camera
		r := estimateOf(t, e, Input{FixedCamera: true})
		if f := r.MassEstimation.Foods[0]; r.ScaleSource != ScaleFromCoin || !strings.Contains(f.Reasoning, c.want) {
			t.Errorf("%s: %s, %q", name, r.ScaleSource, f.Reasoning)
		}
	}
}

func TestACalibrationIsNotUsedForOtherPhotos(t *testing.T) {
	e := estimator(t, fixedEye{scene: scene(nil, seen("apple", 0.97, 300, 195, 1))})
	e.Camera = func() (*geometry.Calibration, error) {
		t.Error("the calibration was asked for")
		return nil, nil
	}
	if r := estimateOf(t, e, Input{}); r.ScaleSource != ScaleNone {
		t.Errorf("scale from %s", r.ScaleSource)
	}
}
