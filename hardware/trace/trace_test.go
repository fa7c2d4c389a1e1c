package trace

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"foodmassd/hardware/twin"
	"foodmassd/internal/weighing"
)

const twoLines = header + "\nhx711 (clock GPIO6, data GPIO5)\n"

// scripted is a cell that answers from a list, 100 ms apart.
type scripted struct {
	answers []any // int32 or error
	now     time.Time
}

func (s *scripted) String() string { return "scripted\ncell" }
func (s *scripted) Halt() error    { return nil }
func (s *scripted) Read(context.Context) (int32, error) {
	answer := s.answers[0]
	s.answers, s.now = s.answers[1:], s.now.Add(100*time.Millisecond)
	if err, failed := answer.(error); failed {
		return 0, err
	}
	return answer.(int32), nil
}

func TestWhatIsRecordedIsPlayedBackWithItsFaultsAndItsTime(t *testing.T) {
	answers := []any{int32(84123), int32(-5), errors.New("stays\nlow: check\x00 its wire"), int32(math.MinInt32 >> 8), int32(1<<23 - 1)}
	cell := &scripted{answers: answers}
	var text bytes.Buffer
	recorder := &Recorder{Cell: cell, W: &text, Now: func() time.Time { return cell.now }}
	for range answers {
		_, _ = recorder.Read(t.Context())
	}
	if err := recorder.Halt(); err != nil {
		t.Fatal(err)
	}
	played, err := Parse(&text)
	if err != nil {
		t.Fatal(err)
	}
	var slept time.Duration
	replay := &Replay{Trace: played, Sleep: func(d time.Duration) { slept += d }}
	for i, want := range answers {
		counts, err := replay.Read(t.Context())
		if _, failed := want.(error); failed {
			if err == nil || err.Error() != "stays low: check? its wire" {
				t.Errorf("reading %d: got %d, %v", i, counts, err)
			}
		} else if err != nil || counts != want {
			t.Errorf("reading %d: got %d, %v; want %d", i, counts, err, want)
		}
	}
	if slept != 400*time.Millisecond {
		t.Errorf("played in %v", slept)
	}
	if _, err := replay.Read(t.Context()); !errors.Is(err, ErrOver) || replay.String() != "trace of scripted cell" {
		t.Errorf("at the end: %v of %q", err, replay)
	}
	replay.Loop = true
	if counts, err := replay.Read(t.Context()); err != nil || counts != 84123 {
		t.Errorf("in a loop: %d, %v", counts, err)
	}
}

func TestARecordedPlateIsWeighedAgain(t *testing.T) {
	text, err := os.ReadFile("testdata/plate.trace")
	if err != nil {
		t.Fatal(err)
	}
	trace, err := Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	before := slices.IndexFunc(trace.Readings, func(r Reading) bool { return r.Fault != "" })
	trace.Readings = trace.Readings[:before]
	replay := &Replay{Trace: trace}
	clock := &twin.Clock{}
	scale := &weighing.Scale{Cell: replay, CountsPerGram: 430, Clock: clock, Logger: slog.New(slog.DiscardHandler)}
	heard := make(chan weighing.Reading, 1)
	replay.Sleep = func(d time.Duration) {
		clock.Sleep(d)
		if replay.next == len(trace.Readings)-1 {
			heard <- scale.Last()
		}
	}
	if err := scale.Initialize(); err != nil {
		t.Fatal(err)
	}
	if r := <-heard; r.State != weighing.Stable || math.Abs(r.NetG-412.5) > 0.5 {
		t.Errorf("got %+v", r)
	}
	if err := scale.Close(); err != nil {
		t.Fatal(err)
	}
}

// full is a disk without space after the header.
type full struct{ writes int }

func (f *full) Write(p []byte) (int, error) {
	if f.writes++; f.writes > 2 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

func TestAFullDiskEndsTheRecordingAndNotTheWeighing(t *testing.T) {
	cell := &scripted{answers: []any{int32(1), int32(2), int32(3)}}
	recorder := &Recorder{Cell: cell, W: &full{}}
	for want := range int32(3) {
		if counts, err := recorder.Read(t.Context()); err != nil || counts != want+1 {
			t.Errorf("got %d, %v", counts, err)
		}
	}
	if err := recorder.Halt(); err == nil || !strings.Contains(err.Error(), "after 1 readings: no space left") {
		t.Errorf("got %v", err)
	}
}

func TestACancelledReplayReturnsAtOnceAndLosesNoReading(t *testing.T) {
	replay := &Replay{Trace: Trace{Readings: []Reading{{Counts: 1}, {At: 24 * time.Hour, Counts: 2}}}}
	if _, err := replay.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := replay.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	replay.Sleep = func(time.Duration) {}
	if counts, err := replay.Read(t.Context()); err != nil || counts != 2 {
		t.Errorf("got %d, %v", counts, err)
	}
}

func TestATraceCutOffWhileWrittenKeepsItsWholeLines(t *testing.T) {
	got, err := Parse(strings.NewReader(twoLines + "0 ok 84123\n100213 ok 841"))
	if err != nil || !reflect.DeepEqual(got.Readings, []Reading{{Counts: 84123}}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "line 1: ends before",
		"\n":                                  `line 1: a trace begins with "` + header,
		header + "\n":                         "line 2: ends before",
		header[:len(header)-1] + "2\nx\n":     "line 1: a trace begins",
		header + "\n\x07\n":                   "line 2: text is",
		twoLines + "\n":                       "line 3: \"\" is no time",
		twoLines + "0 ok 1\n-1 ok 1\n":        "line 4: \"-1\" is no time",
		twoLines + "9999999999999 ok 1\n":     "line 3: \"9999999999999\" is no time",
		twoLines + "5 ok 1\n4 ok 1\n":         "line 4: earlier",
		twoLines + "0 ok 8388608\n":           "line 3: \"8388608\" are no counts",
		twoLines + "0 ok\n":                   "line 3: \"\" are no counts",
		twoLines + "0 ok 1 2\n":               "line 3: \"1 2\" are no counts",
		twoLines + "0 well 1\n":               `line 3: "well" is no state`,
		twoLines + "0 fault\n":                `line 3: "fault" is no state`,
		twoLines + "0 fault  twice\n":         "line 3: text is",
		twoLines + strings.Repeat("x", 1<<20): "line 3: longer than 400 bytes",
		twoLines + strings.Repeat("0 ok 1\n", MaxReadings+1): "line 1000003: more than 1000000",
	} {
		if _, err := Parse(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzTrace(f *testing.F) {
	text, err := os.ReadFile("testdata/plate.trace")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		trace, err := Parse(bytes.NewReader(text))
		if err != nil {
			if !regexp.MustCompile(`^line \d+: `).MatchString(err.Error()) {
				t.Errorf("no line: %q", err)
			}
			return
		}
		replay := &Replay{Trace: trace, Sleep: func(time.Duration) {}}
		for _, r := range trace.Readings {
			if counts, err := replay.Read(t.Context()); counts != r.Counts || (err != nil) != (r.Fault != "") || err != nil && err.Error() != r.Fault {
				t.Errorf("%+v is replayed as %d, %v", r, counts, err)
			}
		}
		again := header + "\n" + trace.Cell + "\n"
		for _, r := range trace.Readings {
			again += r.line()
		}
		if same, err := Parse(strings.NewReader(again)); err != nil || !reflect.DeepEqual(same, trace) {
			t.Errorf("written and read again: %v\n%q\n%q", err, text, again)
		}
	})
}
