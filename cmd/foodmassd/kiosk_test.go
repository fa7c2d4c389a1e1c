package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foodmassd/hardware/simulated"
	"foodmassd/internal/apitest"
	"foodmassd/internal/estimate"
)

// photos makes a folder for the camera with an orange of each radius beside a coin.
func photos(t *testing.T, radii ...float64) (dir string, files [][]byte) {
	t.Helper()
	dir = t.TempDir()
	for i, radius := range radii {
		photo := apitest.JPEG(apitest.Render(816, 612, 1, apitest.Wood, dish, apitest.Orange(orangeX, orangeY, radius), coin))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".jpg")), photo, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, photo)
	}
	return dir, files
}

func cameraConf(t *testing.T, more, folder string) string {
	t.Helper()
	return write(t, "c.yaml", fmt.Appendf(nil, "camera: {source: folder, folder: %s}\n%s", folder, more))
}

func TestATrayOnTheScaleBecomesAWeighedResultByItself(t *testing.T) {
	dir, _ := photos(t, 113)
	conf, data := cameraConf(t, "scale: {source: simulated}\n", dir), t.TempDir()
	d := startDaemon(t, "127.0.0.1:0", data, "--config", conf)
	var plates []float64 // what the simulated counter in business brings
	for _, load := range simulated.Demo().Loads {
		if load.Grams > 0 {
			plates = append(plates, load.Grams)
		}
	}
	var ids []string
	emptied := 0
	err := apitest.FollowCounter(d.URL, func(c apitest.Counter) bool {
		if c.Scale == nil || c.Camera == nil || c.Message == "" {
			t.Errorf("%+v", c)
		}
		switch {
		case c.TaskID == nil && len(ids) > emptied:
			emptied++ // its tray has gone
		case c.TaskID != nil && !slices.Contains(ids, *c.TaskID):
			ids = append(ids, *c.TaskID)
		}
		return len(ids) < 2
	})
	if err != nil || emptied != 1 {
		t.Fatalf("%v; %d tasks, %d trays gone", err, len(ids), emptied)
	}
	for i, id := range ids {
		r := follow(t, d, id, nothing)
		says := r.MassEstimation.Foods[0].Reasoning
		switch {
		case r.ScaleStatus == estimate.ScaleUsed && math.Abs(*r.ScaleReadingG-plates[i]) < 2:
		case r.ScaleStatus == estimate.ScaleContradicted && strings.Contains(says, "저울 값"): // as the eye may see it
		default:
			t.Errorf("tray of %g g: %s, %s", plates[i], r.ScaleStatus, says)
		}
	}
	if out, _, _ := run(t, "task", "list", "--config", conf, "--data-dir", data); strings.Count(out, "counter-") != 2 {
		t.Errorf("tasks:\n%s", out)
	}
}

func TestTheContainerInUseIsNoFoodAndAnEmptyOneNoTray(t *testing.T) {
	dir, _ := photos(t, 113)
	b := newBench(t, 430, fmt.Sprintf("camera: {source: folder, folder: %s}\n", dir))
	b.must("식판", "container", "add", "식판", "--mass", "300", "--sd", "3")
	b.must("*", "container", "use", "식판")
	loads := []int32{84_000 + 430*300, 84_000, 84_000 + 430*(300+412)} // the container, nothing, the container with food
	var id string
	err := apitest.FollowCounter(b.d.URL, func(c apitest.Counter) bool {
		if c.Scale != nil && c.Scale.NetG != nil && len(loads) > 0 {
			b.load(loads[0])
			loads = loads[1:]
		}
		if c.TaskID != nil {
			id = *c.TaskID
		}
		return id == ""
	})
	if err != nil {
		t.Fatal(err)
	}
	r := follow(t, b.d, id, nothing)
	if says := r.MassEstimation.Foods[0].Reasoning; r.ScaleReadingG == nil && !strings.Contains(says, "저울 값 412") || r.ScaleReadingG != nil && math.Abs(*r.ScaleReadingG-412) > 1 {
		t.Errorf("%+v, %s", r, says)
	}
	if out := get(t, b.d.URL+"/metrics"); !strings.Contains(out, "foodmassd_tasks_accepted_total 1\n") {
		t.Errorf("more than one tray was photographed:\n%s", out)
	}
}

func TestAPhotoIsTakenThroughTheDaemonOrWithoutOne(t *testing.T) {
	dir, files := photos(t, 88, 60)
	conf, data := cameraConf(t, "", dir), shortDir(t)
	file := filepath.Join(t.TempDir(), "counter.jpg")
	if out, errs, exit := run(t, "camera", "snapshot", file, "--config", conf, "--data-dir", data); exit != 0 || !strings.Contains(out, file) {
		t.Fatalf("exit %d, %s%s", exit, out, errs)
	}
	if got, _ := os.ReadFile(file); !bytes.Equal(got, files[0]) {
		t.Errorf("%d bytes without a daemon", len(got))
	}
	d := startDaemon(t, "127.0.0.1:0", data, "--config", conf)
	if h := get(t, d.URL+"/healthz"); !strings.Contains(h, "no photo taken yet") {
		t.Error(h)
	}
	if out, errs, exit := run(t, "camera", "snapshot", "-", "--config", conf, "--data-dir", data); exit != 0 || out != string(files[0]) {
		t.Errorf("by the daemon: exit %d, %d bytes, %s", exit, len(out), errs)
	}
	if out, _, _ := run(t, "doctor", "--config", conf, "--data-dir", t.TempDir()); !strings.Contains(out, "photos of 816 × 612 pixels") {
		t.Errorf("doctor: %s", out)
	}
	for name, folder := range map[string]string{"put photos there": t.TempDir(), "no such file": filepath.Join(dir, "x")} {
		bad := cameraConf(t, "", folder)
		if _, errs, exit := run(t, "camera", "snapshot", file, "--config", bad, "--data-dir", t.TempDir()); exit != 1 || !strings.Contains(errs, name) {
			t.Errorf("%s: exit %d, %s", name, exit, errs)
		}
		if out, _, exit := run(t, "doctor", "--config", bad, "--data-dir", t.TempDir()); exit != 1 || !strings.Contains(out, name) {
			t.Errorf("doctor, %s: exit %d, %s", name, exit, out)
		}
	}
	if _, errs, exit := run(t, "camera", "snapshot", file, "--data-dir", t.TempDir()); exit != 1 || !strings.Contains(errs, "set camera.source") {
		t.Errorf("no camera: exit %d, %s", exit, errs)
	}
}

func TestABrokenCameraIsNamedByHealthAndCostsNothingElse(t *testing.T) {
	conf := write(t, "c.yaml", []byte("camera: {source: v4l2, device: /dev/no-such-camera}\nscale: {source: simulated}\n"))
	d := startDaemon(t, "127.0.0.1:0", t.TempDir(), "--config", conf)
	for !strings.Contains(get(t, d.URL+"/healthz"), "is the camera plugged in?") {
	}
	follow(t, d, upload(t, d), nothing)
}
