package estimate

import (
	"fmt"
	"math"

	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

// Ranks of what can give a scale, see geometry.Cue: a camera was calibrated with care and a card tells its
// own size, while coins and plates may be others than the configured ones.
const (
	rankCamera = iota
	rankCard
	rankRound
)

// ruler is the metric scale of one photo.
type ruler struct {
	field  *geometry.Field // nil without a scale
	source string          // a value of Result.ScaleSource
	sizeMM float64         // of what leads, 0 for a camera
	notes  []string        // Korean sentences on what could not be used
}

// thing is a cue with what people call it.
type thing struct {
	source string
	sizeMM float64
}

// rulerOf combines everything of known size: the calibrated camera, cards, coins and plates.
func (e *Estimator) rulerOf(scene vision.Scene, in Input) ruler {
	r := ruler{source: ScaleNone}
	var cues []geometry.Cue
	var things []thing
	add := func(c geometry.Cue, ok bool, t thing) {
		if ok {
			cues, things = append(cues, c), append(things, t)
		}
	}
	if in.FixedCamera {
		c, note := e.cameraCue(scene)
		if note != "" {
			r.notes = append(r.notes, note)
		}
		add(c, note == "", thing{ScaleFromCamera, 0})
	}
	for _, ref := range scene.References {
		switch mm := e.sizeOf(ref, in); {
		case mm == 0:
		case ref.Square != nil:
			if p, ok := geometry.PlaneOf(*ref.Square); ok {
				c, ok := geometry.PlaneCue(p, rankCard, ref.Confidence)
				add(c, ok, thing{ScaleFromCard, mm})
			}
		default:
			round := geometry.Round{Box: ref.Box, Ellipse: ref.Ellipse, DiameterMM: mm, Confidence: ref.Confidence, Raised: ref.Kind == vision.KindPlate}
			c, ok := round.Cue(scene.Width, scene.Height)
			c.Rank = rankRound
			add(c, ok, thing{sourceOf[ref.Kind], mm})
		}
	}
	field, ok := geometry.Combine(cues)
	if !ok {
		return r
	}
	lead := things[field.Lead]
	r.field, r.source, r.sizeMM = field, lead.source, lead.sizeMM
	if r.contradicted() {
		worst := field.Against[0]
		r.notes = append(r.notes, contradiction(things[worst.Cue].source, lead.source, worst.Share))
	}
	return r
}

// contradicted reports whether something else of known size tells another scale.
func (r ruler) contradicted() bool { return r.field != nil && len(r.field.Against) > 0 }

// under is the scale where the food in a box stands.
func (r ruler) under(box geometry.Rect) (geometry.Scale, bool) {
	if r.field == nil {
		return geometry.Scale{}, false
	}
	return r.field.Under(box)
}

// sourceOf names the scale that a kind of reference object gives.
var sourceOf = map[string]string{vision.KindCard: ScaleFromCard, vision.KindCoin: ScaleFromCoin, vision.KindPlate: ScaleFromPlate}

// sizeOf is the size in mm of a reference object, 0 when nobody has told it.
func (e *Estimator) sizeOf(ref vision.Reference, in Input) float64 {
	switch {
	case ref.Square != nil:
		return ref.Square.SideMM
	case ref.Kind == vision.KindCoin:
		return in.CoinDiameterMM
	case ref.Kind == vision.KindPlate:
		return e.PlateDiameterMM
	}
	return 0
}

// cameraCue is the calibrated camera's; note says in Korean why there is none.
func (e *Estimator) cameraCue(scene vision.Scene) (c geometry.Cue, note string) {
	var known *geometry.Calibration
	if e.Camera != nil {
		var err error
		if known, err = e.Camera(); err != nil {
			e.Logger.Warn("camera calibration cannot be used", "err", err)
		}
	}
	if known == nil {
		return c, "고정 카메라가 보정되어 있지 않아 보정 없이 계산했습니다."
	}
	p, ok := known.Plane(scene.Width, scene.Height)
	if ok {
		c, ok = geometry.PlaneCue(p, rankCamera, 1)
	}
	if !ok {
		return c, "사진의 가로세로 비율이 카메라 보정 때와 달라 보정을 쓰지 않았습니다."
	}
	return c, ""
}

// names are what people call the source of a scale: by itself, as in "with it" and as an object.
var names = map[string]struct{ plain, with, object string }{
	ScaleFromCamera: {"보정된 카메라", "보정된 카메라와", "보정된 카메라를"},
	ScaleFromCard:   {"카드", "카드와", "카드를"},
	ScaleFromCoin:   {"동전", "동전과", "동전을"},
	ScaleFromPlate:  {"접시", "접시와", "접시를"},
}

// contradiction says that two references disagree by a share of the length.
func contradiction(other, lead string, share float64) string {
	percent := int(math.Round(100 * share))
	if other == lead {
		return fmt.Sprintf("다른 %s 크기가 %d%% 어긋나 더 뚜렷한 %s 기준으로 했습니다.", names[other].with, percent, names[lead].object)
	}
	return fmt.Sprintf("%s %s의 크기가 %d%% 어긋나 %s 기준으로 했습니다.", names[other].with, names[lead].plain, percent, names[lead].object)
}
