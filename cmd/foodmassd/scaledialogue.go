package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/weighing"
)

// dialogue asks a technician, at a terminal or through a pipe, to put known masses on the scale, and reads it.
type dialogue struct {
	admin    *adminClient
	lines    <-chan string // what the technician types; closed at its end
	terminal bool
	cellID   string // that is calibrated
}

func newDialogue(a *adminClient) *dialogue {
	typed := make(chan string)
	go func() {
		defer close(typed)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			typed <- strings.TrimSpace(in.Text())
		}
	}()
	return &dialogue{admin: a, lines: typed, terminal: isTerminal(os.Stdout)}
}

// open says which cell it is about.
func (d *dialogue) open(ctx context.Context) (api.ScaleStatus, error) {
	var s api.ScaleStatus
	if err := d.admin.ask(ctx, http.MethodGet, api.ScaleRoute, &s); err != nil {
		return s, err
	}
	if d.cellID = s.CellID; d.cellID == "" {
		return s, fmt.Errorf("the scale cannot be calibrated: %s", cmp.Or(s.Why, "it cannot be read"))
	}
	fmt.Printf("calibrating %s; until the end nothing is changed (Ctrl-C leaves)\n", d.cellID)
	return s, nil
}

var errInterrupted = errors.New("interrupted")

// ask returns the next line.
func (d *dialogue) ask(ctx context.Context, prompt string) (string, error) {
	fmt.Print(prompt)
	select {
	case line, more := <-d.lines:
		if !d.terminal {
			fmt.Println()
		}
		if !more {
			return "", errors.New("the input has ended")
		}
		return line, nil
	case <-ctx.Done():
		fmt.Println()
		return "", errInterrupted
	}
}

// points measures the empty scale and each mass; those it asks for when there are none.
func (d *dialogue) points(ctx context.Context, masses []float64) ([]weighing.Point, error) {
	if _, err := d.ask(ctx, "Take everything off the scale but the empty tray, then press Enter. "); err != nil {
		return nil, err
	}
	empty, err := d.measure(ctx, 0)
	if err != nil {
		return nil, err
	}
	points := []weighing.Point{empty}
	next := d.asked()
	if len(masses) > 0 {
		next = d.given(masses)
	}
	for {
		grams, err := next(ctx)
		if err != nil || grams == 0 {
			return points, err
		}
		point, err := d.measure(ctx, grams)
		if err != nil {
			return nil, err
		}
		points = append(points, point)
	}
}

// given asks to put one known mass after the other on; 0 after the last.
func (d *dialogue) given(masses []float64) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		if len(masses) == 0 {
			return 0, nil
		}
		grams := masses[0]
		masses = masses[1:]
		_, err := d.ask(ctx, fmt.Sprintf("Put %g g on, and nothing else, then press Enter. ", grams))
		return grams, err
	}
}

// asked asks for masses until an empty line, which it takes after one mass only when it comes twice; 0 is the
// end.
func (d *dialogue) asked() func(context.Context) (float64, error) {
	measured, warned := 0, false
	return func(ctx context.Context) (float64, error) {
		for {
			line, err := d.ask(ctx, "Put a known mass on, and nothing else, and type its grams (empty line when done): ")
			switch {
			case err != nil:
				return 0, err
			case line == "" && measured == 0:
				fmt.Println("One known mass at least is needed.")
				continue
			case line == "" && measured == 1 && !warned:
				fmt.Println("One mass does not show whether the cell is straight. Put another one on, or press Enter again to do without.")
				warned = true
				continue
			case line == "":
				return 0, nil
			}
			grams, err := parseMass(line)
			if err == nil {
				measured++
				return grams, nil
			}
			fmt.Println(err)
		}
	}
}

const (
	measureTick  = 100 * time.Millisecond // no cell converts much oftener in a kitchen
	restPatience = 2 * time.Minute        // then something swings, or blows on the tray
)

// measure waits until the scale rests on conversions that all came after the question, and shows its counts
// meanwhile.
func (d *dialogue) measure(ctx context.Context, grams float64) (weighing.Point, error) {
	patience, cancel := context.WithTimeout(ctx, restPatience)
	defer cancel()
	tick := time.NewTicker(measureTick)
	defer tick.Stop()
	first := int64(-1)
	var since time.Time // of the daemon's first answer
	for {
		var s api.ScaleStatus
		err := d.admin.ask(ctx, http.MethodGet, api.ScaleRoute, &s)
		switch {
		case ctx.Err() != nil:
			return weighing.Point{}, errInterrupted
		case err != nil:
			return weighing.Point{}, err
		}
		if first < 0 {
			first = s.Conversions
		}
		if s.CellID != d.cellID || s.Conversions < first {
			return weighing.Point{}, errors.New("the daemon was started anew meanwhile")
		}
		if since.IsZero() && s.ReadAt != nil {
			since = *s.ReadAt
		}
		if s.RestCounts != nil && s.NoiseCounts != nil && s.ReadAt != nil && s.ReadAt.Sub(since) > weighing.RestOver {
			d.live("  %.0f counts at rest (noise %.0f)\n", *s.RestCounts, *s.NoiseCounts)
			return weighing.Point{Grams: grams, Counts: *s.RestCounts, NoiseCounts: *s.NoiseCounts}, nil
		}
		if d.terminal {
			d.live("  %s", liveText(s))
		}
		select {
		case <-patience.Done():
			if ctx.Err() != nil {
				return weighing.Point{}, errInterrupted
			}
			return weighing.Point{}, fmt.Errorf("the scale does not come to rest (%s)", liveText(s))
		case <-tick.C:
		}
	}
}

// live writes over the line before, where there is a terminal.
func (d *dialogue) live(format string, args ...any) {
	if d.terminal {
		fmt.Print("\r\x1b[K")
	}
	fmt.Printf(format, args...)
}

func liveText(s api.ScaleStatus) string {
	switch {
	case s.Counts == nil:
		return s.State + ": " + s.Why
	case s.RestCounts == nil:
		return fmt.Sprintf("%.0f counts, still moving", *s.Counts)
	}
	return fmt.Sprintf("%.0f counts, waiting for a few more", *s.Counts)
}
