package catalog

import (
	"encoding/json"
	"os"
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
		"rice_soup": "국밥", "kimchi": "배추김치", "kimchi_fried_rice": "김치볶음밥", "kimchi_stew": "김치찌개",
		"cold_noodles": "냉면", "pork_cutlet": "돈가스", "tteokbokki": "떡볶이", "ramyeon": "라면", "salad": "샐러드",
		"steamed_rice": "쌀밥", "seasoned_chicken": "양념치킨", "banquet_noodles": "잔치국수",
		"black_bean_noodles": "짜장면", "curry": "카레", "sweet_and_sour_pork": "탕수육", "bean_sprouts": "숙주나물",
		"fried_chicken": "치킨", "fried_egg": "달걀프라이", "water_spinach": "공심채볶음", "hash_brown": "해시브라운",
		"stir_fried_cabbage": "배추볶음", "sausage": "소시지", "carrot_egg": "당근달걀볶음", "fried_dumplings": "군만두",
		"chicken_nuggets": "치킨너깃", "fish": "생선", "potato": "감자", "tofu": "두부", "seaweed_soup": "미역국",
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

// The list above is what people read; this is what the networks say.
func TestEveryClassOfTheRecogniserHasAnEntry(t *testing.T) {
	data, err := os.ReadFile("../../models/recogniser.json")
	if err != nil {
		t.Fatal(err)
	}
	var recogniser struct{ Classes []string }
	if err := json.Unmarshal(data, &recogniser); err != nil || len(recogniser.Classes) == 0 {
		t.Fatalf("%d classes, %v", len(recogniser.Classes), err)
	}
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range recogniser.Classes {
		if _, ok := c.Food(key); !ok && key != "other" {
			t.Errorf("%q has no entry in foods.yaml", key)
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
		"density spread":  {"g_per_cm3: 1,", "g_per_cm3: 1, log_sd: 3,", "density log_sd 3"},
		"height":          {"shape: slab", "shape: slab, height_mm: 900", "height_mm 900"},
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
