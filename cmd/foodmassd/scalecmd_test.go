package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foodmassd/hardware/hx711"
	"foodmassd/hardware/twin"
	"foodmassd/internal/api"
	"foodmassd/internal/config"
	"foodmassd/internal/health"
	"foodmassd/internal/store"
)

// shortDir is a data directory whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func scaleJSON(t *testing.T, dir string) (s api.ScaleStatus, exit int) {
	t.Helper()
	out, errs, exit := run(t, "scale", "status", "--json", "--data-dir", dir)
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v in %s%s", err, out, errs)
	}
	return s, exit
}

// watchUntil runs scale watch until it prints a line with want, then presses Ctrl-C.
func watchUntil(t *testing.T, dir, want string) {
	t.Helper()
	path, env := program(t)
	c := exec.Command(path, "scale", "watch", "--data-dir", dir)
	c.Env, c.Stderr = append(os.Environ(), env...), os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	seen := ""
	lines := bufio.NewScanner(out)
	for !strings.Contains(seen, want) && lines.Scan() {
		seen += lines.Text() + "\n"
	}
	_ = c.Process.Signal(syscall.SIGINT)
	_, _ = io.Copy(io.Discard, out)
	if err := c.Wait(); err != nil || !strings.Contains(seen, want) {
		t.Errorf("%v after\n%s", err, seen)
	}
}

func TestAScaleIsWatchedAndZeroedAndItsZeroOutlivesAKilledDaemon(t *testing.T) {
	dir := shortDir(t)
	d := startDaemon(t, "127.0.0.1:0", dir, "--scale", "simulated")
	watchUntil(t, dir, " g\n")
	zeroed := false
	for !zeroed { // a plate may be just coming
		out, errs, exit := run(t, "scale", "tare", "--data-dir", dir)
		if zeroed = exit == 0 && strings.Contains(out, "zeroed at "); !zeroed && !strings.Contains(errs, "the old zero stays: the scale is settling") {
			t.Fatalf("exit %d, %s%s", exit, out, errs)
		}
	}
	before, _ := scaleJSON(t, dir)
	if before.Counts == nil || before.ReadAt == nil || before.AgeMS == nil || *before.CountsPerGram != 430 || before.Cell != "simulated" {
		t.Errorf("%+v", before)
	}
	for _, path := range []string{api.ScaleRoute, api.ScaleTareRoute} {
		if text := get(t, d.URL+path); strings.Contains(text, "zero_counts") {
			t.Errorf("the public port serves %s: %s", path, text)
		}
	}
	d.Kill()
	startDaemon(t, "127.0.0.1:0", dir, "--scale", "simulated")
	if after, _ := scaleJSON(t, dir); after.ZeroCounts == nil || *after.ZeroCounts != *before.ZeroCounts {
		t.Errorf("the zero was %v, is %+v", *before.ZeroCounts, after)
	}
}

func TestWithoutADaemonOrAScaleOneSentenceSaysWhatToDo(t *testing.T) {
	dir := shortDir(t)
	refused := func(want string) {
		t.Helper()
		for _, verb := range []string{"status", "tare", "watch", "calibrate", "calibrate --history", "calibrate --back", "container list", "container use none", "trace -"} {
			out, errs, exit := run(t, append(append([]string{"scale"}, strings.Fields(verb)...), "--data-dir", dir)...)
			if exit != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, want) {
				t.Errorf("%s: exit %d, %q, %q", verb, exit, out, errs)
			}
		}
	}
	refused("systemctl start foodmassd")
	d := startDaemon(t, "127.0.0.1:0", dir)
	refused("set scale.source")
	d.Stop()
	if _, err := os.Stat(filepath.Join(dir, api.AdminSocket)); err == nil {
		t.Error("a stopped daemon leaves its socket")
	}
	refused("systemctl start foodmassd")
}

func TestAScaleThatCannotBeOpenedSaysSoOverTheSocket(t *testing.T) {
	dir := shortDir(t)
	file := write(t, "c.yaml", []byte("scale: {source: hx711, clock_pin: NO_SUCH_PIN, data_pin: GPIO5, counts_per_gram: 430}\n"))
	startDaemon(t, "127.0.0.1:0", dir, "--config", file)
	if out, _, exit := run(t, "scale", "status", "--data-dir", dir); exit != 1 || !strings.Contains(out, "faulty") || !strings.Contains(out, "NO_SUCH_PIN") {
		t.Errorf("exit %d, %s", exit, out)
	}
	if _, errs, exit := run(t, "scale", "tare", "--data-dir", dir); exit != 1 || !strings.Contains(errs, "NO_SUCH_PIN") {
		t.Errorf("exit %d, %s", exit, errs)
	}
}

