package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAZeroIsKeptForItsOwnCellOnly(t *testing.T) {
	dir := t.TempDir()
	if z, err := LoadZero(dir, "cell"); z != nil || err != nil {
		t.Fatalf("%+v, %v", z, err)
	}
	for _, counts := range []float64{84_000.25, -3} {
		want := Zero{Cell: "cell", Counts: counts, TakenAt: time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC), LoadCounts: 129_000.5, DriftCounts: -430}
		if err := SaveZero(dir, want); err != nil {
			t.Fatal(err)
		}
		if z, err := LoadZero(dir, "cell"); err != nil || z == nil || *z != want {
			t.Errorf("%+v, %v", z, err)
		}
	}
	if z, err := LoadZero(dir, "another"); z != nil || err != nil {
		t.Errorf("%+v, %v", z, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
	if err := os.WriteFile(filepath.Join(dir, zeroName), []byte(`{"cell":"cell","cou`), 0o600); err != nil {
		t.Fatal(err)
	}
	if z, err := LoadZero(dir, "cell"); z != nil || err == nil {
		t.Errorf("%+v, %v", z, err)
	}
}
