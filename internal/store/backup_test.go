package store

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

func unpack(t *testing.T, path, dir string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for archive := tar.NewReader(f); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(dir, h.Name)
		os.MkdirAll(filepath.Dir(target), 0o700)
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBackupOfABusyStoreRestoresEveryTaskItHolds(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	if err := SaveCamera(s.dir, calibrated(40)); err != nil {
		t.Fatal(err)
	}
	before := mustFinish(t, s, mustAccept(t, s, time.Now(), "before"))
	lost := mustFinish(t, s, mustAccept(t, s, time.Now(), "image gone meanwhile"))
	if err := os.Remove(lost.ImagePath); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var busy sync.WaitGroup
	busy.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				accept(s, time.Now(), []byte("meanwhile"))
			}
		}
	})
	file := filepath.Join(t.TempDir(), "backup.tar")
	err := s.Backup(t.Context(), file)
	close(stop)
	busy.Wait()
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	unpack(t, file, dir)
	restored := mustOpen(t, dir)
	if c, err := LoadCamera(dir); err != nil || c == nil || *c != calibrated(40) {
		t.Errorf("calibration restored as %+v, %v", c, err)
	}
	got, err := restored.Load(t.Context(), before.ID)
	if err != nil || string(got.Result) != string(before.Result) {
		t.Errorf("restored %+v, %v", got, err)
	}
	if got, err := restored.Load(t.Context(), lost.ID); err != nil || got.ImagePath != "" {
		t.Errorf("task without image restored as %+v, %v", got, err)
	}
	list, err := restored.List(t.Context(), Filter{Status: task.Pending}, 1e6)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if image, err := os.ReadFile(x.ImagePath); string(image) != "meanwhile" {
			t.Errorf("image of %s: %q, %v", x.ID, image, err)
		}
	}
}

func TestBackupReplacesNoFileAndLeavesNoParts(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	dir := t.TempDir()
	file := filepath.Join(dir, "backup.tar")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("backup over a file: %v", err)
	}
	if content, _ := os.ReadFile(file); string(content) != "precious" {
		t.Errorf("file is %q", content)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "second.tar")); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("folder holds %v", entries)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "absent", "x.tar")); err == nil || fault.CodeOf(err) == fault.DiskFull {
		t.Errorf("backup into no folder: %v", err)
	}
}
