package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"foodmassd/internal/api"
	"foodmassd/internal/weighing"
)

// scaleCalibrate measures, keeps or goes back to a calibration.
func scaleCalibrate(ctx context.Context, c scaleCall) error {
	o := c.scaleOptions
	measures := o.masses != "" || o.yes
	switch {
	case o.history && !(measures || o.back || o.to != ""):
		return showCalibrations(ctx, c.admin)
	case o.back && !(measures || o.history || o.to != ""):
		return useCalibration(ctx, c.admin, api.UseCalibrationRequest{Back: true})
	case o.to != "" && !(measures || o.history || o.back):
		id, err := strconv.ParseInt(o.to, 10, 64)
		if err != nil {
			return c.usageError("--to takes the ID of a calibration, as --history shows it, not %q", o.to)
		}
		return useCalibration(ctx, c.admin, api.UseCalibrationRequest{ID: &id})
	case o.history || o.back || o.to != "":
		return c.usageError("--history, --back and --to stand alone")
	}
	masses, err := parseMasses(o.masses)
	if err != nil {
		return c.usageError("--masses: %v", err)
	}
	return calibrateScale(ctx, c.admin, masses, o.yes)
}

// parseMasses reads masses in grams, separated by commas.
func parseMasses(text string) (masses []float64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		if text == "" {
			break
		}
		g, err := parseMass(part)
		if err != nil {
			return nil, err
		}
		masses = append(masses, g)
	}
	return masses, nil
}

// parseMass reads a mass in grams, with or without its unit.
func parseMass(text string) (float64, error) {
	text = strings.TrimSpace(text)
	g, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "g")), 64)
	if err != nil || !(g > 0 && g <= weighing.MaxMassG) {
		return 0, fmt.Errorf("%.20q is no mass in grams, such as 500", text)
	}
	return g, nil
}

// calibrateScale leads through a calibration. Until the daemon is told to keep it, nothing is changed.
func calibrateScale(ctx context.Context, a *adminClient, masses []float64, yes bool) error {
	d := newDialogue(a)
	before, err := d.open(ctx)
	if err != nil {
		return err
	}
	points, err := d.points(ctx, masses)
	if err != nil {
		return fmt.Errorf("%w; the old calibration stays", err)
	}
	line, err := weighing.Calibrate(points)
	if err != nil {
		return fmt.Errorf("refused: %w; the old calibration stays", err)
	}
	if err := showLine(line, before.CountsPerGram); err != nil {
		return err
	}
	if !yes {
		answer, err := d.ask(ctx, "Keep it? [y/N] ")
		if err != nil {
			return fmt.Errorf("%w; the old calibration stays", err)
		}
		if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
			fmt.Println("not kept; the old calibration stays")
			return exitCode(1)
		}
	}
	var s api.ScaleStatus
	// Whoever said yes is told how it went, Ctrl-C or not.
	if err := a.send(context.WithoutCancel(ctx), api.ScaleCalibrationRoute, api.CalibrateRequest{CellID: d.cellID, Points: points}, &s); err != nil {
		return err
	}
	fmt.Println("kept; the scale weighs by it from now on, and after a restart\ngo back with: foodmassd scale calibrate --back")
	return nil
}

// showLine shows a calibration beside the counts per gram so far.
func showLine(line weighing.Calibration, before *float64) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "\nMASS\tCOUNTS\tNOISE\tOFF BY\t")
	for _, p := range line.Points {
		fmt.Fprintf(out, "%g g\t%.0f\t%.0f\t%+.2f g\t\n", p.Grams, p.Counts, p.NoiseCounts, line.ResidualG(p)+0)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	fmt.Printf("\ncounts per gram %.6g (until now %s), zero at %.0f counts, off by %.2f g at most, resolution %.2g g\n",
		line.CountsPerGram, countsPerGramText(before), line.ZeroCounts, line.WorstG, line.ResolutionG())
	if line.Swapped() {
		fmt.Println("The counts fall as the load grows: the cell's signal wires A+ and A- are swapped, or it is upside down. It weighs as well\n" +
			"like this; keep it, or swap the wires and calibrate again.")
	}
	return nil
}

func countsPerGramText(v *float64) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprintf("%.6g", *v)
}

func useCalibration(ctx context.Context, a *adminClient, q api.UseCalibrationRequest) error {
	var s api.ScaleStatus
	if err := a.send(ctx, api.ScaleCalibrationUseRoute, q, &s); err != nil {
		return err
	}
	which := "the configuration"
	if s.Calibration != nil {
		which = fmt.Sprintf("calibration %d", s.Calibration.ID)
	}
	fmt.Printf("weighs by %s: counts per gram %s\nthe zero stays; when the empty scale does not show 0 g, run: foodmassd scale tare\n", which, countsPerGramText(s.CountsPerGram))
	return nil
}

func showCalibrations(ctx context.Context, a *adminClient) error {
	var all []api.ScaleCalibration
	if err := a.ask(ctx, http.MethodGet, api.ScaleCalibrationsRoute, &all); err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "ID\tIN USE\tTAKEN\tCOUNTS/GRAM\tOFF BY\tMASSES\tWHO")
	for _, c := range all {
		taken, off := "-", "-"
		if c.TakenAt != nil && c.WorstResidualG != nil {
			taken, off = c.TakenAt.Local().Format(time.DateTime), fmt.Sprintf("%.2f g", *c.WorstResidualG)
		}
		fmt.Fprintf(out, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, mark(c.Current), taken, countsPerGramText(c.CountsPerGram), off, massesText(c.Points), c.Who)
	}
	return out.Flush()
}

func massesText(points []weighing.Point) string {
	var masses []string
	for _, p := range points {
		masses = append(masses, fmt.Sprintf("%g", p.Grams))
	}
	return strings.Join(masses, ",")
}
