package store

import (
	"archive/tar"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a tar file with the database, the images its tasks name, the camera's calibration and the scale's
// zero, beside a running daemon. Unpacked into an empty data directory it is that directory. The file appears
// whole or not at all and replaces none. Errors: fs.ErrExist, fault.DiskFull.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("back up to %s: %w", path, diskFull(err))
		}
	}()
	if err := mustNotExist(path); err != nil {
		return err
	}
	// The copy of the database is made where the backup goes: the data disk may be the full one.
	temp, err := os.MkdirTemp(filepath.Dir(path), ".foodmassd-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	partial := filepath.Join(temp, "backup.tar")
	if err := s.writeTar(ctx, partial, filepath.Join(temp, databaseName)); err != nil {
		return err
	}
	if err := mustNotExist(path); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func mustNotExist(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Store) writeTar(ctx context.Context, path, snapshotPath string) error {
	if err := s.copyDatabase(ctx, snapshotPath); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(file)
	err = s.addImages(ctx, archive, snapshotPath)
	if err == nil {
		err = addFile(archive, snapshotPath, databaseName)
	}
	for _, name := range []string{cameraName, zeroName} {
		if err == nil {
			if err = addFile(archive, s.path(name), name); errors.Is(err, fs.ErrNotExist) {
				err = nil // never calibrated, never zeroed
			}
		}
	}
	if err == nil {
		err = archive.Close()
	}
	return errors.Join(err, syncClose(file))
}

// addImages adds the images that the snapshot names. Retention may have removed some since the
// snapshot was made; those it forgets in the snapshot, too.
func (s *Store) addImages(ctx context.Context, archive *tar.Writer, snapshotPath string) error {
	snapshot, err := sql.Open("sqlite3", dsn(snapshotPath, "mode=rw"))
	if err != nil {
		return err
	}
	defer snapshot.Close()
	images, err := imagesOf(ctx, snapshot)
	if err != nil {
		return err
	}
	for _, image := range images {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := addFile(archive, s.images(image), "images/"+image)
		if errors.Is(err, fs.ErrNotExist) {
			_, err = snapshot.ExecContext(ctx, "UPDATE tasks SET image = '' WHERE image = ?", image)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func addFile(archive *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	err = archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()})
	if err != nil {
		return err
	}
	_, err = io.Copy(archive, f)
	return err
}
