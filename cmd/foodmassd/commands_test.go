package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foodmassd/internal/apitest"
)

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	overview, _, exit := run(t, "--help")
	if exit != 0 {
		t.Fatalf("--help: exit %d", exit)
	}
	for _, c := range commands {
		if c.purpose == "" {
			continue
		}
		_, help, exit := run(t, c.name, "--help")
		if exit != 0 || !strings.Contains(help, "Example") || !strings.Contains(help, "foodmassd "+c.name) || !strings.Contains(overview, c.name) {
			t.Errorf("%s --help: exit %d, %q", c.name, exit, help)
		}
	}
}

func TestWrongArgumentsAreNamedAndPointToHelp(t *testing.T) {
	for _, args := range [][]string{{"estimat"}, {"estimate"}, {"estimate", "--scale-g", "-3", "x.jpg"}, {"task"}, {"task", "show"},
		{"backup"}, {"config"}, {"evaluate"}, {"serve", "extra"},
		{"scale"}, {"scale", "weigh"}, {"scale", "tare", "now"}, {"scale", "tare", "--json"},
		{"scale", "trace"}, {"scale", "trace", "-", "--for", "2h"}, {"scale", "status", "--yes"}, {"scale", "container"}, {"scale", "container", "add"},
		{"scale", "calibrate", "500"}, {"scale", "calibrate", "--masses", "500,0"}, {"scale", "calibrate", "--masses", "heavy"}, {"scale", "calibrate", "--to", "x"},
		{"scale", "calibrate", "--history", "--back"}, {"scale", "calibrate", "--back", "--yes"},
		{"camera"}, {"camera", "calibrate"}, {"camera", "calibrate", "--show", "x.jpg"}, {"estimate", "--camera", "phone", "x.jpg"},
		{"reference-card", "--size-mm", "14"}, {"reference-card", "--format", "png"}} {
		_, stderr, exit := run(t, args...)
		if exit == 0 || !strings.Contains(stderr, "--help") {
			t.Errorf("%v: exit %d, %q", args, exit, stderr)
		}
	}
}

func TestConfigCheckAcceptsTheExampleAndRefusesAMistake(t *testing.T) {
	if out, errs, exit := run(t, "config", "check", "--config", "../../systemd/foodmassd.yaml"); exit != 0 || !strings.Contains(out, ": ok") {
		t.Errorf("exit %d, %s%s", exit, out, errs)
	}
	bad := write(t, "bad.yaml", []byte("server:\n  port: 80\n"))
	if _, errs, exit := run(t, "config", "check", "--config", bad); exit != 1 || !strings.Contains(errs, bad+":2:") {
		t.Errorf("exit %d, %s", exit, errs)
	}
}

func TestTheReferenceCardIsWrittenAsTheFileIsNamed(t *testing.T) {
	if svg, errs, exit := run(t, "reference-card", "--size-mm", "62.5"); exit != 0 || !strings.Contains(svg, "FM1:62.5") {
		t.Errorf("exit %d, %s", exit, errs)
	}
	file := filepath.Join(t.TempDir(), "card.pdf")
	if _, errs, exit := run(t, "reference-card", "--output", file); exit != 0 {
		t.Errorf("exit %d, %s", exit, errs)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), "%PDF-") {
		t.Errorf("%v, %.20q", err, text)
	}
}

