// Package models holds the shipped networks and their descriptions, embedded in the binary. A folder
// with other models can stand in for them. Verified bytes go out: every file is checked against the
// SHA-256 that manifest.json, in the same place, gives for it. The networks are trained by train/.
package models

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
)

//go:embed *.onnx *.json
var shipped embed.FS

// ManifestName is the file that lists every model file with its SHA-256.
const ManifestName = "manifest.json"

// manifest is the content of manifest.json: file name → SHA-256 in lower-case hexadecimal.
type manifest struct {
	Files map[string]string `json:"sha256"`
}

// Set is one place with model files.
type Set struct {
	files fs.FS
	where string
	sums  map[string]string
}

// Open returns the models in dir, or the shipped ones when dir is "".
func Open(dir string) (*Set, error) {
	if dir == "" {
		return open(shipped, "the shipped models")
	}
	return open(os.DirFS(dir), dir)
}

func open(files fs.FS, where string) (*Set, error) {
	text, err := fs.ReadFile(files, ManifestName)
	if err != nil {
		return nil, fmt.Errorf("models in %s: no readable %s; a model folder needs one: %w", where, ManifestName, err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("models in %s: %s: %w", where, ManifestName, err)
	}
	if len(m.Files) == 0 {
		return nil, fmt.Errorf("models in %s: %s lists no files", where, ManifestName)
	}
	return &Set{files, where, m.Files}, nil
}

// Read returns the content of one file, for example "detector.onnx". It fails when the manifest does
// not list the file or when the content is not what the manifest promises.
func (s *Set) Read(name string) ([]byte, error) {
	want, ok := s.sums[name]
	if !ok {
		return nil, fmt.Errorf("models in %s: %s does not list %s", s.where, ManifestName, name)
	}
	data, err := fs.ReadFile(s.files, name)
	if err != nil {
		return nil, fmt.Errorf("models in %s: %w", s.where, err)
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != want {
		return nil, fmt.Errorf("models in %s: %s is damaged or was replaced (SHA-256 %s, %s says %s); install the models again",
			s.where, name, got, ManifestName, want)
	}
	return data, nil
}

// ReadJSON reads one JSON file into into.
func (s *Set) ReadJSON(name string, into any) error {
	data, err := s.Read(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("models in %s: %s: %w", s.where, name, err)
	}
	return nil
}

// Verify reads every file that the manifest lists.
func (s *Set) Verify() error {
	for name := range s.sums {
		if _, err := s.Read(name); err != nil {
			return err
		}
	}
	return nil
}
