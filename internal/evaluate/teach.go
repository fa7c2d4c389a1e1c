package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"foodmassd/internal/catalog"
	"foodmassd/internal/estimate"
	"foodmassd/internal/mass"
	"foodmassd/internal/vision"
)

// Teaching measures how well foods are recognised and weighed that were taught on site.
type Teaching struct {
	// Options hold the data set, the estimator, whose models must not know the foods to teach, and the coin. View ""
	// measures both views, one after the other. What asks for other measurements or files is refused.
	Options
	// OtherPortionsFile lists the portions on which the other foods are tested, separated by white space; "" takes all.
	OtherPortionsFile string
	// Foods are the keys of the foods to teach.
	Foods []string
	// Photos is how many photos each food is taught by, of one view and of as many portions as possible.
	Photos int
	// Seeds is how often this is repeated, each time with other photos.
	Seeds int
	// Menu measures the taught foods also with a menu of the day: them alone.
	Menu bool
}

// siteKey is how a food is called once taught: nothing that the catalog knows of it is of any help.
func siteKey(food string) string { return "site_" + food }

// Teach teaches the foods and writes a table for each view to w. What is measured are photos of portions that were
// not taught from. It fails as Run does, and when a food has too few portions to teach and to test.
func Teach(ctx context.Context, o Teaching, w io.Writer) error {
	if err := o.check(); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	views := []string{"top", "side"}
	if o.View != "" {
		views = []string{o.View}
	}
	for _, view := range views {
		o.View = view
		if err := o.teachView(ctx, w); err != nil {
			return fmt.Errorf("evaluate: teach, %s view: %w", view, err)
		}
	}
	return nil
}

func (o Teaching) check() error {
	switch {
	case len(o.Foods) == 0 || o.Photos < 1 || o.Seeds < 1:
		return errors.New("teaching needs foods, at least one photo of each and at least one seed")
	case o.LabelledBoxes || o.Weighed || o.PortionsFile != "" || o.CSVPath != "" || o.PlotPath != "":
		return errors.New("teaching goes with no labelled boxes, load cell, list of portions, CSV or plot; --teach-portions restricts the other foods")
	}
	return checkView(o.View)
}

func (o Teaching) teachView(ctx context.Context, w io.Writer) error {
	data, known, err := o.open()
	if err != nil {
		return err
	}
	s := school{Teaching: o, data: data, known: known}
	s.eye.Seer, s.eye.scenes = o.Estimator.Seer, map[string]vision.Scene{}
	if s.untaught, err = s.measure(ctx, nil, w); err != nil {
		return err
	}
	var t table
	for seed := range o.Seeds {
		scores, err := s.term(ctx, rand.New(rand.NewPCG(uint64(seed), 0)), w)
		if err != nil {
			return err
		}
		t.add(scores)
	}
	fmt.Fprintf(w, "\n%s view: %d foods taught by %d photos each, %d times\n", o.View, len(o.Foods), o.Photos, o.Seeds)
	return t.write(w, o)
}

// open returns the data set with the photos of this view that are needed, and the portions on which the foods are
// tested that are not taught.
func (o Teaching) open() (data *Dataset, known map[string]bool, err error) {
	if data, err = Read(o.Dir); err != nil {
		return nil, nil, err
	}
	if o.OtherPortionsFile != "" {
		if known, err = readLines(o.OtherPortionsFile); err != nil {
			return nil, nil, fmt.Errorf("read list of portions: %w", err)
		}
	}
	data.Restrict(nil, o.View)
	data.Photos = slices.DeleteFunc(data.Photos, func(p Photo) bool {
		return known != nil && !known[p.Portion] && !slices.ContainsFunc(p.Foods, func(t Truth) bool { return slices.Contains(o.Foods, t.Key) })
	})
	return data, known, nil
}

// menu is that of a day on which nothing but the taught foods is served.
func (o Teaching) menu() (keys []string) {
	for _, food := range o.Foods {
		keys = append(keys, siteKey(food))
	}
	return keys
}

