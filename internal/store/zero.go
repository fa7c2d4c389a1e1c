package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	file := filepath.Join(dir, zeroName)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load the scale's zero: %w", err)
	}
	var z Zero
	if err := json.Unmarshal(text, &z); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if z.Cell != cell {
		return nil, nil
	}
	return &z, nil
}
