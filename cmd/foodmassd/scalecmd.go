package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"foodmassd/internal/api"
)

var scaleCommand = &command{
	name:    "scale",
	purpose: "see, zero or watch the running daemon's scale",
	usage: `status|tare|watch [--json] [--config FILE] [--data-dir DIR]

  status    what the scale says, and its state; --json for one JSON object. Exits with 0 when there are
            grams, with 1 otherwise
  tare      make what rests on the scale weigh nothing, from now on and after a restart: the empty tray, or
            a tray with a container. Refused, with the reason, while the load changes or the scale is faulty
  watch     the grams as they change, until Ctrl-C

For root, the daemon's own user and the members of group foodmass.

Examples:
  sudo foodmassd scale status
  sudo foodmassd scale tare`,
	run: runScale,
}

func runScale(ctx context.Context, c *command, args []string) error {
	f := c.flags()
	s := addSettings(f)
	asJSON := f.Bool("json", false, "status as one JSON object")
	rest, err := parse(f, args)
	if err != nil {
		return err
	}
	verbs := map[string]func(context.Context, *adminClient) error{
		"status": func(ctx context.Context, a *adminClient) error { return scaleStatus(ctx, a, *asJSON) },
		"tare":   scaleTare,
		"watch":  scaleWatch,
	}
	switch {
	case len(rest) != 1 || verbs[rest[0]] == nil:
		return c.usageError("say what to do: status, tare or watch")
	case *asJSON && rest[0] != "status":
		return c.usageError("--json is for status")
	}
	conf, err := s.load()
	if err != nil {
		return err
	}
	return verbs[rest[0]](ctx, s.newAdminClient(conf.Storage.DataDir))
}

func scaleStatus(ctx context.Context, a *adminClient, asJSON bool) error {
	var s api.ScaleStatus
	if err := a.ask(ctx, http.MethodGet, api.ScaleRoute, &s); err != nil {
		return err
	}
	if asJSON {
		if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
			return err
		}
	} else {
		fmt.Print(describeScale(s))
	}
	if s.NetG == nil {
		return exitCode(1)
	}
	return nil
}

func scaleTare(ctx context.Context, a *adminClient) error {
	var s api.ScaleStatus
	if err := a.ask(ctx, http.MethodPost, api.ScaleTareRoute, &s); err != nil {
		return err
	}
	if s.ZeroCounts != nil {
		fmt.Printf("zeroed at %.0f counts\n", *s.ZeroCounts)
	}
	return nil
}

const (
	watchTick    = 100 * time.Millisecond // no cell is read much oftener
	watchChangeG = 0.5                    // less is no new line
)

func scaleWatch(ctx context.Context, a *adminClient) error {
	show := lines()
	_, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
	if terminal := err == nil; terminal {
		show = chart()
		defer fmt.Println()
	}
	tick := time.NewTicker(watchTick)
	defer tick.Stop()
	for {
		var s api.ScaleStatus
		err := a.ask(ctx, http.MethodGet, api.ScaleRoute, &s)
		if ctx.Err() != nil {
			return nil // Ctrl-C
		}
		if err != nil {
			return err
		}
		if text := show(s); text != "" {
			fmt.Print(text)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// watchText is a moment of the scale in one line.
func watchText(s api.ScaleStatus) string {
	switch {
	case s.NetG != nil:
		return gramsOf(*s.NetG)
	case s.Why != "":
		return s.State + ": " + s.Why
	}
	return s.State
}

// lines shows a line each time something has changed.
func lines() func(api.ScaleStatus) string {
	state, grams := "", math.NaN()
	return func(s api.ScaleStatus) string {
		now := math.NaN()
		if s.NetG != nil {
			now = *s.NetG
		}
		if s.State == state && !(math.Abs(now-grams) >= watchChangeG) {
			return ""
		}
		state, grams = s.State, now
		return watchText(s) + "\n"
	}
}

const chartWidth = 30

// chart shows one line that is written over and over: a bar up to the most seen so far, and the grams.
func chart() func(api.ScaleStatus) string {
	most := 100.
	return func(s api.ScaleStatus) string {
		filled := 0
		if s.NetG != nil {
			most = max(most, *s.NetG)
			filled = max(0, int(math.Round(chartWidth**s.NetG/most)))
		}
		bar := strings.Repeat("█", filled) + strings.Repeat("·", chartWidth-filled)
		return "\r\x1b[K" + bar + " " + watchText(s)
	}
}
