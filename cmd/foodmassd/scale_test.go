package main

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"foodmassd/hardware/hx711"
	"foodmassd/hardware/nau7802"
	"foodmassd/internal/health"
	"foodmassd/internal/weighing"
)

// broken is a cell that has the same fault for ever.
type broken struct{ err error }

func (b broken) String() string                      { return "broken" }
func (b broken) Halt() error                         { return nil }
func (b broken) Read(context.Context) (int32, error) { return 0, b.err }

func TestHealthNamesTheKindOfAScalesFaultAndWhatToDo(t *testing.T) {
	for err, want := range map[error][]string{
		hx711.ErrUnplugged:   {"unplugged", "check its data wire"},
		hx711.ErrNotReady:    {"timeout", "check its supply"},
		hx711.ErrSaturated:   {"saturated", "take the load off"},
		hx711.ErrGlitched:    {"glitched", "away from power cables"},
		hx711.ErrSlowHost:    {"timeout", "too busy"},
		nau7802.ErrNoAnswer:  {"unplugged", "i2cdetect"},
		nau7802.ErrPowerUp:   {"timeout", "check its supply"},
		nau7802.ErrNotReady:  {"timeout", "check its supply"},
		nau7802.ErrSaturated: {"saturated", "lower the gain"},
	} {
		cell := &loadCell{Cell: broken{err}}
		scale := &weighing.Scale{Cell: cell, CountsPerGram: 1, Logger: slog.New(slog.DiscardHandler)}
		if err := scale.Initialize(); err != nil {
			t.Fatal(err)
		}
		for scale.Last().State == weighing.Starting {
			runtime.Gosched() // the first read is under way
		}
		state, text := scaleHealth(scale, cell)
		if state != health.Degraded || !strings.HasPrefix(text, want[0]) || !strings.Contains(text, want[1]) {
			t.Errorf("got %s %q, want %q", state, text, want)
		}
		if got := string(scale.Last().State); got != want[0] {
			t.Errorf("%q is shown as %s", text, got)
		}
		if err := scale.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
