package evaluate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"foodmassd/internal/estimate"
	"foodmassd/internal/geometry"
	"foodmassd/internal/vision"
)

// schoolEye takes tomatoes for plums, and counts its looks. A tomato in heirloom*.jpg is unlike the others.
type schoolEye struct{ looks map[string]int }

func (e schoolEye) See(_ context.Context, r vision.Request, _ func(string)) (vision.Scene, error) {
	name := filepath.Base(r.Path)
	e.looks[name]++
	f := vision.Food{Box: geometry.Rect{X: 100, Y: 100, Width: 155, Height: 155}, Score: 0.9, TopView: 1,
		Classes: []vision.ClassProbability{{Key: "plum", Probability: 0.97, Likeness: 0.5}}, Embedding: []float32{1, 0}}
	switch {
	case strings.HasPrefix(name, "egg"):
		f.Classes = []vision.ClassProbability{{Key: "egg", Probability: 0.97, Likeness: 0.9}}
		f.Embedding = []float32{0.2, 0.98}
	case strings.HasPrefix(name, "heirloom"):
		f.Embedding = []float32{-1, 0}
	}
	return vision.Scene{Width: 816, Height: 612, Foods: []vision.Food{f}, References: []vision.Reference{
		{Kind: vision.KindCoin, Confidence: 1, Box: geometry.Rect{X: 20, Y: 300, Width: 51, Height: 51}}}}, nil
}

// classroom is a folder with a photo from above of each portion, named food001, food002 and so on.
func classroom(t *testing.T, portions ...string) (string, *estimate.Estimator, schoolEye) {
	t.Helper()
	dir, e := dataset(t)
	weights, boxes := "portion,food,volume_cm3,mass_g\n", strings.SplitAfter(boxesCSV, "\n")[0]
	for i, p := range portions {
		food := strings.Replace(strings.TrimRight(p, "0123456789"), "heirloom", "tomato", 1)
		weights += fmt.Sprintf("%s,%s,%d,%d\n", p, food, 300+i, 250+i)
		boxes += fmt.Sprintf("%s.jpg,%s,top,816,612,%s,100,100,260,260\n", p, p, food)
	}
	for name, text := range map[string]string{"portions.csv": weights, "boxes.csv": boxes, "others.txt": "egg001"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	eye := schoolEye{map[string]int{}}
	e.Seer = eye
	if err := e.Initialize(); err != nil {
		t.Fatal(err)
	}
	return dir, e, eye
}

// means are those of one line of the table, without their deviations.
func means(t *testing.T, table, line string) []string {
	t.Helper()
	row := regexp.MustCompile(`(?m)^` + line + `  .*$`).FindString(table)
	if row == "" {
		t.Fatalf("no line %q in\n%s", line, table)
	}
	var out []string
	for _, m := range regexp.MustCompile(`(\S+) ±`).FindAllStringSubmatch(row, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestTeachingIsMeasuredOnPortionsThatWereNotTaughtFrom(t *testing.T) {
	dir, e, eye := classroom(t, "tomato001", "tomato002", "tomato003", "egg001", "egg002")
	var out strings.Builder
	o := Teaching{Options: Options{Dir: dir, Estimator: e, CoinDiameterMM: 25, View: "top"}, OtherPortionsFile: filepath.Join(dir, "others.txt"),
		Foods: []string{"tomato"}, Photos: 2, Seeds: 3, Menu: true}
	if err := Teach(context.Background(), o, &out); err != nil {
		t.Fatal(err)
	}
	tomato := means(t, out.String(), "taught foods")
	if strings.Join(tomato[:3], " ") != "0.0 100.0 100.0" {
		t.Errorf("tomatoes named before, once taught and with a menu: %v", tomato[:3])
	}
	// The tomatoes weigh 250 g give or take one: two that were weighed tell nearly all about the third.
	if len(tomato) != 7 || len(tomato[5]) > 3 || len(tomato[3]) < 4 {
		t.Errorf("off before, taught, weighed: %v", tomato[3:])
	}
	if egg := means(t, out.String(), "other foods"); len(egg) != 5 || strings.Join(egg[:2], " ") != "100.0 100.0" || egg[2] != egg[4] {
		t.Errorf("the eggs: %v", egg)
	}
	for name, n := range eye.looks {
		if n != 1 || name == "egg002.jpg" {
			t.Errorf("%s was looked at %d times", name, n)
		}
	}
}

func TestATaughtFoodIsNotToldWhereItDoesNotLookLikeItsExamples(t *testing.T) {
	dir, e, _ := classroom(t, "tomato001", "heirloom001")
	var out strings.Builder
	o := Teaching{Options: Options{Dir: dir, Estimator: e, CoinDiameterMM: 25, View: "top"}, Foods: []string{"tomato"}, Photos: 5, Seeds: 1}
	if err := Teach(context.Background(), o, &out); err != nil {
		t.Fatal(err)
	}
	tomato := means(t, out.String(), "tomato")
	if len(tomato) != 5 || tomato[1] != "0.0" || tomato[2] != tomato[4] {
		t.Errorf("%v: what is still taken for a plum is weighed as one", tomato)
	}
}

func TestWhatCannotBeTaughtIsNamed(t *testing.T) {
	dir, e, _ := classroom(t, "tomato001", "egg001", "egg002")
	for name, c := range map[string]struct {
		change func(*Teaching)
		want   string
	}{
		"one portion":  {func(o *Teaching) { o.Foods = []string{"tomato"} }, "tomato lies alone in the photos of 1 portions"},
		"no such food": {func(o *Teaching) { o.Foods = []string{"kiwi"} }, "kiwi lies alone in the photos of 0 portions"},
		"no photo":     {func(o *Teaching) { o.Photos = 0 }, "at least one photo"},
		"no seed":      {func(o *Teaching) { o.Seeds = 0 }, "at least one seed"},
		"view":         {func(o *Teaching) { o.View = "below" }, `view "below"`},
		"load cell":    {func(o *Teaching) { o.Weighed = true }, "load cell"},
		"no list":      {func(o *Teaching) { o.OtherPortionsFile = "no such file" }, "list of portions"},
	} {
		o := Teaching{Options: Options{Dir: dir, Estimator: e, View: "top"}, Foods: []string{"egg"}, Photos: 5, Seeds: 1}
		c.change(&o)
		if err := Teach(context.Background(), o, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not mention %q", name, err, c.want)
		}
	}
}
