package catalog

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

// towards is a vector of length 1 with this cosine to the first axis; the rest points along axis other.
func towards(cosine float64, other int) []float32 {
	v := make([]float32, 8)
	v[0], v[other] = float32(cosine), float32(math.Sqrt(1-cosine*cosine))
	return v
}

func enrol(t testing.TB, menu []string, taught ...Taught) *Enrolled {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Enrol(taught, menu)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func probability(classes []Class, key string) float64 {
	for _, c := range classes {
		if c.Key == key {
			return c.Probability
		}
	}
	return 0
}

func yuja(examples ...Example) Taught {
	return Taught{Food: Food{Key: "site_yuja", NameKo: "유자"}, Examples: examples}
}

func TestTaughtFoodsCompeteWithWhatTheNetworkKnows(t *testing.T) {
	e := enrol(t, nil, yuja(Example{Embedding: towards(1, 1), TopView: 1}))
	orange := func(likeness float64) []Class {
		return []Class{{"orange", 0.97, likeness}, {"peach", 0.02, 0.3}, {UnknownKey, 0.01, 0}}
	}
	for name, c := range map[string]struct {
		classes []Class
		cosine  float64
		want    string
	}{
		"a sure but unlike class loses":          {orange(0.4), 0.8, "site_yuja"},
		"a known food that is like itself stays": {orange(0.85), 0.7, "orange"},
		"what is like no example stays":          {orange(0), 0.2, "orange"},
		"an unknown food gets its taught name":   {[]Class{{UnknownKey, 1, 0.3}}, 0.7, "site_yuja"},
		"another unknown food stays unknown":     {[]Class{{UnknownKey, 1, 0.3}}, 0.1, UnknownKey},
	} {
		got := e.Recognise(c.classes, towards(c.cosine, 1), 1)
		var sum float64
		for i, class := range got {
			sum += class.Probability
			if i > 0 && class.Probability > got[i-1].Probability {
				t.Errorf("%s: not likeliest first: %v", name, got)
			}
		}
		if got[0].Key != c.want || got[0].Probability < 0.8 || math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: %v (sum %g), want surely %s", name, got, sum, c.want)
		}
	}
}

func TestTheNetworksClassesKeepTheirProportion(t *testing.T) {
	e := enrol(t, nil, yuja(Example{Embedding: towards(1, 1), TopView: 1}))
	got := e.Recognise([]Class{{"orange", 0.6, 0.5}, {"peach", 0.3, 0.9}, {UnknownKey, 0.1, 0}}, towards(0.7, 1), 1)
	if ratio := probability(got, "orange") / probability(got, "peach"); math.Abs(ratio-2) > 1e-9 {
		t.Errorf("orange is %g times as likely as a peach, the network says 2: %v", ratio, got)
	}
}

func TestTheLikerOfTwoTaughtFoodsWins(t *testing.T) {
	e := enrol(t, nil, yuja(Example{Embedding: towards(1, 1), TopView: 1}),
		Taught{Food: Food{Key: "site_persimmon", NameKo: "감"}, Examples: []Example{{Embedding: towards(0, 2), TopView: 1}}})
	got := e.Recognise([]Class{{"orange", 1, 0.3}}, towards(0.6, 2), 1)
	if got[0].Key != "site_persimmon" || got[1].Key != "site_yuja" {
		t.Errorf("%v", got)
	}
}

func TestExamplesOfAKnownFoodAddToWhatTheNetworkSays(t *testing.T) {
	e := enrol(t, nil, Taught{Food: Food{Key: "apple"}, Examples: []Example{{Embedding: towards(1, 1), TopView: 1}}})
	got := e.Recognise([]Class{{"peach", 0.9, 0.4}, {"apple", 0.1, 0.4}}, towards(0.8, 1), 1)
	if len(got) != 2 || got[0].Key != "apple" || got[0].Probability < 0.9 {
		t.Errorf("%v, want an apple, told once", got)
	}
}

func TestExamplesOfTheSameViewCount(t *testing.T) {
	both := enrol(t, nil, yuja(Example{Embedding: towards(1, 1), TopView: 0.9}, Example{Embedding: towards(0, 2), TopView: 0.1}))
	one := enrol(t, nil, yuja(Example{Embedding: towards(1, 1), TopView: 0.9}))
	from := []Class{{"orange", 1, 0.3}}
	for name, c := range map[string]struct {
		e       *Enrolled
		topView float64
		taught  bool
	}{
		"like the example from above":                         {both, 1, true},
		"unlike the example from the side":                    {both, 0, false},
		"no example from the side, so that from above counts": {one, 0, true},
	} {
		if got := c.e.Recognise(from, towards(1, 1), c.topView)[0].Key == "site_yuja"; got != c.taught {
			t.Errorf("%s: taught food told: %v", name, got)
		}
	}
}

