package estimate

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"foodmassd/internal/vision"
)

// witness always says the same; the real one is tested in its own room.
type witness struct {
	away  bool
	says  []Opinion
	err   error
	asked []Question
}

func (w *witness) Name() string { return "witness 1" }
func (w *witness) Ready() bool  { return !w.away }
func (w *witness) Ask(_ context.Context, q Question) ([]Opinion, error) {
	w.asked = append(w.asked, q)
	return w.says, w.err
}

// heardBy estimates a scene with a second opinion.
func heardBy(t *testing.T, w *witness, s vision.Scene, in Input) *Result {
	t.Helper()
	e := estimator(t, fixedEye{scene: s})
	e.Verifier = w
	r, err := e.Estimate(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func width(f Food) float64 { return f.MassIntervalG[1] / f.MassIntervalG[0] }

var apple = scene([]vision.Reference{coin}, seen("apple", 0.9, 300, 195, 1))

func TestAnAgreeingOpinionRaisesTheConfidence(t *testing.T) {
	for name, s := range map[string]vision.Scene{
		"measured":       apple,
		"a dish":         scene([]vision.Reference{coin}, seen("kimchi_stew", 0.8, 300, 240, 1)),
		"without a coin": scene(nil, seen("apple", 0.9, 300, 195, 1)),
	} {
		alone := result(t, s, Input{}).MassEstimation.Foods[0]
		for _, factor := range []float64{0.75, 1, 1.35} {
			w := &witness{says: []Opinion{{alone.FoodKey, factor * alone.EstimatedMassG}}}
			r := heardBy(t, w, s, Input{})
			f := r.MassEstimation.Foods[0]
			if f.VerificationMethod != MultimodalVerification || !strings.Contains(f.Reasoning, "LLM의 의견") || !strings.Contains(f.Reasoning, "일치") {
				t.Errorf("%s × %g: %s, %q", name, factor, f.VerificationMethod, f.Reasoning)
			}
			if f.Confidence <= alone.Confidence || width(f) >= width(alone) {
				t.Errorf("%s × %g: confidence %g → %g, interval %v → %v", name, factor, alone.Confidence, f.Confidence, alone.MassIntervalG, f.MassIntervalG)
			}
			if r.Model["verifier"] != "witness 1" || r.TimingsMS["verify"] < 0 {
				t.Errorf("%s: %v, %v", name, r.Model, r.TimingsMS)
			}
		}
	}
}

func TestADifferingOpinionLowersTheConfidenceAndSaysWhy(t *testing.T) {
	pair := seen("apple", 0.55, 300, 195, 1)
	pair.Classes = append(pair.Classes, vision.ClassProbability{Key: "pear", Probability: 0.4})
	doubtful := scene([]vision.Reference{coin}, pair)
	for name, c := range map[string]struct {
		scene vision.Scene
		says  Opinion
		key   string
		words []string
	}{
		"twice the grams":         {apple, Opinion{"apple", 500}, "apple", []string{"사과, 약 500g", "무게가 추정과 크게 다릅니다", "LLM의 의견이 다릅니다"}},
		"a fourth of the grams":   {apple, Opinion{"apple", 60}, "apple", []string{"무게가 추정과 크게 다릅니다"}},
		"absurd grams":            {apple, Opinion{"apple", 5000}, "apple", []string{"약 5000g"}},
		"another food, sure eye":  {apple, Opinion{"mango", 240}, "apple", []string{"망고, 약 240g", "음식 종류가 다릅니다"}},
		"no food it knows":        {apple, Opinion{"unknown", 240}, "apple", []string{"음식 종류가 다릅니다"}},
		"other of a pair":         {doubtful, Opinion{"pear", 240}, "pear", []string{"사과로 인식", "음식 종류가 다릅니다", "합쳐 배로 정했습니다"}},
		"a name where eye has no": {scene(nil, seen("unknown", 1, 300, 195, 1)), Opinion{"pear", 240}, "pear", []string{"확인되지 않았습니다", "배로 정했습니다"}},
		"a typical portion":       {scene(nil, seen("kimchi_stew", 0.9, 300, 240, 1)), Opinion{"kimchi_stew", 900}, "kimchi_stew", []string{"무게가"}},
	} {
		alone := result(t, c.scene, Input{}).MassEstimation.Foods[0]
		f := heardBy(t, &witness{says: []Opinion{c.says}}, c.scene, Input{}).MassEstimation.Foods[0]
		if f.FoodKey != c.key || f.VerificationMethod != alone.VerificationMethod {
			t.Errorf("%s: %s by %s", name, f.FoodKey, f.VerificationMethod)
		}
		lo, hi, a := f.MassIntervalG[0], f.MassIntervalG[1], alone.MassIntervalG
		// An unknown food's interval is as wide as can be already.
		wider := f.Confidence < alone.Confidence && (lo < a[0] || hi > a[1]) || alone.FoodKey == "unknown" && f.Confidence == alone.Confidence
		if !wider || lo > a[0] || hi < a[1] {
			t.Errorf("%s: confidence %g → %g, interval %v → %v", name, alone.Confidence, f.Confidence, a, f.MassIntervalG)
		}
		if f.EstimatedMassG < lo || f.EstimatedMassG > hi || hi > 8*alone.EstimatedMassG {
			t.Errorf("%s: %g g in %v", name, f.EstimatedMassG, f.MassIntervalG)
		}
		for _, word := range c.words {
			if !strings.Contains(f.Reasoning, word) {
				t.Errorf("%s: %q does not say %q", name, f.Reasoning, word)
			}
		}
	}
}

func TestWhereNobodyKnowsTheFoodNothingIsVerified(t *testing.T) {
	s := scene([]vision.Reference{coin}, seen("unknown", 1, 300, 195, 1))
	alone := result(t, s, Input{}).MassEstimation.Foods[0]
	f := heardBy(t, &witness{says: []Opinion{{"unknown", alone.EstimatedMassG}}}, s, Input{}).MassEstimation.Foods[0]
	if f.VerificationMethod != ReferenceScaled || f.Confidence != alone.Confidence || f.MassIntervalG != alone.MassIntervalG {
		t.Errorf("%+v, alone %+v", f, alone)
	}
}

func TestNoAnswerLeavesTheResultAndANote(t *testing.T) {
	alone := result(t, apple, Input{}).MassEstimation.Foods[0]
	for name, w := range map[string]*witness{
		"failed":   {err: errors.New("gone")},
		"paused":   {away: true},
		"too few":  {says: []Opinion{}},
		"too many": {says: []Opinion{{"apple", 240}, {"pear", 100}}},
	} {
		r := heardBy(t, w, apple, Input{})
		f := r.MassEstimation.Foods[0]
		if note := " LLM 교차 확인을 하지 못해 기기의 추정만 사용했습니다."; !strings.Contains(f.Reasoning, note) {
			t.Errorf("%s: %q", name, f.Reasoning)
		} else if f.Reasoning = strings.Replace(f.Reasoning, note, "", 1); !reflect.DeepEqual(f, alone) {
			t.Errorf("%s: %+v, alone %+v", name, f, alone)
		}
		if _, told := r.Model["verifier"]; told || r.MassEstimation.FoodCount != 1 || (len(w.asked) > 0) == w.away {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestTheLoadCellHasTheLastWord(t *testing.T) {
	s := scene([]vision.Reference{coin}, seen("apple", 0.97, 300, 195, 1), seen("kiwi", 0.95, 550, 130, 1))
	free := result(t, s, Input{})
	total := 1.05 * free.MassEstimation.TotalMassG
	for name, says := range map[string][]Opinion{
		"agrees":         {{"apple", 230}, {"kiwi", 120}},
		"differs":        {{"apple", 2000}, {"kiwi", 30}},
		"another food":   {{"mango", 5000}, {"unknown", 5000}},
		"nearly nothing": {{"apple", 0.1}, {"kiwi", 0.1}},
	} {
		r := heardBy(t, &witness{says: says}, s, Input{ScaleG: &total})
		if m := r.MassEstimation; m.TotalMassG < total-2 || m.TotalMassG > total+2 || m.FoodCount != 2 {
			t.Errorf("%s: total %g, scale %g", name, m.TotalMassG, total)
		}
		for _, f := range r.MassEstimation.Foods {
			if f.VerificationMethod != ScaleVerification || !strings.Contains(f.Reasoning, "LLM") {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	wrong := 3 * total
	alone := result(t, s, Input{ScaleG: &wrong}).MassEstimation.Foods
	for i, f := range heardBy(t, &witness{says: []Opinion{{"apple", 230}, {"kiwi", 120}}}, s, Input{ScaleG: &wrong}).MassEstimation.Foods {
		if f.VerificationMethod != ReferenceScaled || f.Confidence > 0.6 || !strings.Contains(f.Reasoning, "맞지 않아") {
			t.Errorf("%+v, alone %+v", f, alone[i])
		}
	}
}

func TestTheQuestionShowsThePhotoAndWhatWasSeen(t *testing.T) {
	s := apple
	s.Preview = []byte("jpeg")
	w := &witness{err: errors.New("no matter")}
	f := heardBy(t, w, s, Input{}).MassEstimation.Foods[0]
	c := w.asked[0].Claims[0]
	if string(w.asked[0].Photo) != "jpeg" || c.Key != "apple" || c.MassG < f.EstimatedMassG-0.1 || c.MassG > f.EstimatedMassG+0.1 {
		t.Errorf("%+v", w.asked[0])
	}
	if c.Left != 300.0/816 || c.Top != 100.0/612 || c.Right != 495.0/816 || c.Bottom != 295.0/612 || c.WidthMM < 80 || c.WidthMM > 110 {
		t.Errorf("%+v", c)
	}
	empty := &witness{}
	if r := heardBy(t, empty, scene(nil), Input{}); len(empty.asked) != 0 || r.MassEstimation.FoodCount != 0 {
		t.Errorf("asked about a photo without food: %+v", empty.asked)
	}
}

func TestWhileAnotherIsAskedTheDinerReadsSo(t *testing.T) {
	stages := []string{vision.StageDecode, vision.StageDetect, vision.StageRecognise, vision.StageReference}
	for name, c := range map[string]struct {
		verifier Verifier
		want     []float64
	}{
		"off":    {nil, []float64{0.05, 0.2, 0.45, 0.7, 0.9}},
		"on":     {&witness{says: []Opinion{{"apple", 240}}}, []float64{0.05, 0.2, 0.35, 0.5, 0.6, 0.9}},
		"paused": {&witness{away: true}, []float64{0.05, 0.2, 0.45, 0.7, 0.9}},
	} {
		e := estimator(t, fixedEye{scene: apple, order: stages})
		e.Verifier = c.verifier
		var got []float64
		_, err := e.Estimate(context.Background(), Input{}, func(p Progress) {
			got = append(got, p.Fraction)
			if (p.Message == "LLM 분석 중...") != (p.Fraction == 0.6) {
				t.Errorf("%s: %+v", name, p)
			}
		})
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v, %v", name, got, c.want, err)
		}
	}
}
