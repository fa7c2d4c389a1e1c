package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"foodmassd/internal/api"
	"foodmassd/internal/apitest"
	"foodmassd/internal/estimate"
)

// rendered is a photo of layers on the table.
func rendered(layers ...apitest.Layer) []byte {
	return apitest.JPEG(apitest.Render(816, 612, 1, append([]apitest.Layer{apitest.Wood}, layers...)...))
}

// uploaded sends a photo and returns its result, less what differs each time.
func uploaded(t *testing.T, d *apitest.Daemon, photo []byte) estimate.Result {
	t.Helper()
	a, err := apitest.Upload(d.URL, "plate.jpg", photo)
	if err != nil || a.Status != 200 {
		t.Fatalf("upload: %v %+v", err, a)
	}
	messages, _, err := apitest.Follow(d.URL, a.Data.TaskID)
	if err != nil || len(messages) == 0 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	r := parseResult(t, messages[len(messages)-1].Data.Result)
	r.TimingsMS = nil
	return r
}

// food runs foodmassd food; with want "" it must succeed, otherwise be refused with it.
func food(t *testing.T, dir, want string, args ...string) string {
	t.Helper()
	out, errs, exit := run(t, append([]string{"food", "--data-dir", dir}, args...)...)
	if want == "" && (exit != 0 || errs != "") || want != "" && (exit == 0 || out != "" || !strings.Contains(errs, want)) {
		t.Errorf("food %s: exit %d, %s%s; want %q", strings.Join(args, " "), exit, out, errs, want)
	}
	return out
}

func learntOf(t *testing.T, dir string) map[string]api.FoodStatus {
	t.Helper()
	var list api.FoodList
	text := food(t, dir, "", "list", "--json")
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	learnt := map[string]api.FoodStatus{}
	for _, f := range list.Foods {
		learnt[f.Key] = f
	}
	return learnt
}

func same(a, b estimate.Result) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestAFoodIsCalibratedAndForgottenByCommand(t *testing.T) {
	dir, photo := shortDir(t), rendered(dish, orange, coin)
	image := write(t, "orange.jpg", photo)
	d := startDaemon(t, "127.0.0.1:0", dir)
	before := uploaded(t, d, photo)
	one, _ := theOrange(t, &before)
	truth := math.Round(1.15 * one.EstimatedMassG)

	if out := food(t, dir, "", "list"); !strings.Contains(out, "nothing was learnt yet") {
		t.Errorf("%s", out)
	}
	last := one.EstimatedMassG
	var first estimate.Result
	for i := range 3 {
		out := food(t, dir, "", "calibrate", one.FoodKey, "--grams", fmt.Sprint(truth), image)
		if !strings.Contains(out, fmt.Sprintf("weighs %s", gramsOf(truth))) || !strings.Contains(out, fmt.Sprintf("(weighed: %d)", i+1)) {
			t.Errorf("%s", out)
		}
		now := uploaded(t, d, photo)
		f, _ := theOrange(t, &now)
		if f.EstimatedMassG <= last || f.EstimatedMassG > truth || *f.VolumeCM3 != *one.VolumeCM3 {
			t.Errorf("%g g after %d weighings of %g g, %g g before; %g cm³, was %g", f.EstimatedMassG, i+1, truth, last, *f.VolumeCM3, *one.VolumeCM3)
		}
		if last = f.EstimatedMassG; i == 0 {
			first = now
		}
	}
	learnt := learntOf(t, dir)[one.FoodKey]
	if learnt.Top == nil && learnt.Side == nil || learnt.Examples != 0 {
		t.Errorf("%+v", learnt)
	}

	d.Kill()
	d = startDaemon(t, "127.0.0.1:0", dir)
	for range 2 {
		food(t, dir, "", "forget", one.FoodKey, "--last")
	}
	if got := uploaded(t, d, photo); !same(got, first) {
		t.Errorf("after a restart and two forgotten: %+v\nafter the first weighing: %+v", got, first)
	}
	food(t, dir, "", "forget", one.FoodKey)
	if got := uploaded(t, d, photo); !same(got, before) {
		t.Errorf("after forgetting: %+v\nbefore: %+v", got, before)
	}
	food(t, dir, "nothing was learnt of "+one.FoodKey, "forget", one.FoodKey)
}

