package store

import (
	"errors"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"foodmassd/internal/weighing"
)

func calibration(t *testing.T, cell string, perGram float64) Calibration {
	t.Helper()
	line, err := weighing.Calibrate([]weighing.Point{{Grams: 0, Counts: 84_000, NoiseCounts: 31}, {Grams: 500, Counts: 84_010 + 500*perGram}, {Grams: 1000, Counts: 84_000 + 1000*perGram}})
	if err != nil {
		t.Fatal(err)
	}
	return Calibration{Calibration: line, Cell: cell, TakenAt: time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC), Who: "김기사"}
}

func mustKeep(t *testing.T, s *Store, c Calibration) Calibration {
	t.Helper()
	id, err := s.KeepCalibration(t.Context(), c, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	c.ID = id
	return c
}

// inForce wants c to be its cell's calibration, nil: none.
func inForce(t *testing.T, s *Store, cell string, c *Calibration) {
	t.Helper()
	if got, err := s.CurrentCalibration(t.Context(), cell); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%s: got %+v, %v; want %+v", cell, got, err, c)
	}
}

func TestTheLastCalibrationOfACellIsInForceUntilAnEarlierOneIs(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	inForce(t, s, "left", nil)
	first := mustKeep(t, s, calibration(t, "left", 430))
	other := mustKeep(t, s, calibration(t, "right", -200))
	second := mustKeep(t, s, calibration(t, "left", 431))
	inForce(t, s, "left", &second)
	inForce(t, s, "right", &other)
	if err := s.UseCalibration(t.Context(), "left", first.ID); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = mustOpen(t, dir)
	inForce(t, s, "left", &first)
	for _, id := range []int64{other.ID, 99, -1} {
		if err := s.UseCalibration(t.Context(), "left", id); !errors.Is(err, ErrNoCalibration) {
			t.Errorf("used %d: %v", id, err)
		}
	}
	inForce(t, s, "left", &first)
	if err := s.UseCalibration(t.Context(), "left", ConfiguredCalibration); err != nil {
		t.Fatal(err)
	}
	inForce(t, s, "left", nil)
	inForce(t, s, "right", &other)
	if all, err := s.Calibrations(t.Context(), "left"); err != nil || !reflect.DeepEqual(all, []Calibration{second, first}) {
		t.Errorf("history: %+v, %v", all, err)
	}
}

func TestACalibrationIsKeptWithWhatBelongsToItOrNotAtAll(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	first := mustKeep(t, s, calibration(t, "left", 430))
	failed := errors.New("no space left for the zero")
	if _, err := s.KeepCalibration(t.Context(), calibration(t, "left", 431), func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	inForce(t, s, "left", &first)
	if all, err := s.Calibrations(t.Context(), "left"); err != nil || len(all) != 1 {
		t.Errorf("history: %+v, %v", all, err)
	}
}

func TestCalibrationsAndContainersAreInTheBackup(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	kept := mustKeep(t, s, calibration(t, "left", 430))
	bowl := weighing.Container{Name: "국그릇", MassG: 212.5, SDG: 1}
	if err := errors.Join(s.SaveContainer(t.Context(), bowl), s.UseContainer(t.Context(), bowl.Name)); err != nil {
		t.Fatal(err)
	}
	archive, dir := filepath.Join(t.TempDir(), "backup.tar"), t.TempDir()
	if err := s.Backup(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("tar", "-C", dir, "-xf", archive).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	restored := mustOpen(t, dir)
	inForce(t, restored, "left", &kept)
	if all, inUse, err := restored.Containers(t.Context()); err != nil || inUse != bowl.Name || !reflect.DeepEqual(all, []weighing.Container{bowl}) {
		t.Errorf("%+v, %q, %v", all, inUse, err)
	}
}

func TestOneContainerAtMostIsInUse(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	step := func(what string, err error, wantUse string, want ...weighing.Container) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if all, inUse, err := s.Containers(t.Context()); err != nil || inUse != wantUse || !reflect.DeepEqual(all, want) {
			t.Errorf("%s: %+v, %q, %v", what, all, inUse, err)
		}
	}
	bowl, tray := weighing.Container{Name: "bowl", MassG: 200, SDG: 1}, weighing.Container{Name: "식판", MassG: 640, SDG: 2}
	step("none yet", nil, "")
	step("add", errors.Join(s.SaveContainer(t.Context(), tray), s.SaveContainer(t.Context(), bowl)), "", bowl, tray)
	step("use", s.UseContainer(t.Context(), "bowl"), "bowl", bowl, tray)
	step("use another", s.UseContainer(t.Context(), "식판"), "식판", bowl, tray)
	tray.MassG = 655
	step("weigh anew", s.SaveContainer(t.Context(), tray), "식판", bowl, tray)
	if err := s.UseContainer(t.Context(), "plate"); !errors.Is(err, ErrNoContainer) {
		t.Errorf("used one that is not there: %v", err)
	}
	step("use one that is not there", nil, "식판", bowl, tray)
	step("use none", s.UseContainer(t.Context(), weighing.NoContainer), "", bowl, tray)
	step("use again", s.UseContainer(t.Context(), "식판"), "식판", bowl, tray)
	step("remove the one in use", s.RemoveContainer(t.Context(), "식판"), "", bowl)
	if err := s.RemoveContainer(t.Context(), "식판"); !errors.Is(err, ErrNoContainer) {
		t.Errorf("removed twice: %v", err)
	}
	if err := s.SaveContainer(t.Context(), weighing.Container{Name: "none", MassG: 1}); err == nil {
		t.Error("a container named none was saved")
	}
	step("after refusals", nil, "", bowl)
}

func TestACalibrationThatCannotBeReadIsNamed(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	kept := mustKeep(t, s, calibration(t, "left", 430))
	if _, err := s.write.Exec("UPDATE scale_calibrations SET points = '[{' WHERE id = ?", kept.ID); err != nil {
		t.Fatal(err)
	}
	if c, err := s.CurrentCalibration(t.Context(), "left"); err == nil || c != nil {
		t.Errorf("%+v, %v", c, err)
	}
}
