// Package estimate turns one photo into a Result, stage by stage: see (the vision worker) → scale →
// mass → weigh → verify. A vision.Seer, a catalog and a mass model come in; a Result with names, grams and
// intervals goes out. No queue, no database, no HTTP.
package estimate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sort"
	"time"

	"foodmassd/internal/catalog"
	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
	"foodmassd/internal/mass"
	"foodmassd/internal/vision"
)

// Input is one photo and what is known beside it.
type Input struct {
	// Path of the image file, only read.
	Path string
	// Filename is the client's name for it, already sanitised, for Result.Filename.
	Filename string
	// CoinDiameterMM is the reference coin's diameter in mm, 10–50; 0 takes the configured one.
	CoinDiameterMM float64
	// FixedCamera tells that the photo comes from the camera that was calibrated.
	FixedCamera bool
	// ScaleG is the known net total in grams, nil when there is none.
	ScaleG *float64
	// ScaleSDG is what the total's source adds to the scale's own standard uncertainty, in grams; 0 where
	// it adds nothing.
	ScaleSDG float64
	// ScaleMissing tells that the scale was to count and had no grams at rest.
	ScaleMissing bool
}

// Progress is one step forward: Fraction in [0,1) and a Korean message for the diner.
type Progress struct {
	Fraction float64
	Message  string
}

// Estimator runs the stages. Its fields are set before first use; it is safe for concurrent use when
// its Seer is.
type Estimator struct {
	Seer    vision.Seer
	Catalog *catalog.Catalog
	Mass    *mass.Model
	// CoinDiameterMM is the configured reference coin, 10–50 mm.
	CoinDiameterMM float64
	// PlateDiameterMM is the diameter of the plates in use, 100–400 mm; 0 when they are of many kinds.
	PlateDiameterMM float64
	// Camera, which may be nil, returns the fixed camera's calibration as it is now, nil when there is none.
	Camera func() (*geometry.Calibration, error)
	// Site, which may be nil, returns what was taught on site as it is now, nil when nothing was.
	Site func() *Site
	// Verifier, which may be nil, gives a second opinion on each photo with food.
	Verifier Verifier
	// Logger may be nil.
	Logger *slog.Logger
	// Observe, which may be nil, is shown each result with what lay behind its foods, in the same
	// order; for evaluation.
	Observe func(*Result, []Measured)

	now Site // what Site was when the photo at hand was begun, see today
}

// Measured is one food on its way through the stages.
type Measured struct {
	Seen vision.Food
	// Classes are Seen.Classes weighed by size, the probability missing to 1 given to the unknown food.
	Classes []mass.Class
	// Scale, where the food stands, and Measures are nil without a metric scale.
	Scale    *geometry.Scale
	Measures *geometry.Measures
	// Cut tells that the photo ends within the food.
	Cut   bool
	Grams mass.Estimate

	observed mass.Observation // what Grams come from
	heard    heard
	massG    float64
	interval [2]float64
	near     float64 // probability that massG is within 20 % of the truth
	method   string
}

// Initialize checks that everything needed is there.
func (e *Estimator) Initialize() error {
	switch {
	case e.Seer == nil || e.Catalog == nil || e.Mass == nil:
		return errors.New("estimator: seer, catalog and mass model are required")
	case !geometry.ValidCoin(e.CoinDiameterMM):
		return fmt.Errorf("estimator: coin diameter %g mm is not in [%d, %d]", e.CoinDiameterMM, geometry.MinCoinMM, geometry.MaxCoinMM)
	case e.PlateDiameterMM != 0 && !geometry.ValidPlate(e.PlateDiameterMM):
		return fmt.Errorf("estimator: plate diameter %g mm is not in [%d, %d]", e.PlateDiameterMM, geometry.MinPlateMM, geometry.MaxPlateMM)
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Estimate analyses one photo. progress, which may be nil, is called with fractions that never
// decrease. Errors carry a fault.Code: fault.BadCoinDiameter, fault.BadRequest for a total that is no
// number, and those of vision.Seer.
func (e *Estimator) Estimate(ctx context.Context, in Input, progress func(Progress)) (*Result, error) {
	start := time.Now()
	e = e.today()
	if in.CoinDiameterMM == 0 {
		in.CoinDiameterMM = e.CoinDiameterMM
	}
	if !geometry.ValidCoin(in.CoinDiameterMM) {
		return nil, fault.New(fault.BadCoinDiameter, "estimate", nil)
	}
	if in.ScaleG != nil && !finite(*in.ScaleG) || !finite(in.ScaleSDG) || in.ScaleSDG < 0 {
		return nil, fault.New(fault.BadRequest, "estimate: net total", nil)
	}
	asking := e.Verifier != nil && e.Verifier.Ready()
	steps := newSteps(progress, asking)
	scene, err := e.see(ctx, in, steps, asking)
	if err != nil {
		return nil, err
	}
	seen := time.Now()
	if !asking {
		steps.reach(stageMass)
	}
	scale := e.rulerOf(scene, in)
	foods := e.weighEach(scene, scale)
	verdict := together(foods, in)
	foods, other := e.crossCheck(ctx, scene, foods, verdict, in, asking, steps)
	if asking {
		steps.reach(stageMass)
	}
	sort.SliceStable(foods, func(i, j int) bool { return foods[i].massG > foods[j].massG })
	result := e.present(in, scene, scale, foods, verdict)
	other.note(result)
	result.TimingsMS["mass"] = milliseconds(time.Since(seen) - other.took)
	result.TimingsMS["total"] = milliseconds(time.Since(start))
	if e.Observe != nil {
		e.Observe(result, foods)
	}
	e.Logger.DebugContext(ctx, "photo estimated", "foods", len(foods), "total_g", result.MassEstimation.TotalMassG,
		"scale_source", result.ScaleSource, "ms", result.TimingsMS["total"])
	return result, nil
}

func milliseconds(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 100) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// round rounds to 1/parts.
func round(x, parts float64) float64 { return math.Round(x*parts) / parts }
