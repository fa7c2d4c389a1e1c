package estimate

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"foodmassd/internal/catalog"
	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/mass"
	"foodmassd/internal/vision"
)

// fixedEye always sees the same; the real one needs OpenCV and is tested in its own room.
type fixedEye struct {
	scene vision.Scene
	err   error
	order []string // stages as it reports them
}

func (e fixedEye) See(_ context.Context, _ vision.Request, progress func(string)) (vision.Scene, error) {
	for _, s := range e.order {
		progress(s)
	}
	return e.scene, e.err
}

func seen(key string, p, x, side, top float64) vision.Food {
	return vision.Food{
		Box: geometry.Rect{X: x, Y: 100, Width: side, Height: side}, Score: 0.98, TopView: top,
		Outline: octagon(x, 100, side),
		Classes: []vision.ClassProbability{{Key: key, Probability: p}},
	}
}

// octagon is a regular one that fills a square box.
func octagon(x, y, side float64) geometry.Polygon {
	const corner = 0.293 // 1 - 1/√2 of the side is cut off
	a, b := corner*side, (1-corner)*side
	return geometry.Polygon{{X: x + a, Y: y}, {X: x + b, Y: y}, {X: x + side, Y: y + a}, {X: x + side, Y: y + b},
		{X: x + b, Y: y + side}, {X: x + a, Y: y + side}, {X: x, Y: y + b}, {X: x, Y: y + a}}
}

var coin = vision.Reference{
	Kind: vision.KindCoin, Confidence: 0.99, Box: geometry.Rect{X: 20, Y: 300, Width: 51, Height: 51},
	Ellipse: &geometry.Ellipse{Center: geometry.Point{X: 45, Y: 325}, Major: 50, Minor: 50},
}

func scene(references []vision.Reference, foods ...vision.Food) vision.Scene {
	return vision.Scene{Width: 816, Height: 612, Foods: foods, FoodDetections: len(foods), References: references,
		TimingsMS: map[string]float64{"detect": 10}, Models: map[string]string{"detector": "d 1"}}
}

func estimator(t *testing.T, eye vision.Seer) *Estimator {
	t.Helper()
	f, err := os.Open("../../models/mass.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	model, err := mass.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	foods, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	e := &Estimator{Seer: eye, Catalog: foods, Mass: model, CoinDiameterMM: 25}
	if err := e.Initialize(); err != nil {
		t.Fatal(err)
	}
	return e
}

func result(t *testing.T, s vision.Scene, in Input) *Result {
	t.Helper()
	r, err := estimator(t, fixedEye{scene: s}).Estimate(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnAppleBesideACoin(t *testing.T) {
	r := result(t, scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 195, 1)), Input{Filename: "a.jpg"})
	if len(r.MassEstimation.Foods) != 1 || r.ScaleSource != ScaleFromCoin || r.Message != messageDone {
		t.Fatalf("%+v", r)
	}
	f := r.MassEstimation.Foods[0]
	if f.FoodKey != "apple" || f.FoodName != "사과" || f.FoodNameEn != "Apple" || f.VerificationMethod != ReferenceScaled {
		t.Errorf("%+v", f)
	}
	// An apple that seems 97 mm across, nearer to the camera than the coin, weighs about 240 g.
	if f.EstimatedMassG < 180 || f.EstimatedMassG > 310 || f.MassIntervalG[0] >= f.EstimatedMassG || f.MassIntervalG[1] <= f.EstimatedMassG {
		t.Errorf("%g g in %v", f.EstimatedMassG, f.MassIntervalG)
	}
	if f.AreaCM2 == nil || f.VolumeCM3 == nil || f.Confidence < 0.5 || f.Confidence > 1 {
		t.Errorf("area %v, volume %v, confidence %g", f.AreaCM2, f.VolumeCM3, f.Confidence)
	}
	for _, word := range []string{"사과로 인식", "확률 97%", "25.0mm 동전", "위에서"} {
		if !strings.Contains(f.Reasoning, word) {
			t.Errorf("reasoning %q does not say %q", f.Reasoning, word)
		}
	}
	if r.MassEstimation.TotalMassG != f.EstimatedMassG || r.MassEstimation.TotalIntervalG != f.MassIntervalG {
		t.Errorf("total %g %v", r.MassEstimation.TotalMassG, r.MassEstimation.TotalIntervalG)
	}
	if r.References[0].SizeMM != 25 || r.Model["mass"] == "" || r.TimingsMS["detect"] != 10 {
		t.Errorf("%+v", r)
	}
}

func TestALargerCoinMakesEverythingHeavier(t *testing.T) {
	s := scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 140, 1))
	small := result(t, s, Input{CoinDiameterMM: 24}).MassEstimation.TotalMassG
	large := result(t, s, Input{CoinDiameterMM: 26.5}).MassEstimation.TotalMassG
	if large <= small {
		t.Errorf("24 mm: %g g, 26.5 mm: %g g", small, large)
	}
}

