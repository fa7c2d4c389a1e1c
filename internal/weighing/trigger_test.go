package weighing

import (
	"math"
	"slices"
	"testing"
	"time"
)

// story is what a scale reads, ten times a second.
type story []Reading

func (s story) then(state State, seconds float64, grams func(second float64) float64) story {
	s = slices.Clip(s) // stories branch off from one another
	const interval = 100 * time.Millisecond
	for i := range int(seconds * 10) {
		r := Reading{State: state, NetG: math.NaN(), At: time.Unix(1_700_000_000, 0).Add(time.Duration(len(s)+1) * interval)}
		if state == Stable {
			r.NetG = grams(float64(i) / 10)
		}
		s = append(s, r)
	}
	return s
}

func (s story) state(state State, seconds float64) story { return s.then(state, seconds, nil) }
func (s story) moving(seconds float64) story             { return s.state(Settling, seconds) }

// rests at some grams with the noise of a real cell's mean.
func (s story) rests(grams, seconds float64) story {
	return s.then(Stable, seconds, func(at float64) float64 { return grams + 0.3*math.Sin(17*at) })
}

// creeps from one load to another without ever leaving its rest.
func (s story) creeps(from, to, seconds float64) story {
	return s.then(Stable, seconds, func(at float64) float64 { return from + (to-from)*at/seconds })
}

func TestATrayIsToldOfOnceWhenItRests(t *testing.T) {
	empty := story{}.state(Starting, 1.2).rests(0, 3)
	tray := empty.moving(1.4).rests(412, 5)
	away := tray.moving(1).rests(-0.4, 2)
	for name, c := range map[string]struct {
		story story
		want  []Event
	}{
		"nothing happens":                       {empty, nil},
		"a tray":                                {tray, []Event{Arrived, Placed}},
		"a tray goes":                           {away, []Event{Arrived, Placed, Gone}},
		"the next tray":                         {away.moving(1).rests(287, 3), []Event{Arrived, Placed, Gone, Arrived, Placed}},
		"trays are swapped at once":             {tray.moving(0.9).rests(2, 0.2).moving(0.9).rests(420, 3), []Event{Arrived, Placed}},
		"a tray lies there at the start":        {story{}.state(Starting, 1.2).rests(412, 3), []Event{Placed}},
		"a letter":                              {empty.moving(1).rests(12, 3).moving(1).rests(0, 2), []Event{Arrived, Arrived}},
		"a letter, then a tray on it":           {empty.moving(1).rests(12, 3).moving(1).rests(200, 2), []Event{Arrived, Arrived, Placed}},
		"a hand on the empty scale":             {empty.moving(2).rests(0.5, 3), []Event{Arrived}},
		"a hand that never keeps still":         {empty.moving(30), []Event{Arrived}},
		"the empty scale drifts by 60 g":        {empty.creeps(0, 60, 600), nil},
		"it drifts, is touched, drifts on":      {empty.creeps(0, 18, 300).moving(1).rests(18.3, 5).creeps(18, 45, 300), []Event{Arrived}},
		"a tray after drift":                    {empty.creeps(0, 30, 600).moving(1).rests(140, 3), []Event{Arrived, Placed}},
		"a second dish":                         {tray.moving(1).rests(540, 3), []Event{Arrived, Placed, Placed}},
		"a second dish of a few grams":          {tray.moving(1).rests(426, 3), []Event{Arrived, Placed}},
		"five per cent count on a heavy tray":   {empty.moving(1).rests(1000, 3).moving(1).rests(1040, 3).moving(1).rests(1055, 3), []Event{Arrived, Placed, Placed}},
		"small dishes add up":                   {tray.moving(1).rests(424, 2).moving(1).rests(436, 2), []Event{Arrived, Placed, Placed}},
		"drift is no dish":                      {tray.creeps(412, 470, 900).moving(1).rests(471, 3), []Event{Arrived, Placed}},
		"a touch":                               {tray.moving(0.8).rests(413, 3).moving(0.8).rests(411, 3), []Event{Arrived, Placed}},
		"lifted by its rim and set down":        {tray.moving(0.5).rests(3, 0.2).moving(1).rests(412, 3), []Event{Arrived, Placed}},
		"eaten from":                            {tray.moving(1).rests(300, 2).moving(1).rests(180, 2).moving(1).rests(0, 2), []Event{Arrived, Placed, Gone}},
		"a bowl is taken off and put back":      {tray.moving(1).rests(200, 2).moving(1).rests(412, 2), []Event{Arrived, Placed}},
		"it leaves a spoon behind":              {tray.moving(1).rests(34, 2).moving(1).rests(300, 2), []Event{Arrived, Placed, Gone, Arrived, Placed}},
		"a tared tray is taken away":            {tray.moving(1).rests(-600, 2).moving(1).rests(310, 2), []Event{Arrived, Placed, Gone, Arrived, Placed}},
		"a cable comes off and back":            {tray.state(Unplugged, 5).moving(0.8).rests(412, 3), []Event{Arrived, Placed}},
		"a cable comes off the empty scale":     {empty.state(TimedOut, 5).moving(0.8).rests(0, 3).state(Glitched, 3).moving(0.8).rests(1, 3), nil},
		"a tray is set down during a fault":     {empty.state(Saturated, 5).moving(0.8).rests(412, 3), []Event{Placed}},
		"a glitch that looks at rest":           {empty.then(Stable, 0.1, func(float64) float64 { return 5000 }).rests(0, 3), nil},
		"a glitch on a tray":                    {tray.then(Stable, 0.1, func(float64) float64 { return -900 }).rests(412, 3), []Event{Arrived, Placed}},
		"a fast converter settles between two":  {empty.rests(412, 3), []Event{Placed}},
		"a fault right after the tray has come": {empty.moving(1).rests(412, 0.1).state(Glitched, 1).moving(1).rests(412, 2), []Event{Arrived, Placed}},
	} {
		trigger, got := &Trigger{MinG: 20}, []Event(nil)
		for _, r := range c.story {
			for range 2 { // whoever polls may see a reading twice
				if e := trigger.Feed(r); e != Nothing {
					got = append(got, e)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestWhatWasPhotographedAlreadyIsNoNewDish(t *testing.T) {
	trigger := &Trigger{MinG: 20}
	var got []Event
	for i, r := range (story{}).rests(0, 1).moving(1).rests(300, 0.3).moving(1).rests(400, 2) {
		e := trigger.Feed(r)
		if e == Placed && i < 30 {
			trigger.Photographed(400) // the dish came while the photo was taken
		}
		if e != Nothing {
			got = append(got, e)
		}
	}
	if !slices.Equal(got, []Event{Arrived, Placed}) {
		t.Errorf("%v", got)
	}
}
