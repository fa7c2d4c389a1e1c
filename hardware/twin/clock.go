// Package twin holds devices without hardware: an HX711 that speaks its protocol bit by bit through
// gpio pins, and a NAU7802 with its registers on an I²C bus, glitches and all. They are what the
// drivers are tested against; a clock that only they and the driver move makes every run the same.
package twin

import (
	"sync"
	"time"
)

// Clock is time that passes only when somebody sleeps by it or touches a pin. The zero value starts
// at the zero time; it is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets d pass at once; a negative d passes nothing.
func (c *Clock) Sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
}
