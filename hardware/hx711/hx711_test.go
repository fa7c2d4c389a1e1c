package hx711_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"

	"foodmassd/hardware/hx711"
	"foodmassd/hardware/twin"
	"foodmassd/internal/weighing"
)

// perGain is what the twin's input counts for each unit of gain, so that a wrong gain shows.
const perGain = 6_553

func steady(gain int) int32 { return int32(gain) * perGain }

// wire connects a driver to a twin; change alters both before the driver takes the pins.
func wire(t *testing.T, change func(*twin.HX711, *hx711.Cell)) (*twin.HX711, *hx711.Cell) {
	t.Helper()
	chip := &twin.HX711{Clock: &twin.Clock{}, RateHz: 10, Counts: steady, PinTime: time.Microsecond}
	cell := &hx711.Cell{SCK: chip.SCK(), DOUT: chip.DOUT(), RateHz: 10, Time: chip.Clock}
	if change != nil {
		change(chip, cell)
	}
	if err := cell.Initialize(); err != nil {
		t.Fatal(err)
	}
	return chip, cell
}

func reads(t *testing.T, cell *hx711.Cell, n int, want int32) {
	t.Helper()
	for i := range n {
		if got, err := cell.Read(t.Context()); err != nil || got != want {
			t.Fatalf("read %d: got %d, %v; want %d", i, got, err, want)
		}
	}
}

func TestEveryInputAndRateGivesSettledCountsFromTheFirstReadOn(t *testing.T) {
	for _, rate := range []int{10, 80} {
		for input, gain := range map[hx711.Input]int{hx711.A128: 128, hx711.A64: 64, hx711.B32: 32} {
			_, cell := wire(t, func(chip *twin.HX711, cell *hx711.Cell) {
				chip.RateHz, cell.RateHz, cell.Input = rate, rate, input
			})
			reads(t, cell, 20, steady(gain))
		}
	}
}

func TestCountsAreTwosComplement(t *testing.T) {
	for _, want := range []int32{1, -2, 0x555555, -0x555555, weighing.SaturatedHigh - 1, weighing.SaturatedLow + 1} {
		_, cell := wire(t, func(chip *twin.HX711, _ *hx711.Cell) { chip.Counts = func(int) int32 { return want } })
		reads(t, cell, 3, want)
	}
}

func TestPinsThatCannotWaitForEdgesArePolled(t *testing.T) {
	for _, edges := range []twin.EdgeSupport{twin.EdgesRefused, twin.EdgesIgnored} {
		_, cell := wire(t, func(chip *twin.HX711, _ *hx711.Cell) { chip.Edges = edges })
		reads(t, cell, 20, steady(128))
	}
}

// stall delays a share of the clock's levels by d.
func stall(share float64, at gpio.Level, d time.Duration) func(gpio.Level) time.Duration {
	random := rand.New(rand.NewPCG(3, 4))
	return func(l gpio.Level) time.Duration {
		if l != at || random.Float64() >= share {
			return 0
		}
		return d
	}
}

func TestABusyHostCostsTimeButNeverAWrongNumber(t *testing.T) {
	for name, delay := range map[string]func(gpio.Level) time.Duration{
		"the chip powers down":               stall(0.004, gpio.High, 90*time.Microsecond),
		"it nearly does":                     stall(0.004, gpio.High, 55*time.Microsecond),
		"the read meets the next conversion": stall(0.002, gpio.Low, 120*time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			for _, input := range []hx711.Input{hx711.A128, hx711.A64} {
				late := 0
				_, cell := wire(t, func(chip *twin.HX711, cell *hx711.Cell) {
					cell.Input = input
					chip.Stall = func(l gpio.Level) time.Duration {
						d := delay(l)
						if d > 0 {
							late++
						}
						return d
					}
				})
				reads(t, cell, 300, steady(map[hx711.Input]int{hx711.A128: 128, hx711.A64: 64}[input]))
				if late == 0 {
					t.Error("the host was never late: nothing was tried")
				}
			}
		})
	}
}

func TestTheTwinPowersDownAsTheChipDoes(t *testing.T) {
	chip, cell := wire(t, nil)
	reads(t, cell, 2, steady(128))
	before := chip.PowerDowns
	chip.Stall = stall(0.005, gpio.High, 61*time.Microsecond)
	reads(t, cell, 50, steady(128))
	if chip.PowerDowns == before {
		t.Error("61 µs high, but no power-down")
	}
}

