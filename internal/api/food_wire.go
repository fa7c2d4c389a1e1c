package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Routes of the technician's socket for the foods of a kitchen. A photo is the request's body, what is said of it the
// query. Refusals are AdminErrors.
const (
	FoodRoute          = "/food"           // GET: a FoodList
	FoodTeachRoute     = "/food/teach"     // POST a photo with a FoodTeach: a FoodLearnt
	FoodCalibrateRoute = "/food/calibrate" // POST a photo with a FoodCalibrate: a FoodLearnt
	FoodForgetRoute    = "/food/forget"    // POST a FoodForget: a FoodForgotten
	FoodExportRoute    = "/food/export"    // GET: a food file
	FoodImportRoute    = "/food/import"    // POST a food file: a FoodList
	FoodMenuRoute      = "/food/menu"      // GET or POST a FoodMenu: the FoodMenu
)

// Foods is what the technician's socket needs of the kitchen's foods. photo is the path of a whole image within the
// limits, there while the method runs. Errors say in English why something is refused and what to do.
type Foods interface {
	List(ctx context.Context) (FoodList, error)
	Teach(ctx context.Context, t FoodTeach, photo string) (FoodLearnt, error)
	Calibrate(ctx context.Context, c FoodCalibrate, photo string) (FoodLearnt, error)
	Forget(ctx context.Context, f FoodForget) (FoodForgotten, error)
	Export(ctx context.Context) (FoodLessons, error)
	// Import replaces all that was taught.
	Import(ctx context.Context, l FoodLessons) error
	Menu(ctx context.Context) (FoodMenu, error)
	// SetMenu replaces today's menu; one without keys is none.
	SetMenu(ctx context.Context, m FoodMenu) error
}

// FoodTeach says what a photo shows. What is "" is found by what is given.
type FoodTeach struct {
	Name   string // as diners read it
	Key    string
	NameEn string
	Shape  string // one of the catalog's
	FoodPhoto
}

// FoodCalibrate says what the food on a photo weighs; without Grams the scale does.
type FoodCalibrate struct {
	Key string
	FoodPhoto
}

// FoodPhoto is what is known of a photo that teaches.
type FoodPhoto struct {
	Grams *float64 // what the food weighs, nil when it is not said
	// Largest takes the largest food where the photo shows several.
	Largest bool
	// FixedCamera tells that the photo comes from the calibrated camera.
	FixedCamera bool
}

// FoodLearnt tells what a photo has taught.
type FoodLearnt struct {
	Key      string `json:"key"`
	NameKo   string `json:"name_ko"`
	NameEn   string `json:"name_en"`
	Examples int    `json:"examples"`
	// EstimatedG is what the photo was estimated at without what was learnt, null without a reference of known size.
	EstimatedG *float64    `json:"estimated_g"`
	TrueG      *float64    `json:"true_g"`
	View       string      `json:"view,omitempty"` // "top" or "side", of the factor
	Factor     *FoodFactor `json:"factor"`         // null when the grams taught nothing
}

// FoodFactor is by what a food's grams are multiplied.
type FoodFactor struct {
	Factor    float64 `json:"factor"`
	RelSD     float64 `json:"rel_sd"`
	Weighings int     `json:"weighings"`
}

// FoodList is what a kitchen has taught.
type FoodList struct {
	Foods []FoodStatus `json:"foods"`
}

// FoodStatus is what was taught of one food.
type FoodStatus struct {
	Key      string `json:"key"`
	NameKo   string `json:"name_ko"`
	NameEn   string `json:"name_en"`
	Examples int    `json:"examples"`
	// Outdated counts the Examples that another version of the eye made; they are of no use to this one.
	Outdated int         `json:"outdated"`
	Top      *FoodFactor `json:"top"`
	Side     *FoodFactor `json:"side"`
}

// FoodForget names a food of which all is to be forgotten, or what its last photo taught.
type FoodForget struct {
	Key  string `json:"key"`
	Last bool   `json:"last"`
}

// FoodForgotten counts what was forgotten.
type FoodForgotten struct {
	Weighings int64 `json:"weighings"`
	Examples  int64 `json:"examples"`
}

// FoodMenu is what the kitchen serves on a day, a local date; SetMenu is for today.
type FoodMenu struct {
	Day  string   `json:"day"`
	Keys []string `json:"keys"`
}

// FoodLessons is all that was taught, as it goes to another appliance.
type FoodLessons struct {
	Weighings []FoodWeighing `json:"weighings"`
	Foods     []TaughtFood   `json:"foods"`
}

// FoodWeighing is one weighed portion: grams as estimated without what was learnt, and as weighed.
type FoodWeighing struct {
	Food           string    `json:"food"`
	Top            bool      `json:"top"`
	EstimatedG     float64   `json:"estimated_g"`
	EstimatedLogSD float64   `json:"estimated_log_sd"`
	TrueG          float64   `json:"true_g"`
	TrueSDG        float64   `json:"true_sd_g"`
	Probability    float64   `json:"probability"`
	TaskID         string    `json:"task_id,omitempty"`
	Source         string    `json:"source"` // "plate" or "technician"
	At             time.Time `json:"at"`
}

// TaughtFood is a food that a kitchen has shown.
type TaughtFood struct {
	Key      string        `json:"key"`
	NameKo   string        `json:"name_ko"`
	NameEn   string        `json:"name_en"`
	Shape    string        `json:"shape"`
	AddedAt  time.Time     `json:"added_at"`
	Examples []FoodExample `json:"examples"`
}

// FoodExample is what the eye made of a photo of a taught food.
type FoodExample struct {
	Embedding  []float32 `json:"embedding"`
	TopView    float64   `json:"top_view"`
	VolumeCM3  float64   `json:"volume_cm3"`
	Grams      *float64  `json:"grams"`
	Recogniser string    `json:"recogniser"`
	At         time.Time `json:"at"`
}

// Bounds on what a technician may say.
const (
	MaxFoodGrams = 20000 // what a portion may weigh
	maxName      = 40    // characters
	maxMenu      = 200   // foods
)

var foodKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// checkKey refuses what cannot be a food's key.
func checkKey(key string) error {
	if !foodKey.MatchString(key) {
		return fmt.Errorf("%q is no food's key: small letters, digits and _ after a letter, at most 64; foodmassd food list shows those in use", clip(key))
	}
	return nil
}

// checkName refuses what cannot be shown as a food's name.
func checkName(name string) error {
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return errors.New("a food's name begins and ends with a letter; give it one")
	case !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("the name %q is longer than %d characters or no UTF-8; shorten it", clip(name), maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("the name %q has characters that cannot be shown; leave them out", clip(name))
	}
	return nil
}

// clip keeps a refusal short.
func clip(text string) string {
	if len(text) > 2*maxName {
		return strings.ToValidUTF8(text[:2*maxName], "") + "…"
	}
	return text
}

// checkGrams refuses what no portion weighs; nil is not given.
func checkGrams(g *float64) error {
	if g != nil && !(*g > 0 && *g <= MaxFoodGrams) {
		return fmt.Errorf("%g g is no portion's weight: above 0 and at most %d", *g, MaxFoodGrams)
	}
	return nil
}

// within is false for NaN.
func within(v, low, high float64) bool { return v >= low && v <= math.Min(high, math.MaxFloat64) }
