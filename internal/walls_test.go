// Package internal_test keeps the walls between the rooms: which room may import which, and which
// room alone may know OpenCV, SQL, sockets, processes or pins.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms lists, for each room, the other rooms it may import. Data flows one way: what comes later in
// intake → task → estimate → result may be imported by what wires it, never the other way round.
var rooms = map[string][]string{
	"internal/card":              {},
	"internal/fault":             {},
	"internal/geometry":          {},
	"internal/config":            {"internal/geometry"},
	"internal/health":            {},
	"internal/catalog":           {},
	"internal/weighing":          {},
	"internal/photo":             {"internal/fault"},
	"internal/task":              {"internal/fault"},
	"internal/store":             {"internal/fault", "internal/geometry", "internal/task", "internal/weighing"},
	"internal/mass":              {"internal/catalog", "internal/geometry"},
	"internal/vision":            {"internal/geometry"},
	"internal/vision/cardreader": {"internal/card", "internal/geometry"},
	"internal/vision/worker":     {"internal/fault", "internal/geometry", "internal/vision"},
	"internal/vision/opencv":     {"internal/fault", "internal/geometry", "internal/photo", "internal/vision", "internal/vision/cardreader", "models"},
	"internal/estimate":          {"internal/catalog", "internal/fault", "internal/geometry", "internal/mass", "internal/vision"},
	"internal/verify":            {"internal/catalog", "internal/estimate"},
	"internal/evaluate":          {"internal/catalog", "internal/estimate", "internal/fault", "internal/geometry", "internal/mass", "internal/vision"},
	"internal/counter":           {"internal/fault", "internal/photo", "internal/task", "internal/weighing"},
	"internal/api":               {"internal/counter", "internal/fault", "internal/geometry", "internal/photo", "internal/task", "internal/weighing"},
	"internal/apitest":           {},
	"scripts/bench":              {"internal/apitest"},
	"hardware/camera":            {"internal/photo"},
	"scripts/scaleday":           {"hardware/day"},
	"hardware/day":               {"hardware/hx711", "hardware/simulated", "hardware/twin", "internal/weighing"},
	"hardware/hx711":             {"internal/weighing"},
	"hardware/nau7802":           {"internal/weighing"},
	"hardware/pins":              {},
	"hardware/simulated":         {"internal/weighing"},
	"hardware/trace":             {"internal/weighing"},
	"hardware/twin":              {},
	"models":                     {},
	"web":                        {},
}

// keepers lists the only packages that may import what begins with the given path.
var keepers = map[string][]string{
	"gocv.io/":                      {"internal/vision/opencv"},
	"C":                             {"internal/vision/opencv"},
	"database/sql":                  {"internal/store"},
	"github.com/mattn/go-sqlite3":   {"internal/store"},
	"periph.io/":                    {"hardware/"},
	"github.com/blackjack/webcam":   {"hardware/camera"},
	"github.com/gorilla/websocket":  {"internal/api", "internal/apitest"},
	"github.com/prometheus/":        {"internal/health"},
	"github.com/coreos/go-systemd/": {"cmd/foodmassd"},
	"go.yaml.in/":                   {"internal/config", "internal/catalog", "internal/api"},
	"net/http":                      {"internal/api", "internal/health", "internal/verify", "internal/apitest", "cmd/foodmassd"},
	"os/exec":                       {"internal/vision/worker", "hardware/camera", "internal/apitest"},
	"os":                            {"internal/api", "internal/config", "internal/store", "internal/vision/", "internal/evaluate", "models", "internal/apitest", "hardware/pins", "hardware/camera", "scripts/", "cmd/foodmassd"},
}

func TestRoomsKeepTheirWalls(t *testing.T) {
	seen := map[string]bool{}
	walk(t, func(room, file, imported string) {
		seen[room] = true
		if other, ours := strings.CutPrefix(imported, "foodmassd/"); ours {
			allowed, known := rooms[room]
			if room != "cmd/foodmassd" && !known {
				t.Errorf("%s: room %s has no walls; list it here", file, room)
			}
			if room != "cmd/foodmassd" && !slices.Contains(allowed, other) {
				t.Errorf("%s: %s must not import %s", file, room, other)
			}
			return
		}
		for what, may := range keepers {
			if (imported == what || strings.HasPrefix(imported, strings.TrimSuffix(what, "/")+"/")) && !keeps(may, room) {
				t.Errorf("%s: %s must not import %s; only %s may", file, room, imported, strings.Join(may, ", "))
			}
		}
	})
	for room := range rooms {
		if !seen[room] {
			t.Errorf("no such room: %s", room)
		}
	}
}

func keeps(may []string, room string) bool {
	return slices.ContainsFunc(may, func(m string) bool {
		return m == room || strings.HasSuffix(m, "/") && strings.HasPrefix(room+"/", m)
	})
}

// walk shows every import of every file that is no test.
func walk(t *testing.T, visit func(room, file, imported string)) {
	t.Helper()
	root := ".."
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			visit(path.Dir(filepath.ToSlash(file)), file, imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
