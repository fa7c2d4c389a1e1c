package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"foodmassd/internal/fault"
)

// stubFoods remembers what it was asked.
type stubFoods struct {
	refuses    error
	taught     FoodTeach
	calibrated FoodCalibrate
	photo      []byte
	path       string
	forgot     FoodForget
	imported   FoodLessons
	menu       FoodMenu
}

func (s *stubFoods) look(path string) (err error) {
	s.path = path
	if s.photo, err = os.ReadFile(path); err != nil {
		return err
	}
	return s.refuses
}

func (s *stubFoods) List(context.Context) (FoodList, error) {
	return FoodList{Foods: []FoodStatus{{Key: "apple"}}}, s.refuses
}

func (s *stubFoods) Teach(_ context.Context, t FoodTeach, photo string) (FoodLearnt, error) {
	s.taught = t
	return FoodLearnt{Key: "site_soup"}, s.look(photo)
}

func (s *stubFoods) Calibrate(_ context.Context, c FoodCalibrate, photo string) (FoodLearnt, error) {
	s.calibrated = c
	return FoodLearnt{Key: c.Key}, s.look(photo)
}

func (s *stubFoods) Forget(_ context.Context, f FoodForget) (FoodForgotten, error) {
	s.forgot = f
	return FoodForgotten{Weighings: 2}, s.refuses
}

func (s *stubFoods) Export(context.Context) (FoodLessons, error) { return lessons(), s.refuses }

func (s *stubFoods) Import(_ context.Context, l FoodLessons) error {
	s.imported = l
	return s.refuses
}

func (s *stubFoods) Menu(context.Context) (FoodMenu, error) { return s.menu, s.refuses }

func (s *stubFoods) SetMenu(_ context.Context, m FoodMenu) error {
	s.menu = m
	return s.refuses
}

func grams(g float64) *float64 { return &g }

// lessons are some of every kind.
func lessons() FoodLessons {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	return FoodLessons{
		Weighings: []FoodWeighing{{Food: "apple", Top: true, EstimatedG: 100, EstimatedLogSD: 0.2, TrueG: 120, TrueSDG: 1, Probability: 1,
			TaskID: "a", Source: "plate", At: at}},
		Foods: []TaughtFood{{Key: "site_soup", NameKo: "시래기국", NameEn: "radish leaf soup", Shape: "bowl", AddedAt: at,
			Examples: []FoodExample{{Embedding: []float32{0.6, -0.8}, TopView: 1, Grams: grams(300), Recogniser: "eye 3", At: at}}}},
	}
}

// asked asks a server for foods and returns status and body.
func asked(foods Foods, method, target string, body []byte) (int, string) {
	mux := http.NewServeMux()
	(&Admin{Foods: foods, Logger: slog.New(slog.DiscardHandler)}).addFoods(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(method, target, bytes.NewReader(body)))
	return w.Code, w.Body.String()
}

func TestAPhotoThatTeachesComesWithWhatIsSaidOfIt(t *testing.T) {
	image := jpegPhoto
	teach := FoodTeach{Name: "시래기국", Key: "site_soup", NameEn: "radish leaf soup", Shape: "bowl", FoodPhoto: FoodPhoto{grams(310.5), true, true}}
	calibrate := FoodCalibrate{Key: "apple"}
	s := &stubFoods{}
	for target, answer := range map[string]string{
		FoodTeachRoute + "?" + teach.Query().Encode():         `"key":"site_soup"`,
		FoodCalibrateRoute + "?" + calibrate.Query().Encode(): `"key":"apple"`,
	} {
		if code, text := asked(s, "POST", target, image); code != http.StatusOK || !strings.Contains(text, answer) || !bytes.Equal(s.photo, image) {
			t.Errorf("%s: %d %s, saw %d bytes", target, code, text, len(s.photo))
		}
		if _, err := os.Stat(s.path); err == nil {
			t.Errorf("%s was left behind", s.path)
		}
	}
	if !reflect.DeepEqual(s.taught, teach) || !reflect.DeepEqual(s.calibrated, calibrate) {
		t.Errorf("got %+v and %+v", s.taught, s.calibrated)
	}
}