func TestWithoutScaleNothingIsMeasured(t *testing.T) {
	r := result(t, scene(nil, seen("apple", 0.97, 300, 195, 1)), Input{})
	f := r.MassEstimation.Foods[0]
	if f.VerificationMethod != ClassPrior || f.AreaCM2 != nil || f.VolumeCM3 != nil || r.ScaleSource != ScaleNone {
		t.Errorf("%+v", f)
	}
	if f.Confidence > 0.6 || f.MassIntervalG[1] < 1.5*f.MassIntervalG[0] {
		t.Errorf("confidence %g, interval %v: too precise", f.Confidence, f.MassIntervalG)
	}
}

func TestACoinCutOffByTheBorderLeavesDoubt(t *testing.T) {
	cut := coin
	cut.Box, cut.Ellipse = geometry.Rect{X: 0, Y: 300, Width: 35, Height: 51}, nil
	food := seen("apple", 0.97, 300, 195, 1)
	whole := result(t, scene([]vision.Reference{coin}, food), Input{}).MassEstimation.Foods[0]
	f := result(t, scene([]vision.Reference{cut}, food), Input{}).MassEstimation.Foods[0]
	if i := f.MassIntervalG; i[1]/i[0] < 1.2*whole.MassIntervalG[1]/whole.MassIntervalG[0] || i[0] > whole.EstimatedMassG || i[1] < whole.EstimatedMassG {
		t.Errorf("%v g, whole coin %v g", i, whole.MassIntervalG)
	}
	if !strings.Contains(f.Reasoning, "기준이 되는 크기가 정확하지 않습니다") {
		t.Errorf("reasoning %q", f.Reasoning)
	}
}

func TestThingsThatCannotBothBeTheCoinLowerTheTrust(t *testing.T) {
	biscuit := coin
	biscuit.Box = geometry.Rect{X: 20, Y: 500, Width: 76, Height: 76}
	biscuit.Ellipse = &geometry.Ellipse{Center: geometry.Point{X: 58, Y: 538}, Major: 75, Minor: 75}
	food := seen("apple", 0.97, 300, 195, 1)
	alone := result(t, scene([]vision.Reference{coin}, food), Input{}).MassEstimation.Foods[0]
	f := result(t, scene([]vision.Reference{biscuit, coin}, food), Input{}).MassEstimation.Foods[0]
	if i := f.MassIntervalG; alone.EstimatedMassG < i[0] || alone.EstimatedMassG > i[1] {
		t.Errorf("%v does not admit the %g g that the coin alone gives", i, alone.EstimatedMassG)
	}
	if f.Confidence > 0.6*alone.Confidence || !strings.Contains(f.Reasoning, "서로 맞지 않습니다") {
		t.Errorf("confidence %g (coin alone %g): %q", f.Confidence, alone.Confidence, f.Reasoning)
	}
}

func TestAnUnknownFoodIsNamedSo(t *testing.T) {
	r := result(t, scene([]vision.Reference{coin}, seen("pear", 0.2, 300, 155, 1)), Input{})
	f := r.MassEstimation.Foods[0]
	if f.FoodKey != "unknown" || f.FoodName != "미등록 음식" || f.Confidence > 0.5 || !strings.Contains(f.Reasoning, "배 20%") {
		t.Errorf("%+v", f)
	}
}

