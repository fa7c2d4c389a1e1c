package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"foodmassd/internal/geometry"
)

// calibrated is a calibration with a card of a given side in mm.
func calibrated(mm float64) geometry.Calibration {
	return geometry.Calibration{
		Square: geometry.Square{SideMM: mm, RMSPx: 0.2, CornerSDPx: 0.1,
			Corners: [4]geometry.Point{{X: 400, Y: 300}, {X: 600, Y: 301}, {X: 598, Y: 500}, {X: 401, Y: 499}}},
		Width: 1000, Height: 800, TakenAt: time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC),
	}
}

func TestACalibrationIsReplacedWholeAndForgotten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not yet there")
	if c, err := LoadCamera(dir); c != nil || err != nil {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, mm := range []float64{40, 62.5} {
		if err := SaveCamera(dir, calibrated(mm)); err != nil {
			t.Fatal(err)
		}
		if c, err := LoadCamera(dir); err != nil || *c != calibrated(mm) {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
	for range 2 {
		if err := ForgetCamera(dir); err != nil {
			t.Error(err)
		}
	}
	if c, err := LoadCamera(dir); c != nil || err != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestADamagedCalibrationIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := SaveCamera(dir, calibrated(40)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, cameraName)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := LoadCamera(dir); c != nil || err == nil {
		t.Errorf("%+v, %v", c, err)
	}
}
