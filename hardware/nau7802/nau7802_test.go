package nau7802_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"foodmassd/hardware/nau7802"
	"foodmassd/hardware/twin"
)

// perGain is what the twin's input counts for each unit of gain, so that a wrong gain shows.
const perGain = -6_553

func steady(gain int) int32 { return int32(gain) * perGain }

func wire(t *testing.T, change func(*twin.NAU7802, *nau7802.Cell)) (*twin.NAU7802, *nau7802.Cell) {
	t.Helper()
	bus := &twin.NAU7802{Clock: &twin.Clock{}, Counts: steady, OffsetCounts: 4_000, TxTime: 300 * time.Microsecond}
	cell := &nau7802.Cell{Bus: bus, Gain: 128, RateHz: 10, LDOmV: 3000, Time: bus.Clock}
	if change != nil {
		change(bus, cell)
	}
	if err := cell.Initialize(); err != nil {
		t.Fatal(err)
	}
	return bus, cell
}

func reads(t *testing.T, cell *nau7802.Cell, n int, want int32) {
	t.Helper()
	for i := range n {
		if got, err := cell.Read(t.Context()); err != nil || got != want {
			t.Fatalf("read %d: got %d, %v; want %d", i, got, err, want)
		}
	}
}

func TestEveryGainAndRateGivesSettledCalibratedCountsFromTheFirstReadOn(t *testing.T) {
	for _, gain := range []int{1, 2, 4, 8, 16, 32, 64, 128} {
		for _, rate := range []int{10, 20, 40, 80, 320} {
			_, cell := wire(t, func(_ *twin.NAU7802, c *nau7802.Cell) { c.Gain, c.RateHz = gain, rate })
			reads(t, cell, 10, steady(gain))
		}
	}
}

// disturbed makes a share of the transfers read ones or zeros.
func disturbed(share float64) func() (byte, bool) {
	random := rand.New(rand.NewPCG(1, 2))
	return func() (byte, bool) { return []byte{0, 0xFF}[random.IntN(2)], random.Float64() < share }
}

