// Package mass turns what was seen and measured of a food (class probabilities, outline and box in
// millimetres, view) into grams with a distribution, and conditions several foods on a known total.
// The figures come from models/mass.json. Pure Go: numbers in, numbers out.
package mass

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"foodmassd/internal/catalog"
)

// Model is the fitted part of the mass model, as models/train/mass.py writes it.
type Model struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// ScaleSD is the relative uncertainty of the metric scale in the photos of the fit. That much is
	// part of NoiseSD already; only what a photo has beyond it widens the distribution.
	ScaleSD float64 `json:"scale_sd"`
	Top     View    `json:"top"`
	Side    View    `json:"side"`
}

// View is a log-linear model of grams for one camera position.
type View struct {
	// Features are names from the table in features.go, in the order of the coefficients.
	Features []string             `json:"features"`
	Foods    map[string]Posterior `json:"foods"`
	// SizeFeatures describe Sizes, how large each food usually is; "unknown" stands for foods
	// that were not in the fit.
	SizeFeatures []string        `json:"size_features"`
	Sizes        map[string]Size `json:"sizes"`
}

// Size is the distribution of a food's size features: independent, heavy-tailed.
type Size struct {
	Mean []float64 `json:"mean"`
	SD   []float64 `json:"sd"`
}

// Posterior is the posterior of one food in one view: the logarithm of its grams is
// Mean[0] + Σ Mean[i+1]·feature[i].
type Posterior struct {
	// Mean and Cov are the posterior of offset and slopes; Cov is symmetric and positive semidefinite.
	Mean []float64   `json:"mean"`
	Cov  [][]float64 `json:"cov"`
	// NoiseSD is what remains between portions, in log grams, calibrated on portions left out.
	NoiseSD float64 `json:"noise_sd"`
	// Low and High bound each feature over the portions of the fit.
	Low  []float64 `json:"low"`
	High []float64 `json:"high"`
	// Volume are the coefficients for the logarithm of cm³.
	Volume []float64 `json:"volume"`
}

// Load reads and checks a model; the error says which member is wrong.
func Load(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(io.LimitReader(r, 8<<20))
	if err != nil {
		return nil, fmt.Errorf("read mass model: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var m Model
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("read mass model: %w", err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("mass model: %w", err)
	}
	return &m, nil
}

func (m *Model) check() error {
	if m.Name == "" || m.Version == "" {
		return fmt.Errorf("name and version are required")
	}
	if !(m.ScaleSD >= 0 && m.ScaleSD < 1) {
		return fmt.Errorf("scale_sd %g is not in [0, 1)", m.ScaleSD)
	}
	for name, v := range map[string]View{"top": m.Top, "side": m.Side} {
		if len(v.Features) == 0 || len(v.Foods) == 0 {
			return fmt.Errorf("%s: features and foods are required", name)
		}
		for _, f := range append(append([]string(nil), v.Features...), v.SizeFeatures...) {
			if _, ok := features[f]; !ok {
				return fmt.Errorf("%s: unknown feature %q", name, f)
			}
		}
		for key, f := range v.Foods {
			if err := f.check(len(v.Features)); err != nil {
				return fmt.Errorf("%s: %s: %w", name, key, err)
			}
		}
		for key, s := range v.Sizes {
			if err := s.check(len(v.SizeFeatures)); err != nil {
				return fmt.Errorf("%s: size of %s: %w", name, key, err)
			}
		}
		if _, ok := v.Sizes[catalog.UnknownKey]; !ok {
			return fmt.Errorf("%s: size of %q is missing", name, catalog.UnknownKey)
		}
	}
	return nil
}

// Bounds of a sane model: log grams stay within ±maxLog, so nothing overflows on the way.
const (
	maxCoefficient = 50
	maxVariance    = 100
)

func (f Posterior) check(n int) error {
	if err := within("mean", f.Mean, n+1, maxCoefficient); err != nil {
		return err
	}
	if err := within("volume", f.Volume, n+1, maxCoefficient); err != nil {
		return err
	}
	if len(f.Cov) != n+1 {
		return fmt.Errorf("cov has %d rows, not %d", len(f.Cov), n+1)
	}
	for i, row := range f.Cov {
		if err := within(fmt.Sprintf("cov row %d", i+1), row, n+1, maxVariance); err != nil {
			return err
		}
		if row[i] < 0 {
			return fmt.Errorf("cov row %d: negative variance %g", i+1, row[i])
		}
	}
	if !(f.NoiseSD > 0 && f.NoiseSD <= 2) {
		return fmt.Errorf("noise_sd %g is not in (0, 2]", f.NoiseSD)
	}
	if err := within("low", f.Low, n, maxCoefficient); err != nil {
		return err
	}
	if err := within("high", f.High, n, maxCoefficient); err != nil {
		return err
	}
	for i := range f.Low {
		if f.Low[i] > f.High[i] {
			return fmt.Errorf("low %g above high %g", f.Low[i], f.High[i])
		}
	}
	return nil
}

func (s Size) check(n int) error {
	if err := within("mean", s.Mean, n, maxCoefficient); err != nil {
		return err
	}
	if err := within("sd", s.SD, n, maxCoefficient); err != nil {
		return err
	}
	for _, sd := range s.SD {
		if !(sd >= 0.01) {
			return fmt.Errorf("sd %g is below 0.01", sd)
		}
	}
	return nil
}

func within(name string, v []float64, n int, limit float64) error {
	if len(v) != n {
		return fmt.Errorf("%s has %d figures, not %d", name, len(v), n)
	}
	for _, x := range v {
		if !(math.Abs(x) <= limit) {
			return fmt.Errorf("%s: %g is not within ±%g", name, x, limit)
		}
	}
	return nil
}