// The clock may be high for 0.2 to 50 µs (T3, figure 2); what a chip does beyond that is its own affair.
func TestTheClockIsHighForAsLongAsTheDatasheetAsks(t *testing.T) {
	for name, change := range map[string]func(*twin.HX711){
		"a host that is very fast": func(c *twin.HX711) { c.PinTime = 120 * time.Nanosecond },
		"a chip that powers down very soon": func(c *twin.HX711) {
			c.PowerDownAfter, c.Stall = 50*time.Microsecond, stall(0.004, gpio.High, 50*time.Microsecond)
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, cell := wire(t, func(chip *twin.HX711, _ *hx711.Cell) { change(chip) })
			reads(t, cell, 300, steady(128))
		})
	}
}

func TestGlitchesDoNotComeThrough(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	glitches := 0
	_, cell := wire(t, func(chip *twin.HX711, _ *hx711.Cell) {
		chip.Glitch = func() (uint32, bool) {
			if random.Float64() >= 0.05 {
				return 0, false
			}
			glitches++
			return []uint32{0, 1<<24 - 1, 1<<23 - 1}[random.IntN(3)], true
		}
	})
	reads(t, cell, 2000, steady(128))
	if glitches < 50 {
		t.Errorf("only %d glitches were tried", glitches)
	}
}

// inTurn disturbs every conversion, with one word after the other.
func inTurn(words ...uint32) func() (uint32, bool) {
	i := 0
	return func() (uint32, bool) { i++; return words[i%len(words)], true }
}

func TestALoadThatReadsAsZeroOrOnesIsBelieved(t *testing.T) {
	for _, want := range []int32{0, -1} {
		chip, cell := wire(t, nil)
		reads(t, cell, 2, steady(128))
		chip.Counts = func(int) int32 { return want }
		reads(t, cell, 20, want)

		began := chip.Clock.Now()
		reads(t, cell, 20, want)
		if took := chip.Clock.Now().Sub(began); took > 2100*time.Millisecond {
			t.Errorf("%d was doubted again: 20 conversions at 10 Hz took %v of the chip's time", want, took)
		}
	}
}

func TestALoadThatCrossesZeroIsReadWithoutDelay(t *testing.T) {
	next := int32(-500)
	chip, cell := wire(t, func(chip *twin.HX711, _ *hx711.Cell) {
		chip.Counts = func(int) int32 { next++; return next }
	})
	reads(t, cell, 1, -500+5)
	for want := next + 1; want < 500; want++ {
		reads(t, cell, 1, want)
	}
	if chip.PowerDowns > 1 {
		t.Error("the chip was started anew")
	}
}

func TestAFaultThatStaysIsNamedAndPasses(t *testing.T) {
	for name, tc := range map[string]struct {
		fault func(*twin.HX711)
		want  error
		hint  string
	}{
		"unplugged":       {func(c *twin.HX711) { c.Unplugged = true }, hx711.ErrUnplugged, "check its data wire"},
		"all disturbed":   {func(c *twin.HX711) { c.Glitch = inTurn(0, 1<<24-1, 1<<23-1) }, hx711.ErrGlitched, "wires short"},
		"no conversion":   {func(c *twin.HX711) { c.Dead = true }, hx711.ErrNotReady, "check its supply"},
		"overloaded":      {func(c *twin.HX711) { c.Counts = func(int) int32 { return 1 << 24 } }, hx711.ErrSaturated, "take the load off"},
		"wired backwards": {func(c *twin.HX711) { c.Counts = func(int) int32 { return -1 << 24 } }, hx711.ErrSaturated, "four wires"},
		"host too busy": {func(c *twin.HX711) { c.Stall = stall(1, gpio.High, time.Millisecond) },
			hx711.ErrSlowHost, "too busy"},
	} {
		t.Run(name, func(t *testing.T) {
			chip, cell := wire(t, nil)
			reads(t, cell, 2, steady(128))
			well := *chip
			tc.fault(chip)
			for range 2 { // also with what the first failure left behind
				_, err := cell.Read(t.Context())
				if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.hint) || !strings.Contains(err.Error(), "DOUT") {
					t.Fatalf("got %v", err)
				}
			}
			chip.Unplugged, chip.Dead, chip.Glitch, chip.Counts, chip.Stall = well.Unplugged, well.Dead, well.Glitch, well.Counts, well.Stall
			reads(t, cell, 5, steady(128))
		})
	}
}

