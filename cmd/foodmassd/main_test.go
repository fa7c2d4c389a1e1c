package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"foodmassd/internal/apitest"
	"foodmassd/internal/config"
	"foodmassd/internal/estimate"
)

// beTheProgram makes the test binary the program itself, so that tests run real processes, the vision
// worker included, without a build beside them.
const beTheProgram = "FOODMASSD_TEST_BE_THE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(beTheProgram) != "" {
		if file := os.Getenv(loadFile); file != "" {
			drivers["simulated"] = func(c *loadCell, _ config.Scale) error { c.Cell = loaded{file}; return nil }
		}
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(t *testing.T) (path string, env []string) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path, []string{beTheProgram + "=1"}
}

func startDaemon(t *testing.T, listen, dataDir string, more ...string) *apitest.Daemon {
	t.Helper()
	path, env := program(t)
	d, err := apitest.Start(path, env, listen, dataDir, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.Kill()
		if t.Failed() {
			log := d.Log()
			t.Log(log[max(0, len(log)-4000):])
		}
	})
	return d
}

// run runs a command to its end.
func run(t *testing.T, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	path, env := program(t)
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func parseResult(t *testing.T, text []byte) estimate.Result {
	t.Helper()
	var r estimate.Result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return r
}

// grams are what must agree where the same photo is estimated twice.
func grams(r estimate.Result) map[string]float64 {
	g := map[string]float64{"total": r.MassEstimation.TotalMassG}
	for _, f := range r.MassEstimation.Foods {
		g[f.FoodKey] += f.EstimatedMassG
	}
	return g
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
