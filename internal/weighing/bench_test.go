package weighing_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"foodmassd/hardware/simulated"
	"foodmassd/hardware/twin"
	"foodmassd/internal/weighing"
)

// bench is a cell on a virtual clock that hears what the scale makes of it.
type bench struct {
	weighing.Cell
	clock *twin.Clock
	scale *weighing.Scale
	until time.Duration
	at    map[time.Duration]func() // what happens at a time
	heard []weighing.Reading
	over  chan struct{}
}

func newBench(cell weighing.Cell, clock *twin.Clock, until time.Duration) *bench {
	b := &bench{Cell: cell, clock: clock, until: until, at: map[time.Duration]func(){}, over: make(chan struct{})}
	b.scale = &weighing.Scale{Cell: b, CountsPerGram: simulated.CountsPerGram, CapacityG: 5000, Clock: clock, Logger: slog.New(slog.DiscardHandler)}
	return b
}

func (b *bench) now() time.Duration { return b.clock.Now().Sub(time.Time{}) }

// Read hears the scale, lets happen what is due, and reads the cell.
func (b *bench) Read(ctx context.Context) (int32, error) {
	if r := b.scale.Last(); !r.At.IsZero() {
		b.heard = append(b.heard, r)
	}
	for at, do := range b.at {
		if b.now() >= at {
			delete(b.at, at)
			do()
		}
	}
	if b.now() >= b.until {
		close(b.over)
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return b.Cell.Read(ctx)
}

// play weighs to the end and returns what was heard.
func (b *bench) play(t *testing.T) []weighing.Reading {
	t.Helper()
	if err := b.scale.Initialize(); err != nil {
		t.Fatal(err)
	}
	<-b.over
	if err := b.scale.Close(); err != nil {
		t.Fatal(err)
	}
	return b.heard
}

// counter is a cell at 10 Hz that counts as told.
type counter struct {
	clock  *twin.Clock
	counts func(at time.Duration) int32
}

func (c counter) String() string { return "counter" }
func (c counter) Halt() error    { return nil }
func (c counter) Read(context.Context) (int32, error) {
	c.clock.Sleep(100 * time.Millisecond)
	return c.counts(c.clock.Now().Sub(time.Time{})), nil
}

// counting benches a quiet cell that feels some grams at each time.
func counting(until time.Duration, grams func(at time.Duration) float64) *bench {
	clock, random := &twin.Clock{}, rand.New(rand.NewPCG(1, 2))
	return newBench(counter{clock, func(at time.Duration) int32 {
		return int32(simulated.EmptyCounts + simulated.CountsPerGram*grams(at) + 20*random.NormFloat64())
	}}, clock, until)
}

// steps are grams that change at once.
func steps(loads ...simulated.Load) (until time.Duration, grams func(time.Duration) float64) {
	for _, l := range loads {
		until += l.For
	}
	return until, func(at time.Duration) float64 {
		for _, l := range loads {
			if at < l.For {
				return l.Grams
			}
			at -= l.For
		}
		return loads[len(loads)-1].Grams
	}
}

func last(heard []weighing.Reading) weighing.Reading { return heard[len(heard)-1] }

func near(got, want, bound float64) bool { return math.Abs(got-want) <= bound }

var errPin = errors.New("gpio pin GPIO5 is in use")