func TestNothingTaughtChangesNothing(t *testing.T) {
	classes := []Class{{"orange", 0.7, 0.2}, {UnknownKey, 0.3, 0}}
	var none *Enrolled
	for name, got := range map[string][]Class{
		"no site":                none.Recognise(classes, towards(1, 1), 1),
		"nothing taught":         enrol(t, nil).Recognise(classes, towards(1, 1), 1),
		"without examples":       enrol(t, nil, yuja()).Recognise(classes, towards(1, 1), 1),
		"another network":        enrol(t, nil, yuja(Example{Embedding: []float32{1}})).Recognise(classes, towards(1, 1), 1),
		"without embedding":      enrol(t, nil, yuja(Example{Embedding: towards(1, 1)})).Recognise(classes, nil, 1),
		"a menu with both foods": enrol(t, []string{"orange"}).Recognise(classes, towards(1, 1), 1),
	} {
		if math.Abs(probability(got, "orange")-0.7) > 1e-9 || len(got) != 2 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOnlyTheMenuIsServed(t *testing.T) {
	menu := enrol(t, []string{"peach", "site_yuja"}, yuja(Example{Embedding: towards(1, 1), TopView: 1}),
		Taught{Food: Food{Key: "site_persimmon", NameKo: "감"}, Examples: []Example{{Embedding: towards(0, 2), TopView: 1}}})
	for name, c := range map[string]struct {
		classes   []Class
		embedding []float32
		want      string
		least     float64
	}{
		"the likelier of the menu":                         {[]Class{{"orange", 0.5, 0.6}, {"peach", 0.4, 0.6}, {UnknownKey, 0.1, 0}}, towards(0.2, 3), "peach", 0.7},
		"hardly like anything on the menu":                 {[]Class{{"orange", 0.995, 0.9}, {"peach", 0.004, 0.2}, {UnknownKey, 0.001, 0}}, towards(0.2, 3), UnknownKey, 0.8},
		"off the menu and like a taught food":              {[]Class{{"orange", 0.995, 0.9}, {"peach", 0.004, 0.2}, {UnknownKey, 0.001, 0}}, towards(0.6, 3), "site_yuja", 0.9},
		"like a taught food that is not served":            {[]Class{{"peach", 0.9, 0.6}, {UnknownKey, 0.1, 0}}, towards(0, 2), "peach", 0.8},
		"nothing of the network's probability on the menu": {[]Class{{"orange", 1, 0.9}}, towards(0.2, 3), UnknownKey, 0.9},
	} {
		got := menu.Recognise(c.classes, c.embedding, 1)
		if got[0].Key != c.want || got[0].Probability < c.least {
			t.Errorf("%s: %v, want %s with %g", name, got, c.want, c.least)
		}
		if probability(got, "orange") > 0 || probability(got, "site_persimmon") > 0 {
			t.Errorf("%s: told what is not on the menu: %v", name, got)
		}
	}
}

func TestATaughtFoodIsGenericWhereNothingIsKnown(t *testing.T) {
	e := enrol(t, nil, yuja(),
		Taught{Food: Food{Key: "site_tart", NameKo: "타르트", NameEn: "Tart", Shape: Slab, Density: Density{GPerCM3: 0.5, LogSD: 0.2}}},
		Taught{Food: Food{Key: "apple"}})
	unknown, _ := e.Food("no such food")
	if f, ok := e.Food("site_yuja"); !ok || f.NameKo != "유자" || f.NameEn != "유자" || f.Shape != Lump || !reflect.DeepEqual(f.Density, unknown.Density) || !reflect.DeepEqual(f.Portion, unknown.Portion) {
		t.Errorf("%+v", f)
	}
	if f, _ := e.Food("site_tart"); f.NameEn != "Tart" || f.Shape != Slab || f.Density.GPerCM3 != 0.5 {
		t.Errorf("%+v", f)
	}
	if f, _ := e.Food("apple"); f.NameKo != "사과" || f.Shape != Spheroid {
		t.Errorf("a food of the catalog with examples of its own: %+v", f)
	}
}

func TestEnrolNamesTheFood(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	good := Example{Embedding: []float32{1, 0}}
	food := func(examples ...Example) []Taught { return []Taught{yuja(examples...)} }
	for name, c2 := range map[string]struct {
		taught []Taught
		menu   []string
		want   []string
	}{
		"twice":            {append(food(good), food(good)...), nil, []string{"site_yuja", "twice"}},
		"no name":          {[]Taught{{Food: Food{Key: "site_yuja"}}}, nil, []string{"site_yuja", "name_ko"}},
		"key":              {[]Taught{{Food: Food{Key: "유자", NameKo: "유자"}}}, nil, []string{"유자", "snake case"}},
		"figures":          {[]Taught{{Food: Food{Key: "site_yuja", NameKo: "유자", Density: Density{GPerCM3: 9, LogSD: 0.2}}}}, nil, []string{"site_yuja", "density 9"}},
		"two networks":     {food(good, Example{Embedding: []float32{1}}), nil, []string{"site_yuja", "teach it again"}},
		"empty":            {food(Example{}), nil, []string{"site_yuja", "0 numbers"}},
		"no direction":     {food(Example{Embedding: []float32{0, 0}}), nil, []string{"site_yuja", "direction"}},
		"not a number":     {food(Example{Embedding: []float32{float32(math.NaN()), 0}}), nil, []string{"site_yuja", "direction"}},
		"nobody's on menu": {nil, []string{"durian"}, []string{"menu", "durian"}},
	} {
		_, err := c.Enrol(c2.taught, c2.menu)
		for _, word := range c2.want {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %v does not mention %q", name, err, word)
			}
		}
	}
}

// A hundred foods cost far less than 0.2 ms a food seen.
func BenchmarkRecogniseAmongAHundred(b *testing.B) {
	var taught []Taught
	for i := range 100 {
		example := make([]float32, 128)
		example[i] = 1
		taught = append(taught, Taught{Food: Food{Key: fmt.Sprintf("site_%d", i), NameKo: "음식"}, Examples: []Example{{Embedding: example}}})
	}
	e := enrol(b, nil, taught...)
	var classes []Class
	for _, f := range e.catalog.List() {
		classes = append(classes, Class{f.Key, 1 / float64(len(e.catalog.foods)), 0.3})
	}
	for b.Loop() {
		e.Recognise(classes, taught[7].Examples[0].Embedding, 1)
	}
}
