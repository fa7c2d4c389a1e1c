package main

import (
	"context"
	"fmt"
	"os"

	"foodmassd/internal/store"
)

var backupCommand = &command{
	name:    "backup",
	purpose: "copy database and photos into one file, also while the daemon runs",
	usage: "[--config FILE] [--data-dir DIR] FILE\n\nWrites a tar archive with the database and the photos as they are at this moment.\n\n" +
		"Example:\n  foodmassd backup /media/usb/foodmassd.tar",
	run: func(ctx context.Context, c *command, args []string) error {
		f := c.flags()
		s := addSettings(f)
		rest, err := parse(f, args)
		if err != nil {
			return err
		}
		if len(rest) != 1 {
			return c.usageError("name one file to write")
		}
		db, err := s.openStore(ctx)
		if err != nil {
			return err
		}
		defer db.Close()
		if err := db.Backup(ctx, rest[0]); err != nil {
			return err
		}
		info, err := os.Stat(rest[0])
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d bytes\n", rest[0], info.Size())
		return nil
	},
}

// openStore opens the data directory beside a daemon that may be running.
func (s *settings) openStore(ctx context.Context) (*store.Store, error) {
	conf, err := s.load()
	if err != nil {
		return nil, err
	}
	return store.OpenBeside(ctx, store.Options{Dir: conf.Storage.DataDir, Logger: s.quiet(conf)})
}
