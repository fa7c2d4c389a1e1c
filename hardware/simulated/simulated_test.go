package simulated_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"foodmassd/hardware/simulated"
	"foodmassd/hardware/twin"
	"foodmassd/internal/weighing"
)

func TestABridgeFeelsLoadsDriftAndCreep(t *testing.T) {
	kilo := []simulated.Load{{Grams: 1000, For: 24 * time.Hour}}
	creep := simulated.Creep{Share: 0.0003, Time: 10 * time.Minute}
	for name, tc := range map[string]struct {
		bridge simulated.Bridge
		at     time.Duration
		want   float64
	}{
		"a load at rest":       {simulated.Bridge{Loads: kilo}, time.Minute, 1000},
		"one that lags":        {simulated.Bridge{Loads: kilo}, 250 * time.Millisecond, 1000 * (1 - 1/math.E)},
		"a ramp":               {simulated.Bridge{Drift: simulated.Drift{RampGPerH: 4}}, 90 * time.Minute, 6},
		"a swing at its top":   {simulated.Bridge{Drift: simulated.Drift{SwingG: 2, Swing: 2 * time.Hour}}, 30 * time.Minute, 2},
		"creep after 10 min":   {simulated.Bridge{Loads: kilo, Creep: creep}, 10 * time.Minute, 1000 + 0.3*(1-1/math.E)},
		"creep after a day":    {simulated.Bridge{Loads: kilo, Creep: creep}, 20 * time.Hour, 1000.3},
		"the second of two":    {simulated.Bridge{Loads: []simulated.Load{{Grams: 100, For: time.Minute}, {Grams: 250, For: time.Minute}}}, 110 * time.Second, 250},
		"the first, once more": {simulated.Bridge{Loads: []simulated.Load{{Grams: 100, For: time.Minute}, {Grams: 250, For: time.Minute}}}, 170 * time.Second, 100},
	} {
		got := 0.
		for at := time.Millisecond; at <= tc.at; at += max(tc.at/10_000, time.Millisecond) {
			got = tc.bridge.Mean(at, time.Millisecond)
		}
		if math.Abs(got-tc.want) > 0.002*max(1, tc.want) {
			t.Errorf("%s: felt %v, want %v", name, got, tc.want)
		}
	}
}

func TestALoadBouncesBeyondItselfAndRestsWhenItSays(t *testing.T) {
	down := simulated.Load{Grams: 500, For: time.Hour, Bounce: simulated.Bounce{Share: 0.6, Hz: 5, Decay: 200 * time.Millisecond}}
	rests := down.RestsAfter(down.Grams)
	b := simulated.Bridge{Loads: []simulated.Load{down}}
	lowest, last := 0., 0.
	for at := time.Millisecond; at < 5*time.Second; at += time.Millisecond {
		felt := b.Mean(at, 0)
		lowest = min(lowest, felt-last) // it swings back
		last = felt
		if at > rests && math.Abs(felt-500) > 1 {
			t.Fatalf("at rest after %v, but %v g at %v", rests, felt, at)
		}
	}
	if lowest > -1 || rests < 500*time.Millisecond || rests > 3*time.Second {
		t.Errorf("swings back by %v g, rests after %v", lowest, rests)
	}
}

func TestALateReaderMissesConversionsAndAFaultIsWhereTheScriptHasIt(t *testing.T) {
	clock, unplugged := &twin.Clock{}, errors.New("unplugged")
	c := &simulated.Cell{Period: 100 * time.Millisecond, Rand: rand.New(rand.NewPCG(1, 2)), Clock: clock,
		Faults: []simulated.Fault{{From: time.Second, For: time.Second, Err: unplugged}}}
	for _, step := range []struct {
		late time.Duration
		want time.Duration // the conversion's end
		err  error
	}{
		{0, 100 * time.Millisecond, nil},
		{0, 200 * time.Millisecond, nil},
		{350 * time.Millisecond, 500 * time.Millisecond, nil}, // those at 0.3 and 0.4 s are gone
		{0, 600 * time.Millisecond, nil},
		{400 * time.Millisecond, time.Second, unplugged},
		{800 * time.Millisecond, 1800 * time.Millisecond, unplugged},
		{200 * time.Millisecond, 2 * time.Second, nil},
	} {
		clock.Sleep(step.late)
		counts, err := c.Read(t.Context())
		if c.Ended() != step.want || !errors.Is(err, step.err) || err == nil && counts == 0 {
			t.Errorf("read %d, %v of %v; want %v, %v", counts, err, c.Ended(), step.want, step.err)
		}
	}
}

func TestACancelledReadOfASystemClockReturns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &simulated.Cell{Bridge: simulated.Demo(), Period: time.Hour, Rand: rand.New(rand.NewPCG(1, 2)), Clock: weighing.SystemClock{}}
	if _, err := c.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
