// Package nau7802 reads a load cell through Nuvoton's NAU7802, a 24-bit converter on an I²C bus.
// Sections named here are those of the chip's datasheet, revision 1.7.
package nau7802

import (
	"context"
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/i2c"

	"foodmassd/internal/weighing"
)

// Address is the chip's only I²C address.
const Address = 0x2A

// Errors of Read; errors.Is tells them apart. Each says what a technician can do.
var (
	// ErrNoAnswer: nothing acknowledges the address, or the bus failed.
	ErrNoAnswer = fmt.Errorf("%w: no NAU7802 answers at address 0x2a; check its supply, its two wires and the bus number (i2cdetect -y NUMBER)", weighing.ErrUnplugged)
	// ErrOtherChip: what answers is no NAU7802.
	ErrOtherChip = fmt.Errorf("%w: the chip at address 0x2a is no NAU7802; another device has this address", weighing.ErrUnplugged)
	// ErrPowerUp: the chip does not report its power as ready.
	ErrPowerUp = fmt.Errorf("%w: the NAU7802 does not power up; check its supply", weighing.ErrTimeout)
	// ErrCalibration: the chip's own offset calibration failed or did not end.
	ErrCalibration = errors.New("the NAU7802 cannot calibrate its offset; check its analog supply and the load cell's wires")
	// ErrNotReady: no conversion came.
	ErrNotReady = fmt.Errorf("%w: the NAU7802 finishes no conversion; check its supply", weighing.ErrTimeout)
	// ErrSaturated: the input is out of range.
	ErrSaturated = fmt.Errorf("%w: the load cell is out of the NAU7802's range; take the load off, then check the cell's four wires or lower the gain", weighing.ErrSaturated)
	// ErrGlitched: several conversions in a row were zeros, ones or saturated, but not steadily one of them.
	ErrGlitched = fmt.Errorf("%w: the NAU7802's answers jump between zeros, ones and full scale; keep its wires short and away from power cables", weighing.ErrGlitched)
)

// Registers and their bits (section 11).
const (
	regPower    = 0x00 // PU_CTRL
	regControl1 = 0x01 // CTRL1
	regControl2 = 0x02 // CTRL2
	regOutput   = 0x12 // ADCO, three bytes, most significant first
	regADC      = 0x15 // the converter's own settings
	regRevision = 0x1F

	powerReset   = 1 << 0 // RR
	powerDigital = 1 << 1 // PUD
	powerAnalog  = 1 << 2 // PUA
	powerReady   = 1 << 3 // PUR
	cycleStart   = 1 << 4 // CS
	cycleReady   = 1 << 5 // CR
	supplyLDO    = 1 << 7 // AVDDS: the chip's regulator feeds the cell

	calibrate      = 1 << 2 // CALS, with CALMOD 0: the internal offset
	calibrateError = 1 << 3 // CAL_ERR

	chopperOff = 0x30 // REG_CHPS, both bits, as the power-on sequence of section 9 has it
	revision   = 0x0F // low four bits of the revision code
)

var (
	gainBits = map[int]byte{1: 0, 2: 1, 4: 2, 8: 3, 16: 4, 32: 5, 64: 6, 128: 7} // GAINS
	rateBits = map[int]byte{10: 0, 20: 1, 40: 2, 80: 3, 320: 7}                  // CRS
	ldoBits  = map[int]byte{4500: 0, 4200: 1, 3900: 2, 3600: 3, 3300: 4, 3000: 5, 2700: 6, 2400: 7}
)

const (
	powerUpTimeout   = 100 * time.Millisecond // 200 µs are typical (section 9)
	calibrateTimeout = 2 * time.Second        // it takes a few conversions
	settleFor        = 600 * time.Millisecond // the regulator and the analog part after power-up, as ESPHome waits (github.com/esphome/esphome/pull/6291)
	settleCount      = 4                      // conversions until the digital filter holds new data only
	powerUpPoll      = time.Millisecond
	tries            = 8 // of a conversion; twice what it takes to believe a doubtful one
	sure             = 3 // equal reads of a register; with 3 % glitches, all are glitches once in 300 000
)