// school is a data set in one view with what the program says before anything is taught.
type school struct {
	Teaching
	data     *Dataset
	known    map[string]bool // portions on which other foods are tested; nil: all
	eye      memory
	untaught map[*Truth]Row
}

// memory is an eye that looks at each photo once.
type memory struct {
	vision.Seer
	scenes map[string]vision.Scene
}

// See implements vision.Seer.
func (m memory) See(ctx context.Context, r vision.Request, progress func(string)) (vision.Scene, error) {
	if s, seen := m.scenes[r.Path]; seen {
		return s, nil
	}
	s, err := m.Seer.See(ctx, r, progress)
	if err == nil {
		m.scenes[r.Path] = s
	}
	return s, err
}

// measure estimates every photo with what was taught, which may be nil, and returns the labelled foods.
func (s *school) measure(ctx context.Context, site *estimate.Site, w io.Writer) (map[*Truth]Row, error) {
	e := *s.Estimator
	e.Seer = s.eye
	e.Site = func() *estimate.Site { return site }
	o := s.Options
	o.Estimator = &e
	report, err := run(ctx, o, s.data, w)
	if err != nil {
		return nil, err
	}
	rows := map[*Truth]Row{}
	for _, row := range report.Rows {
		if row.Truth != nil && row.Found != nil {
			rows[row.Truth] = row
		}
	}
	return rows, nil
}

// term teaches every food once and measures what came of it.
func (s *school) term(ctx context.Context, random *rand.Rand, w io.Writer) (scores, error) {
	lessons, err := s.choose(random)
	if err != nil {
		return nil, err
	}
	taught, err := s.taughtBy(ctx, lessons, nil, w)
	if err != nil {
		return nil, err
	}
	withMenu := taught
	if s.Menu {
		if withMenu, err = s.taughtBy(ctx, lessons, s.menu(), w); err != nil {
			return nil, err
		}
	}
	return s.score(lessons, taught, withMenu), nil
}

// taughtRows are the foods as they are said to be after teaching.
type taughtRows struct {
	named   map[*Truth]Row // by photos alone
	weighed map[*Truth]Row // and by what their foods weighed
}

// lessonSDG is how well a kitchen's scale weighs a lesson, in grams.
const lessonSDG = 1

// taughtBy enrols the lessons as a kitchen does and measures every photo, without and with their weights.
func (s *school) taughtBy(ctx context.Context, lessons map[string][]Row, menu []string, w io.Writer) (rows taughtRows, err error) {
	var taught []catalog.Taught
	for _, food := range s.Foods {
		name, _ := s.Estimator.Catalog.Food(food)
		t := catalog.Taught{Food: catalog.Food{Key: siteKey(food), NameKo: name.NameKo, NameEn: name.NameEn}}
		for _, row := range lessons[food] {
			t.Examples = append(t.Examples, catalog.Example{Embedding: row.Measured.Seen.Embedding, TopView: row.Measured.Seen.TopView})
		}
		taught = append(taught, t)
	}
	enrolled, err := s.Estimator.Catalog.Enrol(taught, menu)
	if err != nil {
		return rows, err
	}
	if rows.named, err = s.measure(ctx, &estimate.Site{Foods: enrolled}, w); err != nil {
		return rows, err
	}
	factors := mass.Learn(s.Estimator.Mass.Prior, s.weighings(lessons, enrolled))
	rows.weighed, err = s.measure(ctx, &estimate.Site{Foods: enrolled, Factors: factors}, w)
	return rows, err
}

// weighings are what the lessons' foods weigh, as a technician would say it.
func (s *school) weighings(lessons map[string][]Row, foods *catalog.Enrolled) (all []mass.Weighing) {
	for _, key := range s.Foods {
		food, _ := foods.Food(siteKey(key))
		for _, row := range lessons[key] {
			if weighing, ok := s.Estimator.Weighed(*row.Measured, food, row.Truth.MassG, lessonSDG); ok {
				weighing.Probability = 1
				all = append(all, weighing)
			}
		}
	}
	return all
}
