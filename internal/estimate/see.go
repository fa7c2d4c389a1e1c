package estimate

import (
	"context"
	"math"

	"foodmassd/internal/vision"
)

const stageMass = "mass"

// stageProgress says how far each stage's beginning is and what the diner reads meanwhile.
var stageProgress = map[string]Progress{
	vision.StageDecode:    {0.05, "이미지를 읽는 중..."},
	vision.StageDetect:    {0.20, "음식을 찾는 중..."},
	vision.StageRecognise: {0.45, "음식 종류를 확인하는 중..."},
	vision.StageReference: {0.70, "기준 물체를 재는 중..."},
	stageMass:             {0.90, "질량을 계산하는 중..."},
}

// steps passes stages on as Progress that never goes backwards, whatever order they come in.
type steps struct {
	report  func(Progress)
	reached float64
}

func newSteps(report func(Progress)) *steps { return &steps{report: report} }

func (s *steps) reach(stage string) {
	p, known := stageProgress[stage]
	if !known || s.report == nil {
		return
	}
	s.reached = math.Max(s.reached, p.Fraction)
	s.report(Progress{s.reached, p.Message})
}

// see asks the eye what the photo shows.
func (e *Estimator) see(ctx context.Context, in Input, s *steps) (vision.Scene, error) {
	return e.Seer.See(ctx, vision.Request{Path: in.Path}, s.reach)
}
