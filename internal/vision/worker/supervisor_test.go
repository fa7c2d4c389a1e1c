package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/vision"
)

// log is a writer for slog that tests can read while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// supervise starts a supervisor over this test binary in the given mode.
func supervise(t *testing.T, mode string, set func(*Supervisor)) (*Supervisor, *log) {
	t.Helper()
	lines := &log{}
	s := &Supervisor{
		Command:          []string{"/proc/self/exe"},
		Env:              []string{childVariable + "=" + mode, "GOMEMLIMIT=off"},
		MemoryLimitBytes: 160 << 20,
		BackoffMin:       time.Millisecond,
		Logger:           slog.New(slog.NewTextHandler(lines, nil)),
	}
	if set != nil {
		set(s)
	}
	if err := s.Initialize(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, lines
}

func see(s *Supervisor, path string) (vision.Scene, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return s.See(ctx, vision.Request{Path: path}, nil)
}

func TestSceneAndProgressArriveWhole(t *testing.T) {
	s, _ := supervise(t, "run", nil)
	var stages []string
	scene, err := s.See(context.Background(), vision.Request{Path: "fine"}, func(stage string) { stages = append(stages, stage) })
	if err != nil {
		t.Fatal(err)
	}
	if want := plausible(); !reflect.DeepEqual(scene, want) {
		t.Errorf("got %+v\nwant %+v", scene, want)
	}
	if !reflect.DeepEqual(stages, []string{vision.StageDecode}) {
		t.Errorf("stages %q", stages)
	}
	st := s.Stats()
	if st.State != Ready || st.PID == os.Getpid() || st.RSSBytes < 1<<20 || st.Requests != 1 || st.Restarts != 0 || st.Models["detector"] != "test 1" {
		t.Errorf("stats %+v", st)
	}
}

func TestMisbehaviourCostsOnePhotoAndNeverTheNext(t *testing.T) {
	cases := []struct {
		mode, path string
		code       fault.Code
		word       string // in the error
		sameWorker bool
	}{
		{"run", "exit", fault.WorkerFailed, "no such layer", false},
		{"run", "panic", fault.WorkerFailed, "out of luck", false},
		{"run", "hang", fault.WorkerFailed, "no answer within", false},
		{"run", "bomb", fault.WorkerFailed, "over the limit of 160 MiB", false},
		{"run", "long", fault.WorkerFailed, "scene frame of", false},
		{"run", "nan", fault.WorkerFailed, "NaN", false},
		{"run", "outside", fault.WorkerFailed, "senseless scene", false},
		{"run", "bad-stage", fault.WorkerFailed, "unexpected", false},
		{"run", "internal", fault.WorkerFailed, "glasses", false},
		{"run", "exit-early", fault.WorkerFailed, "exit status 3", false},
		{"run", "undecodable", fault.Undecodable, "premature end", true},
		{"raw", "garbage", fault.WorkerFailed, "frame content", false},
		{"raw", "half", fault.WorkerFailed, "frame ends after", false},
		{"raw", "huge", fault.WorkerFailed, "is over", false},
		{"raw", "stray", fault.WorkerFailed, "is over", false}, // without Run's guard
	}
	for _, c := range cases {
		t.Run(c.mode+"/"+c.path, func(t *testing.T) {
			s, _ := supervise(t, c.mode, func(s *Supervisor) {
				switch c.path {
				case "hang":
					s.RequestTimeout = 300 * time.Millisecond
				case "long": // the bound of the frame is to strike, not that of memory
					s.MemoryLimitBytes = 4 << 30
				}
			})
			before := s.Stats().PID
			_, err := see(s, c.path)
			if fault.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.word) {
				t.Errorf("got %v (%s), want %s with %q", err, fault.CodeOf(err), c.code, c.word)
			}
			if _, err := see(s, "fine"); err != nil {
				t.Errorf("the next photo: %v", err)
			}
			if st := s.Stats(); (st.PID == before) != c.sameWorker {
				t.Errorf("worker %d before, %+v after", before, st)
			}
		})
	}
}

