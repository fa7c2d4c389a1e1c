package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// modelFiles are the names that the manifest has to list: every shipped file but itself.
func modelFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.onnx", "*.json"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == ManifestName })
}

func writeManifest(t *testing.T, dir string, names ...string) {
	t.Helper()
	m := manifest{Files: map[string]string{}}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		m.Files[name] = hex.EncodeToString(sum[:])
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ManifestName), append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestManifestMatchesTheShippedFiles(t *testing.T) {
	names := modelFiles(t)
	set, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := set.Read(name); err != nil {
			t.Errorf("%v (after training: models/train/manifest.py)", err)
		}
	}
	if len(set.sums) != len(names) {
		t.Errorf("the manifest lists %d files, the folder has %d", len(set.sums), len(names))
	}
}

func TestFolderStandsInForTheShippedModels(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte(`{"name":"mine"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	writeManifest(t, dir, "x.json")
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var x struct{ Name string }
	if err := set.ReadJSON("x.json", &x); err != nil || x.Name != "mine" {
		t.Errorf("got %q, %v", x.Name, err)
	}
}

func TestBadModelFoldersAreNamedInTheError(t *testing.T) {
	cases := map[string]struct {
		manifest, file, want string
	}{
		"no manifest":      {"", "a", "no readable manifest.json"},
		"garbage manifest": {"{", "a", "manifest.json"},
		"empty manifest":   {`{"sha256":{}}`, "a", "lists no files"},
		"not listed":       {`{"sha256":{"b.json":"00"}}`, "a", "does not list a.json"},
		"changed file":     {`{"sha256":{"a.json":"00"}}`, "a", "damaged or was replaced"},
		"missing file":     {`{"sha256":{"a.json":"00"}}`, "", "no such file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.manifest != "" {
				os.WriteFile(filepath.Join(dir, ManifestName), []byte(c.manifest), 0o644)
			}
			if c.file != "" {
				os.WriteFile(filepath.Join(dir, c.file+".json"), []byte("{}"), 0o644)
			}
			set, err := Open(dir)
			if err == nil {
				_, err = set.Read("a.json")
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, want %q and the folder in it", err, c.want)
			}
		})
	}
}
