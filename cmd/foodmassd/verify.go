package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"foodmassd/internal/catalog"
	"foodmassd/internal/config"
	"foodmassd/internal/health"
	"foodmassd/internal/verify"
)

// Where the key of the model's server comes from, the first that is set.
const (
	keyVariable   = "FOODMASSD_VERIFY_API_KEY"
	keyCredential = "verify_api_key" // a file in systemd's $CREDENTIALS_DIRECTORY
)

// takeKey reads the key and removes it from the environment, so that no process started later inherits it.
func takeKey() (verify.Secret, error) {
	text, from := os.Getenv(keyVariable), keyVariable
	if err := os.Unsetenv(keyVariable); err != nil {
		return verify.Secret{}, err
	}
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); text == "" && dir != "" {
		from = filepath.Join(dir, keyCredential)
		file, err := os.ReadFile(from)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return verify.Secret{}, fmt.Errorf("read credential: %w", err)
		}
		text = string(file)
	}
	key, err := verify.NewSecret(text)
	if err != nil {
		return key, fmt.Errorf("%s: %w", from, err)
	}
	return key, nil
}

// newVerifier returns who is asked for second opinions, nil for nobody. It must come before any process is
// started, see takeKey.
func newVerifier(conf config.Config, log *slog.Logger) (*verify.Client, error) {
	key, err := takeKey()
	if conf.Verify.URL == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	foods, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	c := &verify.Client{URL: conf.Verify.URL, Model: conf.Verify.Model, Key: key, Timeout: conf.Verify.Timeout, Catalog: foods, Logger: log}
	if err := c.Initialize(); err != nil {
		return nil, err
	}
	log.Info("second opinions are asked for", "server", conf.Verify.URL, "model", conf.Verify.Model, "timeout_s", conf.Verify.Timeout.Seconds(), "key", key.Set())
	return c, nil
}

func (a *appliance) watchVerifier(c *verify.Client) {
	counter := func(name, help string, of func(verify.Stats) uint64) {
		a.metrics.Counter(name, help, func() float64 { return float64(of(c.Stats())) })
	}
	counter("verify_asked_total", "Second opinions asked for.", func(s verify.Stats) uint64 { return s.Asked })
	counter("verify_failed_total", "Second opinions that did not come or made no sense.", func(s verify.Stats) uint64 { return s.Failed })
	counter("verify_retried_total", "Second opinions asked for once more.", func(s verify.Stats) uint64 { return s.Retried })
	a.metrics.Gauge("verify_paused", "1 while nobody is asked after failures in a row.", func() float64 {
		if c.Stats().PausedUntil.IsZero() {
			return 0
		}
		return 1
	})
	a.health.Register("verify", func() (health.State, string) { return verifierHealth(c.Stats()) })
}

func verifierHealth(s verify.Stats) (health.State, string) {
	if s.Last == nil {
		return health.OK, fmt.Sprintf("%d second opinions asked for, %d failed", s.Asked, s.Failed)
	}
	detail := fmt.Sprintf("%d failures in a row, the last: %v; %s", s.FailedInRow, s.Last, s.Last.Hint())
	if !s.PausedUntil.IsZero() {
		detail += "; nobody is asked until " + s.PausedUntil.UTC().Format(time.RFC3339)
	}
	return health.Degraded, detail
}

// checkVerifier is the doctor's finding on the model's server, none when nobody is asked.
func checkVerifier(ctx context.Context, conf config.Config, log *slog.Logger) []finding {
	c, err := newVerifier(conf, log)
	f := finding{what: "verify", is: fmt.Sprintf("%s answers and has the model", conf.Verify.URL), fault: err,
		todo: "set the key by " + keyVariable + " or the systemd credential " + keyCredential}
	var said *verify.Fault
	switch {
	case err == nil && c == nil:
		return nil
	case err != nil:
	case conf.Verify.Timeout+time.Second > conf.Task.Deadline:
		f.fault = fmt.Errorf("verify.timeout %v does not fit into task.deadline %v", conf.Verify.Timeout, conf.Task.Deadline)
		f.todo = "leave at least a second between them"
	default:
		defer c.Close()
		if f.fault = c.Check(ctx); errors.As(f.fault, &said) {
			f.fault, f.todo = fmt.Errorf("%s: %w", conf.Verify.URL, said), said.Hint()
		}
	}
	return []finding{f}
}
