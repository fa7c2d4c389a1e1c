package twin

import (
	"errors"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
)

var _ i2c.Bus = (*NAU7802)(nil)

// NAU7802 is an I²C bus with that chip on it, register by register as its datasheet (Nuvoton, revision
// 1.7) has it. Set the exported fields before the first transfer; all may be changed between
// transfers. For one goroutine at a time.
type NAU7802 struct {
	Clock *Clock

	// Counts is the input's true value at a gain, before the offset calibration: the chip's own error
	// OffsetCounts is added to it until that has been calibrated away.
	Counts       func(gain int) int32
	OffsetCounts int32

	TxTime       time.Duration // one transfer takes this long
	Unplugged    bool          // nothing acknowledges
	OtherChip    bool          // answers with another revision code
	NoPower      bool          // never reports its power as ready
	CalFails     bool          // the calibration ends with its error bit
	CalHangs     bool          // the calibration never ends
	NoConversion bool          // the ready bit never comes

	// Glitch, if set, may replace every byte that a transfer reads, as a disturbed bus does without an error.
	Glitch func() (value byte, glitched bool)

	Transfers int // how many there were

	registers  [0x20]byte
	poweredAt  time.Time
	analogAt   time.Time // the analog part's power-up
	calEarly   bool      // the calibration measured before that part had settled
	calEnds    time.Time
	calibrated bool
	since      time.Time // of the first conversion's start
	taken      int       // conversions the host has read or missed
	sample     int       // conversions since then, at the last look
}

// Bits of the registers (section 11).
const (
	nauRR, nauPUD, nauPUA, nauPUR, nauCS, nauCR = 1, 2, 4, 8, 16, 32
	nauCALS, nauCALERR                          = 4, 8
)

const (
	nauAddress   = 0x2A
	nauPowerTime = 200 * time.Microsecond // section 9
	nauAnalog    = 600 * time.Millisecond // until the analog part has settled; ESPHome's driver waits as long
	nauSettling  = 4                      // conversions after a start
)

func (n *NAU7802) String() string { return "twin" }

// SetSpeed takes any speed.
func (n *NAU7802) SetSpeed(physic.Frequency) error { return nil }

// Registers returns the chip's configuration: PU_CTRL, CTRL1, CTRL2 and the register at 0x15.
func (n *NAU7802) Registers() (power, control1, control2, adc byte) {
	return n.registers[0], n.registers[1], n.registers[2], n.registers[0x15]
}

// Tx is one transfer: a register's number, then bytes to write or bytes read on from there.
func (n *NAU7802) Tx(addr uint16, w, r []byte) error {
	n.Clock.Sleep(n.TxTime)
	n.Transfers++
	if n.Unplugged || addr != nauAddress {
		return errors.New("remote I/O error")
	}
	if len(w) == 0 || int(w[0])+max(len(w)-1, len(r)) > len(n.registers) {
		return errors.New("the twin has no such register")
	}
	for i, value := range w[1:] {
		n.write(int(w[0])+i, value)
	}
	for i := range r {
		r[i] = n.read(int(w[0]) + i)
	}
	n.disturb(r)
	return nil
}

func (n *NAU7802) disturb(r []byte) {
	if n.Glitch == nil || len(r) == 0 {
		return
	}
	if value, glitched := n.Glitch(); glitched {
		for i := range r {
			r[i] = value
		}
	}
}

func (n *NAU7802) write(register int, value byte) {
	now := n.Clock.Now()
	old := n.registers[register]
	n.registers[register] = value
	switch register {
	case 0:
		n.registers[0] = value &^ (nauPUR | nauCR) // read-only
		if value&nauRR != 0 {
			n.registers, n.calibrated = [0x20]byte{nauRR}, false
		}
		if value&nauPUD != 0 && old&nauPUD == 0 {
			n.poweredAt = now
		}
		if value&nauPUA != 0 && old&nauPUA == 0 {
			n.analogAt = now
		}
		if value&nauCS != 0 && old&nauCS == 0 {
			n.since, n.taken = now, 0
		}
	case 2:
		n.registers[2] = value&^nauCALERR | old&nauCALERR
		if value&nauCALS != 0 && n.at(nauPUD|nauPUA) {
			n.calEnds = now.Add(4 * n.period())
			n.calEarly = now.Sub(n.analogAt) < nauAnalog
		}
	}
}

func (n *NAU7802) read(register int) byte {
	n.look()
	switch register {
	case 0x12:
		n.taken = n.sample
		n.output()
	case 0x1F:
		if n.OtherChip {
			return 0x21
		}
		return 0x0F
	}
	return n.registers[register]
}

// look brings the bits that the chip itself changes up to now.
func (n *NAU7802) look() {
	now := n.Clock.Now()
	n.registers[0] &^= nauPUR | nauCR
	if n.at(nauPUD) && !n.NoPower && now.Sub(n.poweredAt) >= nauPowerTime {
		n.registers[0] |= nauPUR
	}
	if n.registers[2]&nauCALS != 0 && !n.CalHangs && !n.calEnds.After(now) {
		n.registers[2] &^= nauCALS | nauCALERR
		if n.CalFails {
			n.registers[2] |= nauCALERR
		}
		n.calibrated = !n.CalFails && !n.calEarly
	}
	if n.at(nauPUD|nauPUA|nauCS) && !n.NoConversion {
		n.sample = int(now.Sub(n.since) / n.period())
		if n.sample > n.taken {
			n.registers[0] |= nauCR
		}
	}
}

// at tells whether all of the power register's given bits are set.
func (n *NAU7802) at(bits byte) bool { return n.registers[0]&bits == bits }

func (n *NAU7802) period() time.Duration {
	rate := map[byte]int{0: 10, 1: 20, 2: 40, 3: 80, 7: 320}[n.registers[2]>>4&7]
	return time.Second / time.Duration(max(rate, 1))
}

func (n *NAU7802) output() {
	counts := int64(n.Counts(1 << (n.registers[1] & 7)))
	if !n.calibrated {
		counts += int64(n.OffsetCounts)
	}
	if n.sample <= nauSettling {
		counts = counts * int64(n.sample) / (nauSettling + 1)
	}
	counts = min(max(counts, -1<<23), 1<<23-1)
	n.registers[0x12], n.registers[0x13], n.registers[0x14] = byte(counts>>16), byte(counts>>8), byte(counts)
}
