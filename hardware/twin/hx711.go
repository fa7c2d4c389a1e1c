package twin

import (
	"cmp"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// EdgeSupport is how the twin's data pin waits for edges.
type EdgeSupport int

// Ways to wait, as seen on boards.
const (
	EdgesWork    EdgeSupport = iota
	EdgesRefused             // In with an edge is an error
	EdgesIgnored             // In accepts an edge, WaitForEdge returns false at once
)

// HX711 plays the chip as its datasheet (AVIA Semiconductor) has it. Set the exported fields before
// the first use of a pin; all may be changed between reads. For one goroutine at a time.
type HX711 struct {
	Clock  *Clock
	RateHz int // 10 or 80, the level of the RATE pin

	// Counts is the input's true value for the selected gain: 128 or 64 on channel A, 32 on B. What
	// is beyond 24 bits saturates.
	Counts func(gain int) int32
	// Glitch, if set, may replace a conversion's 24 bits.
	Glitch func() (word uint32, glitched bool)
	// Stall, if set, is how much longer than PinTime a call of a pin takes, as when the host is given to
	// somebody else just then; l is the clock's level.
	Stall func(l gpio.Level) time.Duration

	PinTime   time.Duration // one call of a pin takes this long
	Unplugged bool          // nobody drives the data line: it reads low
	Dead      bool          // powered but never done: the data line stays high
	Edges     EdgeSupport

	PowerDownAfter time.Duration // the clock high for longer powers down; 0: 60 µs
	PowerDowns     int           // how often it was
	Converted      time.Time     // when the conversion ended that Counts was asked for last

	started   bool
	level     gpio.Level // of PD_SCK
	rose      time.Time
	gain      int
	sinceInit int // conversions since reset or change of input
	due       time.Time
	word      uint32
	pulses    int // in this conversion period
	high      bool
	fallen    int // falling edges of DOUT the host has not waited for
}

const (
	powerDownHigh = 60 * time.Microsecond // section "Reset and Power-Down"
	shortestHigh  = 200 * time.Nanosecond // T3 (figure 2); the twin misses a shorter pulse
	settling      = 4                     // conversions: 400 ms at 10 Hz, 50 ms at 80 Hz (table "Output settling time")
	edgeQueue     = 16                    // events a Linux line keeps
)

// SCK is the pin that drives the chip's PD_SCK.
func (h *HX711) SCK() gpio.PinOut { return clockPin{basePin{h, "SCK"}} }

// DOUT is the pin that reads the chip's DOUT.
func (h *HX711) DOUT() gpio.PinIn { return dataPin{basePin{h, "DOUT"}} }

// reset is what the chip does on power-up and when it leaves power-down: channel A, gain 128.
func (h *HX711) reset() {
	h.gain, h.sinceInit, h.pulses = 128, 0, 0
	h.due = h.Clock.Now().Add(h.period())
	h.setData(true)
}

func (h *HX711) period() time.Duration { return time.Second / time.Duration(h.RateHz) }

func (h *HX711) setData(high bool) {
	if h.high && !high {
		h.fallen = min(h.fallen+1, edgeQueue)
	}
	h.high = high
}

// catchUp completes the conversions that were due by now.
func (h *HX711) catchUp() {
	if !h.started {
		h.started = true
		h.reset()
	}
	for !h.Dead && !h.off() && !h.due.After(h.Clock.Now()) {
		h.convert()
	}
}

func (h *HX711) off() bool {
	return h.level == gpio.High && h.Clock.Now().Sub(h.rose) > cmp.Or(h.PowerDownAfter, powerDownHigh)
}

func (h *HX711) convert() {
	h.Converted = h.due
	h.due = h.due.Add(h.period())
	// The number of clocks chose this conversion's input (section "Serial Interface", table 3).
	if gain, chosen := map[int]int{25: 128, 26: 32, 27: 64}[h.pulses]; chosen && gain != h.gain {
		h.gain, h.sinceInit = gain, 0
	}
	h.sinceInit++
	h.pulses = 0
	h.word = h.sample()
	h.setData(true) // a short pulse says that older data is gone
	h.setData(false)
}

func (h *HX711) sample() uint32 {
	counts := min(max(int64(h.Counts(h.gain)), -1<<23), 1<<23-1)
	if h.sinceInit <= settling {
		counts = counts * int64(h.sinceInit) / (settling + 1)
	}
	if h.Glitch != nil {
		if word, glitched := h.Glitch(); glitched {
			return word & (1<<24 - 1)
		}
	}
	return uint32(counts) & (1<<24 - 1)
}

func (h *HX711) clockTo(l gpio.Level) {
	h.catchUp()
	switch {
	case l == gpio.High && h.level == gpio.Low:
		h.level, h.rose = l, h.Clock.Now()
		h.shift()
	case l == gpio.Low && h.level == gpio.High:
		if h.off() {
			h.PowerDowns++
			h.level = l
			h.reset()
		} else if h.Clock.Now().Sub(h.rose) < shortestHigh {
			h.pulses--
		}
		h.level = l
	}
	h.pass()
}

// pass is the time that a call of a pin takes.
func (h *HX711) pass() {
	h.Clock.Sleep(h.PinTime)
	if h.Stall != nil {
		h.Clock.Sleep(h.Stall(h.level))
	}
}

// shift is one rising clock: a bit, most significant first; the 25th lets DOUT go high.
func (h *HX711) shift() {
	h.pulses++
	h.setData(h.pulses > 24 || h.word>>(24-h.pulses)&1 == 1)
}

func (h *HX711) data() gpio.Level {
	h.catchUp()
	level := gpio.Level(!h.Unplugged && (h.high || h.off()))
	h.pass()
	return level
}

func (h *HX711) waitForFall(d time.Duration) bool {
	h.catchUp()
	switch {
	case h.Edges != EdgesWork:
		return false
	case h.fallen > 0 && !h.Unplugged:
		h.fallen--
		return true
	case h.Unplugged || h.Dead || h.off() || h.due.After(h.Clock.Now().Add(d)):
		h.Clock.Sleep(d)
		return false
	}
	h.Clock.Sleep(h.due.Sub(h.Clock.Now()))
	h.catchUp()
	h.fallen--
	return true
}
