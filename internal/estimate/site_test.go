package estimate

import (
	"context"
	"strings"
	"testing"

	"foodmassd/internal/catalog"
	"foodmassd/internal/vision"
)

// yuja looks like an orange to the network, but not very much to its embedding.
func yuja() vision.Food {
	f := seen("orange", 0.95, 300, 150, 1)
	f.Classes[0].Likeness = 0.5
	f.Embedding = []float32{0.8, 0.6, 0}
	return f
}

var taughtYuja = catalog.Taught{Food: catalog.Food{Key: "site_yuja", NameKo: "유자", NameEn: "Yuja"},
	Examples: []catalog.Example{{Embedding: []float32{1, 0, 0}, TopView: 1}}}

// onSite estimates a scene where foods were taught and a menu is served; w may be nil.
func onSite(t *testing.T, s vision.Scene, w *witness, menu []string, taught ...catalog.Taught) *Result {
	t.Helper()
	e := estimator(t, fixedEye{scene: s})
	enrolled, err := e.Catalog.Enrol(taught, menu)
	if err != nil {
		t.Fatal(err)
	}
	e.Site = func() *Site { return &Site{Foods: enrolled} }
	if w != nil {
		e.Verifier = w
	}
	r, err := e.Estimate(context.Background(), Input{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAFoodTaughtOnSiteIsNamedAndMeasured(t *testing.T) {
	s := scene([]vision.Reference{coin}, yuja())
	if before := result(t, s, Input{}).MassEstimation.Foods[0]; before.FoodKey != "orange" {
		t.Fatalf("taken for %s before it is taught", before.FoodKey)
	}
	f := onSite(t, s, nil, nil, taughtYuja).MassEstimation.Foods[0]
	if f.FoodKey != "site_yuja" || f.FoodName != "유자" || f.FoodNameEn != "Yuja" || !strings.Contains(f.Reasoning, "유자로 인식") {
		t.Errorf("%+v", f)
	}
	if f.VerificationMethod != ReferenceScaled || f.VolumeCM3 == nil || f.EstimatedMassG < 30 || width(f) < 3 {
		t.Errorf("%g g in %v: nobody has weighed it, its density is generic", f.EstimatedMassG, f.MassIntervalG)
	}
}

func TestAKnownFoodStaysBesideATaughtOne(t *testing.T) {
	orange := seen("orange", 0.95, 300, 150, 1)
	orange.Classes[0].Likeness, orange.Embedding = 0.9, []float32{0.6, 0.8, 0}
	if f := onSite(t, scene([]vision.Reference{coin}, orange), nil, nil, taughtYuja).MassEstimation.Foods[0]; f.FoodKey != "orange" {
		t.Errorf("%+v", f)
	}
}

func TestForgettingLeavesNoTrace(t *testing.T) {
	e := estimator(t, fixedEye{scene: scene([]vision.Reference{coin}, yuja(), seen("kiwi", 0.95, 550, 130, 1))})
	said := func(site func() *Site) string {
		e.Site = site
		text, _ := lookAt(t, e, Input{})
		return text
	}
	enrolled, err := e.Catalog.Enrol([]catalog.Taught{taughtYuja}, nil)
	if err != nil {
		t.Fatal(err)
	}
	never := said(nil)
	taught := said(func() *Site { return &Site{Foods: enrolled} })
	if never == taught {
		t.Fatal("teaching changed nothing")
	}
	for name, site := range map[string]*Site{"no site": nil, "an empty site": {}} {
		if after := said(func() *Site { return site }); after != never {
			t.Errorf("%s:\n%s\nnever taught:\n%s", name, after, never)
		}
	}
}

func TestOnlyTheMenuIsNamed(t *testing.T) {
	peachy := seen("orange", 0.9, 300, 150, 1)
	peachy.Classes = append(peachy.Classes, vision.ClassProbability{Key: "peach", Probability: 0.08})
	s := scene([]vision.Reference{coin}, peachy)
	for name, c := range map[string]struct {
		menu []string
		want string
	}{
		"no menu":                    {nil, "orange"},
		"the other one is served":    {[]string{"peach", "egg"}, "peach"},
		"neither of them is served":  {[]string{"egg"}, "unknown"},
		"taught, but not like these": {[]string{"site_yuja"}, "unknown"},
	} {
		r := onSite(t, s, nil, c.menu, taughtYuja)
		if f := r.MassEstimation.Foods[0]; f.FoodKey != c.want {
			t.Errorf("%s: %s, want %s (%s)", name, f.FoodKey, c.want, f.Reasoning)
		}
	}
}

func TestASecondOpinionThatDoesNotKnowATaughtFoodDoesNotDenyIt(t *testing.T) {
	s := scene([]vision.Reference{coin}, yuja())
	alone := onSite(t, s, nil, nil, taughtYuja).MassEstimation.Foods[0]
	f := onSite(t, s, &witness{says: []Opinion{{"unknown", alone.EstimatedMassG}}}, nil, taughtYuja).MassEstimation.Foods[0]
	if f.FoodKey != "site_yuja" || f.VerificationMethod != MultimodalVerification || f.Confidence <= alone.Confidence {
		t.Errorf("%+v", f)
	}
	denied := onSite(t, s, &witness{says: []Opinion{{"peach", alone.EstimatedMassG}}}, nil, taughtYuja).MassEstimation.Foods[0]
	if denied.Confidence > alone.Confidence || !strings.Contains(denied.Reasoning, "음식 종류가 다릅니다") {
		t.Errorf("%+v", denied)
	}
}

func TestASecondOpinionKeepsToTheMenu(t *testing.T) {
	s := scene([]vision.Reference{coin}, seen("peach", 0.5, 300, 150, 1))
	f := onSite(t, s, &witness{says: []Opinion{{"orange", 180}}}, []string{"peach"}).MassEstimation.Foods[0]
	if f.FoodKey == "orange" || strings.Contains(f.Reasoning, "오렌지") {
		t.Errorf("%+v", f)
	}
}
