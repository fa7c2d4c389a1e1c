package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"foodmassd/internal/config"
	"foodmassd/internal/estimate"
	"foodmassd/internal/fault"
	"foodmassd/internal/photo"
)

var estimateCommand = &command{
	name:    "estimate",
	purpose: "estimate the foods on photos, without a daemon",
	usage: `[options] IMAGE…

Prints a table, or with --json one JSON object per line and image, in order. The exit status is 0 when
every image was read and 1 otherwise.

Examples:
  foodmassd estimate lunch.jpg
  foodmassd estimate --json --coin-diameter-mm 26.5 *.jpg > results.jsonl
  foodmassd estimate --scale-g 412.5 plate.jpg
  foodmassd estimate --camera fixed counter.jpg`,
	run: runEstimate,
}

func runEstimate(ctx context.Context, c *command, args []string) error {
	f := c.flags()
	s := addSettings(f)
	in := estimate.Input{}
	asJSON := f.Bool("json", false, "print JSON Lines")
	f.Float64Var(&in.CoinDiameterMM, "coin-diameter-mm", 0, "diameter of the coin in the photos, 10 to 50 (default reference.coin_diameter_mm)")
	camera := f.String("camera", "", "fixed when the photos come from the camera that was calibrated")
	f.Func("scale-g", "known net total of the foods in `GRAMS`", func(text string) error {
		grams, err := strconv.ParseFloat(text, 64)
		in.ScaleG = &grams
		return err
	})
	images, err := parse(f, args)
	switch {
	case err != nil:
		return err
	case len(images) == 0:
		return c.usageError("name at least one image")
	case in.ScaleG != nil && !(*in.ScaleG > 0 && *in.ScaleG < 1e5):
		return c.usageError("--scale-g must be a number of grams above 0")
	case *camera != "" && *camera != "fixed":
		return c.usageError("--camera must be fixed or left out")
	}
	in.FixedCamera = *camera == "fixed"
	estimator, conf, eye, err := s.openEstimator(ctx)
	if err != nil {
		return err
	}
	defer eye.Close()
	show := printTable
	if *asJSON {
		show = printJSON
	}
	failed := false
	for _, image := range images {
		in.Path, in.Filename = image, filepath.Base(image)
		result, err := estimateOne(ctx, conf, estimator, in)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed = failed || err != nil
		if err := show(image, result, err); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

// estimateOne holds a file to the limits of an upload and estimates it.
func estimateOne(ctx context.Context, conf config.Config, e *estimate.Estimator, in estimate.Input) (*estimate.Result, error) {
	file, err := os.Open(in.Path)
	if err != nil {
		return nil, fault.New(fault.NotFound, "open image", err)
	}
	defer file.Close()
	if _, err := photo.Inspect(file, photoLimits(conf)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, conf.Task.Deadline)
	defer cancel()
	return e.Estimate(ctx, in, nil)
}

// message is what the technician reads about a failed image.
func message(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return fault.CodeOf(err).English()
}

func printJSON(image string, result *estimate.Result, err error) error {
	line := struct {
		Image  string           `json:"image"`
		Result *estimate.Result `json:"result,omitempty"`
		Error  string           `json:"error,omitempty"`
		Code   fault.Code       `json:"code,omitempty"`
	}{Image: image, Result: result}
	if err != nil {
		line.Error, line.Code = message(err), fault.CodeOf(err)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	return out.Encode(line)
}

func printTable(image string, result *estimate.Result, err error) error {
	if err != nil {
		_, err = fmt.Fprintf(os.Stderr, "%s: %s (%v)\n", image, message(err), err)
		return err
	}
	m := result.MassEstimation
	fmt.Printf("%s: %d foods, %.1f g (90 %%: %.0f–%.0f), scale from %s\n", image, m.FoodCount, m.TotalMassG,
		m.TotalIntervalG[0], m.TotalIntervalG[1], result.ScaleSource)
	for _, food := range m.Foods {
		_, err = fmt.Printf("  %-20s %8.1f g  90 %%: %.0f–%.0f g  confidence %.2f  %s\n", food.FoodNameEn,
			food.EstimatedMassG, food.MassIntervalG[0], food.MassIntervalG[1], food.Confidence, food.VerificationMethod)
	}
	return err
}
