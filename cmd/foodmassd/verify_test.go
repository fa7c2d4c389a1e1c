package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foodmassd/internal/apitest"
	"foodmassd/internal/estimate"
)

const (
	theKey   = "sk-it-must-not-be-seen-4711"
	verifies = "verify: {url: %q, model: tiny-vl, timeout: 30s}\ntask: {deadline: 1m}\nlog: {level: debug}\n"
)

// asking starts a model's server that wants the key, and a daemon that asks it.
func asking(t *testing.T) (*apitest.Chat, *apitest.Daemon, string) {
	t.Helper()
	chat := apitest.StartChat()
	chat.Key = theKey
	t.Cleanup(chat.Close)
	t.Setenv(keyVariable, theKey)
	dir := filepath.Join(t.TempDir(), "data")
	config := write(t, "c.yaml", fmt.Appendf(nil, verifies, chat.URL))
	return chat, startDaemon(t, "127.0.0.1:0", dir, "--config", config), dir
}

func upload(t *testing.T, d *apitest.Daemon) string {
	t.Helper()
	a, err := apitest.Upload(d.URL, "plate.jpg", apitest.JPEG(apitest.Plate(816, 612, 1)))
	if err != nil || a.Status != 200 {
		t.Fatalf("upload: %v %+v", err, a)
	}
	return a.Data.TaskID
}

// follow returns all messages of a task and its result.
func follow(t *testing.T, d *apitest.Daemon, id string, show func(apitest.Message)) (r estimate.Result) {
	t.Helper()
	progress := 0.0
	code, err := apitest.FollowEach(d.URL, id, func(m apitest.Message) {
		if m.Data.Progress < progress {
			t.Errorf("progress %g after %g", m.Data.Progress, progress)
		}
		progress = m.Data.Progress
		if m.Terminal() {
			r = parseResult(t, m.Data.Result)
		}
		show(m)
	})
	if err != nil || code != 1000 || len(r.MassEstimation.Foods) == 0 {
		t.Fatalf("close code %d, %v, %+v", code, err, r)
	}
	return r
}

func nothing(apitest.Message) {}

func TestADinerReadsThatAModelIsAskedAndGetsAVerifiedResult(t *testing.T) {
	chat, d, _ := asking(t)
	read := make(chan struct{})
	seen := false
	chat.Answer = func(q apitest.ChatQuestion) string {
		<-read // the model is slower than the diner's page
		var foods []string
		var grams []float64
		for _, c := range q.Claims {
			foods, grams = append(foods, c.Food), append(grams, 1.1*c.Grams)
		}
		return apitest.Opinions(foods, grams)
	}
	r := follow(t, d, upload(t, d), func(m apitest.Message) {
		if m.Type == "task.update" && m.Data.Progress == 0.6 && m.Data.Message == "LLM 분석 중..." && !seen {
			seen = true
			close(read)
		}
	})
	f := r.MassEstimation.Foods[0]
	if !seen || f.VerificationMethod != estimate.MultimodalVerification || f.FoodKey != "orange" || !strings.Contains(f.Reasoning, "LLM의 의견(오렌지") {
		t.Errorf("%+v", f)
	}
	if r.Model["verifier"] != "tiny-vl" || !(r.TimingsMS["verify"] > 0) {
		t.Errorf("%v, %v", r.Model, r.TimingsMS)
	}
	asked := chat.Asked()
	if len(chat.Wrong()) > 0 || len(asked) != 1 || asked[0].Photo.Bounds().Dx() != 816 || asked[0].Claims[0].Food != "orange" {
		t.Errorf("%v, %+v", chat.Wrong(), asked)
	}
	if metric(t, d, "foodmassd_verify_asked_total") != 1 || metric(t, d, "foodmassd_verify_failed_total") != 0 {
		t.Errorf("%s", get(t, d.URL+"/metrics"))
	}
	if h := get(t, d.URL+"/healthz"); !strings.Contains(h, `"verify":{"state":"ok"`) {
		t.Error(h)
	}
}

func TestALargePhotoIsShownSmall(t *testing.T) {
	chat, d, _ := asking(t)
	a, err := apitest.Upload(d.URL, "large.jpg", apitest.JPEG(apitest.Plate(2400, 1800, 1)))
	if err != nil {
		t.Fatal(err)
	}
	follow(t, d, a.Data.TaskID, nothing)
	if asked := chat.Asked(); len(asked) != 1 || asked[0].Photo.Bounds().Dx() != 1024 || asked[0].Photo.Bounds().Dy() != 768 {
		t.Errorf("%+v, %v", asked, chat.Wrong())
	}
}

func TestADeadModelLeavesTheEyesResultAndIsLeftAlone(t *testing.T) {
	chat, d, _ := asking(t)
	good := follow(t, d, upload(t, d), nothing)
	chat.Instead = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
	before := chat.Calls()
	for range 5 {
		r := follow(t, d, upload(t, d), nothing)
		f := r.MassEstimation.Foods[0]
		if f.VerificationMethod != estimate.ReferenceScaled || !strings.Contains(f.Reasoning, "LLM 교차 확인을 하지 못해") || f.Confidence > good.MassEstimation.Foods[0].Confidence {
			t.Errorf("%+v", f)
		}
	}
	if n := chat.Calls() - before; n != 3 {
		t.Errorf("a server that fails was asked %d times", n)
	}
	h := get(t, d.URL+"/healthz")
	for _, word := range []string{`"verify":{"state":"degraded"`, "3 failures in a row", "status 404", "nobody is asked until"} {
		if !strings.Contains(h, word) {
			t.Errorf("%s does not say %q", h, word)
		}
	}
	if metric(t, d, "foodmassd_verify_paused") != 1 || metric(t, d, "foodmassd_verify_failed_total") != 3 {
		t.Errorf("%s", get(t, d.URL+"/metrics"))
	}
	if log := d.Log(); strings.Count(log, "no second opinion, the result stands as seen") != 3 || !strings.Contains(log, "pause_s=30") {
		t.Error(log)
	}
}

