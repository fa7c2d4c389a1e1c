package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Where a Weighing comes from.
const (
	FromPlate      = "plate"      // a diner's plate on the scale
	FromTechnician = "technician" // foodmassd food
)

// Bounds on what is kept of one food; the oldest goes first.
const (
	WeighingsKept = 200 // of one food in one view
	ExamplesKept  = 50  // of one food
)

// Weighing is one weighed portion of a food.
type Weighing struct {
	Food string
	Top  bool // seen from above
	// EstimatedG is what was estimated, in grams above 0 and without any factor; EstimatedLogSD its uncertainty.
	EstimatedG, EstimatedLogSD float64
	TrueG, TrueSDG             float64 // in grams, TrueG above 0
	Probability                float64 // that it is this food, in [0,1]
	TaskID                     string  // "" when it was no task's photo; a task teaches once
	Source                     string  // FromPlate or FromTechnician
	At                         time.Time
}

// Menu is what a kitchen serves on one day, as keys of foods.
type Menu struct {
	Day  string // local date, 2006-01-02
	Keys []string
}

// Learning is what a kitchen has taught, oldest first.
type Learning struct {
	Weighings []Weighing
	Foods     []TaughtFood
}

// AddWeighing keeps a weighing; added is false when its task has taught before.
func (s *Store) AddWeighing(ctx context.Context, w Weighing) (added bool, err error) {
	err = s.change(ctx, "keep weighing", func(tx *sql.Tx) error {
		seq, err := nextLesson(tx)
		if err != nil {
			return err
		}
		added, err = insertWeighing(tx, seq, w)
		return err
	})
	return added, err
}

// Forgotten counts what was forgotten.
type Forgotten struct{ Weighings, Examples int64 }

// ForgetFood forgets all that was learnt of a food, the food itself when it was taught.
func (s *Store) ForgetFood(ctx context.Context, key string) (f Forgotten, err error) {
	err = s.change(ctx, "forget food", func(tx *sql.Tx) error {
		if f, err = forgetLessons(tx, key, 0); err != nil {
			return err
		}
		_, err := tx.Exec("DELETE FROM taught_foods WHERE key = ?", key)
		return err
	})
	return f, err
}

// ForgetLast forgets what the last photo taught of a food. A taught food goes with its last example.
func (s *Store) ForgetLast(ctx context.Context, key string) (f Forgotten, err error) {
	err = s.change(ctx, "forget the last photo", func(tx *sql.Tx) error {
		var last int64
		const query = `SELECT coalesce(max(seq), 0) FROM
			(SELECT seq FROM weighings WHERE food = ?1 UNION ALL SELECT seq FROM food_examples WHERE food = ?1)`
		if err := tx.QueryRow(query, key).Scan(&last); err != nil {
			return err
		}
		if f, err = forgetLessons(tx, key, last); err != nil {
			return err
		}
		_, err := tx.Exec("DELETE FROM taught_foods WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM food_examples WHERE food = ?1)", key)
		return err
	})
	return f, err
}

// forgetLessons removes a food's weighings and examples from a seq on.
func forgetLessons(tx *sql.Tx, key string, from int64) (f Forgotten, err error) {
	for table, n := range map[string]*int64{"weighings": &f.Weighings, "food_examples": &f.Examples} {
		done, err := tx.Exec("DELETE FROM "+table+" WHERE food = ? AND seq >= ?", key, from)
		if err != nil {
			return f, err
		}
		if *n, err = done.RowsAffected(); err != nil {
			return f, err
		}
	}
	return f, nil
}

// Learning returns all that was taught, as it was at one moment.
func (s *Store) Learning(ctx context.Context) (l Learning, err error) {
	tx, err := s.read.BeginTx(ctx, nil)
	if err == nil {
		defer tx.Rollback()
		if l.Weighings, err = weighings(tx); err == nil {
			l.Foods, err = taughtFoods(tx)
		}
	}
	if err != nil {
		return Learning{}, fmt.Errorf("read what was taught: %w", err)
	}
	return l, nil
}

