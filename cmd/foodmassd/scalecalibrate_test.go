package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foodmassd/internal/api"
)

const (
	askEmpty = "press Enter"
	askMass  = "type its grams"
)

// counts of a cell with perGram counts per gram under a load.
func counts(perGram, grams float64) int { return int(84_000 + perGram*grams) }

// calibrate leads a calibration with 500 and 1000 g to its end, by a cell of perGram counts per gram.
func (b *bench) calibrate(perGram float64) {
	b.t.Helper()
	k := b.talk("--masses", "500,1000", "--yes")
	for _, step := range []struct {
		prompt string
		grams  float64
	}{{"empty tray", 0}, {"Put 500 g on", 500}, {"Put 1000 g on", 1000}} {
		k.hear(step.prompt)
		k.hear(askEmpty)
		b.load(counts(perGram, step.grams))
		k.say("")
	}
	if out, errs, exit := k.end(); exit != 0 || !strings.Contains(out, "kept") {
		b.t.Fatalf("exit %d: %s%s", exit, out, errs)
	}
}

func TestATechnicianCalibratesAnUnknownCellAndItWeighsAtOnceAndAfterARestart(t *testing.T) {
	b := newBench(t, 0)
	s := b.until("uncalibrated", func(s api.ScaleStatus) bool { return s.State == "uncalibrated" })
	if s.NetG != nil || s.Counts == nil || s.CountsPerGram != nil || s.RestCounts == nil || !strings.Contains(s.Why, "foodmassd scale calibrate") {
		t.Errorf("%+v", s)
	}
	served := write(t, "served.yaml", fmt.Appendf(nil, "scale: {source: simulated}\nserver: {listen: %q}\n", strings.TrimPrefix(b.d.URL, "http://")))
	doctor := func(want string) {
		t.Helper()
		if out, _, _ := run(t, "doctor", "--config", served, "--data-dir", b.dir); !strings.Contains(out, want) {
			t.Errorf("doctor does not say %q:\n%s", want, out)
		}
	}
	doctor("run: foodmassd scale calibrate")

	k := b.talk()
	k.hear(askEmpty)
	k.say("")
	k.hear(askMass)
	k.say("") // one mass at least
	k.hear("One known mass at least")
	b.load(counts(430, 500))
	k.hear(askMass)
	k.say("half a kilo")
	k.hear("no mass in grams")
	k.hear(askMass)
	k.say("500")
	k.hear(askMass)
	k.say("")
	k.hear("One mass does not show")
	b.load(counts(430, 1000))
	k.hear(askMass)
	k.say("1000 g")
	k.hear(askMass)
	k.say("")
	k.hear("[y/N]")
	k.say("y")
	out, errs, exit := k.end()
	if exit != 0 || !strings.Contains(out, "until now none") || !strings.Contains(out, "OFF BY") || !strings.Contains(out, "--back") {
		t.Fatalf("exit %d: %s%s", exit, out, errs)
	}
	b.weighs(1000) // at once, with the mass still on
	doctor("calibrated 20")

	b.restart()
	s = b.weighs(1000)
	if s.Calibration == nil || s.Calibration.ID != 1 || len(s.Calibration.Points) != 3 || s.Calibration.Who == "" {
		t.Errorf("after a restart: %+v", s.Calibration)
	}
	if log := b.d.Log(); !strings.Contains(log, "not by scale.counts_per_gram") {
		t.Errorf("the log does not say which calibration it is:\n%s", log)
	}
	if err := os.Remove(filepath.Join(b.dir, "scale-zero.json")); err != nil {
		t.Fatal(err)
	}
	b.restart() // with the mass on: the calibration has a zero, too
	b.weighs(1000)
}