func TestATaughtFoodIsListedMovedAndForgotten(t *testing.T) {
	dir, photo := shortDir(t), rendered(dish, orange, coin)
	image := write(t, "soup.jpg", photo)
	startDaemon(t, "127.0.0.1:0", dir)
	food(t, dir, "", "teach", "시래기국", "--name-en", "Radish leaf soup", "--shape", "bowl", "--grams", "310", image)
	food(t, dir, "", "teach", "시래기국", image)
	out := food(t, dir, "", "teach", "사과", image)
	if !strings.Contains(out, "apple (사과), examples: 1") {
		t.Errorf("an example of a food of the catalogue: %s", out)
	}
	const soup = "site_radish_leaf_soup"
	learnt := learntOf(t, dir)
	if f := learnt[soup]; f.NameKo != "시래기국" || f.Examples != 2 || f.Outdated != 0 || f.Top == nil || f.Top.Weighings != 1 {
		t.Errorf("%+v", f)
	}
	food(t, dir, "", "calibrate", soup, "--grams", "320", image)

	file := filepath.Join(t.TempDir(), "foods.json")
	food(t, dir, "", "export", file)
	food(t, dir, "exists", "export", file)
	other := shortDir(t)
	startDaemon(t, "127.0.0.1:0", other)
	food(t, other, "", "import", file)
	if got, want := learntOf(t, other), learntOf(t, dir); !reflect.DeepEqual(got, want) {
		t.Errorf("moved: %+v\nwas %+v", got, want)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := write(t, "damaged.json", []byte(strings.Replace(string(text), `"true_g":310`, `"true_g":910`, 1)))
	food(t, other, "SHA-256 differs", "import", damaged)

	if out := food(t, other, "", "menu", "set", soup, "kimchi"); !strings.HasSuffix(out, ": "+soup+" kimchi\n") {
		t.Errorf("%s", out)
	}
	food(t, other, "there is no food kimchee", "menu", "set", "kimchee")
	if out := food(t, other, "", "menu"); !strings.HasSuffix(out, ": "+soup+" kimchi\n") {
		t.Errorf("%s", out)
	}
	if out := food(t, other, "", "menu", "clear"); !strings.HasSuffix(out, ": no menu\n") {
		t.Errorf("%s", out)
	}
	food(t, other, "", "forget", soup)
	food(t, other, "", "forget", "apple")
	if learnt := learntOf(t, other); len(learnt) != 0 {
		t.Errorf("left: %v", learnt)
	}
}

func TestAPhotoThatTeachesNothingIsRefusedWithAHint(t *testing.T) {
	dir := shortDir(t)
	image := func(name string, layers ...apitest.Layer) string { return write(t, name, rendered(layers...)) }
	left, right := apitest.Orange(390, orangeY, 60), apitest.Orange(580, orangeY, 80)
	whole, two := image("whole.jpg", dish, orange, coin), image("two.jpg", dish, left, right, coin)
	food(t, dir, "systemctl start foodmassd", "list")
	startDaemon(t, "127.0.0.1:0", dir, "--scale", "none")
	for want, args := range map[string][]string{
		"no food is seen":                 {"calibrate", "orange", "--grams", "200", image("empty.jpg", dish, coin)},
		"take the largest with --largest": {"calibrate", "orange", "--grams", "200", two},
		"nothing of known size":           {"calibrate", "orange", "--grams", "200", image("bare.jpg", dish, orange)},
		"there is no food oragne":         {"calibrate", "oragne", "--grams", "200", whole},
		"there is no food unknown":        {"calibrate", "unknown", "--grams", "200", whole},
		"say what the food weighs":        {"calibrate", "orange", whole},
		"no portion's weight":             {"calibrate", "orange", "--grams", "-3", whole},
		"neither JPEG nor PNG":            {"calibrate", "orange", "--grams", "3", write(t, "x.jpg", []byte("no image, but long enough"))},
		"no such file":                    {"calibrate", "orange", "--grams", "3", "/nowhere.jpg"},
		"is no shape":                     {"teach", "국", "--shape", "sphere", whole},
		"begin the key of a new one":      {"teach", "국", "--key", "soup", whole},
		"--grams is not for forget":       {"forget", "orange", "--grams", "3"},
		"either images or --counter":      {"calibrate", "orange"},
	} {
		food(t, dir, want, args...)
	}
	if learnt := learntOf(t, dir); len(learnt) != 0 {
		t.Errorf("learnt %v", learnt)
	}
	food(t, dir, "", "calibrate", "orange", "--grams", "200", "--largest", two)
}

func TestATaughtFoodIsNamedAtTheNextPhotoUntilItIsForgotten(t *testing.T) {
	dir, photo := shortDir(t), rendered(dish, orange, coin)
	image := write(t, "mandarin.jpg", photo)
	d := startDaemon(t, "127.0.0.1:0", dir)
	before := uploaded(t, d, photo)
	was, _ := theOrange(t, &before)
	named := func(when, want string) estimate.Food {
		t.Helper()
		r := uploaded(t, d, photo)
		f, _ := theOrange(t, &r)
		if f.FoodName != want {
			t.Errorf("%s: named %s (%s), want %s", when, f.FoodName, f.FoodKey, want)
		}
		return f
	}
	food(t, dir, "", "teach", "한라봉", "--name-en", "Hallabong", "--grams", "300", image)
	if f := named("taught", "한라봉"); math.Abs(f.EstimatedMassG-300) > 20 {
		t.Errorf("a portion like the taught one of 300 g: %g g", f.EstimatedMassG)
	}
	d.Kill()
	d = startDaemon(t, "127.0.0.1:0", dir)
	named("after a restart", "한라봉")
	food(t, dir, "", "menu", "set", was.FoodKey)
	named("another food is served", was.FoodName)
	food(t, dir, "", "menu", "clear")
	named("no menu any more", "한라봉")
	food(t, dir, "", "forget", "site_hallabong")
	if got := uploaded(t, d, photo); !same(got, before) {
		t.Errorf("after forgetting: %+v\nbefore: %+v", got, before)
	}
}

func TestAFoodIsTaughtFromTheCounter(t *testing.T) {
	folder, _ := photos(t, 113)
	b := newBench(t, 430, fmt.Sprintf("camera: {source: folder, folder: %s, trigger: none}\n", folder))
	dir := b.dir
	food(t, dir, "either images or --counter", "teach", "한라봉")
	food(t, dir, "either images or --counter", "teach", "한라봉", "--counter", "x.jpg")
	b.until("the empty scale", func(s api.ScaleStatus) bool { return s.FoodG != nil })
	food(t, dir, "put the food on it", "calibrate", "orange", "--counter")
	b.load(84_000 + 430*287)
	b.until("the tray", func(s api.ScaleStatus) bool { return s.FoodG != nil && *s.FoodG > 200 })
	// The folder's camera was never calibrated, so the weight finds no size to correct.
	if out := food(t, dir, "", "teach", "한라봉", "--counter"); !strings.Contains(out, "examples: 1, weighs 287.0 g") {
		t.Error(out)
	}
}
