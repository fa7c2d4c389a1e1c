package mass

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"foodmassd/internal/catalog"
	"foodmassd/internal/geometry"
)

// small is a model of one food whose figures can be checked by hand.
const small = `{"name":"m","version":"1","scale_sd":0.01,
"top":{"features":["log_long"],"foods":{"apple":{"mean":[5,3],"cov":[[0.01,0],[0,0.04]],"noise_sd":0.1,"low":[-1],"high":[0],"volume":[5.2,3]}},
"size_features":["log_size"],"sizes":{"apple":{"mean":[-0.2],"sd":[0.1]},"plum":{"mean":[-0.7],"sd":[0.1]},"unknown":{"mean":[-0.4],"sd":[0.5]}}},
"side":{"features":["log_width","log_height"],"foods":{"apple":{"mean":[4,2,1],"cov":[[0,0,0],[0,0,0],[0,0,0]],"noise_sd":0.2,"low":[-1,-1],"high":[0,0],"volume":[4,2,1]}},
"size_features":["log_size"],"sizes":{"unknown":{"mean":[-0.4],"sd":[0.5]}}}}`

func loadSmall(t *testing.T) (*Model, *catalog.Catalog) {
	t.Helper()
	m, err := Load(strings.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m, c
}

func shipped(t testing.TB) (*Model, *catalog.Catalog, []byte) {
	t.Helper()
	data, err := os.ReadFile("../../models/mass.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m, c, data
}

func TestLoadNamesTheMistake(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"not JSON":          {`{"name"`, `{name`, "invalid character"},
		"unknown member":    {`"scale_sd"`, `"scale"`, `"scale"`},
		"no version":        {`"version":"1"`, `"version":""`, "version"},
		"unknown feature":   {"log_long", "log_depth", `"log_depth"`},
		"missing slope":     {"[5,3]", "[5]", "mean has 1 figures, not 2"},
		"absurd offset":     {"[5,3]", "[5e9,3]", "not within"},
		"negative variance": {"[[0.01,0]", "[[-1,0]", "negative variance"},
		"ragged covariance": {"[[0.01,0],", "[[0.01],", "cov row 1"},
		"no noise":          {`"noise_sd":0.1`, `"noise_sd":0`, "noise_sd 0"},
		"bounds reversed":   {`"low":[-1],"high":[0]`, `"low":[1],"high":[0]`, "low 1 above high 0"},
		"scale uncertainty": {`"scale_sd":0.01`, `"scale_sd":-1`, "scale_sd -1"},
		"sharp size":        {`"sd":[0.1]`, `"sd":[0]`, "size of apple: sd 0 is below"},
		"no unknown size":   {`,"unknown":{"mean":[-0.4],"sd":[0.5]}`, "", `top: size of "unknown" is missing`},
		"no side view":      {`"side"`, `"top"`, "side: features and foods"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(strings.NewReader(strings.Replace(small, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not mention %q", err, c.want)
			}
		})
	}
}

func TestShippedModelKnowsEveryRecognisedFoodInBothViews(t *testing.T) {
	m, foods, _ := shipped(t)
	for name, v := range map[string]View{"top": m.Top, "side": m.Side} {
		for key := range v.Foods {
			if _, ok := foods.Food(key); !ok {
				t.Errorf("%s: %q is not in the catalog", name, key)
			}
		}
		if len(v.Foods) != 19 {
			t.Errorf("%s: %d foods, want the 19 of the recogniser", name, len(v.Foods))
		}
	}
}

// FuzzLoad: whatever loads, estimates finite positive grams for any photo.
func FuzzLoad(f *testing.F) {
	_, foods, data := shipped(f)
	f.Add([]byte(small), 80.0, 60.0, 4000.0, 1.0)
	f.Add(data, 80.0, 60.0, 4000.0, 0.5)
	f.Add(data, 1e-9, 1e9, 1.0, 0.0)
	f.Fuzz(func(t *testing.T, data []byte, width, height, area, top float64) {
		m, err := Load(bytes.NewReader(data))
		if err != nil {
			return
		}
		if !(width > 0 && width < 1e9 && height > 0 && height < 1e9 && area > 0 && area < 1e15 && top >= 0 && top <= 1) {
			return
		}
		measures := &geometry.Measures{WidthMM: width, HeightMM: height, AreaMM2: area}
		o := Observation{Classes: []Class{{"apple", 0.7}, {"plum", 0.3}}, TopView: top, Measures: measures, ScaleRelSD: 0.02}
		o.Classes = m.BySize(o)
		if sum := o.Classes[0].Probability + o.Classes[1].Probability; !(math.Abs(sum-1) < 1e-6) {
			t.Fatalf("classes by size sum to %g", sum)
		}
		e := m.Estimate(foods, o)
		i := e.Grams.Interval()
		for _, g := range []float64{i[0], e.PointG(), i[1], e.VolumeCM3} {
			if !(g > 0) || math.IsInf(g, 0) {
				t.Fatalf("grams %v of %v, volume %g", i, e.Grams, e.VolumeCM3)
			}
		}
		if !(i[0] <= e.PointG() && e.PointG() <= i[1]) {
			t.Fatalf("median %g outside its interval %v", e.PointG(), i)
		}
	})
}

func TestModelSurvivesARoundTripThroughJSON(t *testing.T) {
	m, _, _ := shipped(t)
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}
