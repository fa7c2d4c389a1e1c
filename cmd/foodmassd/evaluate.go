package main

import (
	"context"
	"os"
	"strings"

	"foodmassd/internal/evaluate"
)

var evaluateCommand = &command{
	name:    "evaluate",
	purpose: "measure the errors on a folder of labelled photos",
	usage: `DIR [options]

DIR holds images/, boxes.csv (image, portion, view, object, box) and portions.csv (portion, food,
grams). Prints errors per food and view beside the class-median baseline.

With --teach-foods each of these foods is taught by --teach photos as a kitchen teaches it, and the tables say how
often it is then named and how far its grams are off, in photos of portions that it was not taught from.

Examples:
  foodmassd evaluate --portions held-out.txt --csv errors.csv --plot errors.png photos/
  foodmassd evaluate --teach 5 --teach-foods lemon,kiwi --view top --menu photos/`,
	run: func(ctx context.Context, c *command, args []string) error {
		f := c.flags()
		s := addSettings(f)
		o := evaluate.Options{}
		f.Float64Var(&o.CoinDiameterMM, "coin-diameter-mm", 25, "diameter of the coin in the photos")
		f.StringVar(&o.PortionsFile, "portions", "", "`FILE` with the portions to use, separated by white space")
		f.StringVar(&o.View, "view", "", "only photos taken from the top or the side")
		f.BoolVar(&o.LabelledBoxes, "labelled-boxes", false, "take boxes and classes from the labels: measures the mass model alone")
		f.BoolVar(&o.Weighed, "weighed", false, "let a load cell tell each photo's true total, a gram off")
		f.StringVar(&o.CSVPath, "csv", "", "write every food to `FILE`")
		f.StringVar(&o.PlotPath, "plot", "", "draw estimates against the truth into a PNG `FILE`")
		t := evaluate.Teaching{}
		f.IntVar(&t.Photos, "teach", 5, "teach the foods by `N` photos each")
		foods := f.String("teach-foods", "", "`FOODS` to teach, separated by commas, which the models must not know")
		f.StringVar(&t.OtherPortionsFile, "teach-portions", "", "`FILE` with the portions on which the foods are tested that are not taught")
		f.IntVar(&t.Seeds, "seeds", 5, "how often foods are taught, each time by other photos")
		f.BoolVar(&t.Menu, "menu", false, "measure taught foods also with a menu of the day on which only they are served")
		rest, err := parse(f, args)
		if err != nil {
			return err
		}
		if len(rest) != 1 {
			return c.usageError("name one folder")
		}
		estimator, _, eye, err := s.openEstimator(ctx)
		if err != nil {
			return err
		}
		defer eye.Close()
		o.Dir, o.Estimator = rest[0], estimator
		if *foods == "" {
			return evaluate.Run(ctx, o, os.Stdout)
		}
		t.Options, t.Foods = o, strings.Split(*foods, ",")
		return evaluate.Teach(ctx, t, os.Stdout)
	},
}