// fed is a cell at 10 Hz that reads what the test feeds it, when it does. Its clock is the scale's.
type fed struct {
	readings chan any // int32 or error
	clock    *twin.Clock
}

func (f fed) String() string { return "fed" }
func (f fed) Halt() error    { return nil }
func (f fed) Read(ctx context.Context) (int32, error) {
	select {
	case r := <-f.readings:
		f.clock.Sleep(100 * time.Millisecond)
		if err, ok := r.(error); ok {
			return 0, err
		}
		return r.(int32), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// feed gives a reading n times over and once more: that one tells that those before were taken.
func (f fed) feed(reading any, n int) {
	for range n + 1 {
		f.readings <- reading
	}
}

func newDesk(t *testing.T, dir string) (*scaleDesk, fed) {
	t.Helper()
	cell := fed{make(chan any), &twin.Clock{}}
	db, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d := &scaleDesk{conf: config.Scale{Source: "fed", CapacityG: 5000}, dataDir: dir, db: db}
	if err := d.weigh(t.Context(), &loadCell{Cell: cell, countsPerGram: 100, clock: cell.clock}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return d, cell
}

func TestTareIsRefusedWhileUnsettledOrFaultyAndKeepsTheOldZero(t *testing.T) {
	dir := t.TempDir()
	desk, cell := newDesk(t, dir)
	refused := func(want string) {
		t.Helper()
		before := desk.Status().ZeroCounts
		err := desk.Tare()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "the old zero stays") {
			t.Errorf("got %v, want %q", err, want)
		}
		if after := desk.Status(); (before == nil) != (after.ZeroCounts == nil) || before != nil && *before != *after.ZeroCounts {
			t.Errorf("the zero moved: %+v", after)
		}
	}
	grams := func(want float64) {
		t.Helper()
		if s := desk.Status(); s.NetG == nil || math.Abs(*s.NetG-want) > 0.001 {
			t.Errorf("want %v g: %+v %v", want, s, describeScale(s))
		}
	}
	cell.feed(int32(8000), 3)
	refused("starting")
	cell.feed(int32(8000), 20)
	grams(0)
	cell.feed(int32(50_000), 5)
	refused("the load is changing")
	cell.feed(int32(50_000), 20)
	grams(420)
	if err := desk.Tare(); err != nil {
		t.Fatal(err)
	}
	grams(0)
	cell.readings <- error(hx711.ErrUnplugged)
	for desk.Status().State != "unplugged" { // the error may be under way
	}
	refused("check its data wire")
	if err := desk.scale.Close(); err != nil {
		t.Fatal(err)
	}

	again, cell := newDesk(t, dir)
	cell.feed(int32(8000), 20)
	if s := again.Status(); s.NetG == nil || *s.NetG != -420 {
		t.Errorf("after a restart: %s", describeScale(s))
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // nothing can be kept there now
		t.Fatal(err)
	}
	if desk = again; desk.Tare() == nil {
		t.Error("zeroed without keeping the zero")
	}
	grams(-420)
	if err := again.scale.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheEmptyScalesDriftOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	desk, cell := newDesk(t, dir)
	cell.feed(int32(8000), 20)
	if err := desk.Tare(); err != nil {
		t.Fatal(err)
	}
	tared := desk.zero
	for i := range 3000 { // 1.5 g in 5 minutes
		cell.readings <- int32(8000 + i/20 + i%2)
	}
	for range 2 { // the second finds nothing to do
		desk.keepDrift(slog.New(slog.DiscardHandler))
	}
	if err := desk.scale.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := newDesk(t, dir)
	if err := again.scale.Close(); err != nil {
		t.Fatal(err)
	}
	zero, _ := again.scale.ZeroCounts()
	if z := again.zero; zero != z.Counts || z.Counts < 8100 || math.Abs(z.Counts-z.DriftCounts-tared.Counts) > 0.001 || !z.TakenAt.Equal(tared.TakenAt) {
		t.Errorf("zeroed at %+v, started with %v of %+v", tared, zero, z)
	}
}

func TestAnOverloadedScaleSaysSoAndWhatToDo(t *testing.T) {
	desk, cell := newDesk(t, t.TempDir())
	cell.feed(int32(8000), 20)
	cell.feed(int32(8000+100*5100), 20)
	state, text := scaleHealth(desk.scale, desk.cell)
	s := desk.Status()
	if state != health.Degraded || s.State != "overload" || s.NetG != nil || !strings.Contains(text, "overload: ") || !strings.Contains(s.Why, "scale.capacity_g") {
		t.Errorf("%s %q, %+v", state, text, s)
	}
	if err := desk.scale.Close(); err != nil {
		t.Fatal(err)
	}
}
