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
func (s *school) score(lessons map[string][]Row, taught, withMenu map[*Truth]Row) scores {
	used := map[item]bool{}
	corrections, menuCorrections := map[string]float64{}, map[string]float64{}
	for food, rows := range lessons {
		for _, row := range rows {
			used[itemOf(*row.Truth)] = true
		}
		corrections[siteKey(food)] = correction(rows, taught)
		menuCorrections[siteKey(food)] = correction(rows, withMenu)
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
		after, menu := taught[truth], withMenu[truth]
		for _, line := range []string{line, truth.Key} {
			out.add(line, namedUntaught, share(before.Found.FoodKey == truth.Key))
			out.add(line, namedTaught, share(after.Found.FoodKey == right))
			out.add(line, namedMenu, share(menu.Found.FoodKey == right))
			out.add(line, offUntaught, before.off(1))
			out.add(line, offTaught, after.off(1))
			out.add(line, offWeighed, after.off(factorOf(corrections, after)))
			out.add(line, offWeighedMenu, menu.off(factorOf(menuCorrections, menu)))
		}
	}
	return out
}

// off is the relative error of the grams, multiplied by a factor.
func (row Row) off(factor float64) float64 {
	return math.Abs(row.Found.EstimatedMassG*factor/row.Truth.MassG - 1)
}

// Spreads of the logarithm of true by estimated grams: between plates of one food, and between foods that are
// measured by the shape rule with a generic density.
const (
	plateSD = 0.25
	foodSD  = 0.6
)

// correction is the factor on the grams of a food that its weighed plates teach: the mean log ratio, shrunk
// towards none.
func correction(lessons []Row, said map[*Truth]Row) float64 {
	var sum, n float64
	for _, lesson := range lessons {
		if row := said[lesson.Truth]; row.Found.FoodKey == siteKey(row.Truth.Key) {
			sum, n = sum+math.Log(row.Truth.MassG/row.Found.EstimatedMassG), n+1
		}
	}
	return math.Exp(sum / (n + plateSD*plateSD/(foodSD*foodSD)))
}

func factorOf(corrections map[string]float64, row Row) float64 {
	if f, ok := corrections[row.Found.FoodKey]; ok {
		return f
	}
	return 1
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
			(*t)[line][c] = append((*t)[line][c], m.sum/m.n)
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
			if row := t[line]; row != nil && shown(c) {
				m, sd := meanSD(row[c])
				cells = append(cells, fmt.Sprintf("%.1f ± %.1f", 100*m, 100*sd))
			}
		}
		fmt.Fprintln(out, strings.Join(cells, "\t"))
	}
	return out.Flush()
}
