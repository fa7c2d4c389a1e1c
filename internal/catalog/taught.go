package catalog

import (
	"fmt"
	"math"
	"slices"
)

// Example is one photo of a food that a kitchen has taught.
type Example struct {
	// Embedding is the recogniser's vector for the food, of length 1.
	Embedding []float32
	// TopView is the probability in [0,1] that the camera looked down on it.
	TopView float64
}

// Taught is a food with the photos that it was taught by. What its Food leaves out is that of the catalog's food
// with the same key or else of the unknown food: a shape that may be any, a generic density and a wide portion. An
// English name that is left out is the Korean one.
type Taught struct {
	Food     Food
	Examples []Example
}

// Enrolled is a catalog with what a kitchen has taught and today's menu on top. It is immutable and safe for
// concurrent use.
type Enrolled struct {
	catalog *Catalog
	taught  map[string]Food
	likes   []likeness
	menu    map[string]bool // nil: everything may be served
}

// likeness is how a taught food looks.
type likeness struct {
	key string
	// top and side are the mean vectors of the examples of that view, or of all where it has none.
	top, side []float32
}

// Enrol returns the catalog with the taught foods and, where menu is not empty, with nothing but the foods of the
// menu to be recognised. Errors name the food: one that is taught twice, has no name, figures out of range or
// examples that do not fit together, and one of the menu that nobody knows.
func (c *Catalog) Enrol(taught []Taught, menu []string) (*Enrolled, error) {
	e := &Enrolled{catalog: c, taught: map[string]Food{}}
	for _, t := range taught {
		food := c.complete(t.Food)
		if err := food.check(); err != nil {
			return nil, fmt.Errorf("taught food %q: %w", food.Key, err)
		}
		if _, twice := e.taught[food.Key]; twice {
			return nil, fmt.Errorf("taught food %q: taught twice", food.Key)
		}
		e.taught[food.Key] = food
		if len(t.Examples) == 0 {
			continue
		}
		if err := checkExamples(t.Examples); err != nil {
			return nil, fmt.Errorf("taught food %q: %w; forget it and teach it again", food.Key, err)
		}
		e.likes = append(e.likes, likenessOf(food.Key, t.Examples))
	}
	for _, key := range menu {
		if _, ok := e.Food(key); !ok {
			return nil, fmt.Errorf("menu: food %q is neither in the catalog nor taught", key)
		}
		if e.menu == nil {
			e.menu = map[string]bool{}
		}
		e.menu[key] = true
	}
	return e, nil
}

// complete fills in what a taught food leaves out.
func (c *Catalog) complete(f Food) Food {
	base, known := c.Food(f.Key)
	if !known {
		base.NameKo, base.NameEn = "", f.NameKo
	}
	base.Key = f.Key
	if f.NameKo != "" {
		base.NameKo = f.NameKo
	}
	if f.NameEn != "" {
		base.NameEn = f.NameEn
	}
	if f.Shape != "" {
		base.Shape, base.HeightMM = f.Shape, f.HeightMM
	}
	if f.Density.GPerCM3 != 0 {
		base.Density = f.Density
	}
	if f.Portion.MedianG != 0 {
		base.Portion = f.Portion
	}
	return base
}

func checkExamples(examples []Example) error {
	n := len(examples[0].Embedding)
	for _, x := range examples {
		if len(x.Embedding) != n || n == 0 {
			return fmt.Errorf("examples of %d and %d numbers", n, len(x.Embedding))
		}
		if !(norm(x.Embedding) > 0) || math.IsInf(norm(x.Embedding), 0) {
			return fmt.Errorf("an example without direction")
		}
	}
	return nil
}

func likenessOf(key string, examples []Example) likeness {
	top := func(x Example) bool { return x.TopView >= 0.5 }
	side := func(x Example) bool { return !top(x) }
	return likeness{key: key, top: prototype(examples, top), side: prototype(examples, side)}
}

// prototype is the mean vector, of length 1, of the examples that belong, or of all where none does.
func prototype(examples []Example, belongs func(Example) bool) []float32 {
	if !slices.ContainsFunc(examples, belongs) {
		belongs = func(Example) bool { return true }
	}
	mean := make([]float32, len(examples[0].Embedding))
	for _, x := range examples {
		if belongs(x) {
			for i, v := range x.Embedding {
				mean[i] += v
			}
		}
	}
	// Vectors that cancel each other out leave zeros, which are like nothing.
	if n := norm(mean); n > 0 {
		for i := range mean {
			mean[i] = float32(float64(mean[i]) / n)
		}
	}
	return mean
}

func norm(v []float32) float64 { return math.Sqrt(dot(v, v)) }

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// Food returns the food with that key, as taught where it was; for a key that nobody knows, the unknown food and
// false.
func (e *Enrolled) Food(key string) (Food, bool) {
	if f, ok := e.taught[key]; ok {
		return f, true
	}
	return e.catalog.Food(key)
}
