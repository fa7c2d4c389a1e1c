package estimate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"foodmassd/internal/catalog"
	"foodmassd/internal/mass"
	"foodmassd/internal/vision"
)

// Verifier gives a second opinion on what the eye saw. It is safe for concurrent use.
type Verifier interface {
	// Name of the model behind it, for Result.Model.
	Name() string
	// Ready tells at once whether asking is worth a diner's time now.
	Ready() bool
	// Ask returns one Opinion for each claim, in order, with keys of the catalog and positive grams, or
	// an error within a time that it bounds itself and that ctx may end earlier.
	Ask(ctx context.Context, q Question) ([]Opinion, error)
}

// Question is a photo and what the eye made of it.
type Question struct {
	// Photo is an upright JPEG, its longer side at most 1024 pixels.
	Photo  []byte
	Claims []Claim
}

// Claim is what one food is taken for.
type Claim struct {
	Key       string
	MassG     float64
	IntervalG [2]float64 // 90 %
	// Left, Top, Right and Bottom of its box as shares of the photo's width and height, in [0,1].
	Left, Top, Right, Bottom float64
	// WidthMM and HeightMM are the box's measures, 0 without a metric scale.
	WidthMM, HeightMM float64
}

// Opinion is what one food is to somebody else: a key of the catalog, and grams above 0.
type Opinion struct {
	Key   string
	MassG float64
}

// heard is what became of the second opinion on one food.
type heard struct {
	outcome outcome
	Opinion
	eye []mass.Class // the classes before it
}

type outcome int

const (
	notAsked    outcome = iota
	unheard             // asked, or to be asked, and no usable answer
	agreed              // the same food, grams within mass.Agree
	nameless            // neither knows the food, grams within mass.Agree
	differed            // another food or other grams
	overweighed         // the load cell speaks against it
)

// askReserve is what is left of a task's time for everything after the answer.
const askReserve = time.Second

// maxClaims bounds a question; the foods beyond it, of which the eye is least sure, get no second opinion.
const maxClaims = 16

// second tells how asking went.
type second struct {
	name string
	took time.Duration // 0 when nobody was asked
	ok   bool
}

// note records in the result that and how long somebody was asked.
func (s second) note(r *Result) {
	if s.took > 0 {
		r.TimingsMS[stageVerify] = milliseconds(s.took)
	}
	if s.ok {
		r.Model["verifier"] = s.name
	}
}

// crossCheck asks for a second opinion and merges it into the foods, which together has seen already. ready
// is what Verifier.Ready has told.
func (e *Estimator) crossCheck(ctx context.Context, scene vision.Scene, foods []Measured, v verdict, in Input, ready bool, s *steps) ([]Measured, second) {
	if e.Verifier == nil || len(foods) == 0 {
		return foods, second{}
	}
	told := second{name: e.Verifier.Name()}
	var opinions []Opinion
	if ready {
		start := time.Now()
		s.reach(stageVerify)
		opinions, told.ok = e.ask(ctx, scene, foods)
		told.took = time.Since(start)
	}
	if !told.ok {
		for i := range foods {
			foods[i].heard.outcome = unheard
		}
		return foods, told
	}
	merged := slices.Clone(foods)
	for i := range opinions {
		merged[i] = e.merge(foods[i], opinions[i])
	}
	return besideScale(foods, merged, v, in), told
}

func (e *Estimator) ask(ctx context.Context, scene vision.Scene, foods []Measured) ([]Opinion, bool) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-askReserve))
		defer cancel()
	}
	q := Question{Photo: scene.Preview}
	for _, f := range foods[:min(len(foods), maxClaims)] {
		q.Claims = append(q.Claims, claim(f, scene))
	}
	opinions, err := e.Verifier.Ask(ctx, q) // which logs what went wrong
	if err == nil && len(opinions) != len(q.Claims) {
		err = fmt.Errorf("%d opinions on %d foods", len(opinions), len(q.Claims))
	}
	if err != nil {
		e.Logger.DebugContext(ctx, "no second opinion", "err", err)
	}
	return opinions, err == nil
}

