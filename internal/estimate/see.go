package estimate

import (
	"context"
	"math"

	"foodmassd/internal/vision"
)

const (
	stageMass   = "mass"
	stageVerify = "verify"
)

// stageProgress says how far each stage's beginning is and what the diner reads meanwhile.
var stageProgress = map[string]Progress{
	vision.StageDecode:    {0.05, "이미지를 읽는 중..."},
	vision.StageDetect:    {0.20, "음식을 찾는 중..."},
	vision.StageRecognise: {0.45, "음식 종류를 확인하는 중..."},
	vision.StageReference: {0.70, "기준 물체를 재는 중..."},
	stageMass:             {0.90, "질량을 계산하는 중..."},
	stageVerify:           {0.60, "LLM 분석 중..."},
}

// beforeAsking is how far the eye's stages are where a second opinion, which takes longer, comes after them.
var beforeAsking = map[string]float64{vision.StageRecognise: 0.35, vision.StageReference: 0.50}

// steps passes stages on as Progress that never goes backwards, whatever order they come in.
type steps struct {
	report  func(Progress)
	asking  bool // a second opinion follows the eye
	reached float64
}

func newSteps(report func(Progress), asking bool) *steps {
	return &steps{report: report, asking: asking}
}

func (s *steps) reach(stage string) {
	p, known := stageProgress[stage]
	if !known || s.report == nil {
		return
	}
	if f, earlier := beforeAsking[stage]; earlier && s.asking {
		p.Fraction = f
	}
	s.reached = math.Max(s.reached, p.Fraction)
	s.report(Progress{s.reached, p.Message})
}

// previewSidePX is the longest side of the photo that is shown for a second opinion: what vision-language
// models look at, and some 100 KB.
const previewSidePX = 1024

// see asks the eye what the photo shows.
func (e *Estimator) see(ctx context.Context, in Input, s *steps, asking bool) (vision.Scene, error) {
	r := vision.Request{Path: in.Path}
	if asking {
		r.PreviewSidePx = previewSidePX
	}
	return e.Seer.See(ctx, r, s.reach)
}