func TestDeadlineAndCancellationKillTheWorker(t *testing.T) {
	s, _ := supervise(t, "run", nil)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.See(ctx, vision.Request{Path: "hang"}, nil); fault.CodeOf(err) != fault.DeadlineExceeded {
		t.Errorf("deadline: %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	if _, err := s.See(ctx, vision.Request{Path: "hang"}, func(string) { cancel() }); fault.CodeOf(err) != fault.WorkerFailed || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := see(s, "fine"); err != nil {
		t.Error(err)
	}
	if n := s.Stats().Restarts; n != 2 {
		t.Errorf("%d restarts", n)
	}
}

func TestWaitingForOneselfDoesNotHarmTheOther(t *testing.T) {
	s, _ := supervise(t, "run", nil)
	first := make(chan error)
	begun := make(chan struct{})
	go func() {
		_, err := s.See(context.Background(), vision.Request{Path: "slow 400ms"}, func(string) { close(begun) })
		first <- err
	}()
	<-begun
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.See(ctx, vision.Request{Path: "fine"}, nil); fault.CodeOf(err) != fault.DeadlineExceeded {
		t.Errorf("the one waiting: %v", err)
	}
	if err := <-first; err != nil {
		t.Errorf("the one being seen: %v", err)
	}
	if n := s.Stats().Restarts; n != 0 {
		t.Errorf("%d restarts", n)
	}
}

func TestPhotoAfterAKillFromOutsideIsSeen(t *testing.T) {
	s, _ := supervise(t, "run", nil)
	for range 5 { // at once, while the supervisor may not yet know
		syscall.Kill(s.Stats().PID, syscall.SIGKILL)
		if _, err := see(s, "fine"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := see(s, "gone"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a restart between requests", func() bool { st := s.Stats(); return st.Restarts == 6 && st.State == Ready })
	if last := s.Stats().LastError; !strings.Contains(last, "exit status 4") {
		t.Errorf("last error %q", last)
	}
}

func TestFatWorkerIsReplacedAfterItsAnswer(t *testing.T) {
	s, lines := supervise(t, "run", nil)
	// The memory grows within one tick of the watch, so either the answer stands and the worker is
	// replaced, or the photo is lost; never may the fat worker stay.
	before := s.Stats().PID
	_, err := see(s, "fat")
	if err != nil && !strings.Contains(err.Error(), "over the limit") {
		t.Error(err)
	}
	if err == nil && !strings.Contains(lines.String(), "is replaced") {
		t.Error("no word of the replacement")
	}
	if _, err := see(s, "fine"); err != nil || s.Stats().PID == before {
		t.Errorf("the next photo: %v, worker %d", err, before)
	}
}

func TestNothingOfTheWorkerOutlivesAKill(t *testing.T) {
	s, _ := supervise(t, "run", nil)
	note := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := s.See(ctx, vision.Request{Path: "spawn " + note}, nil); err == nil {
		t.Fatal("no error")
	}
	var pid int
	text, err := os.ReadFile(note)
	if _, scan := fmt.Sscan(string(text), &pid); err != nil || scan != nil {
		t.Fatal(err, scan)
	}
	waitFor(t, "the grandchild's end", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(stat), ") Z ") // gone, or left to init to reap
	})
}

func TestStrayPrintsGoToTheLogWithinBounds(t *testing.T) {
	s, lines := supervise(t, "run", nil)
	if _, err := see(s, "stray"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the lines in the log", func() bool {
		text := lines.String()
		return strings.Contains(text, "stray print while loading") && strings.Contains(text, "stray print of a library") &&
			strings.Contains(text, "long line") && strings.Contains(text, "not logged")
	})
	if n := strings.Count(lines.String(), "\n"); n > 2*maxLines {
		t.Errorf("%d lines", n)
	}
	for line := range strings.Lines(lines.String()) {
		if len(line) > maxLineBytes+200 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

func TestWorkerThatCannotStartIsAnErrorThatSaysWhy(t *testing.T) {
	cases := map[string]struct {
		command    []string
		mode, want string
	}{
		"no such program": {[]string{"/nonexistent"}, "run", "no such file"},
		"no models":       {nil, "no-models", "detector.onnx is damaged"},
		"mute":            {nil, "mute", "not ready within"},
		"no worker":       {[]string{"echo", "hello, and more"}, "run", "over"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := &Supervisor{Command: c.command, Env: []string{childVariable + "=" + c.mode}, StartTimeout: 300 * time.Millisecond}
			if c.command == nil {
				s.Command, s.StartTimeout = []string{"/proc/self/exe"}, 5*time.Second
			}
			if c.mode == "mute" {
				s.StartTimeout = 200 * time.Millisecond
			}
			if err := s.Initialize(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestWorkerThatEndsEarlyIsStartedAgainAfterAPause(t *testing.T) {
	s, _ := supervise(t, "run", func(s *Supervisor) { s.BackoffMin, s.BackoffMax = 40*time.Millisecond, 100*time.Millisecond })
	s.Env[0] = childVariable + "=no-models"
	begin := time.Now()
	syscall.Kill(s.Stats().PID, syscall.SIGKILL)
	waitFor(t, "four failed starts", func() bool { return s.Stats().Restarts >= 4 })
	// 40 + 80 + 100 + 100 ms of pauses at least; how long the starts take does not matter.
	if d := time.Since(begin); d < 320*time.Millisecond {
		t.Errorf("four restarts within %v", d)
	}
	if st := s.Stats(); st.State.Up() || !strings.Contains(st.LastError, "damaged") {
		t.Errorf("stats %+v", st)
	}
}

func TestHealthyWorkerIsReplacedWithoutAPause(t *testing.T) {
	s, _ := supervise(t, "run", func(s *Supervisor) { s.BackoffMin, s.BackoffMax = time.Hour, time.Hour })
	if _, err := see(s, "fine"); err != nil {
		t.Fatal(err)
	}
	if _, err := see(s, "exit"); err == nil {
		t.Fatal("no error")
	}
	if _, err := see(s, "fine"); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsTheWorkerAndWhatItDoes(t *testing.T) {
	s, _ := supervise(t, "run", nil)
	pid := s.Stats().PID
	result := make(chan error)
	begun := make(chan struct{})
	go func() {
		_, err := s.See(context.Background(), vision.Request{Path: "hang"}, func(string) { close(begun) })
		result <- err
	}()
	<-begun
	s.Close()
	if err := <-result; fault.CodeOf(err) != fault.ShuttingDown {
		t.Errorf("the photo: %v", err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Error("the worker lives")
	}
	if st := s.Stats(); st.State != Stopped || st.State.Up() {
		t.Errorf("stats %+v", st)
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