// ReplaceLearning forgets all that was taught and keeps what is given instead, wholly or not at all.
func (s *Store) ReplaceLearning(ctx context.Context, l Learning) error {
	return s.change(ctx, "replace what was taught", func(tx *sql.Tx) error {
		if _, err := tx.Exec("DELETE FROM weighings; DELETE FROM taught_foods"); err != nil {
			return err
		}
		for _, food := range l.Foods {
			if err := insertTaught(tx, food); err != nil {
				return err
			}
		}
		for _, w := range l.Weighings {
			seq, err := nextLesson(tx)
			if err != nil {
				return err
			}
			if _, err := insertWeighing(tx, seq, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetMenu keeps the menu of a day instead of any other day's; one without keys is none.
func (s *Store) SetMenu(ctx context.Context, m Menu) error {
	return s.change(ctx, "set menu", func(tx *sql.Tx) error {
		if _, err := tx.Exec("DELETE FROM menu"); err != nil {
			return err
		}
		for i, key := range m.Keys {
			if _, err := tx.Exec("INSERT INTO menu (day, rank, food) VALUES (?, ?, ?)", m.Day, i, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Menu returns the menu of a day, without keys when there is none.
func (s *Store) Menu(ctx context.Context, day string) (Menu, error) {
	m := Menu{Day: day}
	rows, err := s.read.QueryContext(ctx, "SELECT food FROM menu WHERE day = ? ORDER BY rank", day)
	if err == nil {
		m.Keys, err = scanAll(rows, func(key *string) error { return rows.Scan(key) })
	}
	if err != nil {
		return m, fmt.Errorf("read menu: %w", err)
	}
	return m, nil
}

// nextLesson is the seq for what the next photo teaches.
func nextLesson(tx *sql.Tx) (seq int64, err error) {
	err = tx.QueryRow(`SELECT 1 + max((SELECT coalesce(max(seq), 0) FROM weighings),
		(SELECT coalesce(max(seq), 0) FROM food_examples))`).Scan(&seq)
	return seq, err
}

func insertWeighing(tx *sql.Tx, seq int64, w Weighing) (added bool, err error) {
	const insert = `INSERT INTO weighings (seq, food, top_view, estimated_g, estimated_log_sd, true_g, true_sd_g, probability,
		task_id, source, at_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (task_id) DO NOTHING`
	done, err := tx.Exec(insert, seq, w.Food, w.Top, w.EstimatedG, w.EstimatedLogSD, w.TrueG, w.TrueSDG, w.Probability,
		sql.NullString{String: w.TaskID, Valid: w.TaskID != ""}, w.Source, w.At.UnixMilli())
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(`DELETE FROM weighings WHERE seq IN
		(SELECT seq FROM weighings WHERE food = ? AND top_view = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)`, w.Food, w.Top, WeighingsKept)
	return true, err
}

func weighings(tx *sql.Tx) ([]Weighing, error) {
	rows, err := tx.Query(`SELECT food, top_view, estimated_g, estimated_log_sd, true_g, true_sd_g, probability,
		coalesce(task_id, ''), source, at_ms FROM weighings ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, func(w *Weighing) error {
		var atMS int64
		err := rows.Scan(&w.Food, &w.Top, &w.EstimatedG, &w.EstimatedLogSD, &w.TrueG, &w.TrueSDG, &w.Probability,
			&w.TaskID, &w.Source, &atMS)
		w.At = time.UnixMilli(atMS).UTC()
		return err
	})
}

// scanAll reads all rows and closes them.
func scanAll[T any](rows *sql.Rows, scan func(*T) error) (all []T, err error) {
	defer rows.Close()
	for rows.Next() {
		var one T
		if err := scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// change does something in a transaction and commits it. Once it runs it is not interrupted, as with exec.
func (s *Store) change(ctx context.Context, what string, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(context.WithoutCancel(ctx), nil)
	if err == nil {
		defer tx.Rollback()
		if err = do(tx); err == nil {
			err = tx.Commit()
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, diskFull(err))
	}
	return nil
}
