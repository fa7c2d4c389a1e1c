package api

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"foodmassd/internal/estimate"
	"foodmassd/internal/task"
)

// guideProgram puts the guide's own JavaScript, with nothing but host and port changed, between what
// stands in for a browser and what presses its buttons. Its second example has names of the first
// again and gets a block of its own.
func guideProgram(t *testing.T, host string) string {
	t.Helper()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```javascript\n(.*?)```").FindAllStringSubmatch(read("api-guide.md"), -1) {
		blocks = append(blocks, strings.ReplaceAll(m[1], "localhost:8000", host))
	}
	if len(blocks) != 5 {
		t.Fatalf("the guide has %d blocks of JavaScript, this test knows 5", len(blocks))
	}
	blocks[2] = "{\n" + blocks[2] + "}\n"
	return read("guide-before.mjs") + strings.Join(blocks, "\n") + read("guide-after.mjs")
}

// node returns the command that runs Node with a WebSocket within reach.
func node(t *testing.T) []string {
	t.Helper()
	version, err := exec.Command("node", "--version").Output()
	if err != nil {
		t.Skip("no Node here to run the guide's JavaScript: make deps installs one")
	}
	switch major, _, _ := strings.Cut(strings.TrimPrefix(string(version), "v"), "."); major {
	case "18":
		return []string{"node", "--no-warnings", "--expose-internals"}
	case "20", "21":
		return []string{"node", "--no-warnings", "--experimental-websocket"}
	}
	return []string{"node", "--no-warnings"}
}

func TestGuideJavaScriptGetsItsResult(t *testing.T) {
	command := node(t)
	var h *house
	h = build(t, func(ctx context.Context, task task.Task, report func(float64, string)) (json.RawMessage, string, error) {
		report(0.6, "무게를 재는 중...")
		eventually(t, "the page connects", func() bool { return h.watchers() > 0 })
		time.Sleep(300 * time.Millisecond) // for the page to see it: a state that is overtaken is not sent
		return weighApple(ctx, task, report)
	})
	dir := t.TempDir()
	program, photo := filepath.Join(dir, "guide.mjs"), filepath.Join(dir, "점심 사과.jpg")
	for name, content := range map[string][]byte{program: []byte(guideProgram(t, h.http.Listener.Addr().String())), photo: jpegPhoto} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.CommandContext(t.Context(), command[0], append(command[1:], program, h.http.URL, photo)...)
	var complaints bytes.Buffer
	run.Stderr = &complaints
	out, err := run.Output()
	var seen struct {
		Progress, Errors []string
		Results          []estimate.Result
		Card, Width      string
	}
	if err == nil {
		err = json.Unmarshal(out, &seen)
	}
	if err != nil {
		t.Fatalf("%v: %s%s", err, out, complaints.String())
	}
	if len(seen.Errors) > 0 || len(seen.Results) != 2 {
		t.Fatalf("%s", out)
	}
	for _, r := range seen.Results {
		if r.Filename != "점심 사과.jpg" || r.MassEstimation.TotalMassG != 180.5 || r.MassEstimation.Foods[0].FoodName != "사과" {
			t.Errorf("result %+v", r)
		}
	}
	if !slices.Contains(seen.Progress, "진행률: 60% - 무게를 재는 중...") {
		t.Errorf("progress %q", seen.Progress)
	}
	if !strings.Contains(seen.Card, "<li>사과: 180.5g (90.0%)</li>") || seen.Width != "60%" {
		t.Errorf("card %q, bar %q", seen.Card, seen.Width)
	}
}