func TestAPhotoWithoutFoodSaysSo(t *testing.T) {
	r := result(t, scene([]vision.Reference{coin}), Input{})
	if r.MassEstimation.FoodCount != 0 || r.MassEstimation.TotalMassG != 0 || !strings.Contains(r.Message, "음식을 찾지 못했습니다") {
		t.Errorf("%+v %q", r.MassEstimation, r.Message)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{`"foods":[]`, `"scale_reading_g":null`, `"total_interval_g":[0,0]`} {
		if !strings.Contains(string(text), member) {
			t.Errorf("no %s in %s", member, text)
		}
	}
}

func TestANetTotalIsMet(t *testing.T) {
	s := scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 195, 1), seen("kiwi", 0.95, 550, 130, 1))
	free := result(t, s, Input{})
	total := 1.05 * free.MassEstimation.TotalMassG
	r := result(t, s, Input{ScaleG: &total})
	if math.Abs(r.MassEstimation.TotalMassG-total) > 2 || *r.ScaleReadingG != total || r.ScaleStatus != ScaleUsed || free.ScaleStatus != ScaleNotAsked {
		t.Errorf("total %g, scale %g", r.MassEstimation.TotalMassG, total)
	}
	for i, f := range r.MassEstimation.Foods {
		before := free.MassEstimation.Foods[i]
		if f.VerificationMethod != ScaleVerification || !strings.Contains(f.Reasoning, "저울") {
			t.Errorf("%+v", f)
		}
		if f.MassIntervalG[1]/f.MassIntervalG[0] > before.MassIntervalG[1]/before.MassIntervalG[0] || f.Confidence < before.Confidence {
			t.Errorf("%s: %v before, %v after", f.FoodKey, before.MassIntervalG, f.MassIntervalG)
		}
	}
}

func TestOneFoodOnTheScaleWeighsWhatTheScaleSays(t *testing.T) {
	total := 250.0
	r := result(t, scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 195, 1)), Input{ScaleG: &total})
	if f := r.MassEstimation.Foods[0]; math.Abs(f.EstimatedMassG-250) > 1 || f.Confidence < 0.9 {
		t.Errorf("%g g, confidence %g", f.EstimatedMassG, f.Confidence)
	}
}

func TestAContainersUncertaintyWidensTheTotal(t *testing.T) {
	s := scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 195, 1))
	total := result(t, s, Input{}).MassEstimation.TotalMassG
	width := func(sd float64) float64 {
		i := result(t, s, Input{ScaleG: &total, ScaleSDG: sd}).MassEstimation.TotalIntervalG
		return i[1] - i[0]
	}
	if exact, loose := width(0), width(8); exact < 3 || loose < 4*exact {
		t.Errorf("90 %% interval %g g wide, with a container known to 8 g %g g", exact, loose)
	}
}

func TestAScaleThatWasToCountAndCouldNotIsNamed(t *testing.T) {
	r := result(t, scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 195, 1)), Input{ScaleMissing: true})
	if r.ScaleStatus != ScaleUnavailable || r.ScaleReadingG != nil || !strings.Contains(r.MassEstimation.Foods[0].Reasoning, "저울 값이 없거나") {
		t.Errorf("%s, %q", r.ScaleStatus, r.MassEstimation.Foods[0].Reasoning)
	}
	total := 300.0
	if r := result(t, scene(nil), Input{ScaleG: &total}); r.ScaleStatus != ScaleWithoutFood || r.ScaleReadingG != nil {
		t.Errorf("nothing seen: %s", r.ScaleStatus)
	}
}

func TestAContradictingScaleIsReportedNotAveraged(t *testing.T) {
	s := scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 195, 1))
	free := result(t, s, Input{}).MassEstimation.Foods[0]
	for _, total := range []float64{1500, 0, -3} {
		r := result(t, s, Input{ScaleG: &total})
		f := r.MassEstimation.Foods[0]
		if r.ScaleReadingG != nil || r.ScaleStatus != ScaleContradicted || f.EstimatedMassG != free.EstimatedMassG || f.VerificationMethod != ReferenceScaled || f.Confidence >= free.Confidence {
			t.Errorf("scale %g: %+v", total, f)
		}
		if !strings.Contains(f.Reasoning, "맞지 않아") {
			t.Errorf("scale %g: reasoning %q", total, f.Reasoning)
		}
	}
}