func TestForgettingAndTheMenuAreAsked(t *testing.T) {
	s := &stubFoods{}
	code, text := asked(s, "POST", FoodForgetRoute, []byte(`{"key":"apple","last":true}`))
	if want := (FoodForget{"apple", true}); code != http.StatusOK || s.forgot != want || !strings.Contains(text, `"weighings":2`) {
		t.Errorf("%d %s, %+v", code, text, s.forgot)
	}
	code, text = asked(s, "POST", FoodMenuRoute, []byte(`{"day":"","keys":["kimchi","apple"]}`))
	if code != http.StatusOK || !strings.Contains(text, `["kimchi","apple"]`) {
		t.Errorf("%d %s", code, text)
	}
	if code, text := asked(s, "GET", FoodRoute, nil); code != http.StatusOK || !strings.Contains(text, `"apple"`) {
		t.Errorf("%d %s", code, text)
	}
}

func TestWhatCannotBeUnderstoodIsRefusedWithAHint(t *testing.T) {
	image := string(jpegPhoto)
	for name, tc := range map[string]struct{ target, body, want string }{
		"no name":              {FoodTeachRoute, image, "give it one"},
		"name of control":      {FoodTeachRoute + "?name=a%07b", image, "cannot be shown"},
		"endless name":         {FoodTeachRoute + "?name=" + strings.Repeat("a", 999), image, "shorten"},
		"name that is no text": {FoodTeachRoute + "?name=%ff", image, "UTF-8"},
		"key in capitals":      {FoodCalibrateRoute + "?key=Apple", image, "foodmassd food list"},
		"unknown parameter":    {FoodCalibrateRoute + "?key=apple&gram=3", image, "same version"},
		"twice":                {FoodCalibrateRoute + "?key=apple&key=pear", image, "given twice"},
		"no weight":            {FoodCalibrateRoute + "?key=apple&grams=NaN", image, "above 0"},
		"not a number":         {FoodCalibrateRoute + "?key=apple&grams=much", image, "must be a number"},
		"another camera":       {FoodCalibrateRoute + "?key=apple&camera=mine", image, "camera must be fixed"},
		"no image":             {FoodCalibrateRoute + "?key=apple", "hello, hello, hello", "neither JPEG nor PNG"},
		"half an image":        {FoodCalibrateRoute + "?key=apple", image[:len(image)/2], "copy it again"},
		"forget: no JSON":      {FoodForgetRoute, "apple", "invalid character"},
		"forget: more":         {FoodForgetRoute, `{"key":"apple","all":true}`, "all"},
		"forget: two":          {FoodForgetRoute, `{"key":"apple"}{"key":"pear"}`, "something follows"},
		"forget: endless":      {FoodForgetRoute, `{"key":"` + strings.Repeat("a", 1<<20) + `"}`, "more than 65536 bytes"},
		"menu: twice":          {FoodMenuRoute, `{"keys":["apple","apple"]}`, "twice"},
		"menu: no key":         {FoodMenuRoute, `{"keys":["../x"]}`, "no food's key"},
		"import: nothing":      {FoodImportRoute, ``, "foodmassd food export"},
	} {
		s := &stubFoods{}
		if code, text := asked(s, "POST", tc.target, []byte(tc.body)); code < 400 || code >= 500 || !strings.Contains(text, tc.want) {
			t.Errorf("%s: %d %s, want %q", name, code, text, tc.want)
		}
		if !reflect.DeepEqual(s, &stubFoods{}) {
			t.Errorf("%s: reached %+v", name, s)
		}
	}
}

func TestRefusalsReachTheTechnicianInEnglish(t *testing.T) {
	for err, want := range map[error]string{
		errors.New("two foods are on the photo; use --largest"): "use --largest",
		fault.New(fault.DiskFull, "keep", nil):                  "free some or lower retention",
	} {
		for target, body := range map[string]string{
			FoodForgetRoute: `{"key":"apple","last":false}`, FoodMenuRoute: `{"day":"","keys":[]}`, FoodCalibrateRoute + "?key=apple": string(jpegPhoto),
		} {
			if code, text := asked(&stubFoods{refuses: err}, "POST", target, []byte(body)); code != http.StatusConflict || !strings.Contains(text, want) {
				t.Errorf("%s: %d %s, want %q", target, code, text, want)
			}
		}
	}
}

