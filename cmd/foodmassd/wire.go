package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"foodmassd/internal/catalog"
	"foodmassd/internal/config"
	"foodmassd/internal/estimate"
	"foodmassd/internal/geometry"
	"foodmassd/internal/mass"
	"foodmassd/internal/photo"
	"foodmassd/internal/store"
	"foodmassd/internal/task"
	"foodmassd/internal/vision"
	"foodmassd/internal/vision/opencv"
	"foodmassd/internal/vision/worker"
	"foodmassd/models"
)

// workerName is the hidden subcommand under which this binary runs again as the vision worker.
const workerName = "vision-worker"

var workerCommand = &command{
	name: workerName,
	run: func(_ context.Context, c *command, args []string) error {
		f := c.flags()
		dir := f.String("models-dir", "", "")
		threads := f.Int("threads", 1, "")
		if _, err := parse(f, args); err != nil {
			return err
		}
		return worker.Run(func() (vision.Seer, error) {
			set, err := models.Open(*dir)
			if err != nil {
				return nil, err
			}
			return opencv.New(opencv.Options{Models: set, Threads: *threads})
		})
	},
}

// newEye starts the vision worker.
func newEye(ctx context.Context, conf config.Config, log *slog.Logger) (*worker.Supervisor, error) {
	command := []string{"/proc/self/exe", workerName, "--models-dir", conf.Vision.ModelsDir, "--threads", fmt.Sprint(conf.Vision.Threads)}
	eye := &worker.Supervisor{
		Command:          command,
		MemoryLimitBytes: conf.Vision.MemoryLimitBytes,
		Logger:           log,
	}
	if err := eye.Initialize(ctx); err != nil {
		return nil, fmt.Errorf("vision worker: %w", err)
	}
	return eye, nil
}

func newEstimator(conf config.Config, eye vision.Seer, log *slog.Logger) (*estimate.Estimator, error) {
	set, err := models.Open(conf.Vision.ModelsDir)
	if err != nil {
		return nil, err
	}
	text, err := set.Read("mass.json")
	if err != nil {
		return nil, err
	}
	grams, err := mass.Load(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	foods, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	e := &estimate.Estimator{Seer: eye, Catalog: foods, Mass: grams, CoinDiameterMM: conf.Reference.CoinDiameterMM,
		PlateDiameterMM: conf.Reference.PlateDiameterMM, Logger: log,
		Camera: func() (*geometry.Calibration, error) { return store.LoadCamera(conf.Storage.DataDir) }}
	return e, e.Initialize()
}

// openEstimator is for commands that estimate without a daemon; the Supervisor is to be closed.
func (s *settings) openEstimator(ctx context.Context) (*estimate.Estimator, config.Config, *worker.Supervisor, error) {
	conf, err := s.load()
	if err != nil {
		return nil, conf, nil, err
	}
	verifier, err := newVerifier(conf, s.quiet(conf))
	if err != nil {
		return nil, conf, nil, err
	}
	eye, err := newEye(ctx, conf, s.quiet(conf))
	if err != nil {
		return nil, conf, nil, err
	}
	e, err := newEstimator(conf, eye, s.quiet(conf))
	if err != nil {
		return nil, conf, nil, errors.Join(err, eye.Close())
	}
	if verifier != nil {
		e.Verifier = verifier
	}
	return e, conf, eye, nil
}

func photoLimits(conf config.Config) photo.Limits {
	l := photo.Limits{MaxBytes: conf.Limits.ImageBytes, MaxPixels: int64(conf.Limits.ImageMegapixels * 1e6)}
	if conf.Limits.RejectOversize {
		l.MaxSidePX = vision.DefaultMaxSidePx
	}
	return l
}

// runner lets the task room work with the estimate room.
type runner struct {
	estimator *estimate.Estimator
	observe   func(stage string, ms float64)
	// teach is shown each result with what lay behind its foods, and what a container adds to the scale's uncertainty.
	teach func(taskID string, r *estimate.Result, foods []estimate.Measured, scaleSDG float64)
}

func (r runner) Run(ctx context.Context, t task.Task, report func(float64, string)) (json.RawMessage, string, error) {
	in := estimate.Input{Path: t.ImagePath, Filename: t.Filename, CoinDiameterMM: t.CoinDiameterMM, FixedCamera: t.FixedCamera,
		ScaleG: t.ScaleG, ScaleSDG: t.ScaleSDG, ScaleMissing: t.ScaleMissing}
	e := *r.estimator
	e.Observe = func(result *estimate.Result, foods []estimate.Measured) { r.teach(t.ID, result, foods, t.ScaleSDG) }
	result, err := e.Estimate(ctx, in, func(p estimate.Progress) { report(p.Fraction, p.Message) })
	if err != nil {
		return nil, "", err
	}
	for stage, ms := range result.TimingsMS {
		r.observe(stage, ms)
	}
	text, err := json.Marshal(result)
	return text, result.Message, err
}

// every calls do at once and then at each tick until ctx ends.
func every(ctx context.Context, d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