func TestAWireThatComesOffDuringAReadGivesNoNumber(t *testing.T) {
	for after := range 2*25 - 1 { // off after the very last look is off after the read
		chip, cell := wire(t, nil)
		reads(t, cell, 1, steady(128))
		calls := 0
		chip.Stall = func(l gpio.Level) time.Duration {
			if l == gpio.High {
				calls++
			}
			chip.Unplugged = chip.Unplugged || calls > after
			return 0
		}
		if counts, err := cell.Read(t.Context()); !errors.Is(err, hx711.ErrUnplugged) {
			t.Errorf("off after call %d with the clock high: got %d, %v", after, counts, err)
		}
	}
}

func TestAPlateOnAnUnrulyHX711IsWeighedToAGram(t *testing.T) {
	const perGram, plateG = 430, 412.5
	random := rand.New(rand.NewPCG(5, 6))
	chip, cell := wire(t, func(chip *twin.HX711, _ *hx711.Cell) {
		placed := chip.Clock.Now().Add(10 * time.Second)
		chip.Counts = func(int) int32 {
			counts := 84_000 + 60*random.NormFloat64()
			if chip.Clock.Now().After(placed) {
				counts += perGram * plateG
			}
			return int32(counts)
		}
		chip.Glitch = func() (uint32, bool) { return []uint32{0, 1<<24 - 1}[random.IntN(2)], random.Float64() < 0.05 }
		chip.Stall = stall(0.001, gpio.High, 90*time.Microsecond)
	})
	scale := &weighing.Scale{Cell: cell, CountsPerGram: perGram, Clock: chip.Clock, Logger: slog.New(slog.DiscardHandler)}
	if err := scale.Initialize(); err != nil {
		t.Fatal(err)
	}
	var last weighing.Reading
	for range 10_000 {
		last = scale.Last()
		if last.State == weighing.Stable && last.NetG > plateG/2 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if last.State != weighing.Stable || math.Abs(last.NetG-plateG) > 1 {
		t.Errorf("got %+v", last)
	}
	if err := scale.Close(); err != nil {
		t.Fatal(err)
	}
	chip.Clock.Sleep(time.Second)
	if chip.DOUT().Read() != gpio.High {
		t.Error("the closed scale left the chip running")
	}
}

func TestHaltPowersDownAndTheNextReadWakesAndSettles(t *testing.T) {
	chip, cell := wire(t, func(_ *twin.HX711, cell *hx711.Cell) { cell.Input = hx711.A64 })
	reads(t, cell, 2, steady(64))
	before := chip.PowerDowns
	if err := cell.Halt(); err != nil {
		t.Fatal(err)
	}
	chip.Clock.Sleep(time.Hour)
	reads(t, cell, 5, steady(64))
	if chip.PowerDowns == before {
		t.Error("the chip was never powered down")
	}
}

func TestACancelledReadReturns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, dead := range []bool{true, false} {
		_, cell := wire(t, func(chip *twin.HX711, _ *hx711.Cell) { chip.Dead = dead })
		if _, err := cell.Read(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("dead %v: got %v", dead, err)
		}
	}
}

// refusing is a pin that somebody else holds.
type refusing struct{ gpio.PinOut }

func (refusing) Name() string         { return "GPIO5" }
func (refusing) Out(gpio.Level) error { return errors.New("device or resource busy") }

func TestAWrongSetUpIsRefusedByName(t *testing.T) {
	for want, change := range map[string]func(*hx711.Cell){
		"does 10 or 80": func(c *hx711.Cell) { c.RateHz = 20 },
		"no input 3":    func(c *hx711.Cell) { c.Input = 3 },
		"clock GPIO5":   func(c *hx711.Cell) { c.SCK = refusing{c.SCK} },
	} {
		chip := &twin.HX711{Clock: &twin.Clock{}, RateHz: 10, Counts: steady}
		cell := &hx711.Cell{SCK: chip.SCK(), DOUT: chip.DOUT(), RateHz: 10}
		change(cell)
		if err := cell.Initialize(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
