package catalog

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// tables are the published tables behind the sources, and the columns with their rows' names and figures.
var tables = map[string]struct{ file, name, figure string }{
	"mfds": {"korean_dishes_mfds.csv", "name_ko", "serving_g"},
	"n5k":  {"nutrition5k_ingredient_mass.csv", "ingredient", "median_g"},
	"fao":  {"food_density_fao.csv", "food", "density_g_per_ml"},
}

// table returns the rows by name, each a map of its columns; the test is skipped without the file.
func table(t *testing.T, source string) map[string]map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "tables", tables[source].file))
	if err != nil {
		t.Skip("needs the tables in ../shared/data")
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]map[string]string{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows[row[tables[source].name]] = row
	}
	return rows
}

func median(t *testing.T, source string, names []string) float64 {
	t.Helper()
	rows := table(t, source)
	var figures []float64
	for _, name := range names {
		x, err := strconv.ParseFloat(rows[name][tables[source].figure], 64)
		if err != nil {
			t.Fatalf("%s has no figure for %q", source, name)
		}
		figures = append(figures, x)
	}
	slices.Sort(figures)
	n := len(figures)
	return (figures[(n-1)/2] + figures[n/2]) / 2
}

func TestFiguresAreThoseOfTheRowsTheyName(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.List() {
		for _, figure := range []struct {
			what, source string
			rows         []string
			value        float64
		}{
			{"density", f.Density.Source, f.Density.Rows, f.Density.GPerCM3},
			{"portion", f.Portion.Source, f.Portion.Rows, f.Portion.MedianG},
		} {
			if _, published := tables[figure.source]; published != (len(figure.rows) > 0) {
				t.Errorf("%s: %s from %s names %d rows", f.Key, figure.what, figure.source, len(figure.rows))
				continue
			}
			if len(figure.rows) == 0 {
				continue
			}
			if want := median(t, figure.source, figure.rows); math.Abs(figure.value/want-1) > 0.005 {
				t.Errorf("%s: %s %g, the median of %q in %s is %g", f.Key, figure.what, figure.value, figure.rows, figure.source, want)
			}
		}
		if f.Portion.Source == "n5k" {
			row := table(t, "n5k")[f.Portion.Rows[0]]
			p10, _ := strconv.ParseFloat(row["p10_g"], 64)
			p90, _ := strconv.ParseFloat(row["p90_g"], 64)
			if want := math.Log(p90/p10) / 2.563; len(f.Portion.Rows) > 1 || math.Abs(f.Portion.LogSD-want) > 0.002 {
				t.Errorf("%s: portion log_sd %g, the percentiles of %q say %.3f", f.Key, f.Portion.LogSD, f.Portion.Rows, want)
			}
		}
	}
}

func TestAGuessIsWide(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.List() {
		if f.Density.Source == "broad" && f.Density.LogSD < 0.35 || f.Portion.Source == "broad" && f.Portion.LogSD < 0.35 {
			t.Errorf("%s: density ±%g, portion ±%g is too sure for a guess", f.Key, f.Density.LogSD, f.Portion.LogSD)
		}
	}
}