// Cell is a load cell on channel 1 of a NAU7802. Set the exported fields, then Initialize. It is for
// one goroutine.
type Cell struct {
	Bus    i2c.Bus
	Gain   int            // 1, 2, 4, 8, 16, 32, 64 or 128
	RateHz int            // 10, 20, 40, 80 or 320
	LDOmV  int            // the cell's supply: 2400 to 4500 in steps of 300; 0: AVDD is supplied from outside
	Time   weighing.Clock // nil: the system's

	awake     bool
	unsettled int       // conversions to discard
	ready     time.Time // when the last conversion was seen to be
	doubt     weighing.Doubt
}

var _ weighing.Cell = (*Cell)(nil)

// Initialize checks the settings. It does not touch the bus: the first Read does.
func (c *Cell) Initialize() error {
	if _, ok := gainBits[c.Gain]; !ok {
		return fmt.Errorf("%s: gain %d; a NAU7802 does 1, 2, 4, 8, 16, 32, 64 or 128", c, c.Gain)
	}
	if _, ok := rateBits[c.RateHz]; !ok {
		return fmt.Errorf("%s: %d conversions per second; a NAU7802 does 10, 20, 40, 80 or 320", c, c.RateHz)
	}
	if _, ok := ldoBits[c.LDOmV]; !ok && c.LDOmV != 0 {
		return fmt.Errorf("%s: supply of %d mV; a NAU7802 does 2400 to 4500 in steps of 300, or 0 for none", c, c.LDOmV)
	}
	if c.Time == nil {
		c.Time = weighing.SystemClock{}
	}
	return nil
}

// String names the chip and its bus.
func (c *Cell) String() string { return fmt.Sprintf("nau7802 (bus %s)", c.Bus) }

// Halt powers the chip and its regulator down. Read wakes both.
func (c *Cell) Halt() error {
	c.awake = false
	if err := c.write(regPower, 0); err != nil {
		return fmt.Errorf("%s: power down: %w", c, err)
	}
	return nil
}

// Read waits for the next conversion and returns its counts, above weighing.SaturatedLow and
// below weighing.SaturatedHigh. Conversions that are 0, all ones or saturated out of nowhere are read again, and believed
// when they stay; saturated ones are then ErrSaturated. The first Read, and the one after an error or Halt, powers the chip up, calibrates
// its offset and lets it settle; that takes one to two seconds at 10 Hz.
func (c *Cell) Read(ctx context.Context) (int32, error) {
	var err error
	for range tries {
		var counts int32
		if counts, err = c.settled(ctx); err == nil {
			return counts, nil
		}
		if !errors.Is(err, ErrGlitched) {
			break
		}
	}
	if !errors.Is(err, ErrSaturated) && !errors.Is(err, ErrGlitched) {
		c.awake = false
	}
	return 0, fmt.Errorf("%s: %w", c, err)
}

func (c *Cell) settled(ctx context.Context) (int32, error) {
	if !c.awake {
		if err := c.wake(ctx); err != nil {
			return 0, err
		}
	}
	for ; c.unsettled > 0; c.unsettled-- {
		if _, err := c.conversion(ctx); err != nil {
			return 0, err
		}
	}
	counts, err := c.conversion(ctx)
	switch {
	case err != nil:
		return 0, err
	case !c.doubt.Believe(counts):
		return 0, ErrGlitched
	case weighing.IsSaturated(counts):
		return 0, ErrSaturated
	}
	return counts, nil
}

// wake is the power-on sequence of section 9, from a reset, whatever state the chip was in.
func (c *Cell) wake(ctx context.Context) error {
	if err := c.identify(); err != nil {
		return err
	}
	if err := c.write(regPower, powerReset); err != nil {
		return err
	}
	if err := c.write(regPower, powerDigital); err != nil {
		return err
	}
	if err := c.await(ctx, regPower, powerReset|powerReady, powerReady, wait{powerUpPoll, powerUpTimeout, ErrPowerUp}); err != nil {
		return err
	}
	if err := c.configure(); err != nil {
		return err
	}
	if err := c.sleep(ctx, settleFor); err != nil {
		return err
	}
	if err := c.calibrate(ctx); err != nil {
		return err
	}
	if err := c.write(regPower, c.power()|cycleStart); err != nil {
		return err
	}
	c.awake, c.unsettled, c.ready = true, settleCount, c.Time.Now()
	return nil
}

