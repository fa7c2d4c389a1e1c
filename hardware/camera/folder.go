package camera

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"foodmassd/internal/photo"
)

// Folder is a camera that shows the JPEG files of a folder in turn, by name, for demonstrations and tests.
// Files may come and go.
func Folder(dir string) *Camera {
	shown := &folder{dir: dir}
	return newCamera("folder "+dir, func(context.Context) (device, error) { return shown, nil })
}

type folder struct {
	dir  string
	last string // the name that was shown last
}

// Close leaves the place in the folder as it is.
func (f *folder) Close() error { return nil }

// Mode implements device.
func (f *folder) Mode() string { return "files" }

// Check implements device.
func (f *folder) Check(context.Context) error {
	_, err := f.names()
	return err
}

// Frame implements device.
func (f *folder) Frame(context.Context) ([]byte, error) {
	names, err := f.names()
	if err != nil {
		return nil, err
	}
	next := max(0, slices.IndexFunc(names, func(name string) bool { return name > f.last })) // from the first again
	jpeg, err := readBounded(filepath.Join(f.dir, names[next]))
	if err == nil {
		f.last = names[next]
	}
	return jpeg, err
}

// names are the photos, sorted; at least one.
func (f *folder) names() (names []string, err error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if ext := strings.ToLower(filepath.Ext(e.Name())); !e.IsDir() && (ext == ".jpg" || ext == ".jpeg") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no file *.jpg is in %s; put photos there", f.dir)
	}
	return names, nil
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > photo.DefaultLimits.MaxBytes {
		err = fmt.Errorf("%s has %d bytes; a photo may have %d", path, info.Size(), photo.DefaultLimits.MaxBytes)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
