package task

import (
	"context"

	"github.com/google/uuid"

	"foodmassd/internal/fault"
)

// Slot is a place in the queue, held while an image is received. One goroutine uses it.
type Slot struct {
	m    *Manager
	free bool // given back, or turned into a task
}

// Reserve takes a place in the queue before a byte of the image is read, so that nobody uploads in
// vain. Errors: fault.QueueFull, fault.ShuttingDown.
func (m *Manager) Reserve() (*Slot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return nil, fault.New(fault.ShuttingDown, "reserve a place", nil)
	}
	if len(m.waiting)+m.reserved >= m.Capacity {
		return nil, fault.New(fault.QueueFull, "reserve a place", nil)
	}
	m.reserved++
	return &Slot{m: m}, nil
}

// NewDraft opens a file for the image. Errors: fault.DiskFull.
func (s *Slot) NewDraft() (Draft, error) { return s.m.Store.NewDraft() }

// Accept stores image and task and puts the task in the queue. When it returns nil the task survives
// a power cut; when it fails, nothing of the task is left, and Release is still to be called.
func (s *Slot) Accept(ctx context.Context, d Draft, sub Submission) (Task, error) {
	m := s.m
	m.mu.Lock()
	closing := m.closing
	m.mu.Unlock()
	if closing {
		return Task{}, fault.New(fault.ShuttingDown, "accept image", nil)
	}
	now := timestamp()
	t := Task{
		ID:             uuid.NewString(),
		Filename:       sub.Filename,
		CoinDiameterMM: sub.CoinDiameterMM,
		FixedCamera:    sub.FixedCamera,
		Weight:         sub.Weight,
		Status:         Pending,
		Message:        placeMessage(0),
		CreatedAt:      now,
		UpdatedAt:      now,
	}
	if err := m.Store.Accept(ctx, &t, d, sub.Extension); err != nil {
		return Task{}, err
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	s.giveBack()
	m.stats.Accepted++
	e := &entry{task: t}
	m.live[t.ID] = e
	m.waiting = append(m.waiting, e)
	e.task.Message = placeMessage(m.ahead(len(m.waiting) - 1))
	m.work.Signal()
	m.Logger.Info("task accepted", "task", t.ID, "filename", t.Filename, "waiting", len(m.waiting))
	return e.task, nil
}

// Release gives the place back; it does nothing after a successful Accept.
func (s *Slot) Release() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.giveBack()
}

// giveBack needs Manager.mu.
func (s *Slot) giveBack() {
	if !s.free {
		s.free = true
		s.m.reserved--
	}
}
