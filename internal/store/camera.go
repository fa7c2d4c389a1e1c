package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"foodmassd/internal/geometry"
)

// cameraName is the file with the fixed camera's calibration.
const cameraName = "camera.json"

// SaveCamera keeps a calibration in the data directory dir, in place of any before: wholly or not at all,
// and through a power cut. It needs no Store, so that a camera can be calibrated before the daemon's
// first start; a daemon at work takes it up with the next photo. Errors: fault.DiskFull.
func SaveCamera(dir string, c geometry.Calibration) error {
	if err := saveJSON(dir, cameraName, c); err != nil {
		return fmt.Errorf("save camera calibration: %w", diskFull(err))
	}
	return nil
}

// LoadCamera returns the calibration in the data directory dir, nil when there is none. A damaged one is
// an error.
func LoadCamera(dir string) (*geometry.Calibration, error) {
	text, err := loadFile(dir, cameraName)
	if err != nil {
		return nil, fmt.Errorf("load camera calibration: %w", err)
	}
	if text == nil {
		return nil, nil
	}
	c, err := geometry.ParseCalibration(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, cameraName), err)
	}
	return &c, nil
}

// ForgetCamera removes the calibration; one that is not there is no error.
func ForgetCamera(dir string) error {
	err := os.Remove(filepath.Join(dir, cameraName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err = errors.Join(err, syncDir(dir)); err != nil {
		return fmt.Errorf("forget camera calibration: %w", err)
	}
	return nil
}
