// Package hx711 reads a load cell through AVIA Semiconductor's HX711, a 24-bit converter on two gpio
// pins. Linux gives no promise about time, so every read measures itself: one in which the clock pin
// was high for so long that the chip may have powered down is thrown away and done again. Sections and
// tables named here are those of the chip's datasheet.
package hx711

import (
	"context"
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"

	"foodmassd/internal/weighing"
)

// Input is a channel and its gain, in the order of table 3.
type Input int

// The inputs. Full scale at 5 V supply is ±20 mV, ±80 mV and ±40 mV (section "Analog Inputs").
const (
	A128 Input = iota // channel A, gain 128: the one for load cells
	B32               // channel B, gain 32
	A64               // channel A, gain 64
)

// clocks returns how many clocks per conversion choose the input: 25, 26 or 27 (table 3).
func (i Input) clocks() int { return 25 + int(i) }

// Errors of Read; errors.Is tells them apart. Each says what a technician can do.
var (
	// ErrUnplugged: the data line stays low, so it reads as ready with 0.
	ErrUnplugged = fmt.Errorf("%w: the data pin stays low, as when no HX711 is there; check its data wire and its supply", weighing.ErrUnplugged)
	// ErrNotReady: the data line stays high.
	ErrNotReady = fmt.Errorf("%w: the HX711 finishes no conversion, its data pin stays high; check its supply and both wires", weighing.ErrTimeout)
	// ErrSaturated: the input was out of range for several conversions.
	ErrSaturated = fmt.Errorf("%w: the load cell is out of the HX711's range; take the load off, then check the cell's four wires", weighing.ErrSaturated)
	// ErrGlitched: several conversions in a row were zeros, ones or saturated, but not steadily one of them.
	ErrGlitched = fmt.Errorf("%w: the HX711's answers jump between zeros, ones and full scale; keep its wires short and away from power cables", weighing.ErrGlitched)
	// ErrSlowHost: several reads in a row took so long that the chip may have powered down.
	ErrSlowHost = fmt.Errorf("%w: this computer is too busy to clock the HX711 in time", weighing.ErrTimeout)
)

const (
	maxHigh      = 50 * time.Microsecond  // T3, the clock's longest high time (figure 2)
	powerDownFor = 100 * time.Microsecond // the clock high for over 60 µs powers down (section "Reset and Power-Down")
	settleCount  = 4                      // conversions in 400 ms at 10 Hz or 50 ms at 80 Hz, the settling time after a reset or a change of input
	readyTimeout = time.Second            // over twice the longest settling time
	waitSlice    = 200 * time.Millisecond // how late a cancelled context may be noticed
	tries        = 8                      // of a read; twice what it takes to believe a doubtful one
	slowTries    = 20                     // of a read; settling takes several that must all be in time
)

// Cell is a load cell on an HX711. Set the exported fields, then Initialize. It is for one goroutine.
type Cell struct {
	SCK    gpio.PinOut // to the chip's PD_SCK
	DOUT   gpio.PinIn  // from the chip's DOUT
	Input  Input
	RateHz int            // 10 or 80, as the chip's RATE pin is wired
	Time   weighing.Clock // nil: the system's

	edges     bool // the data pin can wait for edges
	awake     bool
	unsettled int // conversions to discard
	doubt     weighing.Doubt
}

var _ weighing.Cell = (*Cell)(nil)

// Initialize takes the pins. It does not wait for the chip: the first Read does.
func (c *Cell) Initialize() error {
	if c.RateHz != 10 && c.RateHz != 80 {
		return fmt.Errorf("%s: %d conversions per second; an HX711 does 10 or 80", c, c.RateHz)
	}
	if c.Input < A128 || c.Input > A64 {
		return fmt.Errorf("%s: no input %d", c, c.Input)
	}
	if c.Time == nil {
		c.Time = weighing.SystemClock{}
	}
	if err := c.SCK.Out(gpio.Low); err != nil {
		return fmt.Errorf("%s: clock pin: %w", c, err)
	}
	if err := c.listen(); err != nil {
		return fmt.Errorf("%s: data pin: %w", c, err)
	}
	return nil
}

// listen sets the data pin up as well as it can be: with a pull-up an unplugged chip is silent
// instead of ready, with edges waiting costs nothing. Not every pin has both.
func (c *Cell) listen() error {
	var first error
	for _, edge := range []gpio.Edge{gpio.FallingEdge, gpio.NoEdge} {
		for _, pull := range []gpio.Pull{gpio.PullUp, gpio.PullNoChange} {
			err := c.DOUT.In(pull, edge)
			if err == nil {
				c.edges = edge != gpio.NoEdge
				return nil
			}
			if first == nil {
				first = err
			}
		}
	}
	return first
}

// String names the chip and its pins.
func (c *Cell) String() string {
	return fmt.Sprintf("hx711 (clock %s, data %s)", c.SCK.Name(), c.DOUT.Name())
}

// Halt powers the chip down, and with it a cell fed by the chip's regulator. Read wakes both.
func (c *Cell) Halt() error {
	c.awake = false
	if err := c.SCK.Out(gpio.High); err != nil {
		return fmt.Errorf("%s: power down: %w", c, err)
	}
	return nil
}

