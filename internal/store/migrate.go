package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migrations are the files 0001_….sql, 0002_….sql, …; the database's user_version counts how many of
// them it has seen.
var migrations, _ = fs.Sub(embedded, "migrations")

// copiesKept is how many copies of older databases stay.
const copiesKept = 3

// migrate brings the database to the newest schema. Before each step an existing database is copied;
// each step happens wholly or not at all.
func (s *Store) migrate(ctx context.Context, files fs.FS) error {
	names, version, err := s.versions(ctx, files)
	if err != nil {
		return err
	}
	if version > len(names) {
		return s.wrongVersion(version, len(names))
	}
	isNew := version == 0
	for ; version < len(names); version++ {
		script, err := fs.ReadFile(files, names[version])
		if err != nil {
			return fmt.Errorf("read migration: %w", err)
		}
		if !isNew {
			if err := s.copyBefore(ctx, version); err != nil {
				return fmt.Errorf("copy database before %s: %w", names[version], diskFull(err))
			}
		}
		if err := s.step(ctx, string(script), version+1); err != nil {
			return fmt.Errorf("migrate database with %s: %w", names[version], diskFull(err))
		}
		s.log.Info("database migrated", "schema", version+1)
	}
	return nil
}

// requireVersion refuses a database of any other schema than the newest.
func (s *Store) requireVersion(ctx context.Context, files fs.FS) error {
	names, version, err := s.versions(ctx, files)
	if err == nil && version != len(names) {
		err = s.wrongVersion(version, len(names))
	}
	return err
}

func (s *Store) wrongVersion(have, want int) error {
	hint := "restart the daemon with this version to migrate it"
	if have > want {
		hint = "install the newer foodmassd again, or restore a backup made with this one"
	}
	return fmt.Errorf("database %s has schema %d, this foodmassd works with %d: %s", s.path(databaseName), have, want, hint)
}

func (s *Store) versions(ctx context.Context, files fs.FS) (names []string, version int, err error) {
	if names, err = fs.Glob(files, "*.sql"); err != nil {
		return nil, 0, fmt.Errorf("list migrations: %w", err)
	}
	slices.Sort(names)
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return nil, 0, fmt.Errorf("read schema version: %w", err)
	}
	return names, version, nil
}

func (s *Store) step(ctx context.Context, script string, version int) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(version)); err != nil {
		return err
	}
	return tx.Commit()
}

// copyBefore writes foodmassd.db.v<version>.bak and drops the oldest copies.
func (s *Store) copyBefore(ctx context.Context, version int) error {
	target := fmt.Sprintf("%s.v%d.bak", s.path(databaseName), version)
	partial := target + ".partial"
	defer os.Remove(partial)
	if err := s.copyDatabase(ctx, partial); err != nil {
		return err
	}
	if err := os.Rename(partial, target); err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	copies, err := filepath.Glob(s.path(databaseName + ".v*.bak"))
	if err != nil {
		return err
	}
	schema := func(path string) int {
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(path, s.path(databaseName)+".v"), ".bak"))
		return n
	}
	slices.SortFunc(copies, func(a, b string) int { return schema(b) - schema(a) })
	for _, old := range copies[min(copiesKept, len(copies)):] {
		if err := os.Remove(old); err != nil {
			return err
		}
	}
	return nil
}

// copyDatabase writes a consistent copy of the database to a file, replacing it, and syncs it.
func (s *Store) copyDatabase(ctx context.Context, file string) error {
	if err := os.RemoveAll(file); err != nil {
		return err
	}
	// An empty file keeps the mode we give it: SQLite's own would be readable by everybody.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := s.read.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		f.Close()
		return err
	}
	return syncClose(f)
}
