package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"foodmassd/internal/api"
	"foodmassd/internal/config"
	"foodmassd/internal/health"
	"foodmassd/internal/store"
	"foodmassd/internal/task"
	"foodmassd/web"
)

var serveCommand = &command{
	name:    "serve",
	purpose: "run the daemon",
	usage: `[--config FILE] [--listen ADDR] [--data-dir DIR] [--scale SOURCE]

Serves the page, the API and the WebSockets until SIGTERM or SIGINT; then finishes the photo at work
and keeps what waits for the next start.

Example:
  foodmassd serve --listen 127.0.0.1:8000 --data-dir /tmp/foodmassd --scale simulated`,
	run: runServe,
}

const (
	drainTime     = 20 * time.Second // for the photo at work when shutting down
	farewellTime  = 3 * time.Second  // for responses and WebSockets to be closed in order
	retentionTick = 10 * time.Minute
)

func runServe(ctx context.Context, c *command, args []string) error {
	f := c.flags()
	s := addSettings(f)
	listen := f.String("listen", "", "`ADDR`ess to listen on, host:port or :port, instead of server.listen")
	scale := f.String("scale", "", "none, simulated, hx711, nau7802 or trace, instead of scale.source")
	if err := c.parseOptions(f, args); err != nil {
		return err
	}
	conf, err := s.load()
	if err != nil {
		return err
	}
	for path, value := range map[string]string{"server.listen": *listen, "scale.source": *scale} {
		if value == "" {
			continue
		}
		if err := conf.Set(path, value); err != nil {
			return err
		}
	}
	d := &appliance{conf: conf, log: newLogger(conf.Log.Level), metrics: health.NewMetrics(version)}
	return d.serve(ctx)
}

// appliance is the daemon: the rooms, and what closes them in the reverse order of their opening.
type appliance struct {
	conf    config.Config
	log     *slog.Logger
	health  health.Registry
	metrics *health.Metrics
	db      *store.Store // open while it serves
	foods   *foodDesk
	closers []func(context.Context) error
}

func (a *appliance) serve(ctx context.Context) (err error) {
	start := time.Now()
	defer func() { err = errors.Join(err, a.close()) }()
	// The port comes first: a second daemon is told so before it touches anything.
	listener, err := net.Listen("tcp", a.conf.Server.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; is another foodmassd running?", a.conf.Server.Listen, err)
	}
	a.onClose(func(context.Context) error { return ignoreClosed(listener.Close()) })
	tasks, err := a.openTasks(ctx)
	if err != nil {
		return err
	}
	scale, cam := a.openScale(ctx), a.openCamera()
	a.openAdmin(scale, cam)
	counter, err := a.openCounter(tasks, scale, cam)
	if err != nil {
		return err
	}
	wire := &api.Server{
		Tasks: tasks, Counter: counter, Limits: photoLimits(a.conf), AllowedOrigins: a.conf.Server.AllowedOrigins, Logger: a.log,
		Health: a.health.Healthz(), Ready: a.health.Readyz(), Metrics: a.metrics.Handler(), Web: web.Files(),
	}
	if desk, ok := scale.(*scaleDesk); ok {
		wire.Scale = desk
	}
	if err := wire.Initialize(); err != nil {
		return err
	}
	server := api.NewHTTPServer(wire.Handler(), a.log)
	a.onClose(server.Shutdown)
	a.onClose(wire.Close)
	// Last to open, first to close: what is at work ends while its watchers are still connected.
	a.onClose(func(context.Context) error {
		drain, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		return tasks.Close(drain)
	})
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	a.health.SetReady(true)
	a.log.Info("ready", "listen", listener.Addr().String(), "data_dir", a.conf.Storage.DataDir,
		"scale", a.conf.Scale.Source, "camera", a.conf.Camera.Source, "version", version, "start_ms", time.Since(start).Milliseconds())
	a.notify(daemon.SdNotifyReady)
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		a.log.Info("shutting down", "drain_s", drainTime.Seconds())
		a.notify(daemon.SdNotifyStopping)
		a.health.SetReady(false)
		return nil
	}
}

func (a *appliance) openTasks(ctx context.Context) (*task.Manager, error) {
	db, err := store.Open(ctx, store.Options{Dir: a.conf.Storage.DataDir, MinFreeBytes: a.conf.Storage.MinFreeBytes, Logger: a.log})
	if err != nil {
		return nil, err
	}
	a.db = db
	a.onClose(func(context.Context) error { return db.Close() })
	verifier, err := newVerifier(a.conf, a.log)
	if err != nil {
		return nil, err
	}
	eye, err := newEye(ctx, a.conf, a.log)
	if err != nil {
		return nil, err
	}
	a.onClose(func(context.Context) error { return eye.Close() })
	estimator, err := newEstimator(a.conf, eye, a.log)
	if err != nil {
		return nil, err
	}
	if verifier != nil {
		a.onClose(func(context.Context) error { return verifier.Close() })
		estimator.Verifier = verifier
		a.watchVerifier(verifier)
	}
	a.openFoods(ctx, db, estimator, eye)
	tasks := &task.Manager{
		Store: db, Runner: runner{estimator, a.metrics.Stage, a.foods.plate}, Capacity: a.conf.Limits.Queue,
		MaxAttempts: a.conf.Task.Attempts, Deadline: a.conf.Task.Deadline, Logger: a.log,
	}
	if err := tasks.Initialize(ctx); err != nil {
		return nil, err
	}
	a.watchStore(db)
	a.watchEye(eye)
	a.watchTasks(tasks)
	a.background(func(ctx context.Context) { every(ctx, retentionTick, func() { a.retain(ctx, db) }) })
	return tasks, nil
}

func (a *appliance) retain(ctx context.Context, db *store.Store) {
	s := a.conf.Storage
	removed, err := db.Retain(ctx, store.Policy{ImagesMaxAge: s.ImagesMaxAge, ImagesMaxBytes: s.ImagesMaxBytes, ResultsMaxAge: s.ResultsMaxAge}, time.Now())
	if err != nil && ctx.Err() == nil {
		a.log.Warn("retention failed; it is tried again", "err", err)
	}
	if removed.Images > 0 || removed.Tasks > 0 {
		a.log.Info("retention removed old photos", "photos", removed.Images, "bytes", removed.ImageBytes, "tasks", removed.Tasks)
	}
}

func (a *appliance) onClose(f func(context.Context) error) { a.closers = append(a.closers, f) }

// background runs f until the appliance closes, before what was opened earlier does.
func (a *appliance) background(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	a.onClose(func(context.Context) error { cancel(); <-done; return nil })
}

func (a *appliance) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime+farewellTime)
	defer cancel()
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i](ctx))
	}
	err := errors.Join(errs...)
	a.log.Info("stopped")
	return err
}

// notify tells systemd; without systemd it does nothing.
func (a *appliance) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		a.log.Warn("cannot notify systemd", "socket", os.Getenv("NOTIFY_SOCKET"), "err", err)
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
