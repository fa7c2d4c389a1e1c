package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A food file carries what a kitchen has taught to another appliance.
const (
	foodFileFormat  = "foodmassd foods"
	foodFileVersion = 1
	// MaxFoodFileBytes bounds a food file: some 10,000 examples and weighings.
	MaxFoodFileBytes = 32 << 20
)

// Bounds on the parts of a food file.
const (
	maxFoodWeighings = 100_000
	maxTaughtFoods   = 500
	maxFoodExamples  = 50 // of one food
	maxEmbedding     = 4096
	maxText          = 200 // bytes of a text that nobody reads
)

type foodFile struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	SHA256  string          `json:"sha256"` // of the payload without white space
	Payload json.RawMessage `json:"payload"`
}

// WriteFoodFile writes lessons as a food file.
func WriteFoodFile(w io.Writer, l FoodLessons) error {
	payload, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(foodFile{foodFileFormat, foodFileVersion, hashOf(payload), payload})
}

// ReadFoodFile reads a food file. Anything but a whole, unchanged file of this version with figures in range is an
// error that says what is wrong with it.
func ReadFoodFile(r io.Reader) (l FoodLessons, err error) {
	var file foodFile
	if err := decodeStrictly(r, MaxFoodFileBytes, &file); err != nil {
		return l, fmt.Errorf("this is no food file; make one with foodmassd food export: %w", err)
	}
	var payload bytes.Buffer
	switch {
	case file.Format != foodFileFormat:
		return l, errors.New("this is no food file; make one with foodmassd food export")
	case file.Version != foodFileVersion:
		return l, fmt.Errorf("the food file has version %d, this foodmassd reads %d; export it with the same version of foodmassd", file.Version, foodFileVersion)
	case json.Compact(&payload, file.Payload) != nil || hashOf(payload.Bytes()) != file.SHA256:
		return l, errors.New("the food file was damaged or changed (its SHA-256 differs); copy or export it again")
	}
	if err := decodeStrictly(&payload, MaxFoodFileBytes, &l); err != nil {
		return l, fmt.Errorf("the food file cannot be read; export it with the same version of foodmassd: %w", err)
	}
	if err := l.check(); err != nil {
		return l, fmt.Errorf("food file: %w", err)
	}
	return l, nil
}

func hashOf(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// decodeStrictly reads one JSON value of at most max bytes: no unknown members, nothing behind it.
func decodeStrictly(r io.Reader, max int64, v any) error {
	bounded := &io.LimitedReader{R: r, N: max + 1}
	in := json.NewDecoder(bounded)
	in.DisallowUnknownFields()
	err := in.Decode(v)
	if err == nil {
		if _, more := in.Token(); more != io.EOF {
			err = errors.New("something follows the JSON value")
		}
	}
	if bounded.N <= 0 {
		return fmt.Errorf("more than %d bytes", max)
	}
	return err
}

func (l FoodLessons) check() error {
	if len(l.Weighings) > maxFoodWeighings || len(l.Foods) > maxTaughtFoods {
		return fmt.Errorf("%d weighings and %d foods are more than the %d and %d that are kept",
			len(l.Weighings), len(l.Foods), maxFoodWeighings, maxTaughtFoods)
	}
	for i, w := range l.Weighings {
		if err := w.check(); err != nil {
			return fmt.Errorf("weighing %d: %w", i+1, err)
		}
	}
	seen := map[string]bool{}
	for _, f := range l.Foods {
		if seen[f.Key] {
			return fmt.Errorf("%s appears twice", clip(f.Key))
		}
		seen[f.Key] = true
		if err := f.check(); err != nil {
			return fmt.Errorf("%s: %w", clip(f.Key), err)
		}
	}
	return nil
}

func (w FoodWeighing) check() error {
	switch {
	case !within(w.EstimatedG, 1e-3, 10*MaxFoodGrams) || !within(w.EstimatedLogSD, 0, 10):
		return fmt.Errorf("an estimate of %g g, log SD %g, is out of range", w.EstimatedG, w.EstimatedLogSD)
	case !within(w.TrueSDG, 0, MaxFoodGrams) || !within(w.Probability, 0, 1):
		return fmt.Errorf("an uncertainty of %g g or a probability of %g is out of range", w.TrueSDG, w.Probability)
	case w.Source != "plate" && w.Source != "technician":
		return fmt.Errorf("source %q is neither plate nor technician", clip(w.Source))
	case len(w.TaskID) > maxText || w.At.IsZero():
		return errors.New("its task or its time is out of range")
	}
	return errors.Join(checkGrams(&w.TrueG), checkKey(w.Food))
}

func (f TaughtFood) check() error {
	if n := len(f.Examples); n == 0 || n > maxFoodExamples || len(f.Shape) > maxText || f.AddedAt.IsZero() {
		return fmt.Errorf("%d examples (1 to %d), its shape or its time is out of range", n, maxFoodExamples)
	}
	for i, e := range f.Examples {
		if err := e.check(); err != nil {
			return fmt.Errorf("example %d: %w", i+1, err)
		}
	}
	return errors.Join(checkKey(f.Key), checkName(f.NameKo), checkName(f.NameEn))
}

func (e FoodExample) check() error {
	switch {
	case len(e.Embedding) == 0 || len(e.Embedding) > maxEmbedding:
		return fmt.Errorf("an embedding of %d numbers; 1 to %d are allowed", len(e.Embedding), maxEmbedding)
	case !within(e.TopView, 0, 1) || !within(e.VolumeCM3, 0, 10*MaxFoodGrams):
		return fmt.Errorf("a view of %g or a volume of %g cm³ is out of range", e.TopView, e.VolumeCM3)
	case e.Recogniser == "" || len(e.Recogniser) > maxText || e.At.IsZero():
		return errors.New("its recogniser or its time is out of range")
	}
	return checkGrams(e.Grams)
}
