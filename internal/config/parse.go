package config

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse reads YAML over the defaults. Errors begin with the line number, "12: …".
func Parse(text []byte) (Config, error) {
	c := Default()
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc, more yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF): // nothing but comments
		return c, nil
	case err != nil:
		return Config{}, syntaxError(err)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("%d: more than one YAML document (---); allowed is one", max(more.Line, 1))
	}
	if err := c.section("", doc.Content[0]); err != nil {
		return Config{}, err
	}
	if path, fault := c.unmet(); fault != "" {
		return Config{}, fmt.Errorf("%d: %s: %s", lineOf(doc.Content[0], path, sourceOf(path)), path, fault)
	}
	return c, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxError turns the library's "yaml: line 3: …" into "3: …".
func syntaxError(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	at := "1"
	if m := yamlLine.FindStringSubmatch(text); m != nil && m[1] != "" {
		at = m[1]
	}
	return fmt.Errorf("%s: not valid YAML: %s", at, yamlLine.ReplaceAllString(text, ""))
}

func (c *Config) section(prefix string, node *yaml.Node) error {
	if isNull(node) {
		return nil // all its keys are commented out
	}
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("%d: %s: allowed are the keys %s", node.Line, orTop(prefix), allowedUnder(prefix))
	}
	seen := map[string]int{}
	for i := 0; i < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		path := strings.TrimPrefix(prefix+"."+name.Value, ".")
		if first, twice := seen[path]; twice {
			return fmt.Errorf("%d: %s: already set in line %d; allowed is once", name.Line, path, first)
		}
		if first, twice := seen[exclusive[path]]; twice {
			return fmt.Errorf("%d: %s: %s in line %d says the same; allowed is one of them", name.Line, path, exclusive[path], first)
		}
		seen[path] = name.Line
		if err := c.entry(path, name.Line, value); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) entry(path string, line int, value *yaml.Node) error {
	i := slices.IndexFunc(keys, func(k key) bool { return k.path == path })
	if i < 0 {
		if isSection(path) {
			return c.section(path, value)
		}
		parent := path[:max(strings.LastIndex(path, "."), 0)]
		return fmt.Errorf("%d: unknown key %q; allowed here: %s", line, clip(path), allowedUnder(parent))
	}
	k := keys[i]
	values, ok := scalars(value, k.list)
	if !ok || !k.set(c, values) {
		return fmt.Errorf("%d: %s: %q is not allowed; allowed is %s", line, path, describe(value), k.allowed)
	}
	return nil
}

// scalars returns the plain texts of a value: one, or with list those of a sequence.
func scalars(node *yaml.Node, list bool) ([]string, bool) {
	if !list {
		return []string{node.Value}, node.Kind == yaml.ScalarNode && node.Value != "" && !isNull(node)
	}
	values := []string{}
	for _, item := range node.Content {
		v, ok := scalars(item, false)
		if !ok {
			return nil, false
		}
		values = append(values, v...)
	}
	return values, node.Kind == yaml.SequenceNode
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

func isSection(path string) bool {
	return slices.ContainsFunc(keys, func(k key) bool { return strings.HasPrefix(k.path, path+".") })
}

// allowedUnder lists the key names that may stand directly in a section.
func allowedUnder(section string) string {
	var names []string
	for _, k := range keys {
		rest, found := k.path, section == ""
		if !found {
			rest, found = strings.CutPrefix(k.path, section+".")
		}
		if name, _, _ := strings.Cut(rest, "."); found && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func orTop(section string) string {
	if section == "" {
		return "top level"
	}
	return section
}

// inAddress is where an address may hold a password or a key.
var inAddress = regexp.MustCompile(`//[^/\s]*@|[?#].*`)

// describe shows a refused value in the error, without what an address keeps secret.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a section"
	case yaml.AliasNode:
		return "*" + clip(node.Value)
	}
	if strings.Contains(node.Value, "//") {
		return clip(inAddress.ReplaceAllString(node.Value, "…"))
	}
	return clip(node.Value)
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
