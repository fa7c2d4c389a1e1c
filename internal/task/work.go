package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"foodmassd/internal/fault"
)

// abandonAfter is how long work that must stop may take to notice. After it the worker goes on with
// the next task and leaves that goroutine to itself.
const abandonAfter = 5 * time.Second

// backOff are the pauses between tries to write to the Store.
type backOff struct{ first, most time.Duration }

// serve is one worker: it takes tasks from the queue until the Manager closes.
func (m *Manager) serve() {
	defer m.workers.Done()
	for {
		e := m.next()
		if e == nil {
			return
		}
		m.process(e)
		m.mu.Lock()
		delete(m.running, e)
		m.tellPlaces()
		m.mu.Unlock()
	}
}

// next waits for a task and moves it from waiting to running; nil once the Manager closes.
func (m *Manager) next() *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.waiting) == 0 && !m.closing {
		m.work.Wait()
	}
	if m.closing {
		return nil
	}
	e := m.waiting[0]
	m.waiting[0] = nil
	m.waiting = m.waiting[1:]
	m.running[e] = time.Now()
	m.tellPlaces()
	return e
}

// process makes attempts until the task ends or the Manager closes.
func (m *Manager) process(e *entry) {
	log := m.Logger.With("task", e.task.ID)
	started := time.Now()
	fail := func(err error) {
		code := fault.CodeOf(err)
		log.Error("task failed", "code", code, "error", err, "ms", time.Since(started).Milliseconds())
		m.end(e, started, func(t *Task) { t.fail(code) })
	}
	for {
		if err := m.hopeless(e.task); err != nil {
			fail(err)
			return
		}
		if m.begin(e) != nil {
			return // closing; the task is open in the Store as it was
		}
		log.Info("task started", "attempt", e.task.Attempts)
		result, message, err := m.attempt(e)
		switch code := fault.CodeOf(err); {
		case err == nil:
			m.end(e, started, func(t *Task) { t.complete(result, message) })
			return
		case errors.Is(err, errClosing):
			m.reopen(e)
			return
		case code == fault.WorkerFailed && e.failures+1 < m.MaxAttempts:
			e.failures++
			log.Warn("task attempt failed, trying again", "attempt", e.task.Attempts, "error", err)
			m.mu.Lock()
			m.stats.Retried++
			e.update(func(t *Task) { t.Message = "다시 분석하는 중..." })
			m.mu.Unlock()
		default:
			fail(err)
			return
		}
	}
}

func (t *Task) complete(result json.RawMessage, message string) {
	t.Status, t.Progress, t.Result, t.Message = Completed, 1, result, message
}

func (t *Task) fail(code fault.Code) {
	t.Status, t.ErrorCode, t.Error = Failed, code, code.Korean()
	t.Message = "분석 실패: " + t.Error
}

// begin records the next attempt in the Store and shows the task as processing. It fails only with
// errClosing.
func (m *Manager) begin(e *entry) error {
	attempts := e.task.Attempts + 1
	err := m.persist(e.task.ID, "begin", func(ctx context.Context) error {
		return m.Store.Begin(ctx, e.task.ID, attempts)
	})
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e.attempt = attempts
	e.update(func(t *Task) {
		t.Attempts, t.Status = attempts, Processing
		if attempts == 1 {
			t.Message = "분석을 시작합니다..."
		}
	})
	return nil
}

// attempt runs the Runner once under the deadline.
func (m *Manager) attempt(e *entry) (json.RawMessage, string, error) {
	ctx, cancel := context.WithTimeout(m.life, m.Deadline)
	defer cancel()
	m.mu.Lock()
	t, number := e.task, e.attempt
	m.mu.Unlock()
	report := func(fraction float64, message string) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if e.attempt == number {
			e.update(func(t *Task) { advance(t, fraction, message) })
		}
	}

	type outcome struct {
		result  json.RawMessage
		message string
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				m.Logger.Error("task panicked", "task", t.ID, "panic", p, "stack", string(debug.Stack()))
				o = outcome{err: fault.New(fault.Internal, "analyse", fmt.Errorf("panic: %v", p))}
			}
			done <- o
		}()
		o.result, o.message, o.err = m.Runner.Run(ctx, t, report)
	}()

	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		select {
		case o = <-done:
		case <-time.After(abandonAfter):
			m.Logger.Error("task ignores its deadline, left behind", "task", t.ID)
			o.err = ctx.Err()
		}
	}
	m.mu.Lock()
	e.attempt = 0 // whatever the Runner still reports is stale
	m.mu.Unlock()
	return o.result, o.message, classify(ctx, o.err)
}

// classify tells apart why work ended: an error after the context ended is that end's doing.
func classify(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), errClosing):
		return fmt.Errorf("%w: %w", errClosing, err)
	case ctx.Err() != nil:
		return fault.New(fault.DeadlineExceeded, "analyse", err)
	}
	return err
}

// end stores the terminal state and only then shows it.
func (m *Manager) end(e *entry, started time.Time, change func(*Task)) {
	final := e.task
	change(&final)
	final.UpdatedAt = timestamp()
	err := m.persist(final.ID, "finish", func(ctx context.Context) error { return m.Store.Finish(ctx, final) })
	if errors.Is(err, errClosing) {
		m.reopen(e)
		return
	}
	worked := time.Since(started)
	m.mu.Lock()
	e.update(func(t *Task) { *t = final })
	delete(m.live, final.ID)
	if m.meanWork == 0 {
		m.meanWork = worked
	}
	m.meanWork = (3*m.meanWork + worked) / 4
	if final.Status == Completed {
		m.stats.Completed++
	} else {
		m.stats.Failed++
	}
	m.mu.Unlock()
	if final.Status == Completed {
		m.Logger.Info("task completed", "task", final.ID, "ms", worked.Milliseconds())
	}
}

// reopen hands an interrupted task to the next start without the cost of an attempt. Where even that
// cannot be stored, the task is still open there, one attempt poorer.
func (m *Manager) reopen(e *entry) {
	m.mu.Lock()
	e.update(func(t *Task) {
		t.Status = Pending
		t.Attempts = max(0, t.Attempts-1)
	})
	t := e.task
	m.mu.Unlock()
	if err := m.Store.Reopen(context.Background(), t.ID, t.Attempts); err != nil {
		m.Logger.Error("task interrupted, its attempt could not be given back", "task", t.ID, "error", err)
		return
	}
	m.Logger.Info("task interrupted, left for the next start", "task", t.ID)
}

// persist writes to the Store until it succeeds, with growing pauses: a full disk delays tasks and
// loses none. It returns errClosing when the Manager is closed meanwhile, and nil when the task's row
// is gone for good.
func (m *Manager) persist(id, what string, write func(context.Context) error) error {
	for pause := m.backOff.first; ; pause = min(2*pause, m.backOff.most) {
		err := write(context.Background())
		if err == nil {
			return nil
		}
		m.Logger.Error("task state not stored", "task", id, "write", what, "error", err)
		if fault.CodeOf(err) == fault.TaskNotFound {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-m.life.Done():
			return errClosing
		}
	}
}
