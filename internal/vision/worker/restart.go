package worker

import (
	"context"
	"fmt"
	"time"
)

// keep restarts the worker between requests, so that the next photo need not wait for it.
func (s *Supervisor) keep() {
	defer close(s.kept)
	for {
		select {
		case <-s.wake:
		case <-s.ctx.Done():
			return
		}
		select {
		case <-s.turn:
		case <-s.ctx.Done():
			return
		}
		err := s.ensure(s.ctx)
		s.turn <- struct{}{}
		if err != nil {
			s.rouse()
		}
	}
}

func (s *Supervisor) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// ensure makes a worker run that has said hello, waiting out a back-off. The turn must be held.
func (s *Supervisor) ensure(ctx context.Context) error {
	if s.child != nil {
		err := s.child.alive()
		if err == nil {
			return nil
		}
		s.drop(err)
	}
	if wait := time.Until(s.notTill); wait > 0 {
		s.note(func(st *Stats) { st.State = BackingOff })
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return errClosed
		}
	}
	return s.start(ctx)
}

func (s *Supervisor) start(ctx context.Context) error {
	begin := time.Now()
	c, err := start(s.Command, s.Env, s.Logger)
	if err != nil {
		s.bury(false, err)
		return err
	}
	s.child = c
	s.note(func(st *Stats) {
		if st.State != "" {
			st.Restarts++
		}
		st.State, st.PID = Starting, c.pid
	})
	limited, cancel := context.WithTimeout(ctx, s.StartTimeout)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	hello, err := c.hello(limited)
	if err != nil {
		s.drop(err)
		switch {
		case s.ctx.Err() != nil:
			return errClosed
		case ctx.Err() == nil && limited.Err() != nil:
			return fmt.Errorf("not ready within %v", s.StartTimeout) // not the deadline of the photo
		}
		return err
	}
	s.note(func(st *Stats) { st.State, st.Models = Ready, hello.Models })
	s.Logger.Info("vision worker is ready", "pid", c.pid, "models", hello.Models, "ms", time.Since(begin).Milliseconds())
	go func() {
		<-c.exited
		s.rouse()
	}()
	return nil
}

// drop kills the worker and plans the next start. The turn must be held.
func (s *Supervisor) drop(why error) {
	c := s.child
	s.child = nil
	lived := time.Since(c.started)
	c.kill()
	s.bury(c.served || lived >= s.HealthyAfter, why)
	s.Logger.Warn("vision worker failed", "pid", c.pid, "lived", lived, "error", why)
}

// bury notes the end of a worker and when the next may start.
func (s *Supervisor) bury(healthy bool, why error) {
	s.notTill = time.Time{}
	if healthy {
		s.early = 0
	} else {
		wait := min(s.BackoffMin<<min(s.early, 20), s.BackoffMax)
		s.early++
		s.notTill = time.Now().Add(wait)
	}
	s.note(func(st *Stats) { st.State, st.PID, st.LastError = BackingOff, 0, why.Error() })
	s.rouse()
}
