package estimate

import (
	"fmt"
	"math"
	"strings"

	"foodmassd/internal/catalog"
)

// reason explains one food's number in Korean: recognised as what, measured by what, why this sure.
func (e *Estimator) reason(m Measured, in Input, scale ruler, v verdict) string {
	parts := append([]string{e.reasonClass(m), reasonSize(m, scale)}, scale.notes...)
	if e.byTypicalHeight(m) {
		parts = append(parts, "높이를 잴 수 없어 윤곽 면적에 대표 높이와 밀도를 곱해 계산하고 보통 1회 분량도 함께 고려했습니다.")
	}
	switch v {
	case agrees:
		parts = append(parts, fmt.Sprintf("저울 값 %.1fg과 영상 추정이 일치하여 저울에 맞췄습니다.", *in.ScaleG))
	case contradicts:
		parts = append(parts, fmt.Sprintf("저울 값 %.1fg은 영상 추정과 맞지 않아 사용하지 않았습니다. 그릇이나 다른 물건이 저울에 있는지 확인해 주세요.", *in.ScaleG))
	}
	if in.ScaleMissing {
		parts = append(parts, "저울 값이 없거나 안정되지 않아 영상만으로 추정했습니다.")
	}
	if text := e.reasonOpinion(m); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(append(parts, e.reasonConfidence(m, scale)), " ")
}

// percent avoids claiming certainty.
func percent(p float64) int { return int(math.Round(100 * math.Min(p, 0.99))) }

func (e *Estimator) reasonClass(m Measured) string {
	classes := m.eyeClasses()
	best, _ := e.foods().Food(classes[0].Key)
	view := "옆에서 본 모습"
	if m.Seen.TopView >= 0.5 {
		view = "위에서 본 모습"
	}
	if looks := e.looks(m.Seen)[0].Key; looks != best.Key && looks != catalog.UnknownKey && best.Key != catalog.UnknownKey {
		other, _ := e.foods().Food(looks)
		return fmt.Sprintf("모습은 %s에 가깝지만 크기로 보아 %s 인식했습니다(확률 %d%%, %s).",
			other.NameKo, withRo(best.NameKo), percent(classes[0].Probability), view)
	}
	if best.Key != catalog.UnknownKey {
		return fmt.Sprintf("%s 인식했습니다(확률 %d%%, %s).", withRo(best.NameKo), percent(classes[0].Probability), view)
	}
	if len(classes) > 1 && classes[1].Probability >= 0.05 {
		near, _ := e.foods().Food(classes[1].Key)
		return fmt.Sprintf("등록된 음식으로 확인되지 않았습니다(가장 비슷한 것: %s %d%%, %s).",
			near.NameKo, percent(classes[1].Probability), view)
	}
	return fmt.Sprintf("등록된 음식으로 확인되지 않았습니다(%s).", view)
}

func reasonSize(m Measured, scale ruler) string {
	if m.Measures == nil {
		return "크기를 잴 기준 물체가 없어 보통 1회 분량으로 추정했습니다."
	}
	what := names[scale.source].object
	switch scale.source {
	case ScaleFromCard:
		what = fmt.Sprintf("한 변 %.1fmm %s", scale.sizeMM, what)
	case ScaleFromCoin, ScaleFromPlate:
		what = fmt.Sprintf("지름 %.1fmm %s", scale.sizeMM, what)
	}
	return fmt.Sprintf("%s 기준으로(1픽셀=%.3fmm, 오차 ±%.1f%%) 가로 %.0fmm, 세로 %.0fmm, 면적 %.1fcm², 부피 약 %.0fcm³로 계산했습니다.",
		what, m.Scale.MMPerPx, 100*m.Scale.RelSD, m.Measures.WidthMM, m.Measures.HeightMM,
		m.Measures.AreaMM2/100, m.Grams.VolumeCM3)
}

// byTypicalHeight reports whether the grams rest on a height and a density that were not learnt from
// weighed portions.
func (e *Estimator) byTypicalHeight(m Measured) bool {
	return m.Measures != nil && !e.Mass.Fits(m.Classes[0].Key)
}

// Bounds above which a cause is worth naming to people.
const (
	doubtfulScale = 0.04
	doubtfulClass = 0.85
	doubtfulFood  = 0.95
	sure          = 0.8
)

func (e *Estimator) reasonConfidence(m Measured, scale ruler) string {
	if m.method == ScaleVerification && m.confidence() >= sure {
		return "저울로 확인되어 신뢰도가 높습니다."
	}
	var causes []string
	if m.Cut {
		causes = append(causes, "음식이 사진 밖으로 잘렸습니다")
	}
	switch {
	case m.Classes[0].Key == catalog.UnknownKey:
		causes = append(causes, "등록되지 않은 음식이라 밀도를 모릅니다")
	case m.Classes[0].Probability < doubtfulClass && len(m.Classes) > 1:
		other, _ := e.foods().Food(m.Classes[1].Key)
		causes = append(causes, fmt.Sprintf("%s일 가능성도 %d%% 있습니다", other.NameKo, percent(m.Classes[1].Probability)))
	}
	if e.byTypicalHeight(m) && m.Classes[0].Key != catalog.UnknownKey {
		causes = append(causes, "실제 높이와 밀도 대신 대표값으로 계산했습니다")
	}
	if m.Measures == nil {
		causes = append(causes, "실제 크기를 모릅니다")
	} else if m.Scale.RelSD > doubtfulScale {
		cause := "기준이 되는 크기가 정확하지 않습니다"
		if scale.contradicted() {
			cause = "크기의 기준이 되는 물체들이 서로 맞지 않습니다"
		}
		causes = append(causes, cause)
	}
	if m.heard.outcome == differed {
		causes = append(causes, "LLM의 의견이 다릅니다")
	}
	if foodProbability(m.Seen.Score) < doubtfulFood {
		causes = append(causes, "음식인지 뚜렷하지 않습니다")
	}
	if len(causes) == 0 {
		if m.confidence() >= sure {
			return "종류와 크기가 뚜렷하여 신뢰도가 높습니다."
		}
		causes = append(causes, "같은 크기라도 무게 차이가 큰 음식입니다")
	}
	return "신뢰도를 낮춘 이유: " + strings.Join(causes, ", ") + "."
}

// withRo appends the particle 로 or 으로: 로 after a vowel or ㄹ.
func withRo(word string) string {
	letters := []rune(word)
	if len(letters) > 0 {
		const first, last, rieul = 0xAC00, 0xD7A3, 8 // Hangul syllables; index of the final ㄹ
		if r := letters[len(letters)-1]; r >= first && r <= last {
			if final := (r - first) % 28; final != 0 && final != rieul {
				return word + "으로"
			}
		}
	}
	return word + "로"
}
