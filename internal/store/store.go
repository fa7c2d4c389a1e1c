// Package store remembers tasks and their images through power cuts: rows in one SQLite database,
// images as files beside it. In the same database it keeps what a kitchen has taught of its foods. It is
// the only room that knows SQL. In come tasks, lessons and image bytes, out come tasks with the path of
// their image; a full disk comes out as fault.DiskFull, an unknown id as fault.TaskNotFound.
//
// A data directory holds
//
//	foodmassd.db           the database (WAL, synchronous=FULL), with its -wal and -shm: tasks, the
//	                       scale's calibrations and containers
//	foodmassd.db.vN.bak    copies made before a migration away from schema N
//	images/ab/<id>.jpg     stored images, by the first two digits of the id
//	images/incoming/       images being received
//	camera.json            the fixed camera's calibration, if there is one
//	scale-zero.json        what the scale reads under an empty tray, once it was told to zero
//	lock                   held by the one daemon that works here
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3" // the driver "sqlite3", too

	"foodmassd/internal/task"
)

const databaseName = "foodmassd.db"

// Options say where and how to open a Store.
type Options struct {
	// Dir is the data directory; Open makes it when absent, readable by its owner only.
	Dir string
	// MinFreeBytes stay free on the data disk for results and the system: NewDraft refuses below.
	MinFreeBytes int64
	// Logger is slog.Default() when nil.
	Logger *slog.Logger
}

// Store is an open data directory. Its methods may be called from any goroutine.
type Store struct {
	dir     string // absolute
	minFree int64
	log     *slog.Logger
	write   *sql.DB // one connection
	read    *sql.DB
	lock    *os.File // nil beside a daemon

	foldersMu sync.Mutex
	folders   map[string]bool // known to be on stable storage
}

var _ task.Store = (*Store)(nil)

// Open opens a data directory for the daemon: it locks it against a second daemon, migrates the
// database, checks it, and removes image files that no task owns.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := newStore(o)
	if err != nil {
		return nil, err
	}
	if err := s.makeDirs(); err != nil {
		return nil, fmt.Errorf("make data directory: %w", diskFull(err))
	}
	if s.lock, err = lockDir(s.dir); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	// SQLite would make its file readable by everybody; -wal and -shm follow its mode.
	db, err := os.OpenFile(s.path(databaseName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", diskFull(err))
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	if err := s.migrate(ctx, migrations); err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil { // the database file's own name
		return fmt.Errorf("open data directory: %w", err)
	}
	return s.removeOrphans(ctx)
}

// OpenBeside opens a data directory for a command that runs beside the daemon, or without one. It
// neither locks, migrates nor cleans up, and fails where no daemon of this version has been.
func OpenBeside(ctx context.Context, o Options) (*Store, error) {
	s, err := newStore(o)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.path(databaseName)); err != nil {
		return nil, fmt.Errorf("no tasks in %s (start the daemon once, or name its --data-dir): %w", s.dir, err)
	}
	if err := s.connect(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.requireVersion(ctx, migrations); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func newStore(o Options) (*Store, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Store{dir: dir, minFree: o.MinFreeBytes, log: o.Logger, folders: make(map[string]bool)}, nil
}

// connect opens one connection that writes and a few that only read; WAL lets them pass each other.
func (s *Store) connect(ctx context.Context) (err error) {
	if s.write, err = sql.Open("sqlite3", s.dsn()); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.write.SetMaxOpenConns(1)
	if err := s.write.PingContext(ctx); corrupt(err) {
		return s.damaged(err.Error())
	} else if err != nil {
		return fmt.Errorf("open database %s: %w", s.path(databaseName), diskFull(err))
	}
	if s.read, err = sql.Open("sqlite3", s.dsn()); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.read.SetMaxOpenConns(4)
	return nil
}

func (s *Store) dsn() string {
	return dsn(s.path(databaseName),
		"mode=rw&_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=1&_txlock=immediate")
}

// dsn names a database file, whatever characters its path has.
func dsn(path, query string) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: query}
	return u.String()
}

// checkBudget bounds check: years of results on a memory card would take minutes to read.
const checkBudget = 300 * time.Millisecond

// check refuses a damaged database before anything is built on it, as far as it gets in its budget.
func (s *Store) check(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, checkBudget)
	defer cancel()
	var verdict string
	err := s.write.QueryRowContext(bounded, "PRAGMA quick_check(1)").Scan(&verdict)
	switch {
	case bounded.Err() != nil && ctx.Err() == nil:
		return nil // nothing found in the part that was read
	case err != nil:
		verdict = err.Error()
	case verdict == "ok":
		return nil
	}
	return s.damaged(verdict)
}

func (s *Store) damaged(verdict string) error {
	return fmt.Errorf("database %s is damaged (%s); move the data directory away and restore a backup", s.path(databaseName), verdict)
}

// corrupt tells whether SQLite found its file damaged.
func corrupt(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB)
}

// Close closes the database and gives up the directory.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

func (s *Store) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

func (s *Store) images(elem ...string) string { return s.path(append([]string{"images"}, elem...)...) }
