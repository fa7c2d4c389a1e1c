package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"foodmassd/hardware/hx711"
	"foodmassd/hardware/nau7802"
	"foodmassd/hardware/pins"
	"foodmassd/hardware/simulated"
	"foodmassd/internal/api"
	"foodmassd/internal/config"
	"foodmassd/internal/health"
	"foodmassd/internal/store"
	"foodmassd/internal/weighing"
)

// loadCell is the configured cell; it remembers what is wrong with it, for /healthz and doctor.
type loadCell struct {
	weighing.Cell
	countsPerGram float64
	fault         atomic.Pointer[string]
	closeBus      func() error   // nil: there is none
	clock         weighing.Clock // nil: the system's
}

func (c *loadCell) Read(ctx context.Context) (int32, error) {
	counts, err := c.Cell.Read(ctx)
	switch {
	case err == nil:
		c.fault.Store(nil)
	case ctx.Err() == nil:
		text := err.Error()
		c.fault.Store(&text)
	}
	return counts, err
}

// Halt powers the cell's converter down and closes its bus.
func (c *loadCell) Halt() error {
	err := c.Cell.Halt()
	if c.closeBus != nil {
		err = errors.Join(err, c.closeBus())
	}
	return err
}

// openCell opens the configured cell.
func openCell(conf config.Scale) (*loadCell, error) {
	c := &loadCell{countsPerGram: conf.CountsPerGram}
	switch conf.Source {
	case "simulated":
		c.Cell = &simulated.Cell{Bridge: simulated.Demo(), Period: 100 * time.Millisecond, Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
		c.countsPerGram = simulated.CountsPerGram
		return c, nil
	case "hx711":
		return c, c.openHX711(conf)
	case "nau7802":
		return c, c.openNAU7802(conf)
	}
	return nil, fmt.Errorf("scale.source: no driver for %q", conf.Source)
}

func (c *loadCell) openHX711(conf config.Scale) error {
	clock, err := pins.Open(conf.ClockPin)
	if err != nil {
		return fmt.Errorf("scale.clock_pin: %w", err)
	}
	data, err := pins.Open(conf.DataPin)
	if err != nil {
		return fmt.Errorf("scale.data_pin: %w", err)
	}
	input := map[int]hx711.Input{128: hx711.A128, 64: hx711.A64, 32: hx711.B32}[conf.Gain]
	cell := &hx711.Cell{SCK: clock, DOUT: data, Input: input, RateHz: conf.RateHz}
	c.Cell = cell
	return cell.Initialize()
}

func (c *loadCell) openNAU7802(conf config.Scale) error {
	bus, err := pins.OpenBus(conf.I2CBus)
	if err != nil {
		return fmt.Errorf("scale.i2c_bus: %w", err)
	}
	cell := &nau7802.Cell{Bus: bus, Gain: conf.Gain, RateHz: conf.RateHz, LDOmV: conf.SupplyMV}
	c.Cell, c.closeBus = cell, bus.Close
	if err := cell.Initialize(); err != nil {
		return errors.Join(err, bus.Close())
	}
	return nil
}

// openScale starts weighing; nil when no scale is configured. A cell that cannot be opened or is not
// calibrated costs the scale, not the daemon: photos are estimated without it, and /healthz says what is wrong.
func (a *appliance) openScale() api.Scale {
	if a.conf.Scale.Source == "none" {
		return nil
	}
	desk := &scaleDesk{conf: a.conf.Scale, dataDir: a.conf.Storage.DataDir}
	if err := desk.start(a.log); err != nil {
		a.log.Warn("photos are estimated without the scale", "err", err)
		a.health.Register("scale", func() (health.State, string) { return health.Degraded, err.Error() })
		desk.fault = err
		return desk
	}
	a.onClose(func(context.Context) error { return desk.scale.Close() })
	a.watchScale(desk.scale, desk.cell)
	a.background(func(ctx context.Context) { every(ctx, keepDriftTick, func() { desk.keepDrift(a.log) }) })
	return desk
}

// start leaves a cell that is not calibrated alone: doctor is to read it for that.
func (d *scaleDesk) start(log *slog.Logger) error {
	if d.conf.Source != "simulated" && d.conf.CountsPerGram == 0 {
		return fmt.Errorf("the %s is not calibrated (scale.counts_per_gram); foodmassd doctor says how to", d.conf.Source)
	}
	cell, err := openCell(d.conf)
	if err != nil {
		return err
	}
	return d.weigh(cell, log)
}

// weigh starts weighing with a cell, from the zero that it was given last.
func (d *scaleDesk) weigh(cell *loadCell, log *slog.Logger) error {
	scale := &weighing.Scale{Cell: cell, CountsPerGram: cell.countsPerGram, CapacityG: d.conf.CapacityG, Clock: cell.clock, Logger: log}
	zero, err := store.LoadZero(d.dataDir, zeroOf(cell, d.conf))
	if err != nil {
		log.Warn("the scale starts with a new zero", "err", err)
	}
	if zero != nil {
		scale.Zero, scale.ZeroOrigin = &zero.Counts, weighing.Origin{LoadCounts: zero.LoadCounts, DriftCounts: zero.DriftCounts}
		d.zero = *zero
	}
	if err := scale.Initialize(); err != nil {
		return errors.Join(err, cell.Halt())
	}
	d.scale, d.cell = scale, cell
	return nil
}

// firstReading is how long doctor gives a cell to wake up and answer.
const firstReading = 10 * time.Second

func checkScale(ctx context.Context, conf config.Config) finding {
	f := finding{what: "scale", is: "none configured", todo: "see the message, and scale: in the configuration"}
	if conf.Scale.Source == "none" {
		return f
	}
	// A cell that a daemon reads is not read beside it: two masters would disturb each other.
	if daemon, err := askDaemon(conf); err == nil && (conf.Scale.Source == "simulated" || conf.Scale.CountsPerGram != 0) {
		part := daemon.Parts["scale"]
		if f.is = part.Detail; part.State != health.OK {
			f.fault = fmt.Errorf("the running daemon says: %s", cmp.Or(part.Detail, "no scale"))
		}
		return f
	}
	cell, err := openCell(conf.Scale)
	if f.fault = err; err != nil {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, firstReading)
	defer cancel()
	counts, err := cell.Read(ctx)
	f.fault = errors.Join(err, cell.Halt())
	f.is = fmt.Sprintf("%s reads %d counts", cell, counts)
	if f.fault == nil && cell.countsPerGram == 0 {
		f.fault = fmt.Errorf("%s, but it is not calibrated", f.is)
		f.todo = "note the counts with the tray empty and with a known weight on it; set scale.counts_per_gram to their difference / grams"
	}
	return f
}

func (a *appliance) watchScale(scale *weighing.Scale, cell *loadCell) {
	a.metrics.Gauge("scale_net_grams", "Load at rest above the tare; NaN while it changes.", func() float64 { return scale.Last().NetG })
	a.health.Register("scale", func() (health.State, string) { return scaleHealth(scale, cell) })
}

// scaleHealth says what the scale is doing; a fault's text names its kind and what to do.
func scaleHealth(scale *weighing.Scale, cell *loadCell) (health.State, string) {
	r := scale.Last()
	if fault := cell.fault.Load(); r.State.Fault() && fault != nil {
		return health.Degraded, *fault
	}
	switch {
	case r.State.Trouble():
		return health.Degraded, fmt.Sprintf("%s: %s", r.State, r.State.Why())
	case r.State == weighing.Stable:
		return health.OK, fmt.Sprintf("%s, stable at %.1f g", cell, r.NetG)
	}
	return health.OK, fmt.Sprintf("%s, %s", cell, r.State)
}
