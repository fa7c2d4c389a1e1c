package mass

import (
	"math"
	"slices"

	"foodmassd/internal/catalog"
)

// A kitchen's portions differ from the ones that the model was fitted to: its bread is denser, its bowls
// are deeper. What was weighed there corrects the grams by one factor per food and view, the logarithm of
// truth over estimate, with a normal prior around "no correction" and the conjugate update of a normal
// mean with known variance (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.5).

// Factor corrects a food's grams: the logarithm of truth over estimate is normal with this mean and
// standard deviation. Count is how many weighings it comes from, above 0.
type Factor struct {
	LogMean, LogSD float64
	Count          int
}

// FactorKey is a food's catalog key and the side that it is seen from.
type FactorKey struct {
	Food string
	Top  bool
}

// Factors by food and view. A nil map corrects nothing.
type Factors map[FactorKey]Factor

// Weighing is one weighed portion: what was estimated of this food, from this side and without any factor, and what
// it weighed, in grams.
type Weighing struct {
	Food           string
	Top            bool
	EstimatedG     float64
	EstimatedLogSD float64 // of the estimate; 0 when it is not known
	TrueG, TrueSDG float64
	Probability    float64 // that it is this food, in [0,1]
}

// Prior is what is thought of a food's factor before anything was weighed, both in log grams.
type Prior struct {
	// FactorSD is by how much a kitchen's portions are off as a whole.
	FactorSD float64
	// PortionSD is by how much its portions are off among each other.
	PortionSD float64
	// MaxLog bounds the logarithm of the factor either way: more is a wrong food, a forgotten container or a wrong scale.
	MaxLog float64
}

// Together the fitted foods' SDs are the 15 % by which weighed portions that the fit did not know scatter (11 % mean
// error, MODEL_CARD.md); how that splits between kitchens and portions no data tells, and even is the cautious
// choice. The others' come from bodySD and the spread of densities: nearly all of that, a food's height and
// density, is the same for its every portion.
var (
	fittedPrior   = Prior{FactorSD: 0.10, PortionSD: 0.11, MaxLog: math.Log(3)}
	unfittedPrior = Prior{FactorSD: 0.6, PortionSD: 0.15, MaxLog: math.Log(10)} // bread weighs an eighth of a lump of its size
)

const (
	// LearnableProbability is the least at which a weighing teaches: below it the grams may be another food's.
	LearnableProbability = 0.8
	// tailFreedom is ν of the t distribution that a portion's error is taken to follow; 4 is the usual choice for
	// measurements with a few gross errors (Lange, Little and Taylor 1989, JASA 84).
	tailFreedom = 4
	// maxRounds and settled end the reweighting.
	maxRounds = 100
	settled   = 1e-9
)

// Prior returns what is thought of a food's factor before it was weighed here.
func (m *Model) Prior(food string) Prior {
	if m.Fits(food) {
		return fittedPrior
	}
	return unfittedPrior
}

// portionVariance is what remains of an estimate's variance when the food's factor is known: the estimate's
// uncertainty includes the factor's.
func (p Prior) portionVariance(logSD float64) float64 {
	return math.Max(p.PortionSD*p.PortionSD, logSD*logSD-p.FactorSD*p.FactorSD)
}

// Learn returns the factors that weighings teach, nil for none. Weighings that cannot be right, or whose food is less
// probable than LearnableProbability, teach nothing.
//
// Every weighing of a food and view has the weight that the t distribution gives it beside the factor that all
// of them lead to: alone far off it counts for almost nothing, whereas a run of weighings that agree pulls the
// factor to itself and thereby counts in full.
func Learn(prior func(food string) Prior, weighings []Weighing) Factors {
	errors := map[FactorKey][]portionError{}
	for _, w := range weighings {
		if w.teaches() {
			key := FactorKey{w.Food, w.Top}
			errors[key] = append(errors[key], w.against(prior(w.Food)))
		}
	}
	if len(errors) == 0 {
		return nil
	}
	factors := make(Factors, len(errors))
	for key, of := range errors {
		factors[key] = fitFactor(prior(key.Food), of)
	}
	return factors
}

// teaches reports whether there is anything to learn from the weighing.
func (w Weighing) teaches() bool {
	return w.Probability >= LearnableProbability && w.EstimatedG > 0 && !math.IsInf(w.EstimatedG, 1) &&
		w.TrueG > 0 && !math.IsInf(w.TrueG, 1) && w.TrueSDG >= 0 && w.EstimatedLogSD >= 0
}

// portionError is by how much one estimate was off, in log grams.
type portionError struct{ log, variance float64 }

func (w Weighing) against(p Prior) portionError {
	scale := w.TrueSDG / w.TrueG
	return portionError{math.Log(w.TrueG / w.EstimatedG), p.portionVariance(w.EstimatedLogSD) + scale*scale}
}

// fitFactor returns the mode of the factor's posterior under t-distributed errors, by iterated reweighting from
// the errors' median, with the standard deviation that the weights leave.
func fitFactor(p Prior, errors []portionError) Factor {
	mean := medianError(errors)
	var precision float64
	for range maxRounds {
		last := mean
		precision = 1 / (p.FactorSD * p.FactorSD)
		var sum float64
		for _, e := range errors {
			off := e.log - mean
			weight := (tailFreedom + 1) / (tailFreedom + off*off/e.variance) / e.variance
			precision, sum = precision+weight, sum+weight*e.log
		}
		if mean = sum / precision; math.Abs(mean-last) < settled {
			break
		}
	}
	mean = math.Min(math.Max(mean, -p.MaxLog), p.MaxLog)
	return Factor{LogMean: mean, LogSD: 1 / math.Sqrt(precision), Count: len(errors)}
}

func medianError(errors []portionError) float64 {
	logs := make([]float64, len(errors))
	for i, e := range errors {
		logs[i] = e.log
	}
	slices.Sort(logs)
	return (logs[(len(logs)-1)/2] + logs[len(logs)/2]) / 2
}

// correct applies a food's factor to its grams. What the kitchen's portions are off as a whole is replaced by
// what is known of it, so that the distribution is never wider than before.
func (p Prior) correct(c Component, f Factor) Component {
	c.LogMean = clamp(c.LogMean + f.LogMean)
	c.LogSD = math.Min(c.LogSD, math.Sqrt(p.portionVariance(c.LogSD)+f.LogSD*f.LogSD))
	return c
}

// Alone returns grams and their log SD of a food that is surely this one, seen from the side that the observation says
// is likelier, and without any factor: what a Weighing compares with. ok is false without a metric scale and
// for a food that is cut off.
func (m *Model) Alone(f catalog.Food, o Observation) (grams, logSD float64, top, ok bool) {
	if o.Measures == nil || o.Cut {
		return 0, 0, false, false
	}
	o.Factors, top = nil, o.TopView >= 0.5
	c, _ := m.measured(f, o, top)
	return math.Exp(c.LogMean), c.LogSD, top, true
}
