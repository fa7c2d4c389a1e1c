// Package day plays a cafeteria counter's day on a scale: trays that come and go, people who lean on it, a plug
// that comes off, a host that is late, and says how far what the scale told was from the truth. The clock is
// virtual: hours take seconds.
package day

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"foodmassd/hardware/simulated"
)

// Script is what happens at the counter. The same length and seed give the same one.
type Script struct {
	Length  time.Duration
	Loads   []simulated.Load
	Outages []Outage
	random  *rand.Rand
}

// Outage is a time during which the load cell's plug is out.
type Outage struct{ From, For time.Duration }

func (s *Script) unplugged(at time.Duration) bool {
	return slices.ContainsFunc(s.Outages, func(o Outage) bool { return at >= o.From && at < o.From+o.For })
}

// NewScript writes a day: trays of 50 to 1500 g with pauses of 5 to 60 s, one in five filled in two steps, one in
// six touched, one in fifty left for minutes, one in twelve taken off before it rests; the empty scale is leant on
// as well; and once or twice an hour the plug comes off for 3 to 40 s.
func NewScript(length time.Duration, seed uint64) Script {
	s := Script{Length: length, random: rand.New(rand.NewPCG(seed, 1))}
	for at := time.Duration(0); at < length; {
		before := len(s.Loads)
		s.visit()
		for _, l := range s.Loads[before:] {
			at += l.For
		}
	}
	for at := s.between(5*time.Minute, 30*time.Minute); at < length-time.Minute; at += s.between(30*time.Minute, time.Hour) {
		s.Outages = append(s.Outages, Outage{at, s.between(3*time.Second, 40*time.Second)})
	}
	return s
}

// visit is a pause and a tray.
func (s *Script) visit() {
	s.put(0, 0, s.between(5*time.Second, 60*time.Second))
	if s.chance(10) {
		s.put(0, s.upTo(30, 600), s.between(500*time.Millisecond, 4*time.Second))
		s.put(0, 0, s.between(5*time.Second, 20*time.Second))
	}
	grams := s.upTo(50, 1500)
	if s.chance(12) {
		s.put(grams, 0, s.between(200*time.Millisecond, 2*time.Second))
		return
	}
	s.put(grams, 0, s.stay())
	if s.chance(5) {
		grams += s.upTo(20, 400)
		s.put(grams, 0, s.stay())
	}
	if s.chance(6) {
		s.put(grams, s.upTo(30, 600), s.between(500*time.Millisecond, 4*time.Second))
		s.put(grams, 0, s.stay())
	}
}

// stay is how long a tray lies there.
func (s *Script) stay() time.Duration {
	if s.chance(50) {
		return s.between(time.Minute, 5*time.Minute)
	}
	return s.between(4*time.Second, 40*time.Second)
}

func (s *Script) put(grams, handG float64, d time.Duration) {
	bounce := simulated.Bounce{Share: s.upTo(0.1, 0.6), Hz: s.upTo(2, 9), Decay: s.between(80*time.Millisecond, 300*time.Millisecond)}
	s.Loads = append(s.Loads, simulated.Load{Grams: grams, HandG: handG, For: d, Bounce: bounce})
}

func (s *Script) chance(oneIn int) bool { return s.random.IntN(oneIn) == 0 }

func (s *Script) upTo(lo, hi float64) float64 { return lo + (hi-lo)*s.random.Float64() }

func (s *Script) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(s.random.Int64N(int64(hi-lo)))
}

// truth is a load as the judge sees it.
type truth struct {
	grams      float64
	from, till time.Duration
	rests      time.Duration // from then on within a gram; after till: it never does
}

// truths lists the day's loads one after the other.
func (s *Script) truths() []truth {
	var all []truth
	at, felt, unrest := time.Duration(0), 0., 0.
	for _, l := range s.Loads {
		delta := math.Abs(l.Grams+l.HandG-felt) + unrest
		t := truth{grams: l.Grams, from: at, till: at + l.For, rests: at + l.RestsAfter(delta)}
		if l.HandG != 0 {
			t.rests = t.till
		}
		if unrest = 0; t.rests >= t.till {
			unrest = delta
		}
		all = append(all, t)
		at, felt = t.till, l.Grams+l.HandG
	}
	return all
}
