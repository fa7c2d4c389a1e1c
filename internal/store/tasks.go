package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

// Accept implements task.Store. The row comes last: a crash before it leaves an orphan file that the
// next start removes, a crash after it the whole task.
func (s *Store) Accept(ctx context.Context, t *task.Task, d task.Draft, extension string) error {
	received, ok := d.(*draft)
	if !ok || received.file == nil {
		return errors.New("accept task: the draft is not open")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("accept task: %w", err)
	}
	image, err := s.keepImage(received, t.ID, extension)
	if err != nil {
		return fmt.Errorf("store image: %w", diskFull(err))
	}
	const insert = `INSERT INTO tasks (id, filename, image, image_bytes, coin_diameter_mm, fixed_camera, scale_g,
		scale_sd_g, scale_missing, status, progress, message, attempts, error_code, error, created_at_ms, updated_at_ms)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	scaleSD := sql.NullFloat64{Float64: t.ScaleSDG, Valid: t.ScaleG != nil}
	err = s.exec(ctx, "accept task", insert, t.ID, t.Filename, image, received.bytes, t.CoinDiameterMM, t.FixedCamera,
		t.ScaleG, scaleSD, t.ScaleMissing, string(t.Status), t.Progress, t.Message, t.Attempts, string(t.ErrorCode), t.Error,
		t.CreatedAt.UnixMilli(), t.UpdatedAt.UnixMilli())
	if err != nil {
		s.removeImage(image)
		return err
	}
	t.ImagePath = s.images(image)
	return nil
}

// Begin implements task.Store.
func (s *Store) Begin(ctx context.Context, id string, attempts int) error {
	return s.setOpen(ctx, "begin task", id, task.Processing, attempts)
}

// Reopen implements task.Store.
func (s *Store) Reopen(ctx context.Context, id string, attempts int) error {
	return s.setOpen(ctx, "reopen task", id, task.Pending, attempts)
}

func (s *Store) setOpen(ctx context.Context, what, id string, status task.Status, attempts int) error {
	return s.exec(ctx, what, "UPDATE tasks SET status = ?, attempts = ?, updated_at_ms = ? WHERE id = ?",
		string(status), attempts, time.Now().UnixMilli(), id)
}

// Finish implements task.Store.
func (s *Store) Finish(ctx context.Context, t task.Task) error {
	const update = `UPDATE tasks SET status = ?, progress = ?, message = ?, attempts = ?, result = ?,
		error_code = ?, error = ?, updated_at_ms = ? WHERE id = ?`
	return s.exec(ctx, "finish task", update, string(t.Status), t.Progress, t.Message, t.Attempts,
		[]byte(t.Result), string(t.ErrorCode), t.Error, t.UpdatedAt.UnixMilli(), t.ID)
}

// exec changes exactly one row and commits. Once it runs it is not interrupted: the caller must
// never take a stored change for a failed one.
func (s *Store) exec(ctx context.Context, what, query string, args ...any) error {
	done, err := s.write.ExecContext(context.WithoutCancel(ctx), query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, diskFull(err))
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return fault.New(fault.TaskNotFound, what, err)
	}
	return nil
}

// columns are what scanTask reads, less the result.
const columns = `id, filename, image, coin_diameter_mm, fixed_camera, scale_g, scale_sd_g, scale_missing, status, progress,
	message, attempts, error_code, error, created_at_ms, updated_at_ms`

// Load implements task.Store.
func (s *Store) Load(ctx context.Context, id string) (task.Task, error) {
	t, err := s.scanTask(s.read.QueryRowContext(ctx, "SELECT "+columns+", result FROM tasks WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return t, fault.New(fault.TaskNotFound, "load task "+id, nil)
	}
	if err != nil {
		return t, fmt.Errorf("load task %s: %w", id, err)
	}
	return t, nil
}

// Open implements task.Store.
func (s *Store) Open(ctx context.Context) ([]task.Task, error) {
	tasks, err := s.query(ctx, "WHERE status IN ('pending', 'processing') ORDER BY seq")
	for i, t := range tasks {
		if _, err := os.Stat(t.ImagePath); err != nil {
			s.log.Error("image of an open task is gone", "task", t.ID, "error", err)
			tasks[i].ImagePath = ""
		}
	}
	return tasks, err
}

// Filter chooses tasks for List; the zero Filter chooses all.
type Filter struct {
	Status task.Status // "" for any
}

// List returns the newest tasks, newest first and without their results, at most limit of them.
func (s *Store) List(ctx context.Context, f Filter, limit int) ([]task.Task, error) {
	return s.query(ctx, "WHERE ? IN ('', status) ORDER BY seq DESC LIMIT ?", string(f.Status), limit)
}

// query returns tasks without their results.
func (s *Store) query(ctx context.Context, where string, args ...any) ([]task.Task, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+columns+", NULL FROM tasks "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	defer rows.Close()
	var tasks []task.Task
	for rows.Next() {
		t, err := s.scanTask(rows)
		if err != nil {
			return nil, fmt.Errorf("list tasks: %w", err)
		}
		tasks = append(tasks, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	return tasks, nil
}

func (s *Store) scanTask(row interface{ Scan(...any) error }) (t task.Task, err error) {
	var image string
	var result []byte
	var scaleSD sql.NullFloat64
	var createdMS, updatedMS int64
	err = row.Scan(&t.ID, &t.Filename, &image, &t.CoinDiameterMM, &t.FixedCamera, &t.ScaleG, &scaleSD, &t.ScaleMissing,
		&t.Status, &t.Progress, &t.Message, &t.Attempts, &t.ErrorCode, &t.Error, &createdMS, &updatedMS, &result)
	if err != nil {
		return t, err
	}
	if image != "" {
		t.ImagePath = s.images(image)
	}
	t.Result, t.ScaleSDG = result, scaleSD.Float64
	t.CreatedAt = time.UnixMilli(createdMS).UTC()
	t.UpdatedAt = time.UnixMilli(updatedMS).UTC()
	return t, nil
}
