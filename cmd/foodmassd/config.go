package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"foodmassd/internal/config"
)

// installedConfig is read when --config is not given and the file is there.
const installedConfig = "/etc/foodmassd/foodmassd.yaml"

var configCommand = &command{
	name:    "config",
	purpose: "check a configuration file",
	usage: "check [--config FILE]\n\nReads the configuration as the daemon would and says what is wrong with it.\n\n" +
		"Example:\n  foodmassd config check --config /etc/foodmassd/foodmassd.yaml",
	run: func(_ context.Context, c *command, args []string) error {
		f := c.flags()
		s := addSettings(f)
		rest, err := parse(f, args)
		if err != nil {
			return err
		}
		if len(rest) != 1 || rest[0] != "check" {
			return c.usageError("say what to do: config check")
		}
		conf, err := s.load()
		if err != nil {
			return err
		}
		fmt.Printf("%s: ok (listens on %s, data in %s, scale: %s)\n", s.origin(), conf.Server.Listen, conf.Storage.DataDir, conf.Scale.Source)
		return nil
	},
}

// settings are the options that every command working with the configuration shares.
type settings struct{ config, dataDir, logLevel string }

func addSettings(f *flag.FlagSet) *settings {
	s := &settings{}
	f.StringVar(&s.config, "config", "", "configuration `FILE` (default "+installedConfig+" if there is one)")
	f.StringVar(&s.dataDir, "data-dir", "", "`DIR`ectory of database and photos, instead of storage.data_dir")
	f.StringVar(&s.logLevel, "log-level", "", "debug, info, warn or error, instead of log.level")
	return s
}

func (s *settings) file() string {
	if s.config != "" {
		return s.config
	}
	if _, err := os.Stat(installedConfig); err == nil {
		return installedConfig
	}
	return ""
}

// origin names where the configuration comes from, for people.
func (s *settings) origin() string {
	if file := s.file(); file != "" {
		return file
	}
	return "no configuration file (defaults)"
}

// load reads the configuration and lays the options over it.
func (s *settings) load() (config.Config, error) {
	conf := config.Default()
	var err error
	if file := s.file(); file != "" {
		if conf, err = config.Load(file); err != nil {
			return conf, err
		}
	}
	if s.dataDir != "" {
		if conf.Storage.DataDir, err = filepath.Abs(s.dataDir); err != nil {
			return conf, fmt.Errorf("--data-dir: %w", err)
		}
	}
	if s.logLevel != "" {
		return conf, conf.Set("log.level", s.logLevel)
	}
	return conf, nil
}

// quiet returns the logger for commands that are no daemon: warnings and up, unless --log-level asks
// for more.
func (s *settings) quiet(conf config.Config) *slog.Logger {
	if s.logLevel == "" {
		return newLogger(max(conf.Log.Level, slog.LevelWarn))
	}
	return newLogger(conf.Log.Level)
}

func newLogger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