func (c *Cell) identify() error {
	code, err := c.steady(regRevision)
	if err == nil && code&0x0F != revision {
		err = fmt.Errorf("%w (revision code 0x%02x, expected 0x_%x)", ErrOtherChip, code, revision)
	}
	return err
}

// power is the power register of a chip at work.
func (c *Cell) power() byte {
	if c.LDOmV == 0 {
		return powerDigital | powerAnalog
	}
	return powerDigital | powerAnalog | supplyLDO
}

func (c *Cell) configure() error {
	for _, r := range []struct{ register, value byte }{
		{regPower, c.power()},
		{regControl1, ldoBits[c.LDOmV]<<3 | gainBits[c.Gain]},
		{regControl2, rateBits[c.RateHz] << 4},
		{regADC, chopperOff},
	} {
		if err := c.write(r.register, r.value); err != nil {
			return err
		}
	}
	return nil
}

// calibrate lets the chip measure and subtract its own offset (section 8.6); the bit that starts it
// falls when it is done.
func (c *Cell) calibrate(ctx context.Context) error {
	rate := rateBits[c.RateHz] << 4
	if err := c.write(regControl2, rate|calibrate); err != nil {
		return err
	}
	if err := c.await(ctx, regControl2, calibrate, 0, wait{c.period() / 2, calibrateTimeout, ErrCalibration}); err != nil {
		return err
	}
	status, err := c.steady(regControl2)
	if err == nil && status&calibrateError != 0 {
		err = ErrCalibration // the calibration registers are invalid (section 8.6.3)
	}
	return err
}

func (c *Cell) period() time.Duration { return time.Second / time.Duration(c.RateHz) }

// conversion waits for the ready bit, which reading the output clears, and reads 24 bits in two's
// complement. It leaves the bus alone until the bit is about due.
func (c *Cell) conversion(ctx context.Context) (int32, error) {
	if err := c.sleep(ctx, c.ready.Add(c.period()*9/10).Sub(c.Time.Now())); err != nil {
		return 0, err
	}
	late := wait{c.period() / 20, max(10*c.period(), 100*time.Millisecond), ErrNotReady}
	if err := c.await(ctx, regPower, powerReset|cycleReady, cycleReady, late); err != nil {
		return 0, err
	}
	c.ready = c.Time.Now()
	var b [3]byte
	if err := c.tx([]byte{regOutput}, b[:]); err != nil {
		return 0, err
	}
	return int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8, nil
}

// wait is how to wait for a register.
type wait struct {
	poll, timeout time.Duration
	late          error // after timeout
}

// await polls a register until the masked bits are as wanted in several reads in a row: a disturbed
// transfer brings ones or zeros without an error.
func (c *Cell) await(ctx context.Context, register, mask, want byte, w wait) error {
	deadline := c.Time.Now().Add(w.timeout)
	for seen := 0; seen < sure; {
		value, err := c.read(register)
		if err != nil {
			return err
		}
		if value&mask == want {
			seen++
			continue
		}
		seen = 0
		if !c.Time.Now().Before(deadline) {
			return w.late
		}
		if err := c.sleep(ctx, w.poll); err != nil {
			return err
		}
	}
	return nil
}

// steady reads a register until it reads the same several times in a row.
func (c *Cell) steady(register byte) (value byte, err error) {
	seen := 0
	for range 4 * sure {
		last := value
		if value, err = c.read(register); err != nil {
			return 0, err
		}
		if value != last {
			seen = 0
		}
		seen++
		if seen == sure {
			return value, nil
		}
	}
	return 0, ErrGlitched
}

// sleep lets d pass, in slices after which a cancelled context ends it.
func (c *Cell) sleep(ctx context.Context, d time.Duration) error {
	for ; d > 0 && ctx.Err() == nil; d -= 100 * time.Millisecond {
		c.Time.Sleep(min(d, 100*time.Millisecond))
	}
	return ctx.Err()
}

func (c *Cell) read(register byte) (byte, error) {
	var b [1]byte
	err := c.tx([]byte{register}, b[:])
	return b[0], err
}

func (c *Cell) write(register, value byte) error { return c.tx([]byte{register, value}, nil) }

func (c *Cell) tx(w, r []byte) error {
	if err := c.Bus.Tx(Address, w, r); err != nil {
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return nil
}
