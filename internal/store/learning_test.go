package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func portion(food, taskID string, trueG float64) Weighing {
	return Weighing{Food: food, Top: true, EstimatedG: 100, EstimatedLogSD: 0.15, TrueG: trueG, TrueSDG: 1, Probability: 0.9,
		TaskID: taskID, Source: FromPlate, At: noon}
}

func shown(key string, grams *float64, embedding ...float32) TaughtFood {
	return TaughtFood{Key: key, NameKo: "시래기국", NameEn: "radish leaf soup", Shape: "bowl", AddedAt: noon,
		Examples: []Example{{Embedding: embedding, TopView: 0.75, VolumeCM3: 310, Grams: grams, Recogniser: "eye 3", At: noon}}}
}

func mustWeigh(t *testing.T, s *Store, weighings ...Weighing) {
	t.Helper()
	for _, w := range weighings {
		if added, err := s.AddWeighing(t.Context(), w); err != nil || !added {
			t.Fatalf("%+v: added %v, %v", w, added, err)
		}
	}
}

func mustTeach(t *testing.T, s *Store, food TaughtFood, w *Weighing) {
	t.Helper()
	if err := s.Teach(t.Context(), food, w); err != nil {
		t.Fatal(err)
	}
}

func learning(t *testing.T, s *Store) Learning {
	t.Helper()
	l, err := s.Learning(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWhatWasTaughtComesBackAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	grams := 320.5
	w := portion("site_soup", "", grams)
	w.Source, w.Top = FromTechnician, false
	mustWeigh(t, s, portion("apple", "a", 130))
	mustTeach(t, s, shown("site_soup", &grams, 0.6, -0.8), &w)
	mustTeach(t, s, shown("site_soup", nil, 1, 0), nil)
	want := Learning{Weighings: []Weighing{portion("apple", "a", 130), w}, Foods: []TaughtFood{shown("site_soup", &grams, 0.6, -0.8)}}
	want.Foods[0].Examples = append(want.Foods[0].Examples, shown("", nil, 1, 0).Examples...)
	s.Close()
	s = mustOpen(t, dir)
	if got := learning(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}

	other := mustOpen(t, t.TempDir())
	mustWeigh(t, other, portion("pear", "", 90))
	if err := other.ReplaceLearning(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if got := learning(t, other); !reflect.DeepEqual(got, want) {
		t.Errorf("moved to another appliance: %+v\nwant %+v", got, want)
	}
}

func TestATaskTeachesOnce(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustWeigh(t, s, portion("apple", "a", 130), portion("apple", "", 120), portion("apple", "", 121))
	if added, err := s.AddWeighing(t.Context(), portion("apple", "a", 500)); err != nil || added {
		t.Errorf("again: added %v, %v", added, err)
	}
	if got := learning(t, s).Weighings; len(got) != 3 || got[0].TrueG != 130 {
		t.Errorf("kept %+v", got)
	}
}

func TestForgettingRestoresWhatWasBefore(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustWeigh(t, s, portion("apple", "", 130))
	before := learning(t, s)
	grams := 320.
	soup := portion("site_soup", "", grams)
	mustTeach(t, s, shown("site_soup", &grams, 1), &soup)
	oneExample := learning(t, s)
	mustWeigh(t, s, portion("pear", "", 90), soup)
	mustTeach(t, s, shown("site_soup", nil, 1), nil)

	forget := func(what string, do func() (Forgotten, error), want Forgotten) {
		t.Helper()
		if f, err := do(); err != nil || f != want {
			t.Errorf("%s: forgot %+v, %v; want %+v", what, f, err, want)
		}
	}
	last := func() (Forgotten, error) { return s.ForgetLast(t.Context(), "site_soup") }
	forget("the last example", last, Forgotten{Examples: 1})
	forget("the weighing before", last, Forgotten{Weighings: 1})
	forget("another food", func() (Forgotten, error) { return s.ForgetFood(t.Context(), "pear") }, Forgotten{Weighings: 1})
	if got := learning(t, s); !reflect.DeepEqual(got, oneExample) {
		t.Errorf("got %+v\nwant %+v", got, oneExample)
	}
	forget("the weighed example", last, Forgotten{Weighings: 1, Examples: 1})
	forget("nothing more", last, Forgotten{})
	if got := learning(t, s); !reflect.DeepEqual(got, before) {
		t.Errorf("got %+v\nwant %+v", got, before)
	}
	mustTeach(t, s, shown("site_soup", &grams, 1), &soup)
	forget("a taught food", func() (Forgotten, error) { return s.ForgetFood(t.Context(), "site_soup") }, Forgotten{Weighings: 1, Examples: 1})
	if got := learning(t, s); !reflect.DeepEqual(got, before) {
		t.Errorf("got %+v\nwant %+v", got, before)
	}
}

func TestTheOldestIsDroppedBeyondWhatIsKept(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	full := Learning{Foods: []TaughtFood{shown("site_soup", nil)}}
	full.Foods[0].Examples = nil
	for i := range WeighingsKept {
		full.Weighings = append(full.Weighings, portion("apple", fmt.Sprint(i), 1+float64(i)))
	}
	for i := range ExamplesKept + 1 {
		full.Foods[0].Examples = append(full.Foods[0].Examples, shown("", nil, float32(i)).Examples...)
	}
	if err := s.ReplaceLearning(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	side := portion("apple", "side", 7)
	side.Top = false
	mustWeigh(t, s, side, portion("apple", "new", 999))
	got := learning(t, s)
	if n := len(got.Weighings); n != WeighingsKept+1 || got.Weighings[0].TrueG != 2 || got.Weighings[n-1].TrueG != 999 {
		t.Errorf("%d weighings, %+v to %+v", n, got.Weighings[0], got.Weighings[n-1])
	}
	if e := got.Foods[0].Examples; len(e) != ExamplesKept || e[0].Embedding[0] != 1 {
		t.Errorf("%d examples, the first is %+v", len(e), e[0])
	}
}

func TestTheMenuIsOfItsDay(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for _, m := range []Menu{{"2026-11-02", []string{"kimchi", "apple"}}, {"2026-11-03", []string{"salad"}}, {Day: "2026-11-03"}} {
		if err := s.SetMenu(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		for _, day := range []string{m.Day, "2026-11-01"} {
			want := Menu{Day: day}
			if day == m.Day {
				want = m
			}
			if got, err := s.Menu(t.Context(), day); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("menu is %+v, %v; want %+v", got, err, want)
			}
		}
	}
}

func TestDamagedWeighingsAreRefusedAndChangeNothing(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustWeigh(t, s, portion("apple", "", 130))
	before := learning(t, s)
	err := s.ReplaceLearning(t.Context(), Learning{Weighings: []Weighing{portion("pear", "", 100), portion("pear", "", -1)}})
	if err == nil {
		t.Error("a weight below zero was kept")
	}
	if got := learning(t, s); !reflect.DeepEqual(got, before) {
		t.Errorf("got %+v\nwant %+v", got, before)
	}
}
