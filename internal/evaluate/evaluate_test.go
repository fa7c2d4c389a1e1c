package evaluate

import (
	"bytes"
	"context"
	"encoding/csv"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foodmassd/internal/catalog"
	"foodmassd/internal/estimate"
	"foodmassd/internal/geometry"
	"foodmassd/internal/mass"
	"foodmassd/internal/vision"
)

const portionsCSV = `portion,food,volume_cm3,mass_g
apple001,apple,300,240
apple002,apple,200,160
mix001,apple,300,240
mix001,qiwi,100,110
`

const boxesCSV = `image,portion,view,width_px,height_px,object,xmin,ymin,xmax,ymax
a1.jpg,apple001,top,816,612,apple,100,100,260,260
a1.jpg,apple001,top,816,612,coin,20,300,71,351
a2.jpg,apple002,side,816,612,apple,100,100,240,240
a2.jpg,apple002,side,816,612,coin,20,300,71,351
bad.jpg,apple002,side,816,612,apple,0,0,1,1
m1.jpg,mix001,top,816,612,apple,100,100,260,260
m1.jpg,mix001,top,816,612,qiwi,400,100,500,200
m1.jpg,mix001,top,816,612,coin,20,300,71,351
`

// eye sees every apple, never the kiwi, and in a2.jpg something that is not there.
type eye struct{}

func (eye) See(_ context.Context, r vision.Request, _ func(string)) (vision.Scene, error) {
	food := func(x, side float64) vision.Food {
		return vision.Food{Box: geometry.Rect{X: x, Y: 100, Width: side, Height: side}, Score: 0.9, TopView: 1,
			Classes: []vision.ClassProbability{{Key: "apple", Probability: 0.95}}}
	}
	s := vision.Scene{Width: 816, Height: 612, Foods: []vision.Food{food(100, 155)}, References: []vision.Reference{
		{Kind: vision.KindCoin, Confidence: 1, Box: geometry.Rect{X: 20, Y: 300, Width: 51, Height: 51}}}}
	if filepath.Base(r.Path) == "a2.jpg" {
		s.Foods = append(s.Foods, food(600, 60))
	}
	return s, nil
}

func dataset(t *testing.T) (string, *estimate.Estimator) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"portions.csv": portionsCSV, "boxes.csv": boxesCSV, "suspect.txt": "bad.jpg\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open("../../models/mass.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	model, err := mass.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	foods, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return dir, &estimate.Estimator{Seer: eye{}, Catalog: foods, Mass: model, CoinDiameterMM: 25}
}

func TestRunCountsFoundMissedAndExtra(t *testing.T) {
	dir, e := dataset(t)
	if err := e.Initialize(); err != nil {
		t.Fatal(err)
	}
	data, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := run(context.Background(), Options{Dir: dir, Estimator: e}, data, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	all := r.Figures(func(Row) bool { return true })
	if r.Images != 3 || all.Foods != 4 || math.Abs(all.Found-0.75) > 1e-9 || all.ClassRight != 1 {
		t.Errorf("%d images, %+v", r.Images, all)
	}
	extra := 0
	for _, row := range r.Rows {
		if row.Truth == nil {
			extra++
		}
	}
	if extra != 1 {
		t.Errorf("%d extra detections, want 1", extra)
	}
	// apple001 and mix001 hold the same apple, so the other apple is all the baseline may know.
	apple := r.Figures(func(row Row) bool { return row.Photo.Name == "a1.jpg" })
	if want := 80.0 / 240; math.Abs(apple.Baseline-want) > 1e-9 {
		t.Errorf("baseline %g, want %g", apple.Baseline, want)
	}
}

func TestRunWritesTableCSVAndPlot(t *testing.T) {
	dir, e := dataset(t)
	if err := e.Initialize(); err != nil {
		t.Fatal(err)
	}
	o := Options{Dir: dir, Estimator: e, CSVPath: filepath.Join(dir, "rows.csv"), PlotPath: filepath.Join(dir, "plot.png")}
	var text bytes.Buffer
	if err := Run(context.Background(), o, &text); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"class median %", "top apple", "extra detections per photo: 0.333", "confidence from"} {
		if !strings.Contains(text.String(), word) {
			t.Errorf("table lacks %q:\n%s", word, &text)
		}
	}
	f, err := os.Open(o.CSVPath)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1+5 {
		t.Errorf("%d lines, %v; want a head, four labels and an extra", len(rows), err)
	}
	g, err := os.Open(o.PlotPath)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if _, err := png.Decode(g); err != nil {
		t.Error(err)
	}
}

func TestWeighedPhotosKeepToTheirReadingUnlessItContradicts(t *testing.T) {
	dir, e := dataset(t)
	if err := e.Initialize(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := Run(context.Background(), Options{Dir: dir, Estimator: e, Weighed: true, LabelledBoxes: true}, &text); err != nil {
		t.Fatal(err)
	}
	// The apple of 240 g is told as 241; the other two boxes are too small for their grams and contradict the reading.
	if want := "weighed: the reading used on 1 of 3 photos, the total there off by 0.37 %\n"; !strings.Contains(text.String(), want) {
		t.Errorf("no %q in\n%s", want, &text)
	}
}

func TestLabelledBoxesAreAPerfectEye(t *testing.T) {
	dir, e := dataset(t)
	var text bytes.Buffer
	if err := e.Initialize(); err != nil {
		t.Fatal(err)
	}
	data, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := run(context.Background(), Options{Dir: dir, Estimator: e, LabelledBoxes: true}, data, &text)
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Figures(func(Row) bool { return true }); f.Found != 1 || f.ClassRight != 1 || r.Failed != 0 {
		t.Errorf("%+v, %d failed: %s", f, r.Failed, &text)
	}
}

func TestPortionsAndViewRestrict(t *testing.T) {
	dir, e := dataset(t)
	list := filepath.Join(dir, "list.txt")
	if err := os.WriteFile(list, []byte("apple001\nmix001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Initialize(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := Run(context.Background(), Options{Dir: dir, Estimator: e, PortionsFile: list}, &text); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text.String(), "2 photos (2 top, 0 side)") {
		t.Errorf("%s", &text)
	}
	err := Run(context.Background(), Options{Dir: dir, Estimator: e, PortionsFile: list, View: "side"}, &text)
	if err == nil || !strings.Contains(err.Error(), "no photo") {
		t.Errorf("no photo left, but error %v", err)
	}
}

func TestReadNamesFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ file, old, new, want string }{
		"number":         {"boxes.csv", "260,260\n", "x,260\n", "boxes.csv:2: xmax"},
		"unweighed food": {"boxes.csv", "top,816,612,qiwi", "top,816,612,pear", "boxes.csv:8: portion \"mix001\" holds no \"pear\""},
		"missing column": {"portions.csv", "mass_g", "mass", `column "mass_g"`},
		"ragged line":    {"portions.csv", ",160", "", "line 3"},
		"no mass":        {"portions.csv", ",160", ",0", "portions.csv:3"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := dataset(t)
			path := filepath.Join(dir, c.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not mention %q", err, c.want)
			}
		})
	}
}
