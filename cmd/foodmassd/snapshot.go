package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"foodmassd/internal/api"
)

// runSnapshot takes a photo with the running daemon's camera, or with the configured one where no daemon
// has a camera, and writes it to a file, "-" for standard output.
func runSnapshot(ctx context.Context, s *settings, file string) error {
	conf, err := s.load()
	if err != nil {
		return err
	}
	photo, err := s.newAdminClient(conf.Storage.DataDir).fetch(ctx, api.CameraRoute)
	if errors.Is(err, errNoDaemon) || errors.Is(err, api.ErrNotConfigured) {
		cam := newCamera(conf.Camera)
		if cam == nil {
			return errors.New("no camera is configured; set camera.source in the configuration")
		}
		photo, err = cam.Snapshot(ctx)
		err = errors.Join(err, cam.Close())
	}
	if err != nil {
		return err
	}
	if file == "-" {
		_, err = os.Stdout.Write(photo)
		return err
	}
	if err := os.WriteFile(file, photo, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d kB\n", file, (len(photo)+1023)/1024)
	return nil
}
