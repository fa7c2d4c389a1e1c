package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/config"
	"foodmassd/internal/store"
	"foodmassd/internal/weighing"
)

// scaleDesk is the configured scale as the technician's socket shows it.
type scaleDesk struct {
	conf    config.Scale
	dataDir string
	db      *store.Store
	scale   *weighing.Scale // nil: it could not be opened
	cell    *loadCell
	fault   error // why it could not

	zero        store.Zero                         // as it was saved last; the scale asks for one save at a time
	calibration atomic.Pointer[store.Calibration]  // in force; nil: the configuration
	containers  sync.Mutex                         // one change at a time
	container   atomic.Pointer[weighing.Container] // in use; nil: none
}

var _ api.Scale = (*scaleDesk)(nil)

// Status tells how the scale is.
func (d *scaleDesk) Status() api.ScaleStatus {
	if d.scale == nil {
		return api.ScaleStatus{Cell: d.conf.Source, State: string(weighing.Faulty), Why: d.fault.Error(), ScaleDetail: api.ScaleDetail{Container: d.container.Load()}}
	}
	conversions := d.cell.conversions.Load() // before the reading, which is to be no older
	r := d.scale.Last()
	s := api.ScaleStatus{Cell: d.cell.String(), State: string(r.State), Why: d.why(r.State), NetG: known(r.NetG), Counts: known(r.Counts),
		ResolutionG: known(r.ResolutionG), ScaleDetail: d.detail(r, conversions)}
	if perGram, ok := d.scale.Calibrated(); ok {
		s.CountsPerGram = &perGram
	}
	if zero, ok := d.scale.ZeroCounts(); ok {
		s.ZeroCounts = &zero
	}
	if !r.At.IsZero() {
		age := time.Since(r.At).Milliseconds()
		s.ReadAt, s.AgeMS = &r.At, &age
	}
	return s
}

// why says why there are no grams; the cell knows best what is wrong with it.
func (d *scaleDesk) why(state weighing.State) string {
	return cmp.Or(d.cellFault(state), state.Why())
}

// cellFault is what the cell says is wrong with it, "" in a state that is no fault.
func (d *scaleDesk) cellFault(state weighing.State) string {
	if fault := d.cell.fault.Load(); fault != nil && state.Fault() {
		return *fault
	}
	return ""
}

// Tare zeroes the scale for good.
func (d *scaleDesk) Tare() error {
	const kept = "not zeroed, the old zero stays: %s"
	if d.scale == nil {
		return fmt.Errorf(kept, d.fault)
	}
	err := d.scale.Tare(func(counts float64) error { return d.saveZero(counts, d.scale.LoadCounts(counts)) })
	if err == nil {
		return nil
	}
	return fmt.Errorf(kept, cmp.Or(d.cellFault(d.scale.Last().State), err.Error()))
}

// saveZero keeps the counts of a tray that is to weigh nothing, loadCounts of which are of what lies on it.
func (d *scaleDesk) saveZero(counts, loadCounts float64) error {
	return d.save(store.Zero{Cell: zeroOf(d.cell, d.conf), Counts: counts, TakenAt: time.Now().UTC().Truncate(time.Second),
		LoadCounts: loadCounts})
}

// keepDriftTick is how often a zero that follows the empty scale's drift may be saved.
const keepDriftTick = 10 * time.Minute

// keepDrift saves the zero when it has drifted.
func (d *scaleDesk) keepDrift(log *slog.Logger) {
	err := d.scale.KeepDrift(func(counts float64, o weighing.Origin) error {
		zero := d.zero
		zero.Counts, zero.LoadCounts, zero.DriftCounts = counts, o.LoadCounts, o.DriftCounts
		return d.save(zero)
	})
	if err != nil {
		log.Warn("the scale's drift is not saved; it is tried again", "err", err)
	}
}

func (d *scaleDesk) save(zero store.Zero) error {
	err := store.SaveZero(d.dataDir, zero)
	if err == nil {
		d.zero = zero
	}
	return err
}

// zeroOf names a cell with what its counts depend on.
func zeroOf(cell *loadCell, conf config.Scale) string {
	return fmt.Sprintf("%s, gain %d", cell, conf.Gain)
}

// known is nil for what is not known.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// describeScale says for people how the scale is.
func describeScale(s api.ScaleStatus) string {
	text := fmt.Sprintf("%-14s %s\n%-14s %s\n", "scale", s.Cell, "state", s.State)
	if s.NetG != nil {
		text += fmt.Sprintf("%-14s %s\n", "net", gramsOf(*s.NetG))
	} else {
		text += fmt.Sprintf("%-14s none: %s\n", "net", cmp.Or(s.Why, "no reason is known"))
	}
	line := func(what, format string, v *float64) {
		if v != nil {
			text += fmt.Sprintf("%-14s "+format+"\n", what, *v)
		}
	}
	if s.Container != nil {
		text += fmt.Sprintf("%-14s %s\n", "container", describeContainer(*s.Container))
	}
	if s.FoodG != nil {
		text += fmt.Sprintf("%-14s %s\n", "food", gramsOf(*s.FoodG))
	}
	line("counts", "%.0f", s.Counts)
	line("zero", "%.0f counts", s.ZeroCounts)
	line("counts/gram", "%.6g", s.CountsPerGram)
	line("resolution", "%.2g g", s.ResolutionG)
	if c := s.Calibration; c != nil {
		text += fmt.Sprintf("%-14s %s\n", "calibrated", describeCalibration(*c.TakenAt, c.Who, *c.WorstResidualG))
	}
	if s.AgeMS != nil {
		text += fmt.Sprintf("%-14s %.1f s ago\n", "last reading", float64(*s.AgeMS)/1000)
	}
	return text
}

// gramsOf writes grams without a negative zero.
func gramsOf(g float64) string { return fmt.Sprintf("%.1f g", math.Round(g*10)/10+0) }
