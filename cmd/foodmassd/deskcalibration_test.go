package main

import (
	"os"
	"strings"
	"testing"

	"foodmassd/internal/api"
	"foodmassd/internal/weighing"
)

func TestACalibrationThatCannotBeKeptIsNotInForce(t *testing.T) {
	dir := t.TempDir()
	desk, cell := newDesk(t, dir)
	cell.feed(int32(8000), 20)
	good := api.CalibrateRequest{CellID: desk.Status().CellID, Points: []weighing.Point{{Grams: 0, Counts: 8000}, {Grams: 500, Counts: 108_000}}}
	another, bad := good, good
	another.CellID = "hx711, gain 64"
	bad.Points = []weighing.Point{{Grams: 0, Counts: 8000}, {Grams: 500, Counts: 8020}}
	refused := func(r api.CalibrateRequest, want string) {
		t.Helper()
		err := desk.Calibrate(t.Context(), "me", r)
		if err == nil || !strings.Contains(err.Error(), "the old calibration stays: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		history, err := desk.Calibrations(t.Context())
		if s := desk.Status(); err != nil || len(history) != 1 || !history[0].Current || *s.CountsPerGram != 100 || s.Calibration != nil || *s.ZeroCounts != 8000 {
			t.Errorf("after a refusal: %+v, %v; %s", history, err, describeScale(s))
		}
	}
	refused(another, "another cell")
	refused(bad, "was the mass put on")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // its zero can be kept nowhere now
		t.Fatal(err)
	}
	refused(good, "save the scale's zero")
	for _, r := range []api.UseCalibrationRequest{{}, {ID: new(int64), Back: true}} {
		if err := desk.UseCalibration(t.Context(), r); err == nil || !strings.Contains(err.Error(), "say which") {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if err := desk.scale.Close(); err != nil {
		t.Fatal(err)
	}
}
