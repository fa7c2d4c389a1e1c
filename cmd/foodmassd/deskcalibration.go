package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/config"
	"foodmassd/internal/store"
	"foodmassd/internal/weighing"
)

// detail is the part of the status that calibrating and containers are about.
func (d *scaleDesk) detail(r weighing.Reading, conversions int64) api.ScaleDetail {
	s := api.ScaleDetail{CellID: zeroOf(d.cell, d.conf), Conversions: conversions, Container: d.container.Load()}
	if rest, ok := d.scale.Rest(); ok {
		s.RestCounts, s.NoiseCounts = &rest.Counts, &rest.NoiseCounts
	}
	if c := d.calibration.Load(); c != nil {
		told := tellCalibration(*c, true)
		s.Calibration = &told
	}
	food, sd := r.Food(s.Container)
	s.FoodG, s.FoodSDG = known(food), known(sd)
	return s
}

// Calibrate weighs by the line through the points, for good.
func (d *scaleDesk) Calibrate(ctx context.Context, who string, r api.CalibrateRequest) error {
	const kept = "the old calibration stays: %w"
	if d.scale == nil {
		return fmt.Errorf(kept, d.fault)
	}
	if r.CellID != zeroOf(d.cell, d.conf) {
		return fmt.Errorf(kept, errors.New("the daemon reads another cell than the one that was measured; calibrate again"))
	}
	line, err := weighing.Calibrate(r.Points)
	if err != nil {
		return fmt.Errorf(kept, err)
	}
	c := store.Calibration{Calibration: line, Cell: r.CellID, TakenAt: time.Now().UTC().Truncate(time.Second), Who: who}
	err = d.scale.Recalibrate(c.CountsPerGram, &c.ZeroCounts, func() (err error) {
		if c.ID, err = d.db.KeepCalibration(ctx, c, func() error { return d.saveZero(c.ZeroCounts, 0) }); err == nil {
			d.calibration.Store(&c)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf(kept, err)
	}
	return nil
}

// UseCalibration goes back to an earlier calibration, or forward to a later one. The zero stays: what the cell
// reads under the empty tray does not depend on the calibration.
func (d *scaleDesk) UseCalibration(ctx context.Context, r api.UseCalibrationRequest) error {
	if d.scale == nil {
		return d.fault
	}
	if (r.ID != nil) == r.Back {
		return errors.New("say which calibration, or that it is the one before")
	}
	history, err := d.db.Calibrations(ctx, zeroOf(d.cell, d.conf))
	if err != nil {
		return err
	}
	id := store.ConfiguredCalibration
	switch current := d.calibration.Load(); {
	case r.ID != nil:
		id = *r.ID
	case current == nil:
		return errors.New("the configuration is in force; no calibration comes before it")
	default:
		id = before(history, current.ID)
	}
	next, perGram := (*store.Calibration)(nil), d.cell.countsPerGram
	if at := slices.IndexFunc(history, func(c store.Calibration) bool { return c.ID == id }); at >= 0 {
		next, perGram = &history[at], history[at].CountsPerGram
	} else if id != store.ConfiguredCalibration {
		return store.ErrNoCalibration
	}
	return d.scale.Recalibrate(perGram, nil, func() error {
		err := d.db.UseCalibration(ctx, zeroOf(d.cell, d.conf), id)
		if err == nil {
			d.calibration.Store(next)
		}
		return err
	})
}

// before returns the calibration before one in a history, newest first: the configuration's where it begins.
func before(history []store.Calibration, id int64) int64 {
	for _, c := range history {
		if c.ID < id {
			return c.ID
		}
	}
	return store.ConfiguredCalibration
}

// Calibrations tells the cell's history, newest first; at its end what the configuration says.
func (d *scaleDesk) Calibrations(ctx context.Context) ([]api.ScaleCalibration, error) {
	if d.scale == nil {
		return nil, d.fault
	}
	history, err := d.db.Calibrations(ctx, zeroOf(d.cell, d.conf))
	if err != nil {
		return nil, err
	}
	current := d.calibration.Load()
	var told []api.ScaleCalibration
	for _, c := range history {
		told = append(told, tellCalibration(c, current != nil && current.ID == c.ID))
	}
	configured := api.ScaleCalibration{ID: store.ConfiguredCalibration, Who: "configuration", Current: current == nil}
	if d.cell.countsPerGram != 0 {
		configured.CountsPerGram = &d.cell.countsPerGram
	}
	return append(told, configured), nil
}

func tellCalibration(c store.Calibration, current bool) api.ScaleCalibration {
	return api.ScaleCalibration{ID: c.ID, Current: current, TakenAt: &c.TakenAt, Who: c.Who, CountsPerGram: &c.CountsPerGram,
		ZeroCounts: &c.ZeroCounts, WorstResidualG: &c.WorstG, Points: c.Points}
}

// describeCalibration says for people when a calibration was taken and how good it is.
func describeCalibration(takenAt time.Time, who string, worstG float64) string {
	return fmt.Sprintf("%s by %s, off by %.1f g at most", takenAt.Local().Format(time.DateTime), who, worstG)
}

// keptCalibration is the cell's in the data directory; nil where there is none, or no database that opens.
func keptCalibration(ctx context.Context, conf config.Config, cell *loadCell) *store.Calibration {
	db, err := store.OpenBeside(ctx, store.Options{Dir: conf.Storage.DataDir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil // the database has its own finding
	}
	defer db.Close()
	calibration, err := db.CurrentCalibration(ctx, zeroOf(cell, conf.Scale))
	if err != nil {
		return nil
	}
	return calibration
}
