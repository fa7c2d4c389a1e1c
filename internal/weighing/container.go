package weighing

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Container is a bowl or a tray that food comes in, with its mass.
type Container struct {
	Name  string  `json:"name"`
	MassG float64 `json:"mass_g"`
	SDG   float64 `json:"sd_g"` // standard deviation of MassG, among containers of its kind
}

const maxNameRunes = 40

// NoContainer is the name that stands for none.
const NoContainer = "none"

// Check tells what is wrong with a container.
func (c Container) Check() error {
	switch {
	case c.Name == "" || c.Name != strings.TrimSpace(c.Name) || !utf8.ValidString(c.Name) || strings.ContainsFunc(c.Name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%.60q is no container's name; give it printable letters, without a space at its ends", c.Name)
	case utf8.RuneCountInString(c.Name) > maxNameRunes:
		return fmt.Errorf("a container's name has %d letters at most", maxNameRunes)
	case c.Name == NoContainer:
		return errors.New(`"none" stands for no container; choose another name`)
	case !(c.MassG > 0 && c.MassG <= MaxMassG):
		return fmt.Errorf("a container of %v g cannot be; allowed is more than 0 and up to %d g", c.MassG, MaxMassG)
	case !(c.SDG >= 0 && c.SDG < c.MassG):
		return fmt.Errorf("a standard deviation of %v g cannot be; allowed is from 0 to less than the container's %v g", c.SDG, c.MassG)
	}
	return nil
}

// Food returns what of a reading is food, in grams, and its standard deviation: the load less the container
// it comes in (nil: in none). A load of less than half the container is taken to be without it, and one that
// is lighter than the container has no food. Both are NaN for a reading without grams.
func (r Reading) Food(in *Container) (foodG, sdG float64) {
	if r.State != Stable {
		return math.NaN(), math.NaN()
	}
	if in == nil || r.NetG < in.MassG/2 {
		return r.NetG, r.ResolutionG
	}
	return max(0, r.NetG-in.MassG), math.Hypot(r.ResolutionG, in.SDG)
}
