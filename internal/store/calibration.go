package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"foodmassd/internal/weighing"
)

// ConfiguredCalibration stands, in place of a Calibration's ID, for what the configuration says.
const ConfiguredCalibration int64 = 0

// Calibration is one in a cell's history.
type Calibration struct {
	weighing.Calibration
	ID      int64  // from 1, later ones have higher
	Cell    string // with what its counts depend on
	TakenAt time.Time
	Who     string // took it
}

// ErrNoCalibration tells that a cell has none of this ID.
var ErrNoCalibration = errors.New("no such calibration of this cell; see foodmassd scale calibrate --history")

// KeepCalibration adds c to its cell's history, as the one in force, and returns its ID. also is called before
// it is final: when that fails, nothing is kept. Errors: fault.DiskFull.
func (s *Store) KeepCalibration(ctx context.Context, c Calibration, also func() error) (id int64, err error) {
	points, err := json.Marshal(c.Points)
	if err != nil {
		return 0, fmt.Errorf("keep calibration: %w", err)
	}
	err = s.inTransaction(ctx, "keep calibration", func(tx *sql.Tx) error {
		const insert = `INSERT INTO scale_calibrations (cell, counts_per_gram, zero_counts, points, worst_residual_g, taken_at_ms, who)
			VALUES (?,?,?,?,?,?,?) RETURNING id`
		row := tx.QueryRowContext(ctx, insert, c.Cell, c.CountsPerGram, c.ZeroCounts, string(points), c.WorstG, c.TakenAt.UnixMilli(), c.Who)
		if err := row.Scan(&id); err != nil {
			return err
		}
		if err := putInForce(ctx, tx, c.Cell, id); err != nil {
			return err
		}
		return also()
	})
	return id, err
}

// UseCalibration puts one of a cell's calibrations in force, or with ConfiguredCalibration none of them.
// Errors: ErrNoCalibration, fault.DiskFull.
func (s *Store) UseCalibration(ctx context.Context, cell string, id int64) error {
	return s.inTransaction(ctx, "use calibration", func(tx *sql.Tx) error {
		if id == ConfiguredCalibration {
			_, err := tx.ExecContext(ctx, "DELETE FROM scale_calibration_in_use WHERE cell = ?", cell)
			return err
		}
		var its bool
		err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM scale_calibrations WHERE id = ? AND cell = ?)", id, cell).Scan(&its)
		switch {
		case err != nil:
			return err
		case !its:
			return ErrNoCalibration
		}
		return putInForce(ctx, tx, cell, id)
	})
}

func putInForce(ctx context.Context, tx *sql.Tx, cell string, id int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO scale_calibration_in_use (cell, calibration) VALUES (?,?)
		ON CONFLICT (cell) DO UPDATE SET calibration = excluded.calibration`, cell, id)
	return err
}

const calibrationColumns = "SELECT c.id, c.cell, c.counts_per_gram, c.zero_counts, c.points, c.worst_residual_g, c.taken_at_ms, c.who FROM scale_calibrations c "

// CurrentCalibration returns a cell's calibration in force, nil when the configuration is.
func (s *Store) CurrentCalibration(ctx context.Context, cell string) (*Calibration, error) {
	row := s.read.QueryRowContext(ctx, calibrationColumns+"JOIN scale_calibration_in_use u ON u.calibration = c.id WHERE u.cell = ?", cell)
	c, err := scanCalibration(row)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("load the scale's calibration: %w", err)
	}
	return &c, nil
}

// Calibrations returns all calibrations of a cell, newest first.
func (s *Store) Calibrations(ctx context.Context, cell string) ([]Calibration, error) {
	rows, err := s.read.QueryContext(ctx, calibrationColumns+"WHERE c.cell = ? ORDER BY c.id DESC", cell)
	if err != nil {
		return nil, fmt.Errorf("list calibrations: %w", err)
	}
	defer rows.Close()
	var all []Calibration
	for rows.Next() {
		c, err := scanCalibration(rows)
		if err != nil {
			return nil, fmt.Errorf("list calibrations: %w", err)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list calibrations: %w", err)
	}
	return all, nil
}

func scanCalibration(row interface{ Scan(...any) error }) (c Calibration, err error) {
	var points string
	var takenMS int64
	if err := row.Scan(&c.ID, &c.Cell, &c.CountsPerGram, &c.ZeroCounts, &points, &c.WorstG, &takenMS, &c.Who); err != nil {
		return c, err
	}
	c.TakenAt = time.UnixMilli(takenMS).UTC()
	if err := json.Unmarshal([]byte(points), &c.Points); err != nil {
		return c, fmt.Errorf("points of calibration %d: %w", c.ID, err)
	}
	return c, nil
}

// inTransaction does something wholly or not at all. Once it runs, its commit is not interrupted.
func (s *Store) inTransaction(ctx context.Context, what string, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, diskFull(err))
	}
	defer tx.Rollback()
	err = do(tx)
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, diskFull(err))
	}
	return nil
}