func TestTheKeyIsSentAndSeenNowhereElse(t *testing.T) {
	chat, d, dir := asking(t)
	follow(t, d, upload(t, d), nothing)
	worker, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", d.WorkerPID()))
	if err != nil {
		t.Fatal(err)
	}
	chat.Key = "another" // the server tells the wrong key back
	follow(t, d, upload(t, d), nothing)
	backup := filepath.Join(t.TempDir(), "backup.tar")
	_, errs, exit := run(t, "backup", "--data-dir", dir, backup)
	tar, err := os.ReadFile(backup)
	if exit != 0 || err != nil {
		t.Fatalf("%s, %v", errs, err)
	}
	config := write(t, "c.yaml", fmt.Appendf(nil, verifies, chat.URL))
	out, errs, exit := run(t, "doctor", "--config", config, "--data-dir", dir, "--log-level", "debug")
	if exit != 1 || !strings.Contains(out, "FAULT verify") || !strings.Contains(out, "refuses the API key") {
		t.Errorf("%s%s", out, errs)
	}
	spoken := map[string]string{
		"doctor": out + errs, "health": get(t, d.URL+"/healthz"), "metrics": get(t, d.URL+"/metrics"),
		"worker": string(worker), "backup": string(tar),
	}
	d.Stop()
	spoken["log"] = d.Log()
	for where, text := range spoken {
		if text == "" || strings.Contains(text, theKey) {
			t.Errorf("%s is empty or tells the key", where)
		}
	}
	if !strings.Contains(spoken["log"], "refuses the API key") || !strings.Contains(spoken["health"], keyVariable) {
		t.Errorf("log %s, health %s", spoken["log"], spoken["health"])
	}
	err = filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		if strings.Contains(string(text), theKey) {
			t.Errorf("%s tells the key", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheKeyMayBeASystemdCredential(t *testing.T) {
	chat := apitest.StartChat()
	defer chat.Close()
	chat.Key = theKey
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(write(t, keyCredential, []byte(theKey+"\n"))))
	photo := write(t, "plate.jpg", apitest.JPEG(apitest.Plate(816, 612, 1)))
	config := write(t, "c.yaml", fmt.Appendf(nil, verifies, chat.URL))
	lines, exit := estimateJSON(t, "--config", config, photo)
	if exit != 0 || lines[0].Result.MassEstimation.Foods[0].VerificationMethod != estimate.MultimodalVerification {
		t.Errorf("exit %d, %+v", exit, lines)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(write(t, keyCredential, []byte("two words"))))
	if _, errs, exit := run(t, "estimate", "--config", config, photo); exit != 1 || !strings.Contains(errs, keyCredential) || strings.Contains(errs, "two words") {
		t.Errorf("exit %d, %s", exit, errs)
	}
}

func TestTheDoctorAsksTheModelsServer(t *testing.T) {
	chat := apitest.StartChat()
	defer chat.Close()
	dir := t.TempDir()
	doctor := func(text string) string {
		out, errs, _ := run(t, "doctor", "--config", write(t, "c.yaml", []byte(text)), "--data-dir", dir)
		return out + errs
	}
	for text, want := range map[string]string{
		fmt.Sprintf(verifies, chat.URL):                                "ok    verify",
		fmt.Sprintf("verify: {url: %q, model: larger-vl}\n", chat.URL): "does not have the model",
		fmt.Sprintf("verify: {url: %q, timeout: 25s}\n", chat.URL):     "does not fit into task.deadline",
		"verify: {url: \"http://127.0.0.1:1\", model: tiny-vl}\n":      "start the server",
	} {
		if out := doctor(text); !strings.Contains(out, want) {
			t.Errorf("%s: %s", text, out)
		}
	}
	if chat.Asked() != nil {
		t.Error("the doctor showed somebody a photo")
	}
	if out := doctor(""); strings.Contains(out, "verify") {
		t.Errorf("nobody is asked: %s", out)
	}
}

func TestWithoutAServerNothingOfItShows(t *testing.T) {
	t.Setenv(keyVariable, theKey) // for nobody
	d := startDaemon(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"))
	r := follow(t, d, upload(t, d), func(m apitest.Message) {
		if strings.Contains(m.Data.Message, "LLM") {
			t.Errorf("%+v", m)
		}
	})
	worker, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", d.WorkerPID()))
	if err != nil || strings.Contains(string(worker), theKey) {
		t.Errorf("the worker inherits the key, %v", err)
	}
	_, timed := r.TimingsMS["verify"]
	_, shown := r.TimingsMS["preview"]
	if f := r.MassEstimation.Foods[0]; timed || shown || r.Model["verifier"] != "" || strings.Contains(f.Reasoning, "LLM") {
		t.Errorf("%v, %v, %q", r.TimingsMS, r.Model, f.Reasoning)
	}
	for _, page := range []string{"/healthz", "/metrics"} {
		if text := get(t, d.URL+page); strings.Contains(text, "verify") {
			t.Errorf("%s: %s", page, text)
		}
	}
}
