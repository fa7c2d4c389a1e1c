package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/vision"
)

// memoryTick is how often the worker's memory is looked at during a request.
const memoryTick = 20 * time.Millisecond

// photoFaults are the codes that a worker may give for a photo that it could not see; any other means
// that the worker itself has failed.
var photoFaults = []fault.Code{fault.EmptyImage, fault.UnsupportedType, fault.TruncatedImage, fault.Undecodable,
	fault.TooLarge, fault.TooManyPixels, fault.Oversize}

// ask puts one request to the worker, which must be ready; begun tells whether that reported any progress.
// The turn must be held.
func (s *Supervisor) ask(ctx context.Context, r vision.Request, progress func(stage string)) (scene vision.Scene, begun bool, err error) {
	c := s.child
	s.last++
	c.words.reset()
	s.note(func(st *Stats) { st.State = Busy; st.Requests++ })
	frame, err := encode(message{Kind: kindSee, ID: s.last, Request: &r}, maxRequestBytes)
	if err != nil {
		s.note(func(st *Stats) { st.State = Ready })
		return scene, false, fault.New(fault.Internal, "ask the vision worker", err)
	}
	c.in.SetWriteDeadline(time.Now().Add(s.RequestTimeout))
	if _, err = c.in.Write(frame); err != nil {
		err = c.why(err)
	}
	var reply message
	if err == nil {
		reply, err = s.await(ctx, c, func(stage string) {
			begun = true
			if progress != nil {
				progress(stage)
			}
		})
	}
	if err != nil {
		s.drop(err)
		return scene, begun, failed("see", err)
	}
	c.served = true
	s.note(func(st *Stats) { st.State = Ready })
	s.slim(c)
	if reply.Kind == kindError {
		return scene, begun, fault.New(reply.Code, "see", errors.New(reply.Error))
	}
	return *reply.Scene, begun, nil
}

// await returns the final answer to the request s.last; any error means that the worker has to go.
func (s *Supervisor) await(ctx context.Context, c *child, progress func(stage string)) (message, error) {
	timeout, tick := time.NewTimer(s.RequestTimeout), time.NewTicker(memoryTick)
	defer timeout.Stop()
	defer tick.Stop()
	for {
		select {
		case f := <-c.frames:
			if f.err != nil {
				return message{}, c.why(f.err)
			}
			final, err := judge(f.message, s.last)
			if final || err != nil {
				return f.message, err
			}
			progress(f.Stage)
		case <-tick.C:
			if n := rss(c.pid); n > s.MemoryLimitBytes {
				return message{}, fmt.Errorf("%d MiB of memory, over the limit of %d MiB", n>>20, s.MemoryLimitBytes>>20)
			}
		case <-timeout.C:
			return message{}, fmt.Errorf("no answer within %v", s.RequestTimeout)
		case <-ctx.Done():
			return message{}, ctx.Err()
		case <-s.ctx.Done():
			return message{}, errClosed
		}
	}
}

var stages = []string{vision.StageDecode, vision.StageDetect, vision.StageRecognise, vision.StageReference}

// judge tells whether a frame ends the request id, and refuses one that is no answer to it.
func judge(m message, id uint64) (final bool, err error) {
	switch {
	case m.ID != id:
		return false, fmt.Errorf("%q frame for request %d instead of %d", m.Kind, m.ID, id)
	case m.Kind == kindProgress && slices.Contains(stages, m.Stage):
		return false, nil
	case m.Kind == kindError && slices.Contains(photoFaults, m.Code):
		return true, nil
	case m.Kind == kindError:
		return true, fmt.Errorf("worker says: %.300s", m.Error)
	case m.Kind == kindScene && m.Scene != nil:
		if err := check(m.Scene); err != nil {
			return true, fmt.Errorf("senseless scene: %w", err)
		}
		return true, nil
	}
	return false, fmt.Errorf("unexpected %.20q frame", m.Kind)
}

// slim replaces a worker that has kept too much memory after a request; its answer stands.
func (s *Supervisor) slim(c *child) {
	n := rss(c.pid)
	if n <= s.MemoryLimitBytes {
		return
	}
	s.Logger.Info("vision worker is replaced", "pid", c.pid, "rss_mib", n>>20, "limit_mib", s.MemoryLimitBytes>>20)
	s.child = nil
	c.kill()
	s.note(func(st *Stats) { st.State, st.PID = Starting, 0 })
	s.rouse()
}