// Read waits for the next conversion and returns its counts, above weighing.SaturatedLow and
// below weighing.SaturatedHigh. After a wake-up it first lets the chip settle, which takes half a second at 10 Hz.
// Conversions that are 0, all ones or saturated out of nowhere are read again, and believed when they
// stay; saturated ones are then ErrSaturated.
func (c *Cell) Read(ctx context.Context) (int32, error) {
	for bad, slow := 0, 0; ; {
		counts, err := c.settled(ctx)
		switch {
		case err == nil:
			return counts, nil
		case errors.Is(err, ErrSlowHost):
			slow++
		case errors.Is(err, ErrUnplugged), errors.Is(err, ErrGlitched):
			bad++
		default: // another conversion would not turn out better
			bad = tries
		}
		if bad == tries || slow == slowTries {
			return 0, fmt.Errorf("%s: %w", c, err)
		}
	}
}

// settled returns the next conversion that no wake-up disturbs.
func (c *Cell) settled(ctx context.Context) (int32, error) {
	if !c.awake {
		if err := c.wake(); err != nil {
			return 0, err
		}
	}
	for ; c.unsettled > 0; c.unsettled-- {
		if _, err := c.conversion(ctx); err != nil {
			return 0, err
		}
	}
	word, err := c.conversion(ctx)
	if err != nil {
		return 0, err
	}
	return c.judge(word)
}

// wake takes the chip through power-down, whatever state it was in: that aligns its bits with ours.
func (c *Cell) wake() error {
	if err := c.SCK.Out(gpio.High); err != nil {
		return err
	}
	c.Time.Sleep(powerDownFor)
	if err := c.SCK.Out(gpio.Low); err != nil {
		return err
	}
	c.awake, c.unsettled = true, settleCount
	if c.Input != A128 {
		c.unsettled++ // the chip wakes with A128; the first read chooses the input
	}
	return nil
}

// conversion waits for a conversion and shifts its 24 bits out. After an error nothing is known of
// the chip's state, so the next read wakes it anew.
func (c *Cell) conversion(ctx context.Context) (word uint32, err error) {
	if err = c.waitReady(ctx); err == nil {
		word, err = c.shiftOut()
	}
	if err != nil {
		c.awake = false
	}
	return word, err
}

// waitReady waits for the data pin to be low (section "Serial Interface").
func (c *Cell) waitReady(ctx context.Context) error {
	deadline := c.Time.Now().Add(readyTimeout)
	for c.DOUT.Read() == gpio.High {
		left := deadline.Sub(c.Time.Now())
		if err := ctx.Err(); err != nil {
			return err
		}
		if left <= 0 {
			return ErrNotReady
		}
		c.pause(min(left, waitSlice))
	}
	return ctx.Err()
}

// pause waits up to d for the data pin to fall. Edges of bits shifted out earlier may end it at once;
// a pin that returns early without an edge cannot wait at all and is polled from then on.
func (c *Cell) pause(d time.Duration) {
	if c.edges {
		asked := c.Time.Now()
		fell := c.DOUT.WaitForEdge(d)
		c.edges = fell || c.Time.Now().Sub(asked) >= d/2
		return
	}
	c.Time.Sleep(min(d, c.period()/20))
}

func (c *Cell) period() time.Duration { return time.Second / time.Duration(c.RateHz) }

// shiftOut clocks the bits out, most significant first, and chooses the next conversion's input. The
// 25th clock makes the chip let the data pin go high; where it stays low there is no chip. A read that
// takes too long may run into the next conversion.
func (c *Cell) shiftOut() (word uint32, err error) {
	began := c.Time.Now()
	var bit gpio.Level
	for i := range c.Input.clocks() {
		if bit, err = c.clock(); err != nil {
			return 0, err
		}
		if i < 24 && bit == gpio.High {
			word |= 1 << (23 - i)
		}
	}
	if took := c.Time.Now().Sub(began); took > c.period()/2 {
		return 0, fmt.Errorf("%w: a read took %v", ErrSlowHost, took)
	}
	if bit == gpio.Low {
		return 0, ErrUnplugged
	}
	return word, nil
}

// clock gives one pulse and reads the bit it brought, which is there 0.1 µs after the pin rose (T2,
// figure 2) and stays until it rises again. T3 asks for at least 0.2 µs high. Reading while it is high
// keeps it so without a timer, none of which is that fine: two calls of the kernel lie between the edges
// instead of one, and the read waits for the gpio chip, which a write need not. What clock measures is
// never less than the time the pin was high.
func (c *Cell) clock() (gpio.Level, error) {
	rose := c.Time.Now()
	if err := c.SCK.Out(gpio.High); err != nil {
		return gpio.Low, err
	}
	bit := c.DOUT.Read()
	if err := c.SCK.Out(gpio.Low); err != nil {
		return gpio.Low, err
	}
	if high := c.Time.Now().Sub(rose); high > maxHigh {
		return gpio.Low, fmt.Errorf("%w: its clock pin was high for %v, %v are allowed", ErrSlowHost, high, maxHigh)
	}
	return bit, nil
}

// judge turns 24 bits in two's complement into counts, or says why they are none.
func (c *Cell) judge(word uint32) (int32, error) {
	counts := int32(word<<8) >> 8
	switch {
	case !c.doubt.Believe(counts):
		return 0, ErrGlitched
	case weighing.IsSaturated(counts):
		return 0, ErrSaturated
	}
	return counts, nil
}
