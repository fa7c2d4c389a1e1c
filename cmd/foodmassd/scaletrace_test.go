package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foodmassd/hardware/trace"
	"foodmassd/hardware/twin"
	"foodmassd/internal/api"
)

func parseTrace(t *testing.T, text string) trace.Trace {
	t.Helper()
	recorded, err := trace.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return recorded
}

func TestWhatTheCellReadIsRecordedAndWeighedAgainElsewhere(t *testing.T) {
	b := newBench(t, 430)
	b.weighs(0)
	b.load(counts(430, 250))
	b.weighs(250)
	file := filepath.Join(t.TempDir(), "kitchen.trace")
	if _, errs, exit := b.scale("trace", file, "--for", "300ms"); exit != 0 || !strings.Contains(errs, " readings in ") {
		t.Fatalf("exit %d, %s", exit, errs)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	recorded := parseTrace(t, string(text))
	if recorded.Cell != "loaded" || len(recorded.Readings) < 5 || recorded.Readings[0].Counts < 191_000 {
		t.Errorf("%d readings of %s: %.200s", len(recorded.Readings), recorded.Cell, text)
	}
	b.weighs(250)
	if _, errs, exit := b.scale("trace", file, "--for", "300ms"); exit != 1 || !strings.Contains(errs, "exists") {
		t.Errorf("over an older trace: exit %d, %s", exit, errs)
	}

	dir := shortDir(t)
	elsewhere := write(t, "c.yaml", fmt.Appendf(nil, "scale: {source: trace, trace_file: %q, counts_per_gram: 430}\n", file))
	startDaemon(t, "127.0.0.1:0", dir, "--config", elsewhere)
	again := &bench{t: t, dir: dir}
	s := again.until("weighs the trace", func(s api.ScaleStatus) bool { return s.NetG != nil })
	if s.Cell != "trace of loaded" || *s.Counts < 191_000 || *s.Counts > 192_000 {
		t.Errorf("replayed: %s", describeScale(s))
	}
}

func TestAFaultIsRecordedAndNamedWhenItIsReplayed(t *testing.T) {
	file := write(t, "fault.trace", []byte("foodmassd load cell trace 1\nhx711\n0 fault hx711: timeout: the HX711 finishes no conversion\n"))
	dir := shortDir(t)
	startDaemon(t, "127.0.0.1:0", dir, "--config", write(t, "c.yaml", fmt.Appendf(nil, "scale: {source: trace, trace_file: %q}\n", file)))
	b := &bench{t: t, dir: dir}
	b.until("timeout", func(s api.ScaleStatus) bool {
		return s.State == "timeout" && strings.Contains(s.Why, "finishes no conversion")
	})
}

func TestOneRecordingAtATimeEndsByCtrlCAndNeverStopsTheWeighing(t *testing.T) {
	b := newBench(t, 430)
	b.weighs(0)
	path, env := program(t)
	first := exec.Command(path, "scale", "trace", "-", "--data-dir", b.dir)
	first.Env = append(os.Environ(), env...)
	out, err := first.StdoutPipe()
	if err := errors.Join(err, first.Start()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 5 { // it records
		lines.Scan()
	}
	if _, errs, exit := b.scale("trace", "-", "--for", "1s"); exit != 1 || !strings.Contains(errs, "somebody records the scale already") {
		t.Errorf("a second recording: exit %d, %s", exit, errs)
	}
	b.load(counts(430, 100)) // nobody reads the first one's pipe meanwhile
	b.weighs(100)
	_ = first.Process.Signal(syscall.SIGINT)
	for lines.Scan() {
	}
	if err := first.Wait(); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
	for range 100 { // the daemon notices that nobody listens
		if _, _, exit := b.scale("trace", "-", "--for", "10ms"); exit == 0 {
			return
		}
	}
	t.Error("no recording after the first one's end")
}

func TestADaemonThatStopsEndsARecordingAtOnceAndSaysSo(t *testing.T) {
	b := newBench(t, 430)
	b.weighs(0)
	path, env := program(t)
	c := exec.Command(path, "scale", "trace", "-", "--data-dir", b.dir)
	var errs strings.Builder
	c.Env, c.Stderr = append(os.Environ(), env...), &errs
	out, err := c.StdoutPipe()
	if err := errors.Join(err, c.Start()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	began := time.Now()
	if code := b.d.Stop(); code != 0 || time.Since(began) > drainTime {
		t.Errorf("exit %d after %v", code, time.Since(began))
	}
	for lines.Scan() {
	}
	if err := c.Wait(); err == nil || !strings.Contains(errs.String(), "the daemon is shutting down") {
		t.Errorf("%v %s", err, errs.String())
	}
}

func TestAClientTooSlowLosesItsTraceAndTheWeighingGoesOn(t *testing.T) {
	cell := fed{make(chan any), &twin.Clock{}}
	c := &loadCell{Cell: cell}
	slow := &tap{lines: make(chan []byte, 3), ended: make(chan error, 1)}
	slow.Recorder = trace.Recorder{Cell: cell, W: slow}
	c.tap.Store(slow)
	for want := range int32(10) {
		go func() { cell.readings <- want }()
		if counts, err := c.Read(t.Context()); err != nil || counts != want {
			t.Fatalf("got %d, %v", counts, err)
		}
	}
	if err := <-slow.ended; !strings.Contains(err.Error(), "too slowly") || c.tap.Load() != nil || len(slow.lines) != 3 {
		t.Errorf("%v, %d lines", err, len(slow.lines))
	}
}
