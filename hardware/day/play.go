package day

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"periph.io/x/conn/v3/gpio"

	"foodmassd/hardware/hx711"
	"foodmassd/hardware/simulated"
	"foodmassd/hardware/twin"
	"foodmassd/internal/weighing"
)

// The cell of the day: a zero that wanders by up to some 5 g/h, and a little more creep than a C3 cell may have.
var (
	wandering = simulated.Drift{RampGPerH: 2.5, SwingG: 1, Swing: 150 * time.Minute}
	creeping  = simulated.Creep{Share: 0.0003, Time: 10 * time.Minute}
)

const capacityG = 5000

// shownAfter is how soon a movement must show: within the first whole conversion at 10 Hz, as soon at other rates.
const shownAfter = 100 * time.Millisecond

// cell is one that a judge can look into.
type cell struct {
	weighing.Cell
	clock      *twin.Clock
	ended      func() time.Duration // when its last conversion did
	conversion time.Duration        // how long one takes
	plug       func(in bool)
	resets     func() int // of the converter, because the host was late
}

// Simulated plays a script on the simulated cell, read by a host that is late now and then.
func Simulated(s Script, rateHz int) (Result, error) {
	clock := &twin.Clock{}
	c := &simulated.Cell{
		Bridge: simulated.Bridge{Loads: s.Loads, Drift: wandering, Creep: creeping},
		Period: time.Second / time.Duration(rateHz), Rand: rand.New(rand.NewPCG(1, 2)), Clock: clock,
	}
	for _, o := range s.Outages {
		c.Faults = append(c.Faults, simulated.Fault{From: o.From, For: o.For, Err: fmt.Errorf("%w: the plug is out", weighing.ErrUnplugged)})
	}
	return play(s, cell{Cell: c, clock: clock, ended: c.Ended, conversion: c.Period, plug: func(bool) {}, resets: func() int { return 0 }})
}

// Shares of an HX711's disturbances.
const (
	glitchShare = 0.03   // of conversions
	stallShare  = 0.0002 // of calls of the clock pin: one read in 200 is preempted for so long that the chip powers down
	noiseCounts = 64     // standard deviation of a conversion
)

// HX711 plays a script on the driver of the HX711 with the chip's twin, bit by bit.
func HX711(s Script, rateHz int) (Result, error) {
	clock, random := &twin.Clock{}, rand.New(rand.NewPCG(3, 4))
	bridge := simulated.Bridge{Loads: s.Loads, Drift: wandering, Creep: creeping}
	period := time.Second / time.Duration(rateHz)
	chip := &twin.HX711{Clock: clock, RateHz: rateHz, PinTime: time.Microsecond}
	ended := func() time.Duration { return chip.Converted.Sub(time.Time{}) }
	chip.Counts = func(int) int32 {
		return int32(simulated.EmptyCounts + simulated.CountsPerGram*bridge.Mean(ended(), period) + noiseCounts*random.NormFloat64())
	}
	chip.Glitch = func() (uint32, bool) {
		return []uint32{0, 1<<24 - 1, 1<<23 - 1}[random.IntN(3)], random.Float64() < glitchShare
	}
	chip.Stall = func(l gpio.Level) time.Duration {
		if l == gpio.Low || random.Float64() >= stallShare {
			return 0
		}
		return 90 * time.Microsecond
	}
	c := &hx711.Cell{SCK: chip.SCK(), DOUT: chip.DOUT(), RateHz: rateHz, Time: clock}
	if err := c.Initialize(); err != nil {
		return Result{}, err
	}
	return play(s, cell{Cell: c, clock: clock, ended: ended, conversion: period,
		plug: func(in bool) { chip.Unplugged = !in }, resets: func() int { return chip.PowerDowns }})
}

// play weighs through a script.
func play(s Script, c cell) (Result, error) {
	p := &player{cell: c, script: s, random: rand.New(rand.NewPCG(5, 6)), over: make(chan struct{}), late: time.Second}
	p.judge = judge{truths: s.truths(), outages: s.Outages}
	p.scale = &weighing.Scale{Cell: p, CountsPerGram: simulated.CountsPerGram, CapacityG: capacityG, Clock: c.clock, Logger: slog.New(slog.DiscardHandler)}
	if err := p.scale.Initialize(); err != nil {
		return Result{}, err
	}
	<-p.over
	return p.judge.result(), p.scale.Close()
}

// player is the cell that the scale reads: before each read it shows the scale's last word to the judge, and is
// late now and then.
type player struct {
	cell
	script Script
	random *rand.Rand
	scale  *weighing.Scale
	judge  judge
	over   chan struct{} // closed after the script
	late   time.Duration // when the host will be late next
	powers int           // resets at the last read
}

// Read implements weighing.Cell.
func (p *player) Read(ctx context.Context) (int32, error) {
	now := p.now()
	if p.resets() != p.powers {
		p.powers, p.judge.late = p.resets(), now
	}
	p.judge.hear(p.scale.Last(), p.ended()-max(p.conversion, shownAfter))
	if now >= p.late {
		p.dawdle()
	}
	if now >= p.script.Length {
		close(p.over)
		<-ctx.Done()
		return 0, ctx.Err()
	}
	p.plug(!p.script.unplugged(p.now()))
	return p.cell.Read(ctx)
}

func (p *player) now() time.Duration { return p.clock.Now().Sub(time.Time{}) }

// dawdle is a busy host: every 20 s or so it comes 0.1 to 0.5 s late, one time in twenty 1 to 2 s.
func (p *player) dawdle() {
	d := 100*time.Millisecond + time.Duration(p.random.Int64N(int64(400*time.Millisecond)))
	if p.random.IntN(20) == 0 {
		d = time.Second + time.Duration(p.random.Int64N(int64(time.Second)))
	}
	p.clock.Sleep(d)
	p.judge.late = p.now()
	p.late = p.now() + time.Duration(p.random.ExpFloat64()*float64(20*time.Second))
}
