// Package evaluate measures the program against photos with known truth: it reads a folder of
// labelled photos, runs an estimator over them and writes tables of errors, one line per food as CSV,
// and a scatter plot. A folder and an estimate.Estimator come in, text and files go out.
package evaluate

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"foodmassd/internal/geometry"
)

// Photo is one labelled photo.
type Photo struct {
	Name, Path    string
	Portion, View string // View is "top" or "side"
	Width, Height int
	Foods         []Truth
	// Coins are the labelled reference coins.
	Coins []geometry.Rect
}

func (p Photo) totalG() (sum float64) {
	for _, f := range p.Foods {
		sum += f.MassG
	}
	return sum
}

// Truth is one labelled food.
type Truth struct {
	Key       string // catalog key
	Box       geometry.Rect
	MassG     float64
	VolumeCM3 float64
	// Group is equal for foods that are the same physical item in another photo or portion.
	Group string
}

// Dataset is a folder in the layout of ECUSTFD: images/, boxes.csv (image, portion, view, width_px,
// height_px, object, xmin, ymin, xmax, ymax; pixels) and portions.csv (portion, food, volume_cm3,
// mass_g). Images listed in suspect.txt, if there is one, are left out.
type Dataset struct {
	Photos []Photo
	// Portions are all weighed foods, also of portions without photos.
	Portions []Truth
}

// keys translates the data set's spellings.
var keys = map[string]string{"qiwi": "kiwi", "fired_dough_twist": "fried_dough_twist"}

func keyOf(food string) string {
	if k, ok := keys[food]; ok {
		return k
	}
	return food
}

// Read reads a data set. Errors name file and line.
func Read(dir string) (*Dataset, error) {
	var d Dataset
	weighed := map[[2]string]Truth{}
	err := readTable(filepath.Join(dir, "portions.csv"), []string{"portion", "food", "volume_cm3", "mass_g"}, func(r record) error {
		t := Truth{Key: keyOf(r.text("food")), MassG: r.number("mass_g"), VolumeCM3: r.number("volume_cm3")}
		if r.err == nil && !(t.MassG > 0 && t.VolumeCM3 > 0) {
			return errors.New("volume_cm3 and mass_g must be positive")
		}
		weighed[[2]string{r.text("portion"), t.Key}] = t
		return r.err
	})
	if err != nil {
		return nil, err
	}
	group := groupItems(weighed)
	for id, t := range weighed {
		t.Group = group[id[0]]
		weighed[id] = t
		d.Portions = append(d.Portions, t)
	}
	suspect, err := readLines(filepath.Join(dir, "suspect.txt"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	photos := map[string]*Photo{}
	columns := []string{"image", "portion", "view", "width_px", "height_px", "object", "xmin", "ymin", "xmax", "ymax"}
	err = readTable(filepath.Join(dir, "boxes.csv"), columns, func(r record) error {
		name := r.text("image")
		if suspect[name] {
			return nil
		}
		p := photos[name]
		if p == nil {
			p = &Photo{Name: name, Path: filepath.Join(dir, "images", filepath.Base(name)), Portion: r.text("portion"),
				View: r.text("view"), Width: int(r.number("width_px")), Height: int(r.number("height_px"))}
			photos[name] = p
		}
		x, y := r.number("xmin"), r.number("ymin")
		box := geometry.Rect{X: x, Y: y, Width: r.number("xmax") - x, Height: r.number("ymax") - y}
		if r.text("object") == "coin" {
			p.Coins = append(p.Coins, box)
			return r.err
		}
		t, ok := weighed[[2]string{p.Portion, keyOf(r.text("object"))}]
		if !ok {
			return fmt.Errorf("portion %q holds no %q in portions.csv", p.Portion, r.text("object"))
		}
		t.Box = box
		p.Foods = append(p.Foods, t)
		return r.err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range photos {
		d.Photos = append(d.Photos, *p)
	}
	sort.Slice(d.Photos, func(i, j int) bool { return d.Photos[i].Name < d.Photos[j].Name })
	return &d, nil
}

// groupItems joins portions that share a physical item — same food, volume and mass — and returns a
// name of the group per portion.
func groupItems(weighed map[[2]string]Truth) map[string]string {
	parent := map[string]string{}
	var find func(string) string
	find = func(x string) string {
		if p, ok := parent[x]; ok && p != x {
			return find(p)
		}
		return x
	}
	for id, t := range weighed {
		a, b := find(id[0]), find(fmt.Sprintf("%s/%g/%g", t.Key, t.VolumeCM3, t.MassG))
		if a != b {
			parent[max(a, b)] = min(a, b)
		}
	}
	group := map[string]string{}
	for id := range weighed {
		group[id[0]] = find(id[0])
	}
	return group
}

// Restrict keeps the photos of these portions (nil: all) and this view ("": both).
func (d *Dataset) Restrict(portions map[string]bool, view string) {
	kept := d.Photos[:0]
	for _, p := range d.Photos {
		if (portions == nil || portions[p.Portion]) && (view == "" || view == p.View) {
			kept = append(kept, p)
		}
	}
	d.Photos = kept
}

// record is one line of a table; the first number that does not parse is kept in err.
type record struct {
	column map[string]int
	fields []string
	err    error
}

func (r *record) text(column string) string { return r.fields[r.column[column]] }

func (r *record) number(column string) float64 {
	x, err := strconv.ParseFloat(r.text(column), 64)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %q is not a number", column, r.text(column))
	}
	return x
}

func readTable(path string, columns []string, use func(record) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read labels: %w", err)
	}
	defer f.Close()
	in := csv.NewReader(bufio.NewReader(f))
	head, err := in.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	at := map[string]int{}
	for i, name := range head {
		at[strings.TrimPrefix(name, "\ufeff")] = i
	}
	for _, name := range columns {
		if _, ok := at[name]; !ok {
			return fmt.Errorf("%s: column %q is missing", path, name)
		}
	}
	for {
		fields, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err) // names the line itself
		}
		if err := use(record{column: at, fields: fields}); err != nil {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("%s:%d: %w", path, line, err)
		}
	}
}

// readLines returns the words of a text file, one per line, as a set.
func readLines(path string) (map[string]bool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines := map[string]bool{}
	for _, l := range strings.Fields(string(data)) {
		lines[l] = true
	}
	return lines, nil
}
