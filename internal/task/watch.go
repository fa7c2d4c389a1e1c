package task

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Watch follows one task. Only the latest state is kept for it, so a slow watcher delays nobody and
// misses nothing but what was overtaken; the terminal state is never overtaken.
type Watch struct {
	m       *Manager
	e       *entry
	changed chan struct{}
}

// Watch follows a task, also one that ended long ago. Errors: fault.TaskNotFound.
func (m *Manager) Watch(ctx context.Context, id string) (*Watch, error) {
	if w := m.watchLive(id); w != nil {
		return w, nil
	}
	t, err := m.Store.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	if !t.Status.Terminal() {
		// It was between the Store and the queue when we looked.
		if w := m.watchLive(id); w != nil {
			return w, nil
		}
		if t, err = m.Store.Load(ctx, id); err != nil {
			return nil, err
		}
	}
	return &Watch{m: m, e: &entry{task: t}, changed: make(chan struct{}, 1)}, nil
}

func (m *Manager) watchLive(id string) *Watch {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.live[id]
	if !ok {
		return nil
	}
	w := &Watch{m: m, e: e, changed: make(chan struct{}, 1)}
	if e.watchers == nil {
		e.watchers = make(map[*Watch]struct{})
	}
	e.watchers[w] = struct{}{}
	return w
}

// Current returns the latest state.
func (w *Watch) Current() Task {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	return w.e.task
}

// Changed receives after the state changed since the last receive.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

// Close ends the watch; Current goes on answering.
func (w *Watch) Close() {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	delete(w.e.watchers, w)
}

// update changes a task and wakes its watchers. It needs Manager.mu.
func (e *entry) update(change func(t *Task)) {
	e.task.UpdatedAt = timestamp()
	change(&e.task)
	for w := range e.watchers {
		select {
		case w.changed <- struct{}{}:
		default: // it has not looked at the last change yet and will find this one
		}
	}
}

// timestamp is now as the Store keeps it.
func timestamp() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// maxProgress is the largest progress of a task that has not completed.
const maxProgress = 0.99

// advance raises progress; it never goes back, also not across attempts.
func advance(t *Task, fraction float64, message string) {
	if !math.IsNaN(fraction) {
		t.Progress = max(t.Progress, min(fraction, maxProgress))
	}
	if message != "" {
		t.Message = message
	}
}

// tellPlaces tells every waiting task its place. It needs Manager.mu.
func (m *Manager) tellPlaces() {
	for i, e := range m.waiting {
		if message := placeMessage(m.ahead(i)); message != e.task.Message {
			e.update(func(t *Task) { t.Message = message })
		}
	}
}

// ahead is how many tasks end before the i-th waiting one starts, at most. It needs Manager.mu.
func (m *Manager) ahead(i int) int { return i + len(m.running) }

func placeMessage(ahead int) string {
	if ahead == 0 {
		return "대기 중... (곧 시작합니다)"
	}
	return fmt.Sprintf("대기 중... (앞에 %d건)", ahead)
}
