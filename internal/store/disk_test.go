package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

// onSmallDisk runs the calling test again, in a process of its own whose dir is a disk of a few
// megabytes, and reports whether this is that process.
func onSmallDisk(t *testing.T, size string) (dir string, here bool) {
	t.Helper()
	const key = "FOODMASSD_TEST_SMALL_DISK"
	if dir := os.Getenv(key); dir != "" {
		if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
			t.Skip("cannot mount a small disk here:", err)
		}
		return filepath.Join(dir, "data"), true
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), key+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{
		// Mounts of this namespace vanish with the process.
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	output, err := child.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Fatalf("on a small disk:\n%s", output)
	case err != nil:
		t.Skip("no user namespaces here:", err)
	case bytes.Contains(output, []byte("--- SKIP")):
		t.Skipf("on a small disk:\n%s", output)
	}
	return "", false
}

// fill takes whatever the disk still has.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
}

func TestFullDiskRefusesNewTasksKeepsTheOthersAndRecovers(t *testing.T) {
	dir, here := onSmallDisk(t, "4m")
	if !here {
		return
	}
	s := mustOpen(t, dir)
	image := strings.Repeat("x", 50_000)
	var stored []string
	var err error
	for err == nil {
		var x task.Task
		if x, err = accept(s, time.Now(), []byte(image)); err == nil {
			stored = append(stored, x.ID)
		}
	}
	wantCode(t, err, fault.DiskFull)
	filler := filepath.Join(dir, "..", "filler")
	fill(t, filler)
	_, err = accept(s, time.Now(), []byte("y"))
	wantCode(t, err, fault.DiskFull)
	wantCode(t, s.Backup(t.Context(), filepath.Join(dir, "..", "backup.tar")), fault.DiskFull)
	if files := imageFiles(t, s); len(files) != len(stored) {
		t.Errorf("%d files for %d tasks", len(files), len(stored))
	}

	// A little room comes, tasks end, and it goes again: retention must get out by itself.
	os.Remove(filler)
	open, err := s.Open(t.Context())
	if err != nil || len(open) != len(stored) || len(stored) < 20 {
		t.Fatalf("%d of %d tasks are there, %v", len(open), len(stored), err)
	}
	for _, x := range open[len(open)-3:] { // for the finished rows in the write-ahead log
		os.Remove(x.ImagePath)
	}
	for _, x := range open[:10] {
		mustFinish(t, s, x)
	}
	fill(t, filler)
	removed, err := s.Retain(t.Context(), Policy{ImagesMaxBytes: 1}, time.Now())
	if err != nil || removed.Images != 10 {
		t.Fatalf("on a full disk removed %+v, %v", removed, err)
	}
	mustAccept(t, s, time.Now(), image)
}

func TestUploadsAreRefusedBelowTheFreeSpaceToKeep(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), MinFreeBytes: 1 << 60, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.NewDraft()
	wantCode(t, err, fault.DiskFull)
}

func TestRowThatFindsNoSpaceTakesItsImageAlong(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	if _, err := s.write.Exec("PRAGMA max_page_count = 1"); err != nil { // SQLite makes it the present size
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		_, err := accept(s, time.Now(), []byte("x"))
		if err == nil {
			continue
		}
		wantCode(t, err, fault.DiskFull)
		if files := imageFiles(t, s); len(files) != n {
			t.Errorf("%d files for %d tasks", len(files), n)
		}
		return
	}
}

func TestDataDirectoryThatCannotBeMadeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: filepath.Join(file, "data")}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("data directory below a file: %v", err)
	}
}
