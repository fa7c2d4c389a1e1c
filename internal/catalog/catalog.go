// Package catalog knows the foods: key, Korean and English name, density, shape, typical portion,
// each figure with its source. Read-only data embedded in the binary; YAML comes in, Food values go out.
package catalog

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// UnknownKey is the food that stands for everything the recogniser does not know; every catalog has it.
const UnknownKey = "unknown"

// Shapes tell how a body's height follows from its outline.
const (
	Spheroid = "spheroid"
	Ring     = "ring"
	Slab     = "slab"
	Mound    = "mound"
	Bowl     = "bowl"
	Lump     = "lump"
)

var shapes = []string{Spheroid, Ring, Slab, Mound, Bowl, Lump}

// Shapes returns the names of all shapes.
func Shapes() []string { return slices.Clone(shapes) }

// usualDensitySD is the spread of log density of one food between kitchens.
const usualDensitySD = 0.25

// Food is one kind of food.
type Food struct {
	Key    string `yaml:"key"`
	NameKo string `yaml:"name_ko"`
	NameEn string `yaml:"name_en"`
	Shape  string `yaml:"shape"`
	// HeightMM is the greatest height or depth in mm as usually served, in (0, 200]; 0 is that of its shape.
	HeightMM float64 `yaml:"height_mm"`
	Density  Density `yaml:"density"`
	Portion  Portion `yaml:"portion"`
}

// Density is the log-normal distribution of grams per cm³ as served; its median is in (0, 3].
type Density struct {
	GPerCM3 float64 `yaml:"g_per_cm3"`
	LogSD   float64 `yaml:"log_sd"`
	Source  string  `yaml:"source"`
	// Rows of the source of which GPerCM3 is the median; none where the source is no table.
	Rows []string `yaml:"rows"`
}

// Portion is the log-normal distribution of what one piece or serving weighs.
type Portion struct {
	MedianG float64 `yaml:"median_g"`
	LogSD   float64 `yaml:"log_sd"`
	Source  string  `yaml:"source"`
	// Rows of the source of which MedianG is the median; none where the source is no table.
	Rows []string `yaml:"rows"`
}

// LogMean is the mean of the logarithm of the mass in grams.
func (p Portion) LogMean() float64 { return math.Log(p.MedianG) }

// Catalog is a set of foods by key. Its zero value is empty; use Load or Parse.
type Catalog struct {
	sources map[string]string
	foods   []Food
	index   map[string]int
}

//go:embed foods.yaml
var embedded []byte

// Load returns the catalog embedded in the binary.
func Load() (*Catalog, error) { return Parse(embedded) }

// Parse reads a catalog in the layout of foods.yaml. Unknown members, missing names, figures out of
// range and sources that are not listed are errors that name the food.
func Parse(data []byte) (*Catalog, error) {
	var file struct {
		Sources map[string]string `yaml:"sources"`
		Foods   []Food            `yaml:"foods"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	c := &Catalog{sources: file.Sources, foods: file.Foods, index: map[string]int{}}
	for i := range c.foods {
		if c.foods[i].Density.LogSD == 0 {
			c.foods[i].Density.LogSD = usualDensitySD
		}
		f := c.foods[i]
		if err := c.check(f); err != nil {
			return nil, fmt.Errorf("catalog: food %d %q: %w", i+1, f.Key, err)
		}
		c.index[f.Key] = i
	}
	if _, ok := c.index[UnknownKey]; !ok {
		return nil, fmt.Errorf("catalog: food %q is missing", UnknownKey)
	}
	return c, nil
}

var keyPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (c *Catalog) check(f Food) error {
	if _, twice := c.index[f.Key]; twice {
		return fmt.Errorf("key appears twice")
	}
	if err := f.check(); err != nil {
		return err
	}
	for _, source := range []string{f.Density.Source, f.Portion.Source} {
		if c.sources[source] == "" {
			return fmt.Errorf("source %q is not listed under sources", source)
		}
	}
	return nil
}

// check refuses a food without names or with figures out of range.
func (f Food) check() error {
	if !keyPattern.MatchString(f.Key) {
		return fmt.Errorf("key must be lower snake case")
	}
	if f.NameKo == "" || f.NameEn == "" {
		return fmt.Errorf("name_ko and name_en are required")
	}
	if !slices.Contains(shapes, f.Shape) {
		return fmt.Errorf("shape %q is not one of %s", f.Shape, strings.Join(shapes, ", "))
	}
	if h := f.HeightMM; !(h >= 0 && h <= 200) {
		return fmt.Errorf("height_mm %g is not in [0, 200]", h)
	}
	if d := f.Density.GPerCM3; !(d > 0 && d <= 3) {
		return fmt.Errorf("density %g is not in (0, 3] g/cm³", d)
	}
	if sd := f.Density.LogSD; !(sd > 0 && sd <= 2) {
		return fmt.Errorf("density log_sd %g is not in (0, 2]", sd)
	}
	if m := f.Portion.MedianG; !(m > 0 && m <= 5000) {
		return fmt.Errorf("portion median %g is not in (0, 5000] g", m)
	}
	if s := f.Portion.LogSD; !(s > 0 && s <= 2) {
		return fmt.Errorf("portion log_sd %g is not in (0, 2]", s)
	}
	return nil
}

// Food returns the food with that key; for a key it does not have, the unknown food and false.
func (c *Catalog) Food(key string) (Food, bool) {
	if i, ok := c.index[key]; ok {
		return c.foods[i], true
	}
	return c.foods[c.index[UnknownKey]], false
}

// List returns all foods in the catalog's order, the unknown food included.
func (c *Catalog) List() []Food { return append([]Food(nil), c.foods...) }

// Source returns the full text behind a source's short name, "" for one it does not know.
func (c *Catalog) Source(name string) string { return c.sources[name] }