func TestADisturbedBusCostsTimeButNeverAWrongNumber(t *testing.T) {
	for _, rate := range []int{10, 80, 320} {
		bus, cell := wire(t, func(_ *twin.NAU7802, c *nau7802.Cell) { c.RateHz = rate })
		bus.Glitch = disturbed(0.03)
		for range 200 { // waking up most of all
			reads(t, cell, 10, steady(128))
			if err := cell.Halt(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestABusThatReadsTheSameForGoodGivesNoNumber(t *testing.T) {
	for _, value := range []byte{0, 0xFF} {
		bus, cell := wire(t, nil)
		reads(t, cell, 2, steady(128))
		bus.Glitch = func() (byte, bool) { return value, true }
		for range 3 {
			if counts, err := cell.Read(t.Context()); err == nil {
				t.Errorf("%#x: got %d", value, counts)
			}
		}
		bus.Glitch = nil
		reads(t, cell, 2, steady(128))
	}
}

func TestALoadThatReadsAsZeroOrOnesIsBelieved(t *testing.T) {
	for _, want := range []int32{0, -1} {
		bus, cell := wire(t, nil)
		reads(t, cell, 2, steady(128))
		bus.Counts = func(int) int32 { return want }
		reads(t, cell, 10, want)
	}
}

func TestTheBusIsLeftToOthersMostOfTheTime(t *testing.T) {
	for _, rate := range []int{10, 20, 40, 80} {
		bus, cell := wire(t, func(_ *twin.NAU7802, c *nau7802.Cell) { c.RateHz = rate })
		reads(t, cell, 1, steady(128))
		before := bus.Transfers
		reads(t, cell, 100, steady(128))
		if n := bus.Transfers - before; n > 100*8 {
			t.Errorf("%d Hz: %d transfers for 100 conversions", rate, n)
		}
	}
}

func TestEachConversionIsReadOnce(t *testing.T) {
	bus, cell := wire(t, nil)
	reads(t, cell, 1, steady(128))
	began := bus.Clock.Now()
	reads(t, cell, 50, steady(128))
	if took := bus.Clock.Now().Sub(began); took < 4900*time.Millisecond || took > 5100*time.Millisecond {
		t.Errorf("50 conversions at 10 Hz in %v of the chip's time", took)
	}
}

// Values as in sections 11.1 to 11.3: AVDDS, PUA, PUD and CS; VLDO and GAINS; CRS.
func TestTheRegistersAreSetAsTheDatasheetHasThem(t *testing.T) {
	for _, tc := range []struct {
		ldo, gain, rate           int
		power, control1, control2 byte
	}{
		{3000, 128, 10, 0x96, 0x2F, 0x00},
		{4500, 1, 320, 0x96, 0x00, 0x70},
		{2400, 64, 80, 0x96, 0x3E, 0x30},
		{0, 2, 20, 0x16, 0x01, 0x10},
	} {
		bus, cell := wire(t, func(_ *twin.NAU7802, c *nau7802.Cell) { c.LDOmV, c.Gain, c.RateHz = tc.ldo, tc.gain, tc.rate })
		reads(t, cell, 1, steady(tc.gain))
		power, control1, control2, adc := bus.Registers()
		const readOnly = 1<<3 | 1<<5
		if power&^readOnly != tc.power || control1 != tc.control1 || control2 != tc.control2 || adc != 0x30 {
			t.Errorf("%+v: got %#x %#x %#x %#x", tc, power, control1, control2, adc)
		}
	}
}

// inTurn gives one count after the other.
func inTurn(counts ...int32) func(int) int32 {
	i := 0
	return func(int) int32 { i++; return counts[i%len(counts)] }
}

func TestAFaultThatStaysIsNamedAndPasses(t *testing.T) {
	for name, tc := range map[string]struct {
		fault func(*twin.NAU7802)
		want  error
		hint  string
	}{
		"unplugged":             {func(n *twin.NAU7802) { n.Unplugged = true }, nau7802.ErrNoAnswer, "i2cdetect"},
		"another chip":          {func(n *twin.NAU7802) { n.OtherChip = true }, nau7802.ErrOtherChip, "0x21"},
		"no power":              {func(n *twin.NAU7802) { n.NoPower = true }, nau7802.ErrPowerUp, "check its supply"},
		"the calibration fails": {func(n *twin.NAU7802) { n.CalFails = true }, nau7802.ErrCalibration, "check its analog supply"},
		"the calibration hangs": {func(n *twin.NAU7802) { n.CalHangs = true }, nau7802.ErrCalibration, "check its analog supply"},
		"no conversion":         {func(n *twin.NAU7802) { n.NoConversion = true }, nau7802.ErrNotReady, "check its supply"},
		"all disturbed":         {func(n *twin.NAU7802) { n.Counts = inTurn(0, -1, 1<<24) }, nau7802.ErrGlitched, "wires short"},
		"loaded beyond range":   {func(n *twin.NAU7802) { n.Counts = func(int) int32 { return 1 << 24 } }, nau7802.ErrSaturated, "take the load off"},
		"pulled the other way":  {func(n *twin.NAU7802) { n.Counts = func(int) int32 { return -1 << 24 } }, nau7802.ErrSaturated, "four wires"},
	} {
		t.Run(name, func(t *testing.T) {
			bus, cell := wire(t, nil)
			reads(t, cell, 2, steady(128))
			well := *bus
			if err := cell.Halt(); err != nil {
				t.Fatal(err)
			}
			tc.fault(bus)
			for range 2 {
				if _, err := cell.Read(t.Context()); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.hint) {
					t.Fatalf("got %v", err)
				}
			}
			bus.Unplugged, bus.OtherChip, bus.NoPower, bus.NoConversion = false, false, false, false
			bus.CalFails, bus.CalHangs, bus.Counts = false, false, well.Counts
			reads(t, cell, 5, steady(128))
		})
	}
}

func TestAChipThatLostItsPowerIsSetUpAnew(t *testing.T) {
	bus, cell := wire(t, nil)
	reads(t, cell, 2, steady(128))
	if err := bus.Tx(nau7802.Address, []byte{0, 1}, nil); err != nil { // a reset, as after a supply dip
		t.Fatal(err)
	}
	if _, err := cell.Read(t.Context()); !errors.Is(err, nau7802.ErrNotReady) {
		t.Errorf("got %v", err)
	}
	reads(t, cell, 5, steady(128))
}

func TestHaltPowersDown(t *testing.T) {
	bus, cell := wire(t, nil)
	reads(t, cell, 1, steady(128))
	if err := cell.Halt(); err != nil {
		t.Fatal(err)
	}
	if power, _, _, _ := bus.Registers(); power&0x86 != 0 {
		t.Errorf("power register %#x", power)
	}
	reads(t, cell, 2, steady(128))
}

func TestACancelledReadReturns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, cell := wire(t, nil)
	if _, err := cell.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAWrongSetUpIsRefused(t *testing.T) {
	for want, change := range map[string]func(*nau7802.Cell){
		"gain 3":                    func(c *nau7802.Cell) { c.Gain = 3 },
		"50 conversions per second": func(c *nau7802.Cell) { c.RateHz = 50 },
		"supply of 3100 mV":         func(c *nau7802.Cell) { c.LDOmV = 3100 },
	} {
		cell := &nau7802.Cell{Bus: &twin.NAU7802{Clock: &twin.Clock{}}, Gain: 128, RateHz: 10, LDOmV: 3000}
		change(cell)
		if err := cell.Initialize(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
