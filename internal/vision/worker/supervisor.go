package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"foodmassd/internal/fault"
	"foodmassd/internal/vision"
)

// Supervisor keeps one worker process and sees through it. Set the fields, call Initialize, then See
// from any goroutine, and Close at the end. It implements vision.Seer.
type Supervisor struct {
	// Command to run as the worker; nil is this program with the argument "vision-worker". Env is added
	// to the daemon's own environment.
	Command []string
	Env     []string
	// MemoryLimitBytes is the resident memory beyond which the worker is killed during a request, and
	// replaced after one. 0: 512 MiB.
	MemoryLimitBytes int64
	// StartTimeout bounds the loading of the models (0: 20 s), RequestTimeout one photo (0: 30 s).
	StartTimeout, RequestTimeout time.Duration
	// A worker that ends before it has seen a photo or lived for HealthyAfter (0: 30 s) is restarted after
	// BackoffMin (0: 200 ms), doubled each time up to BackoffMax (0: 30 s); any other at once.
	HealthyAfter, BackoffMin, BackoffMax time.Duration
	// Logger receives what the worker prints and how it fares; nil discards.
	Logger *slog.Logger

	turn    chan struct{}   // holds one token; whoever has it owns the fields below
	child   *child          // nil when none runs
	last    uint64          // ID of the last request
	early   int             // workers in a row that ended early
	notTill time.Time       // of the next start
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	wake    chan struct{} // asks keep to look after the worker
	kept    chan struct{} // closed when keep has ended
	closing sync.Once

	mu    sync.Mutex // guards stats
	stats Stats
}

var _ vision.Seer = (*Supervisor)(nil)

// State of the worker.
type State string

// The states.
const (
	Starting   State = "starting"
	Ready      State = "ready"
	Busy       State = "busy"
	BackingOff State = "waiting to restart"
	Stopped    State = "stopped"
)

// Up tells whether a photo would be looked at without delay.
func (s State) Up() bool { return s == Ready || s == Busy }

// Stats tells how the worker fares.
type Stats struct {
	State State
	PID   int // of the present worker, 0 when there is none
	// Restarts counts starts after the first, Requests the photos given to a worker.
	Restarts, Requests uint64
	// LastError says why a worker failed last, "" when none has.
	LastError string
	RSSBytes  int64
	// Models are name and version by role, as the worker told.
	Models map[string]string
}

// errClosed is the cause of errors after Close.
var errClosed = errors.New("the supervisor is closed")

// Initialize starts the worker and waits until it has loaded its models. After an error nothing runs.
func (s *Supervisor) Initialize(ctx context.Context) error {
	s.defaults()
	s.turn = make(chan struct{}, 1)
	s.wake, s.kept = make(chan struct{}, 1), make(chan struct{})
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.ensure(ctx); err != nil {
		s.cancel()
		return err
	}
	go s.keep()
	s.turn <- struct{}{}
	return nil
}

func (s *Supervisor) defaults() {
	if len(s.Command) == 0 {
		s.Command = []string{"/proc/self/exe", "vision-worker"}
	}
	if s.MemoryLimitBytes == 0 {
		s.MemoryLimitBytes = 512 << 20
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&s.StartTimeout, 20 * time.Second}, {&s.RequestTimeout, 30 * time.Second}, {&s.HealthyAfter, 30 * time.Second},
		{&s.BackoffMin, 200 * time.Millisecond}, {&s.BackoffMax, 30 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
}

// Close ends the worker; a request under way fails.
func (s *Supervisor) Close() error {
	s.closing.Do(func() {
		s.cancel()
		<-s.kept
		<-s.turn // for good: nobody sees after this
		if s.child != nil {
			s.child.finish(time.Second)
			s.child = nil
		}
		s.note(func(st *Stats) { st.State, st.PID = Stopped, 0 })
	})
	return nil
}

// Stats returns the present figures.
func (s *Supervisor) Stats() Stats {
	s.mu.Lock()
	st := s.stats
	s.mu.Unlock()
	if st.PID != 0 {
		st.RSSBytes = rss(st.PID)
	}
	return st
}

func (s *Supervisor) note(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}

// See implements vision.Seer: requests wait for their turn; one that outlives ctx, RequestTimeout or the
// memory limit costs the worker its life, and so does a reply that makes no sense.
func (s *Supervisor) See(ctx context.Context, r vision.Request, progress func(stage string)) (vision.Scene, error) {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return vision.Scene{}, failed("wait for the vision worker", ctx.Err())
	case <-s.ctx.Done():
		return vision.Scene{}, failed("see", errClosed)
	}
	defer func() { s.turn <- struct{}{} }()
	for again := false; ; again = true {
		if err := s.ensure(ctx); err != nil {
			return vision.Scene{}, failed("start the vision worker", err)
		}
		scene, begun, err := s.ask(ctx, r, progress)
		// A worker that was gone before it began has not died of this photo.
		if err == nil || begun || again || !errors.Is(err, errGone) {
			return scene, err
		}
	}
}

// failed gives an error its code by its cause.
func failed(op string, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.DeadlineExceeded, op, err)
	case errors.Is(err, errClosed):
		return fault.New(fault.ShuttingDown, op, err)
	}
	return fault.New(fault.WorkerFailed, op, err)
}