func TestAFoodFileMovesWhatWasTaughtAndNoticesDamage(t *testing.T) {
	s := &stubFoods{}
	_, file := asked(s, "GET", FoodExportRoute, nil)
	if code, text := asked(s, "POST", FoodImportRoute, []byte(file)); code != http.StatusOK || !reflect.DeepEqual(s.imported, lessons()) {
		t.Errorf("%d %s: %+v", code, text, s.imported)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(file), "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFoodFile(&pretty); err != nil {
		t.Errorf("after an editor has indented it: %v", err)
	}
	for name, tc := range map[string]struct{ old, new, want string }{
		"a figure changed": {`"true_g":120`, `"true_g":121`, "SHA-256"},
		"another version":  {`"version":1`, `"version":2`, "has version 2"},
		"another file":     {`foodmassd foods`, `foodmassd tasks`, "no food file"},
		"cut off":          {`}}` + "\n", ``, "no food file"},
		"more behind it":   {`}}` + "\n", `}}{}`, "something follows"},
	} {
		changed := strings.Replace(file, tc.old, tc.new, 1)
		if changed == file {
			t.Fatalf("%s: the file is %s", name, file)
		}
		if _, err := ReadFoodFile(strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func TestLessonsOutOfRangeAreRefused(t *testing.T) {
	for want, spoil := range map[string]func(*FoodLessons){
		"estimate of 0":       func(l *FoodLessons) { l.Weighings[0].EstimatedG = 0 },
		"no portion's weight": func(l *FoodLessons) { l.Weighings[0].TrueG = -1 },
		"probability of 2":    func(l *FoodLessons) { l.Weighings[0].Probability = 2 },
		"neither plate nor":   func(l *FoodLessons) { l.Weighings[0].Source = "cook" },
		"no food's key":       func(l *FoodLessons) { l.Weighings[0].Food = "A" },
		"appears twice":       func(l *FoodLessons) { l.Foods = append(l.Foods, l.Foods[0]) },
		"embedding of 0":      func(l *FoodLessons) { l.Foods[0].Examples[0].Embedding = nil },
		"view of 1.5":         func(l *FoodLessons) { l.Foods[0].Examples[0].TopView = 1.5 },
		"recogniser or its":   func(l *FoodLessons) { l.Foods[0].Examples[0].Recogniser = "" },
		"0 examples":          func(l *FoodLessons) { l.Foods[0].Examples = nil },
		"give it one":         func(l *FoodLessons) { l.Foods[0].NameKo = "" },
	} {
		l := lessons()
		spoil(&l)
		var file bytes.Buffer
		if err := WriteFoodFile(&file, l); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFoodFile(&file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// FuzzReadFoodFile: what passes has a matching hash, is within bounds, and survives another trip.
func FuzzReadFoodFile(f *testing.F) {
	var file bytes.Buffer
	if err := WriteFoodFile(&file, lessons()); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ReadFoodFile(bytes.NewReader(b))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := WriteFoodFile(&again, l); err != nil {
			t.Fatal(err)
		}
		if back, err := ReadFoodFile(&again); err != nil || len(back.Foods) != len(l.Foods) || len(back.Weighings) != len(l.Weighings) {
			t.Fatalf("%v: %+v became %+v", err, l, back)
		}
	})
}

// FuzzFoodRequests: names and keys that pass can be shown, stored and sent again.
func FuzzFoodRequests(f *testing.F) {
	f.Add("name=%EC%8B%9C%EB%9E%98%EA%B8%B0%EA%B5%AD&key=site_soup&grams=310.5&largest=true", `{"keys":["apple"]}`)
	f.Fuzz(func(t *testing.T, query, menu string) {
		if got, err := readTeach(query); err == nil {
			if again, err := readTeach(got.Query().Encode()); err != nil || !reflect.DeepEqual(again, got) {
				t.Fatalf("%+v became %+v, %v", got, again, err)
			}
			if strings.ContainsAny(got.Name+got.NameEn, "\n\x00") || len(got.Name) > 4*maxName {
				t.Fatalf("passed %+v", got)
			}
		}
		if m, err := readMenu(strings.NewReader(menu)); err == nil {
			for _, key := range m.Keys {
				if !foodKey.MatchString(key) {
					t.Fatalf("passed %q", key)
				}
			}
		}
	})
}
