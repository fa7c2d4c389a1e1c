package evaluate

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// column is one thing that teaching is measured by.
type column int

// Named is the share of foods with their right name, off the mean of |estimate/truth − 1|.
const (
	namedUntaught column = iota
	namedTaught
	namedMenu
	offUntaught
	offTaught
	offWeighed
	offWeighedMenu
	columnCount
)

// columnNames head the table; the last column of both kinds is shown only where there was a menu.
var columnNames = [columnCount]string{"named before %", "taught %", "menu %", "off before %", "taught %", "weighed %", "menu %"}

// Lines of the table beside those of the single foods.
const (
	taughtFoods = "taught foods"
	otherFoods  = "other foods"
)

// scores are the means of one repetition by line.
type scores map[string]*[columnCount]mean

type mean struct{ sum, n float64 }

func (s scores) add(line string, c column, x float64) {
	if s[line] == nil {
		s[line] = new([columnCount]mean)
	}
	s[line][c].sum += x
	s[line][c].n++
}

// score compares what was said of every food that was not taught from.
func (s *school) score(lessons map[string][]Row, taught, withMenu taughtRows) scores {
	used := map[item]bool{}
	for _, rows := range lessons {
		for _, row := range rows {
			used[itemOf(*row.Truth)] = true
		}
	}
	out := scores{}
	for truth, before := range s.untaught {
		right, line := siteKey(truth.Key), taughtFoods
		if !slices.Contains(s.Foods, truth.Key) {
			right, line = truth.Key, otherFoods
		}
		if used[itemOf(*truth)] || line == otherFoods && s.known != nil && !s.known[before.Photo.Portion] {
			continue
		}
		after, weighed, menu := taught.named[truth], taught.weighed[truth], withMenu.weighed[truth]
		for _, line := range []string{line, truth.Key} {
			out.add(line, namedUntaught, share(before.Found.FoodKey == truth.Key))
			out.add(line, namedTaught, share(after.Found.FoodKey == right))
			out.add(line, offUntaught, before.off())
			out.add(line, offTaught, after.off())
			out.add(line, offWeighed, weighed.off())
			if slices.Contains(s.Foods, truth.Key) {
				out.add(line, namedMenu, share(menu.Found.FoodKey == right))
				out.add(line, offWeighedMenu, menu.off())
			}
		}
	}
	return out
}

// off is the relative error of the grams.
func (row Row) off() float64 {
	return math.Abs(row.Found.EstimatedMassG/row.Truth.MassG - 1)
}

// table holds the means of every repetition.
type table map[string]*[columnCount][]float64

func (t *table) add(s scores) {
	if *t == nil {
		*t = table{}
	}
	for line, means := range s {
		if (*t)[line] == nil {
			(*t)[line] = new([columnCount][]float64)
		}
		for c, m := range means {
			if m.n > 0 {
				(*t)[line][c] = append((*t)[line][c], m.sum/m.n)
			}
		}
	}
}

// write shows mean ± standard deviation over the repetitions, in percent.
func (t table) write(w io.Writer, o Teaching) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	shown := func(c column) bool { return o.Menu || c != namedMenu && c != offWeighedMenu }
	head := []string{""}
	for c := range columnCount {
		if shown(c) {
			head = append(head, columnNames[c])
		}
	}
	fmt.Fprintln(out, strings.Join(head, "\t"))
	for _, line := range append(slices.Clone(o.Foods), taughtFoods, otherFoods) {
		cells := []string{line}
		for c := range columnCount {
			if row := t[line]; row != nil && shown(c) && len(row[c]) > 0 {
				m, sd := meanSD(row[c])
				cells = append(cells, fmt.Sprintf("%.1f ± %.1f", 100*m, 100*sd))
			} else if row != nil && shown(c) {
				cells = append(cells, "")
			}
		}
		fmt.Fprintln(out, strings.Join(cells, "\t"))
	}
	return out.Flush()
}
