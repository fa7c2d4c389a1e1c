package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"foodmassd/hardware/hx711"
	"foodmassd/hardware/nau7802"
	"foodmassd/hardware/pins"
	"foodmassd/hardware/simulated"
	"foodmassd/hardware/trace"
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
	closeBus      func() error // nil: there is none
	conversions   atomic.Int64 // that succeeded
	tap           atomic.Pointer[tap]
	clock         weighing.Clock // nil: the system's
}

func (c *loadCell) Read(ctx context.Context) (int32, error) {
	counts, err := c.tapped(ctx)
	switch {
	case err == nil:
		c.fault.Store(nil)
		c.conversions.Add(1)
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

// drivers open the cell of each scale.source.
var drivers = map[string]func(*loadCell, config.Scale) error{
	"simulated": (*loadCell).openSimulated,
	"hx711":     (*loadCell).openHX711,
	"nau7802":   (*loadCell).openNAU7802,
	"trace":     (*loadCell).openTrace,
}

// openCell opens the configured cell.
func openCell(conf config.Scale) (*loadCell, error) {
	open := drivers[conf.Source]
	if open == nil {
		return nil, fmt.Errorf("scale.source: no driver for %q", conf.Source)
	}
	c := &loadCell{countsPerGram: conf.CountsPerGram}
	return c, open(c, conf)
}

func (c *loadCell) openSimulated(config.Scale) error {
	c.Cell = &simulated.Cell{Bridge: simulated.Demo(), Period: 100 * time.Millisecond, Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	c.countsPerGram = simulated.CountsPerGram
	return nil
}

func (c *loadCell) openTrace(conf config.Scale) error {
	file, err := os.Open(conf.TraceFile)
	if err != nil {
		return fmt.Errorf("scale.trace_file: %w", err)
	}
	defer file.Close()
	recorded, err := trace.Parse(file)
	if err == nil && len(recorded.Readings) == 0 {
		err = errors.New("it has no readings")
	}
	if err != nil {
		return fmt.Errorf("scale.trace_file: %s: %w; record one with foodmassd scale trace", conf.TraceFile, err)
	}
	c.Cell = &trace.Replay{Trace: recorded, Loop: true}
	return nil
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

// openScale starts weighing; nil when no scale is configured. A cell that cannot be opened costs the scale, not
// the daemon: photos are estimated without it, and /healthz says what is wrong. One that is not calibrated is
// read, so that it can be.
func (a *appliance) openScale(ctx context.Context) api.Scale {
	if a.conf.Scale.Source == "none" {
		return nil
	}
	desk := &scaleDesk{conf: a.conf.Scale, dataDir: a.conf.Storage.DataDir, db: a.db}
	if err := desk.findContainer(ctx); err != nil {
		a.log.Warn("food is weighed with its container", "err", err)
	}
	if err := desk.start(ctx, a.log); err != nil {
		a.log.Warn("photos are estimated without the scale", "err", err)
		a.health.Register("scale", func() (health.State, string) { return health.Degraded, err.Error() })
		desk.fault = err
		return desk
	}
	a.onClose(func(context.Context) error { return desk.scale.Close() })
	a.watchScale(desk)
	a.background(func(ctx context.Context) { every(ctx, keepDriftTick, func() { desk.keepDrift(a.log) }) })
	return desk
}

func (d *scaleDesk) start(ctx context.Context, log *slog.Logger) error {
	cell, err := openCell(d.conf)
	if err != nil {
		return err
	}
	return d.weigh(ctx, cell, log)
}

// weigh starts weighing with a cell, by its calibration in force and from the zero that it was given last.
func (d *scaleDesk) weigh(ctx context.Context, cell *loadCell, log *slog.Logger) error {
	scale := &weighing.Scale{Cell: cell, CountsPerGram: cell.countsPerGram, CapacityG: d.conf.CapacityG, Clock: cell.clock, Logger: log}
	calibration, err := d.db.CurrentCalibration(ctx, zeroOf(cell, d.conf))
	if err != nil {
		log.Warn("the scale weighs by the configuration", "err", err)
	}
	zero, err := store.LoadZero(d.dataDir, zeroOf(cell, d.conf))
	if err != nil {
		log.Warn("the scale starts with a new zero", "err", err)
	}
	if calibration != nil {
		log.Info("the scale weighs by a calibration of its own, not by scale.counts_per_gram", "id", calibration.ID,
			"counts_per_gram", calibration.CountsPerGram, "configured", cell.countsPerGram, "taken_at", calibration.TakenAt)
		scale.CountsPerGram, scale.Zero = calibration.CountsPerGram, &calibration.ZeroCounts
	}
	if zero != nil {
		scale.Zero, scale.ZeroOrigin = &zero.Counts, weighing.Origin{LoadCounts: zero.LoadCounts, DriftCounts: zero.DriftCounts}
		d.zero = *zero
	}
	if err := scale.Initialize(); err != nil {
		return errors.Join(err, cell.Halt())
	}
	d.scale, d.cell = scale, cell
	d.calibration.Store(calibration)
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
	if daemon, err := askDaemon(conf); err == nil {
		f.is, f.fault = daemon.saysOf("scale")
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
	calibration := keptCalibration(ctx, conf, cell)
	switch {
	case calibration != nil:
		f.is += ", calibrated " + describeCalibration(calibration.TakenAt, calibration.Who, calibration.WorstG)
	case f.fault == nil && cell.countsPerGram == 0:
		f.fault = fmt.Errorf("%s, but it is not calibrated", f.is)
		f.todo = "start the daemon and run: foodmassd scale calibrate"
	}
	return f
}

func (a *appliance) watchScale(d *scaleDesk) {
	a.metrics.Gauge("scale_net_grams", "Load at rest above the tare; NaN while it changes.", func() float64 { return d.scale.Last().NetG })
	a.health.Register("scale", func() (health.State, string) {
		state, text := scaleHealth(d.scale, d.cell)
		if c := d.calibration.Load(); c != nil {
			text += ", calibrated " + describeCalibration(c.TakenAt, c.Who, c.WorstG)
		}
		return state, text
	})
}

// scaleHealth says what the scale is doing; a fault's text names its kind and what to do.
func scaleHealth(scale *weighing.Scale, cell *loadCell) (health.State, string) {
	r := scale.Last()
	if fault := cell.fault.Load(); r.State.Fault() && fault != nil {
		return health.Degraded, *fault
	}
	_, calibrated := scale.Calibrated()
	switch {
	case !calibrated:
		return health.Degraded, fmt.Sprintf("%s, %s: %s", cell, weighing.Uncalibrated, weighing.Uncalibrated.Why())
	case r.State.Trouble():
		return health.Degraded, fmt.Sprintf("%s: %s", r.State, r.State.Why())
	case r.State == weighing.Stable:
		return health.OK, fmt.Sprintf("%s, stable at %.1f g", cell, r.NetG)
	}
	return health.OK, fmt.Sprintf("%s, %s", cell, r.State)
}
