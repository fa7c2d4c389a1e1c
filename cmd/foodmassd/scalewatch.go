package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"foodmassd/internal/api"
)

const (
	watchTick    = 100 * time.Millisecond // no cell is read much oftener
	watchChangeG = 0.5                    // less is no new line
)

func scaleWatch(ctx context.Context, c scaleCall) error {
	show := lines()
	if isTerminal(os.Stdout) {
		show = chart()
		defer fmt.Println()
	}
	tick := time.NewTicker(watchTick)
	defer tick.Stop()
	for {
		var s api.ScaleStatus
		err := c.admin.ask(ctx, http.MethodGet, api.ScaleRoute, &s)
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

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
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
