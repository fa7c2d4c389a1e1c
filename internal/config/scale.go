package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// unmet returns the first setting that does not go with the others, and what is wrong with it.
func (c *Config) unmet() (path, fault string) {
	if path, fault = c.Scale.unmet(); fault == "" {
		path, fault = c.Camera.unmet()
	}
	return path, fault
}

func (s Scale) unmet() (path, fault string) {
	switch {
	case s.Source == "trace" && s.TraceFile == "":
		return "scale.trace_file", "missing, and source trace needs it; allowed is " + someTrace
	case s.Source != "hx711":
		return "", ""
	}
	const with = "is not allowed with source hx711; allowed is"
	switch {
	case s.ClockPin == "":
		return "scale.clock_pin", "missing, and source hx711 needs it; allowed is " + somePin
	case s.DataPin == "":
		return "scale.data_pin", "missing, and source hx711 needs it; allowed is " + somePin
	case s.DataPin == s.ClockPin:
		return "scale.data_pin", fmt.Sprintf("%q %s another pin than scale.clock_pin", s.DataPin, with)
	case !slices.Contains([]int{128, 64, 32}, s.Gain):
		return "scale.gain", fmt.Sprintf(`"%d" %s 128 or 64 (channel A) or 32 (channel B)`, s.Gain, with)
	case s.RateHz != 10 && s.RateHz != 80:
		return "scale.rate_hz", fmt.Sprintf(`"%d" %s 10 or 80, as its RATE pin is wired`, s.RateHz, with)
	}
	return "", ""
}

// sourceOf is the setting that demands what another one of its section lacks.
func sourceOf(path string) string {
	section, _, _ := strings.Cut(path, ".")
	return section + ".source"
}

// lineOf returns the line of the first of the paths, each "section.key", that is set.
func lineOf(root *yaml.Node, paths ...string) int {
	for _, path := range paths {
		section, name, _ := strings.Cut(path, ".")
		if _, value := entryOf(root, section); value != nil {
			if key, _ := entryOf(value, name); key != nil {
				return key.Line
			}
		}
	}
	return max(root.Line, 1)
}

// entryOf returns a mapping's key and value by the key's name; nil where there is none.
func entryOf(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}
