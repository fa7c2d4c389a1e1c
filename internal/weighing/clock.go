package weighing

import "time"

// Clock is what a Scale and the driver of its Cell read and sleep by; both by the same one.
type Clock interface {
	Now() time.Time
	Sleep(time.Duration)
}

// SystemClock is the computer's.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep implements Clock.
func (SystemClock) Sleep(d time.Duration) { time.Sleep(d) }
