package verify

import (
	"sync"
	"time"
)

// Pauses: the first after this many failures in a row, doubled with each further one.
const (
	tolerated    = 3
	firstPause   = 30 * time.Second
	longestPause = 10 * time.Minute
)

// breaker keeps questions away from a server that does not answer them. After a pause one question may try
// again; the others go on waiting for its outcome.
type breaker struct {
	mu     sync.Mutex
	failed int // in a row
	pause  time.Duration
	until  time.Time
	trying bool
}

func (b *breaker) ready(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open(now)
}

// open needs b.mu.
func (b *breaker) open(now time.Time) bool {
	return b.failed < tolerated || !b.trying && !now.Before(b.until)
}

// begin reports whether a question may be asked; if so, end or abandon must follow.
func (b *breaker) begin(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	ok := b.open(now)
	b.trying = b.trying || ok && b.failed >= tolerated
	return ok
}

// end takes the outcome and returns the pause that follows, 0 for none.
func (b *breaker) end(now time.Time, ok bool) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	if ok {
		b.failed, b.pause, b.until = 0, 0, time.Time{}
		return 0
	}
	b.failed++
	if b.failed < tolerated {
		return 0
	}
	b.pause = min(max(2*b.pause, firstPause), longestPause)
	b.until = now.Add(b.pause)
	return b.pause
}

// abandon is the end of a question that nobody waited for.
func (b *breaker) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
}

// state returns the failures in a row and the end of the present pause, zero when there is none.
func (b *breaker) state(now time.Time) (failed int, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		until = b.until
	}
	return b.failed, until
}
