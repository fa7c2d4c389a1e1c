package store

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Policy says how long things stay; a zero field sets no limit. Open tasks always stay whole.
type Policy struct {
	ImagesMaxAge   time.Duration
	ImagesMaxBytes int64 // of all stored images together
	ResultsMaxAge  time.Duration
}

// longestGap is the most time that two neighbouring tasks are believed to lie apart.
const longestGap = 7 * 24 * time.Hour

// Retain removes the images of the oldest ended tasks while they are too old or too many bytes, and
// later the tasks themselves. It works in small steps beside uploads and may be stopped by ctx at any
// of them; what it returns is what it removed so far.
func (s *Store) Retain(ctx context.Context, p Policy, now time.Time) (total Removed, err error) {
	lastImage, err := s.olderThan(ctx, p.ImagesMaxAge, now)
	if err != nil {
		return total, err
	}
	lastTask, err := s.olderThan(ctx, p.ResultsMaxAge, now)
	if err != nil {
		return total, err
	}
	if err := s.remove(ctx, &total, forgetImage, math.MaxInt64, "image <> '' AND seq <= ?", lastImage); err != nil {
		return total, err
	}
	if p.ImagesMaxBytes > 0 {
		u, err := s.Usage(ctx)
		if err != nil {
			return total, err
		}
		if err := s.remove(ctx, &total, forgetImage, u.ImageBytes-p.ImagesMaxBytes, "image <> ''"); err != nil {
			return total, err
		}
	}
	err = s.remove(ctx, &total, forgetTask, math.MaxInt64, "seq <= ?", lastTask)
	return total, err
}

// olderThan returns the seq up to which tasks are older than age, 0 when age sets no limit or none is.
//
// A clock that steps must not cost anybody's results: without a network an appliance may believe it
// is 1970, or 2038. So a task's age is the sum of the gaps between all tasks after it, and from the
// newest to now, each taken as no less than nothing and no more than longestGap. A wrong step makes
// everything older by one longestGap at most; a real pause that is longer delays removal.
func (s *Store) olderThan(ctx context.Context, age time.Duration, now time.Time) (seq int64, err error) {
	if age <= 0 {
		return 0, nil
	}
	rows, err := s.read.QueryContext(ctx, "SELECT seq, created_at_ms FROM tasks INDEXED BY tasks_age ORDER BY seq DESC")
	if err != nil {
		return 0, fmt.Errorf("find old tasks: %w", err)
	}
	defer rows.Close()
	var sum time.Duration
	for later := now.UnixMilli(); rows.Next(); {
		var createdMS int64
		if err := rows.Scan(&seq, &createdMS); err != nil {
			return 0, fmt.Errorf("find old tasks: %w", err)
		}
		gapMS := min(max(0, later-createdMS), longestGap.Milliseconds())
		if sum += time.Duration(gapMS) * time.Millisecond; sum > age {
			return seq, nil
		}
		later = createdMS
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("find old tasks: %w", err)
	}
	return 0, nil
}

// Usage is what the stored images take, and what the disk has left, in bytes.
type Usage struct {
	Images                int
	ImageBytes, FreeBytes int64
}

// Usage measures the data directory; it is cheap enough for every scrape of the metrics.
func (s *Store) Usage(ctx context.Context) (u Usage, err error) {
	const query = "SELECT COUNT(*), COALESCE(SUM(image_bytes), 0) FROM tasks INDEXED BY tasks_with_image WHERE image <> ''"
	if err := s.read.QueryRowContext(ctx, query).Scan(&u.Images, &u.ImageBytes); err != nil {
		return u, fmt.Errorf("measure images: %w", err)
	}
	u.FreeBytes, err = s.FreeBytes()
	return u, err
}
