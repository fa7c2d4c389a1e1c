package task_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/store"
	"foodmassd/internal/task"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// script is a Runner that does what the test says; the image's content tells tasks apart.
type script func(ctx context.Context, t task.Task, report func(float64, string)) (json.RawMessage, string, error)

func (s script) Run(ctx context.Context, t task.Task, report func(float64, string)) (json.RawMessage, string, error) {
	return s(ctx, t, report)
}

var errWorker = fault.New(fault.WorkerFailed, "run worker", errors.New("killed"))

// succeed is a Runner without incidents.
var succeed = script(func(_ context.Context, _ task.Task, report func(float64, string)) (json.RawMessage, string, error) {
	report(0.5, "음식 찾는 중...")
	return json.RawMessage(`{"food_count":1}`), "음식 분석이 완료되었습니다.", nil
})

// gate is a Runner that waits in every run until the test lets it go on.
type gate struct {
	started chan task.Task
	goOn    chan struct{}
}

func newGate() *gate { return &gate{started: make(chan task.Task, 100), goOn: make(chan struct{})} }

func (g *gate) Run(ctx context.Context, t task.Task, report func(float64, string)) (json.RawMessage, string, error) {
	report(0.2, "분석 중...")
	g.started <- t
	select {
	case <-g.goOn:
		return succeed(ctx, t, report)
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
}

func openStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func start(t *testing.T, m *task.Manager) *task.Manager {
	t.Helper()
	m.Logger = quiet
	if err := m.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(m) })
	return m
}

// stop closes m without waiting for running work.
func stop(m *task.Manager) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m.Close(ctx)
}

func submit(t *testing.T, m *task.Manager, content string) task.Task {
	t.Helper()
	slot, err := m.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	defer slot.Release()
	d, err := slot.NewDraft()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Discard()
	if _, err := io.Copy(d, bytes.NewReader([]byte(content))); err != nil {
		t.Fatal(err)
	}
	x, err := slot.Accept(t.Context(), d, task.Submission{Filename: content + ".jpg", Extension: "jpg"})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// follow collects the states of a task as a watcher sees them, to its end.
func follow(t *testing.T, m *task.Manager, id string) []task.Task {
	t.Helper()
	w, err := m.Watch(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	seen := []task.Task{w.Current()}
	for !seen[len(seen)-1].Status.Terminal() {
		select {
		case <-w.Changed():
			seen = append(seen, w.Current())
		case <-time.After(20 * time.Second):
			t.Fatalf("task %s does not end: %+v", id, w.Current())
		}
	}
	return seen
}

func last(seen []task.Task) task.Task { return seen[len(seen)-1] }

func wantCode(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("error %v has code %q, want %q", err, fault.CodeOf(err), code)
	}
}

func wantFailed(t *testing.T, got task.Task, code fault.Code, attempts int) {
	t.Helper()
	if got.Status != task.Failed || got.ErrorCode != code || got.Error != code.Korean() || got.Message == "" ||
		got.Attempts != attempts || got.Progress >= 1 {
		t.Errorf("task ended as %+v, want %s after %d attempts", got, code, attempts)
	}
}

// shaky is a Store whose writes fail while it is broken.
type shaky struct {
	*store.Store
	mu     sync.Mutex
	broken bool
	tried  int
}

func (s *shaky) set(broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = broken
}

func (s *shaky) Finish(ctx context.Context, t task.Task) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried++
	if s.broken {
		return fault.New(fault.DiskFull, "finish", os.ErrInvalid)
	}
	return s.Store.Finish(ctx, t)
}

func (s *shaky) tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tried
}
