package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/task"
)

// Removed counts what Retain or a purge took away: tasks, and images with or without their tasks.
type Removed struct {
	Tasks, Images int
	ImageBytes    int64
}

// Purge removes one task that has ended, with its image. Errors: fault.TaskNotFound.
func (s *Store) Purge(ctx context.Context, id string) (total Removed, err error) {
	t, err := s.Load(ctx, id)
	if err != nil {
		return total, err
	}
	if !t.Status.Terminal() {
		return total, fmt.Errorf("task %s is %s; wait until it has ended", id, t.Status)
	}
	err = s.remove(ctx, &total, forgetTask, math.MaxInt64, "id = ?", id)
	return total, err
}

// PurgeEnded removes all ended tasks that were created before a time, with their images; open tasks
// stay.
func (s *Store) PurgeEnded(ctx context.Context, createdBefore time.Time) (total Removed, err error) {
	err = s.remove(ctx, &total, forgetTask, math.MaxInt64, "created_at_ms < ?", createdBefore.UnixMilli())
	return total, err
}

// The two ways to remove; both take a seq.
const (
	forgetImage = "UPDATE tasks SET image = '' WHERE seq = ?"
	forgetTask  = "DELETE FROM tasks WHERE seq = ?"
)

// batch is how many tasks one transaction removes, so that an upload never waits for long.
const batch = 50

// remove applies forget to the ended tasks that where chooses, oldest first, until none is left or
// images of needBytes are gone, and adds what went to total.
func (s *Store) remove(ctx context.Context, total *Removed, forget string, needBytes int64, where string, args ...any) error {
	for needBytes > 0 {
		victims, err := s.choose(ctx, needBytes, where, args)
		if err == nil && len(victims) > 0 {
			err = s.forget(ctx, forget, victims)
		}
		if err != nil {
			return fmt.Errorf("remove tasks: %w", err)
		}
		if len(victims) == 0 {
			return nil
		}
		for _, v := range victims {
			if v.image != "" {
				total.Images++
				total.ImageBytes += v.bytes
				needBytes -= v.bytes
			}
			if forget == forgetTask {
				total.Tasks++
			}
		}
	}
	return nil
}

// victim is a row about to lose its image or to go.
type victim struct {
	seq, bytes int64
	image      string
}

// choose returns the oldest ended tasks that fit where: a batch, or fewer when those give needBytes.
func (s *Store) choose(ctx context.Context, needBytes int64, where string, args []any) ([]victim, error) {
	query := fmt.Sprintf("SELECT seq, image, image_bytes FROM tasks WHERE status IN ('%s', '%s') AND %s ORDER BY seq LIMIT %d",
		task.Completed, task.Failed, where, batch)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var victims []victim
	for needBytes > 0 && rows.Next() {
		var v victim
		if err := rows.Scan(&v.seq, &v.image, &v.bytes); err != nil {
			return nil, err
		}
		victims = append(victims, v)
		needBytes -= v.bytes
	}
	return victims, rows.Err()
}

// forget changes the rows, then removes the files: a crash between leaves orphans for the next start,
// never a row without its image. Only on a full disk, where no row can be changed before something
// goes, the files go first.
func (s *Store) forget(ctx context.Context, statement string, victims []victim) error {
	err := s.forgetRows(ctx, statement, victims)
	full := fault.CodeOf(err) == fault.DiskFull
	if err == nil || full {
		for _, v := range victims {
			s.removeImage(v.image)
		}
	}
	if full {
		err = s.forgetRows(ctx, statement, victims)
	}
	return err
}

func (s *Store) forgetRows(ctx context.Context, statement string, victims []victim) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return diskFull(err)
	}
	defer tx.Rollback()
	for _, v := range victims {
		if _, err := tx.ExecContext(ctx, statement, v.seq); err != nil {
			return diskFull(err)
		}
	}
	return diskFull(tx.Commit())
}