func TestTasksAreListedShownBackedUpAndPurgedBesideTheDaemon(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := startDaemon(t, "127.0.0.1:0", dir)
	a, err := apitest.Upload(d.URL, "점심.jpg", apitest.JPEG(apitest.Plate(816, 612, 1)))
	if err != nil {
		t.Fatal(err)
	}
	id := a.Data.TaskID
	completed(t, d, id)

	if out, errs, _ := run(t, "task", "list", "--data-dir", dir); !strings.Contains(out, id) || !strings.Contains(out, "점심.jpg") || !strings.Contains(out, "completed") {
		t.Errorf("list: %s%s", out, errs)
	}
	out, errs, _ := run(t, "task", "show", id, "--data-dir", dir)
	var shown struct {
		TaskID string `json:"task_id"`
		Result json.RawMessage
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil || shown.TaskID != id || len(parseResult(t, shown.Result).MassEstimation.Foods) != 1 {
		t.Errorf("show: %v %s%s", err, out, errs)
	}
	archive := filepath.Join(t.TempDir(), "backup.tar")
	if out, errs, exit := run(t, "backup", "--data-dir", dir, archive); exit != 0 {
		t.Errorf("backup: %s%s", out, errs)
	}
	if info, err := os.Stat(archive); err != nil || info.Size() < int64(len(id)) {
		t.Errorf("backup: %v %v", info, err)
	}
	if out, errs, exit := run(t, "task", "purge", id, "--data-dir", dir); exit != 0 || !strings.Contains(out, "removed 1 tasks and 1 photos") {
		t.Errorf("purge: %s%s", out, errs)
	}
	if a, err := apitest.Poll(d.URL, id); err != nil || a.Status != 404 {
		t.Errorf("the purged task is still there: %v %+v", err, a)
	}
	if _, errs, exit := run(t, "task", "show", id, "--data-dir", dir); exit != 1 || !strings.Contains(errs, "task") {
		t.Errorf("show of a purged task: exit %d %s", exit, errs)
	}
}

func TestDoctorIsContentWithARunningDaemonAndNamesAFault(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := startDaemon(t, "127.0.0.1:0", dir)
	config := write(t, "c.yaml", []byte("server: {listen: \""+strings.TrimPrefix(d.URL, "http://")+"\"}\n"))
	if out, errs, exit := run(t, "doctor", "--config", config, "--data-dir", dir); exit != 0 || !strings.Contains(out, "is well") {
		t.Errorf("exit %d\n%s%s", exit, out, errs)
	}
	models := write(t, "manifest.json", []byte(`{"sha256":{"mass.json":"00"}}`))
	broken := write(t, "c.yaml", []byte("vision: {models_dir: \""+filepath.Dir(models)+"\"}\n"))
	if out, _, exit := run(t, "doctor", "--config", broken, "--data-dir", dir); exit != 1 || !strings.Contains(out, "FAULT models") {
		t.Errorf("exit %d\n%s", exit, out)
	}
}

func TestAScaleThatCannotBeOpenedIsExplainedAndCostsNoPhoto(t *testing.T) {
	const pins = "source: hx711, clock_pin: NO_SUCH_PIN, data_pin: GPIO5"
	for name, tc := range map[string]struct{ scale, doctor, daemon string }{
		"no such pin":    {pins + ", counts_per_gram: 430", "scale.clock_pin: gpio pin \"NO_SUCH_PIN\"", "NO_SUCH_PIN"},
		"no such bus":    {"source: nau7802, i2c_bus: 250, counts_per_gram: 430", "scale.i2c_bus: i²c bus 250 is unknown here", "/dev/i2c-250"},
		"not calibrated": {pins, "NO_SUCH_PIN", "NO_SUCH_PIN"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := write(t, "c.yaml", []byte("scale: {"+tc.scale+"}\nserver: {listen: \"127.0.0.1:1\"}\n"))
			if out, _, exit := run(t, "doctor", "--config", file, "--data-dir", dir); exit != 1 || !strings.Contains(out, "FAULT scale") || !strings.Contains(out, tc.doctor) {
				t.Errorf("doctor: exit %d\n%s", exit, out)
			}
			d := startDaemon(t, "127.0.0.1:0", filepath.Join(dir, "data"), "--config", file)
			if text := get(t, d.URL+"/healthz"); !strings.Contains(text, `"status":"degraded"`) || !strings.Contains(text, tc.daemon) {
				t.Errorf("healthz: %s", text)
			}
			if text := get(t, d.URL+"/readyz"); !strings.Contains(text, `"ready":true`) {
				t.Errorf("readyz: %s", text)
			}
		})
	}
}

func TestDoctorAsksTheDaemonAboutItsScale(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := startDaemon(t, "127.0.0.1:0", dir, "--scale", "simulated")
	file := write(t, "c.yaml", []byte("scale: {source: simulated}\nserver: {listen: \""+strings.TrimPrefix(d.URL, "http://")+"\"}\n"))
	if out, _, exit := run(t, "doctor", "--config", file, "--data-dir", dir); exit != 0 || !strings.Contains(out, "simulated, ") {
		t.Errorf("exit %d\n%s", exit, out)
	}
	alone := write(t, "c.yaml", []byte("scale: {source: simulated}\nserver: {listen: \"127.0.0.1:0\"}\n"))
	if out, _, _ := run(t, "doctor", "--config", alone, "--data-dir", dir); !strings.Contains(out, "simulated reads ") {
		t.Errorf("without a daemon:\n%s", out)
	}
}

func TestASecondDaemonOnTheSameDataIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	startDaemon(t, "127.0.0.1:0", dir)
	_, errs, exit := run(t, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir)
	if exit != 1 || !strings.Contains(errs, dir) {
		t.Errorf("exit %d: %s", exit, errs)
	}
}

func TestTheDaemonTellsHowItIs(t *testing.T) {
	d := startDaemon(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"), "--scale", "simulated")
	a, err := apitest.Upload(d.URL, "a.jpg", apitest.JPEG(apitest.Plate(816, 612, 1)))
	if err != nil {
		t.Fatal(err)
	}
	completed(t, d, a.Data.TaskID)
	for path, wants := range map[string][]string{
		"/healthz": {`"status":"ok"`, `"vision_worker"`, `"store"`, `"queue"`, `"scale"`},
		"/readyz":  {`"ready":true`},
		"/metrics": {"foodmassd_tasks_completed_total 1\n", "foodmassd_worker_restarts_total 0\n", `foodmassd_stage_seconds_count{stage="total"} 1`, "foodmassd_scale_net_grams"},
	} {
		text := get(t, d.URL+path)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %s:\n%.2000s", path, want, text)
			}
		}
	}
}