func TestABadOrUnfinishedCalibrationChangesNothing(t *testing.T) {
	b := newBench(t, 0)
	b.calibrate(430)
	before := b.must("configuration", "calibrate", "--history")
	for name, tc := range map[string]struct {
		loads []float64 // under the empty scale, "500 g" and "1000 g"
		yes   string    // the answer to whether it is to be kept
		want  string
	}{
		"mass not put on":    {[]float64{0, 0, 1000}, "", "was the mass put on"},
		"masses mixed up":    {[]float64{0, 1000, 500}, "", "mixed up"},
		"another mass":       {[]float64{0, 500, 1500}, "", "no straight line"},
		"no":                 {[]float64{0, 500, 1000}, "n", "not kept"},
		"gone before yes":    {[]float64{0, 500, 1000}, "", "the input has ended"},
		"gone in the middle": {[]float64{0, 500}, "", "the input has ended"},
		"gone at once":       {nil, "", "the input has ended"},
	} {
		k := b.talk("--masses", "500,1000")
		for _, grams := range tc.loads {
			k.hear(askEmpty)
			b.load(counts(215, grams)) // another cell, so that keeping would show
			k.say("")
		}
		if tc.yes != "" {
			k.hear("[y/N]")
			k.say(tc.yes)
		}
		out, errs, exit := k.end()
		if exit != 1 || !strings.Contains(out+errs, tc.want) || !strings.Contains(out+errs, "the old calibration stays") {
			t.Errorf("%s: exit %d, want %q: %s%s", name, exit, tc.want, out, errs)
		}
	}
	for name, prompts := range map[string]int{"Ctrl-C at the first question": 1, "Ctrl-C while it measures": 2} {
		k := b.talk()
		k.hear(askEmpty)
		if prompts == 2 {
			b.load("no cell today")
			k.say("")
		}
		k.interrupt()
		if out, errs, exit := k.end(); exit != 1 || !strings.Contains(errs, "interrupted; the old calibration stays") {
			t.Errorf("%s: exit %d: %s%s", name, exit, out, errs)
		}
		b.load(counts(430, 0))
	}
	if after := b.must("", "calibrate", "--history"); after != before {
		t.Errorf("history before\n%safter\n%s", before, after)
	}
	b.load(counts(430, 500))
	b.weighs(500)
}

func TestACalibrationIsUndone(t *testing.T) {
	b := newBench(t, 400)
	b.calibrate(430)
	b.calibrate(860) // somebody took half the masses
	b.load(counts(430, 500))
	b.weighs(250)
	b.must("weighs by calibration 1", "calibrate", "--back")
	b.weighs(500)
	b.restart()
	b.weighs(500)
	b.must("weighs by the configuration: counts per gram 400", "calibrate", "--back")
	b.weighs(537.5)
	if _, errs, exit := b.scale("calibrate", "--back"); exit != 1 || !strings.Contains(errs, "no calibration comes before it") {
		t.Errorf("back beyond the beginning: exit %d, %s", exit, errs)
	}
	b.must("weighs by calibration 2", "calibrate", "--to", "2")
	b.weighs(250)
	if _, errs, exit := b.scale("calibrate", "--to", "9"); exit != 1 || !strings.Contains(errs, "--history") {
		t.Errorf("to one that is not there: exit %d, %s", exit, errs)
	}
	b.must("weighs by the configuration", "calibrate", "--to", "0")
	b.restart()
	b.weighs(537.5)
}

func TestSwappedWiresAreNamedAndWeigh(t *testing.T) {
	b := newBench(t, 430)
	k := b.talk("--masses", "500,1000")
	for _, grams := range []float64{0, 500, 1000} {
		k.hear(askEmpty)
		b.load(counts(-430, grams))
		k.say("")
	}
	k.hear("A+ and A- are swapped")
	k.hear("[y/N]")
	k.say("yes")
	if out, errs, exit := k.end(); exit != 0 {
		t.Fatalf("exit %d: %s%s", exit, out, errs)
	}
	b.weighs(1000)
}

func TestWithoutACellThereIsNothingToCalibrate(t *testing.T) {
	dir := shortDir(t)
	file := write(t, "c.yaml", []byte("scale: {source: trace, trace_file: /no/such.trace}\n"))
	startDaemon(t, "127.0.0.1:0", dir, "--config", file)
	for _, args := range [][]string{{"calibrate"}, {"calibrate", "--history"}, {"calibrate", "--back"}, {"container", "add", "bowl"}, {"trace", "-"}} {
		if out, errs, exit := run(t, append(append([]string{"scale"}, args...), "--data-dir", dir)...); exit != 1 || !strings.Contains(errs, "/no/such.trace") {
			t.Errorf("%q: exit %d, %s%s", args, exit, out, errs)
		}
	}
	if _, err := os.Stat("-"); err == nil {
		t.Error("a file named - was made")
	}
}
