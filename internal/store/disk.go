package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"foodmassd/internal/fault"
)

// diskFull gives err the code fault.DiskFull when a full disk or quota is behind it.
func diskFull(err error) error {
	var lite sqlite3.Error
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT),
		errors.As(err, &lite) && (lite.Code == sqlite3.ErrFull || lite.SystemErrno == syscall.ENOSPC):
		return fault.New(fault.DiskFull, "write to data directory", err)
	}
	return err
}

// lockDir takes the lock that makes this process the directory's only daemon. The kernel drops it
// when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", diskFull(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner, _ := os.ReadFile(f.Name())
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another foodmassd (process %s) uses %s; stop it or choose another --data-dir",
				strings.TrimSpace(string(owner)), dir)
		}
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	// The process number only serves the message above; a full disk must not keep the daemon away.
	if f.Truncate(0) == nil {
		fmt.Fprintln(f, os.Getpid())
	}
	return f, nil
}

// makeDirs makes the data directory, durably.
func (s *Store) makeDirs() error {
	_, err := os.Stat(s.dir)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(s.images(incoming), 0o700); err != nil {
		return err
	}
	if err := errors.Join(syncDir(s.images()), syncDir(s.dir)); err != nil || !isNew {
		return err // the parent of one that systemd made may be closed to us
	}
	return syncDir(filepath.Dir(s.dir))
}

// makeFolder makes a folder for images, durably. That its name is there does not mean that it is on
// stable storage: another upload may have made it a moment ago.
func (s *Store) makeFolder(dir string) error {
	s.foldersMu.Lock()
	defer s.foldersMu.Unlock()
	if s.folders[dir] {
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return err
	}
	s.folders[dir] = true
	return nil
}

// syncDir puts a folder's entries on stable storage.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// syncClose puts a file on stable storage and closes it.
func syncClose(f *os.File) error { return errors.Join(f.Sync(), f.Close()) }

// saveJSON puts v into a file of the directory dir, in place of any before: wholly or not at all, and
// through a power cut.
func saveJSON(dir, name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, "."+name+".")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // without effect once renamed
	// Readable by all: the technician may be root and the daemon is not. The directory keeps others out.
	_, err = temp.Write(append(text, '\n'))
	if err = errors.Join(err, temp.Chmod(0o644), syncClose(temp)); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}

// loadFile returns what saveJSON has put there; nil, which no file's content is, when there is no file.
func loadFile(dir, name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// FreeBytes is what the data disk still has for this user.
func (s *Store) FreeBytes() (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &st); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", s.dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
