package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"foodmassd/internal/fault"
)

// Manager owns the queue. Fill in the exported fields, call Initialize once, Close once; everything
// in between may be called from any goroutine.
type Manager struct {
	Store  Store
	Runner Runner
	// Workers is how many tasks are analysed at the same time, 1 when 0.
	Workers int
	// Capacity bounds tasks that wait plus places reserved for uploads under way; 64 when 0.
	Capacity int
	// MaxAttempts is how often an analysis may bring the Runner down (fault.WorkerFailed), 2 when 0. An
	// attempt that ended with the daemon, as in a power cut, is the photo's doing only when that happens
	// again and again: up to powerCuts of them are made good.
	MaxAttempts int
	// Deadline bounds one attempt from the start of its work, 25 s when 0.
	Deadline time.Duration
	// Logger is slog.Default() when nil.
	Logger *slog.Logger

	mu       sync.Mutex
	work     *sync.Cond        // signals: waiting grew, or closing
	live     map[string]*entry // every task that has not ended
	waiting  []*entry          // first in, first out
	running  map[*entry]time.Time
	reserved int
	closing  bool
	stats    Stats
	meanWork time.Duration // moving average of finished work, for RetryAfter

	workers   sync.WaitGroup
	life      context.Context // ends when Close gives up waiting
	interrupt context.CancelCauseFunc
	backOff   backOff
}

// entry is one task in memory. Manager.mu guards it.
type entry struct {
	task     Task
	attempt  int // which attempt may report; others are stale
	failures int // attempts since the daemon's start that brought the Runner down
	watchers map[*Watch]struct{}
}

// powerCuts is how many attempts beyond MaxAttempts a task may begin in all its life.
const powerCuts = 3

// errClosing is the cause with which Close interrupts running work.
var errClosing = errors.New("daemon is shutting down")

// Initialize takes up what the Store has open, oldest first and even beyond Capacity, and starts the
// workers.
func (m *Manager) Initialize(ctx context.Context) error {
	m.setDefaults()
	open, err := m.Store.Open(ctx)
	if err != nil {
		return fmt.Errorf("load open tasks: %w", err)
	}
	m.work = sync.NewCond(&m.mu)
	m.live = make(map[string]*entry)
	m.running = make(map[*entry]time.Time)
	m.life, m.interrupt = context.WithCancelCause(context.Background())

	// Tasks that are out of attempts have nothing to wait for: they go first and end at once.
	var spent, fresh []*entry
	for _, t := range open {
		t.Status = Pending
		e := &entry{task: t}
		m.live[t.ID] = e
		if m.hopeless(t) != nil {
			spent = append(spent, e)
		} else {
			fresh = append(fresh, e)
		}
		m.Logger.Info("task resumed", "task", t.ID, "attempts", t.Attempts)
	}
	m.mu.Lock()
	m.waiting = append(spent, fresh...)
	m.tellPlaces()
	m.mu.Unlock()

	m.workers.Add(m.Workers)
	for range m.Workers {
		go m.serve()
	}
	return nil
}

func (m *Manager) setDefaults() {
	if m.Workers == 0 {
		m.Workers = 1
	}
	if m.Capacity == 0 {
		m.Capacity = 64
	}
	if m.MaxAttempts == 0 {
		m.MaxAttempts = 2
	}
	if m.Deadline == 0 {
		m.Deadline = 25 * time.Second
	}
	if m.Logger == nil {
		m.Logger = slog.Default()
	}
	if m.backOff == (backOff{}) {
		m.backOff = backOff{first: 100 * time.Millisecond, most: 5 * time.Second}
	}
}

// Close refuses new work at once and lets running work end until ctx does; then it interrupts it.
// Interrupted and waiting tasks stay open in the Store for the next start and lose no attempt. The
// Store may be closed after it.
func (m *Manager) Close(ctx context.Context) error {
	m.mu.Lock()
	m.closing = true
	m.work.Broadcast()
	left := len(m.waiting)
	m.mu.Unlock()

	done := make(chan struct{})
	go func() { m.workers.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		m.interrupt(errClosing)
		<-done // bounded: see abandonAfter
	}
	m.interrupt(errClosing)
	m.Logger.Info("task queue closed", "left_open", left)
	return nil
}

// Get returns a task as it stands now, from memory or from the Store.
func (m *Manager) Get(ctx context.Context, id string) (Task, error) {
	m.mu.Lock()
	e, ok := m.live[id]
	if ok {
		defer m.mu.Unlock()
		return e.task, nil
	}
	m.mu.Unlock()
	return m.Store.Load(ctx, id)
}

// Stats returns the state of the queue; its counters count from Initialize.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.stats
	s.Waiting, s.Running, s.Capacity = len(m.waiting), len(m.running), m.Capacity
	return s
}

// RetryAfter guesses in whole seconds, at least one, when a place in the queue will be free. It
// takes the mean working time, or the time the current work has taken when that is longer already.
func (m *Manager) RetryAfter() time.Duration {
	const restart = 5 * time.Second
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return restart
	}
	guess := m.meanWork
	for _, since := range m.running {
		guess = max(guess, time.Since(since))
	}
	guess /= time.Duration(m.Workers)
	return max(time.Second, (guess + time.Second - 1).Truncate(time.Second))
}

// hopeless returns why a task must not be begun (again), or nil.
func (m *Manager) hopeless(t Task) error {
	switch {
	case t.Attempts >= m.MaxAttempts+powerCuts:
		return fault.New(fault.WorkerFailed, "resume task", fmt.Errorf("%d attempts did not end", t.Attempts))
	case t.ImagePath == "":
		return fault.New(fault.ImageLost, "open stored image", nil)
	}
	return nil
}