func TestProgressNeverGoesBackwardsAndStaysBelowOne(t *testing.T) {
	eye := fixedEye{scene: scene(nil), order: []string{vision.StageDecode, vision.StageReference, vision.StageDetect, vision.StageRecognise, "new stage"}}
	last, count := -1.0, 0
	_, err := estimator(t, eye).Estimate(context.Background(), Input{}, func(p Progress) {
		if p.Fraction < last || p.Fraction < 0 || p.Fraction >= 1 || p.Message == "" {
			t.Errorf("%+v after %g", p, last)
		}
		last, count = p.Fraction, count+1
	})
	if err != nil || count != 5 {
		t.Errorf("%d steps, %v", count, err)
	}
}

func TestErrorsKeepTheirCode(t *testing.T) {
	nan := math.NaN()
	lost := fault.New(fault.WorkerFailed, "see", errors.New("gone"))
	for name, c := range map[string]struct {
		eye  fixedEye
		in   Input
		want fault.Code
	}{
		"worker lost":     {fixedEye{err: lost}, Input{}, fault.WorkerFailed},
		"coin too large":  {fixedEye{}, Input{CoinDiameterMM: 51}, fault.BadCoinDiameter},
		"coin no number":  {fixedEye{}, Input{CoinDiameterMM: nan}, fault.BadCoinDiameter},
		"total no number": {fixedEye{}, Input{ScaleG: &nan}, fault.BadRequest},
		"total of no SD":  {fixedEye{}, Input{ScaleG: new(300.0), ScaleSDG: -1}, fault.BadRequest},
	} {
		_, err := estimator(t, c.eye).Estimate(context.Background(), c.in, nil)
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestADishSaysThatItsHeightAndDensityAreTypical(t *testing.T) {
	const how, cause = "대표 높이와 밀도를 곱해 계산", "대표값으로 계산했습니다"
	reasoning := func(references []vision.Reference, key string) string {
		return result(t, scene(references, seen(key, 0.97, 300, 240, 1)), Input{}).MassEstimation.Foods[0].Reasoning
	}
	coins := []vision.Reference{coin}
	stew := reasoning(coins, "kimchi_stew")
	if !strings.Contains(stew, "김치찌개로 인식") || !strings.Contains(stew, how) || !strings.Contains(stew, "신뢰도를 낮춘 이유: 실제 높이와 밀도 대신 "+cause) {
		t.Errorf("stew: %q", stew)
	}
	if unknown := reasoning(coins, "unknown"); !strings.Contains(unknown, how) || strings.Contains(unknown, cause) {
		t.Errorf("unknown, whose density is no typical one: %q", unknown)
	}
	for name, other := range map[string]string{"fitted": reasoning(coins, "apple"), "not measured": reasoning(nil, "kimchi_stew")} {
		if strings.Contains(other, how) || strings.Contains(other, cause) {
			t.Errorf("%s: %q", name, other)
		}
	}
}

func TestTheScaleTakesAwayADishsDoubt(t *testing.T) {
	s := scene([]vision.Reference{coin}, seen("kimchi_stew", 0.97, 300, 240, 1))
	total := result(t, s, Input{}).MassEstimation.TotalMassG
	f := result(t, s, Input{ScaleG: &total}).MassEstimation.Foods[0]
	if f.VerificationMethod != ScaleVerification || f.Confidence < 0.9 || !strings.Contains(f.Reasoning, "저울로 확인되어") {
		t.Errorf("%g, %q", f.Confidence, f.Reasoning)
	}
}

func TestParticleFollowsTheLastSyllable(t *testing.T) {
	for word, want := range map[string]string{"사과": "사과로", "식빵": "식빵으로", "달걀": "달걀로", "배": "배로", "월병": "월병으로",
		"국밥": "국밥으로", "숙주나물": "숙주나물로", "라면": "라면으로", "김치찌개": "김치찌개로", "치킨너깃": "치킨너깃으로", "두부": "두부로"} {
		if got := withRo(word); got != want {
			t.Errorf("withRo(%s) = %s, want %s", word, got, want)
		}
	}
}
