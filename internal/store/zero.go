package store

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"
)

// zeroName is the file with the scale's zero.
const zeroName = "scale-zero.json"

// Zero is what a load cell reads under a tray that is to weigh nothing.
type Zero struct {
	Cell    string    `json:"cell"` // which one, with what changes its counts
	Counts  float64   `json:"counts"`
	TakenAt time.Time `json:"taken_at"`
	// LoadCounts are what of Counts is a load that lay there then, DriftCounts what of them is the empty scale's
	// drift since.
	LoadCounts  float64 `json:"load_counts,omitempty"`
	DriftCounts float64 `json:"drift_counts,omitempty"`
}

// SaveZero keeps a zero in the data directory dir, in place of any before: wholly or not at all, and through
// a power cut. Errors: fault.DiskFull.
func SaveZero(dir string, z Zero) error {
	if err := saveJSON(dir, zeroName, z); err != nil {
		return fmt.Errorf("save the scale's zero: %w", diskFull(err))
	}
	return nil
}

// LoadZero returns the zero in the data directory dir that was taken of the cell, nil when there is none. A
// damaged one is an error.
func LoadZero(dir, cell string) (*Zero, error) {
	text, err := loadFile(dir, zeroName)
	if err != nil {
		return nil, fmt.Errorf("load the scale's zero: %w", err)
	}
	if text == nil {
		return nil, nil
	}
	var z Zero
	if err := json.Unmarshal(text, &z); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, zeroName), err)
	}
	if z.Cell != cell {
		return nil, nil
	}
	return &z, nil
}
