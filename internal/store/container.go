package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"foodmassd/internal/weighing"
)

// ErrNoContainer tells that no container has this name.
var ErrNoContainer = errors.New("no container has this name; see foodmassd scale container list")

// SaveContainer keeps a container, in place of one of the same name. Errors: fault.DiskFull.
func (s *Store) SaveContainer(ctx context.Context, c weighing.Container) error {
	if err := c.Check(); err != nil {
		return err
	}
	return s.inTransaction(ctx, "save container", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO scale_containers (name, mass_g, sd_g) VALUES (?,?,?)
			ON CONFLICT (name) DO UPDATE SET mass_g = excluded.mass_g, sd_g = excluded.sd_g`, c.Name, c.MassG, c.SDG)
		return err
	})
}

// UseContainer says which container food comes in from now on; weighing.NoContainer: in none. Errors:
// ErrNoContainer, fault.DiskFull.
func (s *Store) UseContainer(ctx context.Context, name string) error {
	return s.inTransaction(ctx, "use container", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE scale_containers SET in_use = 0 WHERE in_use = 1"); err != nil || name == weighing.NoContainer {
			return err
		}
		return changeContainer(ctx, tx, "UPDATE scale_containers SET in_use = 1 WHERE name = ?", name)
	})
}

// RemoveContainer forgets a container; was it in use, none is then. Errors: ErrNoContainer, fault.DiskFull.
func (s *Store) RemoveContainer(ctx context.Context, name string) error {
	return s.inTransaction(ctx, "remove container", func(tx *sql.Tx) error {
		return changeContainer(ctx, tx, "DELETE FROM scale_containers WHERE name = ?", name)
	})
}

func changeContainer(ctx context.Context, tx *sql.Tx, query, name string) error {
	done, err := tx.ExecContext(ctx, query, name)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrNoContainer, err)
	}
	return nil
}

// Containers returns all containers by name, and the name of the one in use, "" when none is.
func (s *Store) Containers(ctx context.Context) (all []weighing.Container, inUse string, err error) {
	rows, err := s.read.QueryContext(ctx, "SELECT name, mass_g, sd_g, in_use FROM scale_containers ORDER BY name")
	if err != nil {
		return nil, "", fmt.Errorf("list containers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c weighing.Container
		var used bool
		if err := rows.Scan(&c.Name, &c.MassG, &c.SDG, &used); err != nil {
			return nil, "", fmt.Errorf("list containers: %w", err)
		}
		if used {
			inUse = c.Name
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("list containers: %w", err)
	}
	return all, inUse, nil
}
