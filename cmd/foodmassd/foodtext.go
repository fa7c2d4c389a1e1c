package main

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"

	"foodmassd/internal/api"
)

// onlyOptions refuses the options that belong to another verb.
func onlyOptions(c *command, f *flag.FlagSet, verb string, own []string) (err error) {
	own = append([]string{"config", "data-dir"}, own...)
	f.Visit(func(given *flag.Flag) {
		if !slices.Contains(own, given.Name) && err == nil {
			err = c.usageError("--%s is not for %s", given.Name, verb)
		}
	})
	return err
}

// describeFood tells in one line what was learnt of a food.
func describeFood(s api.FoodStatus) string {
	var parts []string
	if s.Examples > 0 {
		parts = append(parts, fmt.Sprintf("examples: %d", s.Examples))
	}
	if s.Outdated > 0 {
		parts = append(parts, fmt.Sprintf("%d of them are of other models and of no use: teach it again", s.Outdated))
	}
	if s.Top != nil {
		parts = append(parts, "from above "+describeFactor(*s.Top))
	}
	if s.Side != nil {
		parts = append(parts, "from the side "+describeFactor(*s.Side))
	}
	return strings.TrimRight(fmt.Sprintf("%-24s %s (%s)  %s", s.Key, s.NameKo, s.NameEn, strings.Join(parts, "; ")), " ")
}

// describeFactor tells a factor with the relative standard deviation that is left.
func describeFactor(f api.FoodFactor) string {
	return fmt.Sprintf("×%.2f ± %.0f %% (weighed: %d)", f.Factor, 100*math.Expm1(f.RelSD), f.Weighings)
}

// describeLearnt tells what a photo has taught.
func describeLearnt(l api.FoodLearnt) string {
	text := fmt.Sprintf("%s (%s)", l.Key, l.NameKo)
	if l.Examples > 0 {
		text += fmt.Sprintf(", examples: %d", l.Examples)
	}
	if l.TrueG == nil {
		return text
	}
	if l.EstimatedG == nil {
		return text + fmt.Sprintf(", weighs %s; without a coin or card beside it that corrects nothing", gramsOf(*l.TrueG))
	}
	text += fmt.Sprintf(", weighs %s, estimated at %s", gramsOf(*l.TrueG), gramsOf(*l.EstimatedG))
	if l.Factor != nil {
		side := map[string]string{"top": "above", "side": "the side"}[l.View]
		text += fmt.Sprintf("; seen from %s it is %s from now on", side, describeFactor(*l.Factor))
	}
	return text
}

// describeMenu tells a day's foods.
func describeMenu(m api.FoodMenu) string {
	if len(m.Keys) == 0 {
		return m.Day + ": no menu"
	}
	return m.Day + ": " + strings.Join(m.Keys, " ")
}
