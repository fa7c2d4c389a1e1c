package trace

import (
	"errors"
	"testing"
	"time"

	"foodmassd/hardware/hx711"
	"foodmassd/hardware/nau7802"
	"foodmassd/internal/weighing"
)

func TestAReplayedFaultHasItsKindAgain(t *testing.T) {
	const cell = "hx711 (clock GPIO6, data GPIO5)"
	for text, want := range map[string]error{
		hx711.ErrUnplugged.Error():                 weighing.ErrUnplugged,
		cell + ": " + hx711.ErrSlowHost.Error():    weighing.ErrTimeout,
		cell + ": " + nau7802.ErrSaturated.Error(): weighing.ErrSaturated,
		"glitched":                    weighing.ErrGlitched,
		"the data pin stays low":      nil,
		"unpluggedness: of the mind":  nil,
		"another: unplugged: no idea": nil,
		cell:                          nil,
	} {
		replay := &Replay{Trace: Trace{Cell: cell, Readings: []Reading{{Fault: text}}}}
		_, err := replay.Read(t.Context())
		if err == nil || err.Error() != text {
			t.Errorf("%q is replayed as %v", text, err)
		}
		for _, kind := range []error{weighing.ErrUnplugged, weighing.ErrTimeout, weighing.ErrSaturated, weighing.ErrGlitched} {
			if errors.Is(err, kind) != (kind == want) {
				t.Errorf("%q: is %v: %v", text, kind, errors.Is(err, kind))
			}
		}
	}
}

func TestATraceBeginsAnewAfterAPauseOfItsKind(t *testing.T) {
	for name, tc := range map[string]struct {
		readings []Reading
		want     time.Duration
	}{
		"ten per second": {[]Reading{{}, {At: 100 * time.Millisecond}, {At: 200 * time.Millisecond}, {At: 400 * time.Millisecond}}, 100 * time.Millisecond},
		"one reading":    {[]Reading{{}}, shortestPause},
		"no length":      {[]Reading{{}, {}}, shortestPause},
	} {
		var pauses []time.Duration
		replay := &Replay{Trace: Trace{Readings: tc.readings}, Loop: true, Sleep: func(d time.Duration) { pauses = append(pauses, d) }}
		for range len(tc.readings) + 1 {
			if _, err := replay.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := pauses[len(pauses)-1]; got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, err := (&Replay{Loop: true}).Read(t.Context()); !errors.Is(err, ErrOver) {
		t.Errorf("a trace without readings: %v", err)
	}
}

func TestWhatTheReaderTakesMeanwhileIsNoPauseTwice(t *testing.T) {
	replay := &Replay{Trace: Trace{Readings: []Reading{{}, {At: 24 * time.Hour}}}}
	if _, err := replay.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	replay.last = replay.last.Add(-24 * time.Hour) // a day was spent
	if _, err := replay.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
}
