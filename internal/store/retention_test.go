package store

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"foodmassd/internal/task"
)

const day = 24 * time.Hour

// shelf is a store whose tasks were created some days ago, one each, in order of acceptance.
func shelf(t *testing.T, now time.Time, daysAgo ...float64) (*Store, []task.Task) {
	t.Helper()
	s := mustOpen(t, t.TempDir())
	var tasks []task.Task
	for _, ago := range daysAgo {
		created := now.Add(-time.Duration(ago * float64(day)))
		tasks = append(tasks, mustFinish(t, s, mustAccept(t, s, created, "ten bytes.")))
	}
	return s, tasks
}

// left tells which tasks are there, and which of those have their image.
func left(t *testing.T, s *Store, tasks []task.Task) (rows, images []int) {
	t.Helper()
	for i, x := range tasks {
		got, err := s.Load(t.Context(), x.ID)
		if err == nil {
			rows = append(rows, i)
		}
		_, onDisk := os.Stat(x.ImagePath)
		if (err == nil && got.ImagePath != "") != (onDisk == nil) {
			t.Errorf("task %d: row names image %q, file: %v", i, got.ImagePath, onDisk)
		}
		if onDisk == nil {
			images = append(images, i)
		}
	}
	return rows, images
}

func TestRetentionRemovesTheOldestImagesFirstAndTasksLater(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		daysAgo      []float64
		policy       Policy
		rows, images []int
	}{
		"no limits":             {[]float64{900, 5, 1}, Policy{}, []int{0, 1, 2}, []int{0, 1, 2}},
		"images by age":         {[]float64{12, 10, 6, 1}, Policy{ImagesMaxAge: 7 * day}, []int{0, 1, 2, 3}, []int{2, 3}},
		"images by bytes":       {[]float64{4, 3, 2, 1}, Policy{ImagesMaxBytes: 25}, []int{0, 1, 2, 3}, []int{2, 3}},
		"bytes after age":       {[]float64{9, 3, 2, 1}, Policy{ImagesMaxAge: 7 * day, ImagesMaxBytes: 30}, []int{0, 1, 2, 3}, []int{1, 2, 3}},
		"tasks by age":          {[]float64{14, 10, 6, 1}, Policy{ImagesMaxAge: 2 * day, ResultsMaxAge: 12 * day}, []int{1, 2, 3}, []int{3}},
		"tasks before images":   {[]float64{9, 1}, Policy{ResultsMaxAge: 7 * day}, []int{1}, []int{1}},
		"idle since long":       {[]float64{60, 59}, Policy{ImagesMaxAge: 6 * day}, []int{0, 1}, nil},
		"one from 1970":         {[]float64{3, 20000, 2, 1}, Policy{ImagesMaxAge: 12 * day, ResultsMaxAge: 12 * day}, []int{0, 1, 2, 3}, []int{0, 1, 2, 3}},
		"one from the future":   {[]float64{3, -4000, 2, 1}, Policy{ImagesMaxAge: 12 * day, ResultsMaxAge: 12 * day}, []int{0, 1, 2, 3}, []int{0, 1, 2, 3}},
		"old ones still go":     {[]float64{40, 35, 30, 25, 20, 20000, 2, 1}, Policy{ResultsMaxAge: 22 * day}, []int{2, 3, 4, 5, 6, 7}, []int{2, 3, 4, 5, 6, 7}},
		"clock now in 1970":     {[]float64{-20000, -20001}, Policy{ImagesMaxAge: day, ResultsMaxAge: day}, []int{0, 1}, []int{0, 1}},
		"clock now far too far": {[]float64{20002, 20001, 20000}, Policy{ImagesMaxAge: 30 * day, ResultsMaxAge: 30 * day}, []int{0, 1, 2}, []int{0, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			s, tasks := shelf(t, now, c.daysAgo...)
			removed, err := s.Retain(t.Context(), c.policy, now)
			if err != nil {
				t.Fatal(err)
			}
			rows, images := left(t, s, tasks)
			if !slices.Equal(rows, c.rows) || !slices.Equal(images, c.images) {
				t.Errorf("left rows %v images %v, want %v and %v", rows, images, c.rows, c.images)
			}
			want := Removed{Tasks: len(tasks) - len(c.rows), Images: len(tasks) - len(c.images)}
			want.ImageBytes = int64(10 * want.Images)
			if removed != want {
				t.Errorf("removed %+v, want %+v", removed, want)
			}
		})
	}
}

func TestOpenTasksAreNeverRemoved(t *testing.T) {
	now := time.Now()
	s := mustOpen(t, t.TempDir())
	var tasks []task.Task
	for range 3 {
		tasks = append(tasks, mustAccept(t, s, now.Add(-6*day), "ten bytes."))
	}
	if err := s.Begin(t.Context(), tasks[1].ID, 1); err != nil {
		t.Fatal(err)
	}
	mustFinish(t, s, tasks[2])
	if _, err := s.Retain(t.Context(), Policy{day, 1, day}, now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PurgeEnded(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if rows, images := left(t, s, tasks); !slices.Equal(rows, []int{0, 1}) || !slices.Equal(images, []int{0, 1}) {
		t.Errorf("left rows %v images %v", rows, images)
	}
}

func TestPurgeRemovesEndedTasksCreatedBefore(t *testing.T) {
	now := time.Now()
	s, tasks := shelf(t, now, 20, 10, 1)
	removed, err := s.PurgeEnded(t.Context(), now.Add(-5*day))
	if err != nil || removed != (Removed{Tasks: 2, Images: 2, ImageBytes: 20}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if rows, images := left(t, s, tasks); !slices.Equal(rows, []int{2}) || !slices.Equal(images, []int{2}) {
		t.Errorf("left rows %v images %v", rows, images)
	}
	if u, err := s.Usage(t.Context()); err != nil || u.Images != 1 || u.ImageBytes != 10 || u.FreeBytes <= 0 {
		t.Errorf("usage %+v, %v", u, err)
	}
}

func TestRetentionStopsWhenAskedAndGoesOnLater(t *testing.T) {
	now := time.Now()
	s, _ := shelf(t, now, make([]float64, 3*batch/2)...)
	policy := Policy{ImagesMaxBytes: 1}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if removed, err := s.Retain(ended, policy, now); !errors.Is(err, context.Canceled) || removed.Images != 0 {
		t.Errorf("cancelled: %+v, %v", removed, err)
	}
	if removed, err := s.Retain(t.Context(), policy, now); err != nil || removed.Images != 3*batch/2 {
		t.Errorf("removed %+v, %v", removed, err)
	}
}
