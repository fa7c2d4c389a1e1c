package catalog

import (
	"strings"
	"testing"
)

func TestLoadNamesEveryRecognisedFoodInKorean(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for key, korean := range map[string]string{
		"apple": "사과", "banana": "바나나", "bread": "식빵", "bun": "찐빵", "doughnut": "도넛", "egg": "달걀",
		"fried_dough_twist": "꽈배기", "grape": "포도", "kiwi": "키위", "lemon": "레몬", "litchi": "리치",
		"mango": "망고", "mooncake": "월병", "orange": "오렌지", "peach": "복숭아", "pear": "배", "plum": "자두",
		"sachima": "사치마", "tomato": "토마토", "unknown": "미등록 음식",
	} {
		f, ok := c.Food(key)
		if !ok || f.NameKo != korean {
			t.Errorf("Food(%q) = %q, %v; want %q", key, f.NameKo, ok, korean)
		}
		if c.Source(f.Portion.Source) == "" || c.Source(f.Density.Source) == "" {
			t.Errorf("%s: a figure without a source", key)
		}
	}
}

func TestFoodFallsBackToUnknown(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := c.Food("durian"); ok || f.Key != UnknownKey {
		t.Errorf("Food(durian) = %q, %v; want the unknown food and false", f.Key, ok)
	}
}

func TestParseNamesTheMistake(t *testing.T) {
	const good = "sources: {s: text}\nfoods:\n- {key: unknown, name_ko: 가, name_en: A, shape: slab, density: {g_per_cm3: 1, source: s}, portion: {median_g: 10, log_sd: 0.1, source: s}}\n"
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown member":  {"name_ko", "name_kr", "name_kr"},
		"no name":         {"name_en: A", `name_en: ""`, "name_en"},
		"shape":           {"slab", "cube", "cube"},
		"density":         {"g_per_cm3: 1,", "g_per_cm3: -1,", "density -1"},
		"not a number":    {"median_g: 10", "median_g: .nan", "portion median"},
		"spread":          {"log_sd: 0.1", "log_sd: 9", "log_sd 9"},
		"unlisted source": {"source: s}}", "source: t}}", `source "t"`},
		"no unknown food": {"key: unknown", "key: apple", `"unknown" is missing`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(strings.Replace(good, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not mention %q", err, c.want)
			}
		})
	}
}