func claim(f Measured, scene vision.Scene) Claim {
	b, w, h := f.Seen.Box, float64(scene.Width), float64(scene.Height)
	share := func(x, of float64) float64 { return math.Max(0, math.Min(1, x/of)) }
	c := Claim{Key: f.Classes[0].Key, MassG: f.massG, IntervalG: f.interval,
		Left: share(b.X, w), Top: share(b.Y, h), Right: share(b.X+b.Width, w), Bottom: share(b.Y+b.Height, h)}
	if f.Measures != nil {
		c.WidthMM, c.HeightMM = f.Measures.WidthMM, f.Measures.HeightMM
	}
	return c
}

// merge joins one food with the opinion on it: the name by a bounded likelihood factor before its size is
// weighed, the grams by Bayes' rule where both agree and by pooling where they differ. An agreement never
// lowers the confidence; a difference never raises it nor narrows the interval.
func (e *Estimator) merge(f Measured, o Opinion) Measured {
	before := f
	o = e.meant(o, f.Classes[0].Key)
	f.heard = heard{differed, o, f.Classes}
	e.weigh(&f, mass.Named(e.looks(f.Seen), o.Key))
	same := o.Key == before.Classes[0].Key && o.Key == f.Classes[0].Key
	switch {
	case same && mass.Agree(f.massG, o.MassG) && o.Key == catalog.UnknownKey:
		before.heard = f.heard
		before.heard.outcome = nameless
		return before
	case same && mass.Agree(f.massG, o.MassG):
		f.heard.outcome, f.method = agreed, MultimodalVerification
		f.Grams.Grams = f.Grams.Grams.Confirmed(o.MassG)
		f.massG = f.Grams.PointG()
		f.interval = f.Grams.Grams.Interval()
		f.near = math.Max(before.near, f.Grams.Grams.Near(f.massG))
	default:
		f.Grams.Grams = f.Grams.Grams.Doubted(o.MassG)
		both := f.Grams.Grams.Interval()
		f.interval = [2]float64{math.Min(before.interval[0], both[0]), math.Max(before.interval[1], both[1])}
		f.near = math.Min(before.near, f.Grams.Grams.Near(f.massG))
	}
	return f
}

// besideScale lets the load cell have the last word: where it agreed with the eye, the merged foods still
// meet its total or are not used; where it contradicted the eye, nobody verifies the foods.
func besideScale(foods, merged []Measured, v verdict, in Input) []Measured {
	switch {
	case v == agrees && together(merged, in) != agrees:
		for i := range foods {
			if foods[i].heard = merged[i].heard; foods[i].heard.outcome != notAsked {
				foods[i].heard.outcome = overweighed
			}
		}
		return foods
	case v == contradicts:
		for i := range merged {
			if merged[i].heard.outcome == agreed {
				merged[i].near *= distrust
			}
			merged[i].method = foods[i].method
		}
	}
	return merged
}

// eyeClasses are the classes as the eye and the size tell them.
func (m Measured) eyeClasses() []mass.Class {
	if m.heard.eye != nil {
		return m.heard.eye
	}
	return m.Classes
}

// reasonOpinion says in Korean what the second opinion was, "" when there was to be none.
func (e *Estimator) reasonOpinion(m Measured) string {
	known, _ := e.foods().Food(m.heard.Key)
	switch what := fmt.Sprintf("%s, 약 %.0fg", known.NameKo, m.heard.MassG); m.heard.outcome {
	case unheard:
		return "LLM 교차 확인을 하지 못해 기기의 추정만 사용했습니다."
	case agreed:
		return fmt.Sprintf("LLM의 의견(%s)도 추정과 일치합니다.", what)
	case nameless:
		return "LLM도 등록된 음식으로 확인하지 못했습니다."
	case overweighed:
		return fmt.Sprintf("LLM의 의견(%s)은 저울 값과 맞지 않아 사용하지 않았습니다.", what)
	case differed:
		eye := m.heard.eye[0].Key
		text := fmt.Sprintf("LLM의 의견(%s)은 무게가 추정과 크게 다릅니다.", what)
		if eye != m.heard.Key {
			text = fmt.Sprintf("LLM의 의견(%s)은 음식 종류가 다릅니다.", what)
		}
		if best := m.Classes[0].Key; best != eye {
			name, _ := e.foods().Food(best)
			text += fmt.Sprintf(" 두 의견을 합쳐 %s 정했습니다.", withRo(name.NameKo))
		}
		return text
	}
	return ""
}
