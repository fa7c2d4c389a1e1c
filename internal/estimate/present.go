package estimate

import (
	"maps"
	"math"

	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

// The closing sentences.
const (
	messageDone  = "음식 분석이 완료되었습니다."
	messageEmpty = "음식을 찾지 못했습니다. 음식이 잘 보이도록 다시 찍어 주세요."
)

// present writes the Result that clients read.
func (e *Estimator) present(in Input, scene vision.Scene, scale ruler, foods []Measured, v verdict) *Result {
	r := &Result{
		Filename:        in.Filename,
		DetectedObjects: DetectedObjects{Food: max(scene.FoodDetections, len(foods))},
		References:      []Reference{},
		ScaleSource:     scale.source,
		ScaleStatus:     scaleStatus(in, v),
		Image:           ImageSize{scene.Width, scene.Height},
		TimingsMS:       map[string]float64{},
		Model:           map[string]string{},
		Message:         messageDone,
	}
	if v == agrees {
		r.ScaleReadingG = in.ScaleG
	}
	maps.Copy(r.TimingsMS, scene.TimingsMS)
	maps.Copy(r.Model, scene.Models)
	r.Model["mass"] = e.Mass.Name + " " + e.Mass.Version
	for _, ref := range scene.References {
		if mm := e.sizeOf(ref, in); mm > 0 { // a plate of any size is no reference
			r.References = append(r.References, Reference{
				Kind: ref.Kind, BBox: bboxOf(ref.Box), SizeMM: mm, Confidence: round(ref.Confidence, 1000),
			})
		}
	}
	r.DetectedObjects.ReferenceObjects = len(r.References)
	r.MassEstimation = MassEstimation{Foods: []Food{}, FoodCount: len(foods)}
	for i := range foods {
		f := e.presentFood(foods[i], in, scale, v)
		r.MassEstimation.Foods = append(r.MassEstimation.Foods, f)
		r.MassEstimation.TotalMassG = round(r.MassEstimation.TotalMassG+f.EstimatedMassG, 10)
	}
	total := r.MassEstimation.TotalMassG
	interval := totalInterval(foods, v, total, in)
	r.MassEstimation.TotalIntervalG = [2]float64{
		round(math.Min(interval[0], total), 10), round(math.Max(interval[1], total), 10),
	}
	if len(foods) == 0 {
		r.Message = messageEmpty
	}
	return r
}

// scaleStatus says what became of the load cell's reading.
func scaleStatus(in Input, v verdict) string {
	switch {
	case in.ScaleMissing:
		return ScaleUnavailable
	case in.ScaleG == nil:
		return ScaleNotAsked
	case v == agrees:
		return ScaleUsed
	case v == contradicts:
		return ScaleContradicted
	}
	return ScaleWithoutFood
}

func (e *Estimator) presentFood(m Measured, in Input, scale ruler, v verdict) Food {
	known, _ := e.foods().Food(m.Classes[0].Key)
	f := Food{
		FoodName: known.NameKo, FoodNameEn: known.NameEn, FoodKey: known.Key,
		// At least 0.1 g: what is seen is never weightless.
		EstimatedMassG:     math.Max(0.1, round(m.massG, 10)),
		MassIntervalG:      [2]float64{round(m.interval[0], 10), round(m.interval[1], 10)},
		Confidence:         round(m.confidence(), 1000),
		VerificationMethod: m.method,
		Reasoning:          e.reason(m, in, scale, v),
		BBox:               bboxOf(m.Seen.Box),
		Outline:            make([][2]float64, 0, len(m.Seen.Outline)),
	}
	for _, p := range m.Seen.Outline {
		f.Outline = append(f.Outline, [2]float64{round(p.X, 10), round(p.Y, 10)})
	}
	if m.Measures != nil {
		area, volume := round(m.Measures.AreaMM2/100, 10), round(m.Grams.VolumeCM3, 10)
		f.AreaCM2, f.VolumeCM3 = &area, &volume
	}
	return f
}

// confidence is the probability that the mass is within 20 % of the truth and that this is food at all.
func (m Measured) confidence() float64 {
	return math.Min(1, math.Max(0, m.near*foodProbability(m.Seen.Score)))
}

// foodProbability turns the detector's score, the height of a peak and no probability, into one: on the
// ECUSTFD photos 7 of 10 detections scored below 0.4 were food, and all but one of 1,262 above.
func foodProbability(score float64) float64 {
	return 1 - math.Pow(1-math.Min(1, math.Max(0, score)), 4)
}

func bboxOf(r geometry.Rect) BBox {
	return BBox{round(r.X, 10), round(r.Y, 10), round(r.Width, 10), round(r.Height, 10)}
}
