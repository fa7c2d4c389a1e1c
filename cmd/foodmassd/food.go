package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/catalog"
	"foodmassd/internal/estimate"
	"foodmassd/internal/health"
	"foodmassd/internal/mass"
	"foodmassd/internal/store"
	"foodmassd/internal/vision/worker"
)

// platesWaiting bounds the weighed plates that wait to be learnt from; a diner never waits for them.
const platesWaiting = 64

// foodDesk is what the kitchen teaches: it keeps the lessons and makes of them what the estimator reads.
type foodDesk struct {
	db       *store.Store
	eye      estimate.Estimator                    // without a second opinion and what was taught
	deadline time.Duration                         // for one photo
	scale    interface{ Status() api.ScaleStatus } // nil: none is configured
	// recogniser is name and version of the network that looks at present.
	recogniser func() string
	log        *slog.Logger
	plates     chan store.Weighing

	mu      sync.Mutex // one lesson at a time, so that kitchen is of the newest
	kitchen atomic.Pointer[kitchen]
}

// kitchen is what was taught until some moment.
type kitchen struct {
	site    *estimate.Site // nil: nothing
	menu    *estimate.Site // the same with the menu of a day
	menuDay string         // "": there is none
	foods   []catalog.Food // all that can be calibrated
}

// on returns what the estimator reads on a day.
func (k *kitchen) on(day string) *estimate.Site {
	if k.menuDay == day {
		return k.menu
	}
	return k.site
}

var _ api.Foods = (*foodDesk)(nil)

// openFoods lets the estimator read what was taught, and weighed plates teach. What cannot be read costs what
// was taught, not the daemon: photos are estimated without it, and /healthz says so.
func (a *appliance) openFoods(ctx context.Context, db *store.Store, e *estimate.Estimator, eye *worker.Supervisor) {
	a.foods = newFoodDesk(db, e, a.conf.Task.Deadline, func() string { return eye.Stats().Models["recogniser"] }, a.log)
	if err := a.foods.change(ctx, func() error { return nil }); err != nil {
		a.log.Warn("photos are estimated without what the kitchen has taught", "err", err)
		a.health.Register("foods", func() (health.State, string) { return health.Degraded, err.Error() })
	}
	a.background(a.foods.learnPlates)
}

// newFoodDesk returns a desk whose lessons the estimator reads from the first change on.
func newFoodDesk(db *store.Store, e *estimate.Estimator, deadline time.Duration, recogniser func() string, log *slog.Logger) *foodDesk {
	d := &foodDesk{db: db, eye: *e, deadline: deadline, recogniser: recogniser, log: log, plates: make(chan store.Weighing, platesWaiting)}
	d.eye.Verifier = nil
	d.kitchen.Store(&kitchen{foods: d.foods(store.Learning{})})
	e.Site = func() *estimate.Site { return d.kitchen.Load().on(today()) }
	return d
}

// refresh makes a new kitchen; mu is held.
func (d *foodDesk) refresh(ctx context.Context) error {
	l, err := d.db.Learning(ctx)
	if err != nil {
		return err
	}
	menu, err := d.db.Menu(ctx, today())
	if err != nil {
		return err
	}
	k := &kitchen{foods: d.foods(l)}
	if k.site, err = siteOf(&d.eye, l, d.recogniser(), nil); err != nil {
		return err
	}
	if len(menu.Keys) > 0 {
		k.menuDay = menu.Day
		if k.menu, err = siteOf(&d.eye, l, d.recogniser(), menu.Keys); err != nil {
			return err
		}
	}
	d.kitchen.Store(k)
	return nil
}

// change does something to what is kept, and lets the estimator read it.
func (d *foodDesk) change(ctx context.Context, do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := do(); err != nil {
		return err
	}
	return d.refresh(context.WithoutCancel(ctx)) // what is kept must be used
}

// plate remembers to learn from a finished task, when a load cell weighed its one food and that is known well enough;
// scaleSDG is what the food's container adds to the scale's uncertainty.
func (d *foodDesk) plate(taskID string, r *estimate.Result, foods []estimate.Measured, scaleSDG float64) {
	if r.ScaleReadingG == nil || len(foods) != 1 {
		return
	}
	food, err := d.food(foods[0].Best().Key)
	w, ok := d.eye.Weighed(foods[0], food, *r.ScaleReadingG, mass.TotalSDG(*r.ScaleReadingG, scaleSDG))
	if err != nil || !ok || w.Probability < mass.LearnableProbability {
		return
	}
	select {
	case d.plates <- keptWeighing(w, taskID, store.FromPlate):
	default:
		d.log.Warn("a weighed plate teaches nothing: too many wait", "task", taskID, "food", w.Food)
	}
}

// learnPlates learns from plates until ctx ends.
func (d *foodDesk) learnPlates(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case w := <-d.plates:
			d.learn(ctx, w)
		}
	}
}

