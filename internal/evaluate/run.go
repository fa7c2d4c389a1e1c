package evaluate

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"foodmassd/internal/estimate"
	"foodmassd/internal/fault"
	"foodmassd/internal/geometry"
)

// Options say what to measure and what to write.
type Options struct {
	// Dir is the data set.
	Dir string
	// Estimator is the program under test; its Observe is replaced during the run.
	Estimator *estimate.Estimator
	// CoinDiameterMM of the photos; 0 takes the estimator's. ECUSTFD shows a 25.0 mm coin.
	CoinDiameterMM float64
	// PortionsFile lists the portions to use, separated by white space; "" uses all.
	PortionsFile string
	// View is "top", "side" or "" for both.
	View string
	// LabelledBoxes takes boxes and classes from the labels, so that only the mass model is measured.
	LabelledBoxes bool
	// Weighed lets a load cell tell each photo's true total, one gram too much and too little in turn.
	Weighed bool
	// CSVPath and PlotPath are written where not "".
	CSVPath, PlotPath string
}

// matchIoU is the overlap from which a detection counts as the labelled food.
const matchIoU = 0.5

// Row is one labelled food (found or not) or one extra detection.
type Row struct {
	Photo Photo
	// Truth is nil for an extra detection, Found nil for a food that was missed.
	Truth *Truth
	Found *estimate.Food
	// Measured lies behind Found.
	Measured *estimate.Measured
	IoU      float64
}

// Run evaluates and writes the tables to w. It fails when the data set cannot be read, ctx ends or a
// file cannot be written; photos that cannot be analysed are counted and named.
func Run(ctx context.Context, o Options, w io.Writer) error {
	if err := checkView(o.View); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	data, err := Read(o.Dir)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	var portions map[string]bool
	if o.PortionsFile != "" {
		if portions, err = readLines(o.PortionsFile); err != nil {
			return fmt.Errorf("evaluate: read list of portions: %w", err)
		}
	}
	data.Restrict(portions, o.View)
	if len(data.Photos) == 0 {
		return fmt.Errorf("evaluate: no photo in %s is left after --portions and --view", o.Dir)
	}
	report, err := run(ctx, o, data, w)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	report.WriteText(w)
	if err := writeFile(o.CSVPath, report.WriteCSV); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if err := writeFile(o.PlotPath, report.WritePlot); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

func checkView(view string) error {
	if view != "" && view != "top" && view != "side" {
		return fmt.Errorf("view %q is neither top nor side", view)
	}
	return nil
}

func run(ctx context.Context, o Options, data *Dataset, w io.Writer) (*Report, error) {
	var behind []estimate.Measured
	e := *o.Estimator
	e.Observe = func(_ *estimate.Result, m []estimate.Measured) { behind = m }
	if o.LabelledBoxes {
		eye, err := newLabelledEye(o.Dir, data.Photos)
		if err != nil {
			return nil, err
		}
		e.Seer = eye
	}
	r := &Report{Portions: data.Portions}
	for _, p := range data.Photos {
		in := estimate.Input{Path: p.Path, Filename: p.Name, CoinDiameterMM: o.CoinDiameterMM}
		truth := p.totalG()
		if o.Weighed {
			in.ScaleG = new(float64)
			*in.ScaleG = truth + float64(1-2*(r.Images%2))
		}
		result, err := e.Estimate(ctx, in, nil)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			r.Failed++
			fmt.Fprintf(w, "%s: %v (%s)\n", p.Name, err, fault.CodeOf(err).English())
			continue
		}
		r.Images++
		if o.Weighed {
			r.Totals = append(r.Totals, Total{truth, result.MassEstimation.TotalMassG, result.ScaleReadingG != nil})
		}
		r.Rows = append(r.Rows, match(p, result.MassEstimation.Foods, behind)...)
	}
	return r, nil
}

// match pairs labels with detections, best overlap first.
func match(p Photo, found []estimate.Food, behind []estimate.Measured) []Row {
	usedTruth, usedFound := make([]bool, len(p.Foods)), make([]bool, len(found))
	var rows []Row
	for {
		bestT, bestF, best := -1, -1, matchIoU
		for t := range p.Foods {
			for f := range found {
				if iou := p.Foods[t].Box.IoU(rectOf(found[f].BBox)); !usedTruth[t] && !usedFound[f] && iou >= best {
					bestT, bestF, best = t, f, iou
				}
			}
		}
		if bestT < 0 {
			break
		}
		usedTruth[bestT], usedFound[bestF] = true, true
		rows = append(rows, Row{p, &p.Foods[bestT], &found[bestF], &behind[bestF], best})
	}
	for t := range p.Foods {
		if !usedTruth[t] {
			rows = append(rows, Row{Photo: p, Truth: &p.Foods[t]})
		}
	}
	for f := range found {
		if !usedFound[f] {
			rows = append(rows, Row{Photo: p, Found: &found[f], Measured: &behind[f]})
		}
	}
	return rows
}

func rectOf(b estimate.BBox) geometry.Rect {
	return geometry.Rect{X: b.X, Y: b.Y, Width: b.Width, Height: b.Height}
}

// writeFile writes to a file beside path and renames it, so that a half-written one is never found.
func writeFile(path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".evaluate-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
