package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

const incoming = "incoming"

// draft is an image under images/incoming.
type draft struct {
	file  *os.File // nil once discarded or accepted
	bytes int64
}

// NewDraft opens a file for an image, or refuses with fault.DiskFull while less than MinFreeBytes
// are free.
func (s *Store) NewDraft() (task.Draft, error) {
	free, err := s.FreeBytes()
	if err != nil {
		return nil, err
	}
	if free < s.minFree {
		return nil, fault.New(fault.DiskFull, "receive image", fmt.Errorf("%d bytes free, %d must stay", free, s.minFree))
	}
	f, err := os.CreateTemp(s.images(incoming), "")
	if err != nil {
		return nil, fmt.Errorf("receive image: %w", diskFull(err))
	}
	return &draft{file: f}, nil
}

func (d *draft) Write(p []byte) (int, error) {
	if d.file == nil {
		return 0, fs.ErrClosed
	}
	n, err := d.file.Write(p)
	d.bytes += int64(n)
	return n, diskFull(err)
}

func (d *draft) Discard() {
	if d.file == nil {
		return
	}
	d.file.Close()
	os.Remove(d.file.Name())
	d.file = nil
}

// keepImage moves a draft to its place under images/, durably: bytes first, then the name, then the
// folder that holds the name. It returns the path below images/.
func (s *Store) keepImage(d *draft, id, extension string) (string, error) {
	image := filepath.Join(id[:2], id+"."+extension)
	target := s.images(image)
	if err := s.makeFolder(filepath.Dir(target)); err != nil {
		return "", err
	}
	if err := syncClose(d.file); err != nil {
		return "", err
	}
	if err := os.Rename(d.file.Name(), target); err != nil {
		return "", err
	}
	d.file = nil
	if err := syncDir(filepath.Dir(target)); err != nil {
		os.Remove(target)
		return "", err
	}
	return image, nil
}

// removeImage removes a file that no row names any more. What fails is an orphan, which the next
// start removes.
func (s *Store) removeImage(image string) {
	if image == "" {
		return
	}
	if err := os.Remove(s.images(image)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Warn("image not removed", "image", image, "error", err)
	}
}

// removeOrphans removes drafts and images whose upload never became a task, or whose task is gone.
// It must run before the first Accept, whose image has no row for a moment.
func (s *Store) removeOrphans(ctx context.Context) error {
	images, err := imagesOf(ctx, s.read)
	if err != nil {
		return err
	}
	owned := make(map[string]bool, len(images))
	for _, image := range images {
		owned[image] = true
	}
	removed := 0
	err = filepath.WalkDir(s.images(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		image, err := filepath.Rel(s.images(), path)
		if err != nil || owned[image] {
			return err
		}
		removed++
		return os.Remove(path)
	})
	if err != nil {
		return fmt.Errorf("remove leftover images: %w", err)
	}
	if removed > 0 {
		s.log.Info("leftover images removed", "count", removed)
	}
	return nil
}

// imagesOf lists the images that the tasks of a database name.
func imagesOf(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT image FROM tasks WHERE image <> ''")
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	defer rows.Close()
	var images []string
	for rows.Next() {
		var image string
		if err := rows.Scan(&image); err != nil {
			return nil, fmt.Errorf("list images: %w", err)
		}
		images = append(images, image)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return images, nil
}