func (d *foodDesk) learn(ctx context.Context, w store.Weighing) {
	err := d.change(ctx, func() error {
		_, err := d.db.AddWeighing(ctx, w)
		return err
	})
	if err != nil {
		d.log.Warn("a weighed plate teaches nothing", "task", w.TaskID, "food", w.Food, "err", err)
	}
}

func keptWeighing(w mass.Weighing, taskID, source string) store.Weighing {
	return store.Weighing{Food: w.Food, Top: w.Top, EstimatedG: w.EstimatedG, EstimatedLogSD: w.EstimatedLogSD, TrueG: w.TrueG,
		TrueSDG: w.TrueSDG, Probability: w.Probability, TaskID: taskID, Source: source, At: now()}
}

// now is the time as the database keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// List implements api.Foods: the catalog's foods and the taught ones.
func (d *foodDesk) List(ctx context.Context) (api.FoodList, error) {
	l, err := d.db.Learning(ctx)
	if err != nil {
		return api.FoodList{}, err
	}
	list := api.FoodList{Foods: []api.FoodStatus{}}
	for _, f := range d.foods(l) {
		s := api.FoodStatus{Key: f.Key, NameKo: f.NameKo, NameEn: f.NameEn, Top: d.factor(f.Key, true), Side: d.factor(f.Key, false)}
		if i := slices.IndexFunc(l.Foods, func(t store.TaughtFood) bool { return t.Key == f.Key }); i >= 0 {
			s.Examples = len(l.Foods[i].Examples)
			s.Outdated = outdated(l.Foods[i].Examples, d.recogniser())
		}
		list.Foods = append(list.Foods, s)
	}
	return list, nil
}

// outdated counts the examples that another network made.
func outdated(examples []store.Example, recogniser string) (n int) {
	for _, e := range examples {
		if e.Recogniser != recogniser {
			n++
		}
	}
	return n
}

// foods are all that can be calibrated: the catalog's, less the one that nobody knows, and the taught ones.
func (d *foodDesk) foods(l store.Learning) (all []catalog.Food) {
	for _, f := range d.eye.Catalog.List() {
		if f.Key != catalog.UnknownKey {
			all = append(all, f)
		}
	}
	for _, t := range l.Foods {
		if _, known := d.eye.Catalog.Food(t.Key); !known {
			all = append(all, taughtFood(&d.eye, t))
		}
	}
	return all
}

// factor is by what a food's grams are multiplied at present, nil when nothing was learnt.
func (d *foodDesk) factor(key string, top bool) *api.FoodFactor {
	site := d.kitchen.Load().site
	if site == nil {
		return nil
	}
	f, learnt := site.Factors[mass.FactorKey{Food: key, Top: top}]
	if !learnt {
		return nil
	}
	return &api.FoodFactor{Factor: math.Exp(f.LogMean), RelSD: f.LogSD, Weighings: f.Count}
}

// Forget implements api.Foods.
func (d *foodDesk) Forget(ctx context.Context, f api.FoodForget) (api.FoodForgotten, error) {
	var gone store.Forgotten
	err := d.change(ctx, func() (err error) {
		if f.Last {
			gone, err = d.db.ForgetLast(ctx, f.Key)
		} else {
			gone, err = d.db.ForgetFood(ctx, f.Key)
		}
		if err == nil && gone == (store.Forgotten{}) {
			err = fmt.Errorf("nothing was learnt of %s; foodmassd food list shows what was", f.Key)
		}
		return err
	})
	return api.FoodForgotten(gone), err
}

// Menu implements api.Foods.
func (d *foodDesk) Menu(ctx context.Context) (api.FoodMenu, error) {
	m, err := d.db.Menu(ctx, today())
	return api.FoodMenu{Day: m.Day, Keys: append([]string{}, m.Keys...)}, err
}

// SetMenu implements api.Foods.
func (d *foodDesk) SetMenu(ctx context.Context, m api.FoodMenu) error {
	for _, key := range m.Keys {
		if _, err := d.food(key); err != nil {
			return err
		}
	}
	return d.change(ctx, func() error { return d.db.SetMenu(ctx, store.Menu{Day: today(), Keys: m.Keys}) })
}

// today is the day of the kitchen's clock.
func today() string { return time.Now().Format(time.DateOnly) }

// food returns a food that can be calibrated.
func (d *foodDesk) food(key string) (catalog.Food, error) {
	all := d.kitchen.Load().foods
	if i := slices.IndexFunc(all, func(f catalog.Food) bool { return f.Key == key }); i >= 0 {
		return all[i], nil
	}
	return catalog.Food{}, fmt.Errorf("there is no food %s; foodmassd food list --all shows all keys, foodmassd food teach adds a food", key)
}
