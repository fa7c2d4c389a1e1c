package main

import (
	"math"
	"strings"
	"testing"

	"foodmassd/internal/api"
)

func TestAContainerIsWeighedOnceAndTakenOffFromThenOn(t *testing.T) {
	b := newBench(t, 430)
	b.weighs(0)
	refused := func(want string, args ...string) {
		t.Helper()
		if _, errs, exit := b.scale(append([]string{"container"}, args...)...); exit == 0 || !strings.Contains(errs, want) {
			t.Errorf("container %q: exit %d, %s", args, exit, errs)
		}
	}
	food := func(want float64, container string) {
		t.Helper()
		b.until(foodIn(want, container), func(s api.ScaleStatus) bool {
			in := ""
			if s.Container != nil {
				in = s.Container.Name
			}
			return in == container && s.FoodG != nil && s.FoodSDG != nil && math.Abs(*s.FoodG-want) < 0.5
		})
	}
	b.must("zeroed", "tare")
	refused("nothing lies on the scale", "add", "국그릇")
	b.load(counts(430, 200))
	b.weighs(200)
	b.must("200.0 g", "container", "add", "국그릇", "--sd", "2.5")
	b.must("640.5 g", "container", "add", "식판", "--mass", "640.5")
	food(200, "")
	b.must("*", "container", "use", "국그릇")
	food(0, "국그릇")
	b.load(counts(430, 612))
	b.weighs(612)
	food(412, "국그릇")
	if out := b.must("국그릇, 200.", "status"); !strings.Contains(out, "food           412.") || !strings.Contains(out, "net            612.") {
		t.Errorf("status:\n%s", out)
	}
	b.load(counts(430, 80)) // an apple without the bowl
	b.weighs(80)
	food(80, "국그릇")
	b.restart()
	b.load(counts(430, 612))
	b.weighs(612)
	food(412, "국그릇")

	refused("no container has this name", "use", "plate")
	refused("stands for no container", "add", "none", "--mass", "5")
	refused("cannot be", "add", "plate", "--mass", "-5")
	refused("letters at most", "add", strings.Repeat("밥", 41), "--mass", "5")
	refused("--help", "use")
	refused("--help", "weigh", "plate")
	b.load("unplugged")
	b.until("unplugged", func(s api.ScaleStatus) bool { return s.State == "unplugged" })
	refused("not added: the scale is unplugged", "add", "plate")
	b.load(counts(430, 300))

	b.must("국그릇", "container", "use", "none")
	food(300, "")
	b.must("*", "container", "use", "국그릇")
	if out := b.must("식판", "container", "remove", "국그릇"); strings.Contains(out, "국그릇") {
		t.Errorf("removed and there:\n%s", out)
	}
	food(300, "")
	b.must("식판", "container", "list")
}

func foodIn(grams float64, container string) string {
	return gramsOf(grams) + " of food in " + container
}
