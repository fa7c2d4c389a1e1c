package verify

import (
	"strings"
	"testing"

	"foodmassd/internal/catalog"
)

func FuzzAnswer(f *testing.F) {
	foods, err := catalog.Load()
	if err != nil {
		f.Fatal(err)
	}
	known := func(key string) bool { _, ok := foods.Food(key); return ok }
	f.Add([]byte(`{"choices":[{"message":{"role":"assistant","content":"{\"foods\":[{\"index\":0,\"food\":\"apple\",\"grams\":212.5}]}"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		words, err := content(text)
		if err == nil {
			for n := range 3 {
				opinions, err := parse(words, n, known)
				if err != nil {
					continue
				}
				if len(opinions) != n {
					t.Fatalf("%d opinions on %d foods", len(opinions), n)
				}
				for _, o := range opinions {
					if !known(o.Key) || !(o.MassG > 0 && o.MassG <= maxGrams) {
						t.Errorf("%+v", o)
					}
				}
			}
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %q", err)
		}
	})
}
