// Package trace writes down what a load cell reads and plays it back, so that a scale that misbehaved
// in a kitchen can be looked at on a desk. A trace is text:
//
//	foodmassd load cell trace 1
//	hx711 (clock GPIO6, data GPIO5)
//	0 ok 84123
//	100213 ok 84120
//	1200480 fault the data pin stays low
//
// A version, the cell, then a reading a line: microseconds since the first one, "ok" with counts or
// "fault" with its reason; one that begins with a state of the weighing room ("timeout: …") gets it back when it is
// played.
package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"foodmassd/internal/weighing"
)

const header = "foodmassd load cell trace 1"

// What a trace may hold at most.
const (
	MaxReadings = 1_000_000           // over a day at 10 Hz
	MaxLength   = 31 * 24 * time.Hour // from the first to the last reading
	maxLine     = 400                 // bytes
	maxText     = 300                 // bytes of a fault or a cell's name
)

// Reading is one answer of a cell.
type Reading struct {
	At     time.Duration // since the first reading, in whole microseconds
	Counts int32         // of 24 bits; 0 with a Fault
	Fault  string        // why there are no counts; "" when there are
}

// Trace is what a cell read, in order.
type Trace struct {
	Cell     string
	Readings []Reading
}

// Parse reads a trace. Its errors begin with the line's number, "line 12: …". A last line without its
// end is one that was cut off while it was written, and left out.
func Parse(r io.Reader) (Trace, error) {
	var t Trace
	lines := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		text, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && n > 2:
			return t, nil
		case errors.Is(err, io.EOF):
			return Trace{}, fmt.Errorf("line %d: ends before the first reading", n)
		case errors.Is(err, bufio.ErrBufferFull):
			return Trace{}, fmt.Errorf("line %d: longer than %d bytes", n, maxLine)
		case err != nil:
			return Trace{}, fmt.Errorf("line %d: %w", n, err)
		}
		if err := t.add(n, string(text[:len(text)-1])); err != nil {
			return Trace{}, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

func (t *Trace) add(n int, line string) error {
	switch {
	case n == 1 && line != header:
		return fmt.Errorf("a trace begins with %q", header)
	case n == 1:
		return nil
	case n == 2:
		t.Cell = line
		return checkText(line)
	case len(t.Readings) == MaxReadings:
		return fmt.Errorf("more than %d readings", MaxReadings)
	}
	reading, err := parseReading(line)
	if err != nil {
		return err
	}
	if k := len(t.Readings); k > 0 && reading.At < t.Readings[k-1].At {
		return errors.New("earlier than the reading before it")
	}
	t.Readings = append(t.Readings, reading)
	return nil
}

func parseReading(line string) (Reading, error) {
	at, rest, _ := strings.Cut(line, " ")
	state, what, found := strings.Cut(rest, " ")
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil || us < 0 || us > MaxLength.Microseconds() {
		return Reading{}, fmt.Errorf("%.20q is no time; allowed are microseconds from 0 to %d", at, MaxLength.Microseconds())
	}
	r := Reading{At: time.Duration(us) * time.Microsecond}
	switch {
	case state == "ok":
		counts, err := strconv.ParseInt(what, 10, 32)
		if err != nil || counts < int64(weighing.SaturatedLow) || counts > int64(weighing.SaturatedHigh) {
			return Reading{}, fmt.Errorf("%.20q are no counts; allowed is %d to %d", what, weighing.SaturatedLow, weighing.SaturatedHigh)
		}
		r.Counts = int32(counts)
		return r, nil
	case state == "fault" && found && what != "":
		r.Fault = what
		return r, checkText(what)
	}
	return Reading{}, fmt.Errorf(`%.20q is no state; allowed is "ok" with counts or "fault" with its reason`, state)
}

// checkText refuses what plain would have changed.
func checkText(text string) error {
	if text != plain(text) {
		return fmt.Errorf("text is longer than %d bytes or not printable", maxText)
	}
	return nil
}

// plain makes a text fit a line: printable, on one line, not too long.
func plain(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if len(text) > maxText {
		text = strings.TrimSpace(strings.ToValidUTF8(text[:maxText], ""))
	}
	return text
}

// line is a reading as it stands in a trace.
func (r Reading) line() string {
	if r.Fault != "" {
		return fmt.Sprintf("%d fault %s\n", r.At.Microseconds(), r.Fault)
	}
	return fmt.Sprintf("%d ok %d\n", r.At.Microseconds(), r.Counts)
}
