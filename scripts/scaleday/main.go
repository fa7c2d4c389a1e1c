// Command scaleday plays days at a cafeteria counter on the scale, in virtual time, and prints how far what it
// told was from the truth: on the simulated cell, and on the HX711's driver with the chip's twin.
//
//	go run ./scripts/scaleday [-hours 8] [-seed 1]
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"foodmassd/hardware/day"
)

func main() {
	hours := flag.Float64("hours", 8, "length of the day, 0.1 to 100")
	seed := flag.Uint64("seed", 1, "any other `NUMBER` is another day")
	flag.Parse()
	if err := run(*hours, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "scaleday:", err)
		os.Exit(1)
	}
}

func run(hours float64, seed uint64) error {
	if !(hours >= 0.1 && hours <= 100) {
		return fmt.Errorf("-hours %v; allowed is 0.1 to 100", hours)
	}
	script := day.NewScript(time.Duration(hours*float64(time.Hour)), seed)
	var runs []day.Run
	for _, hz := range []int{10, 80} {
		result, err := day.Simulated(script, hz)
		if err != nil {
			return err
		}
		runs = append(runs, day.Run{Name: fmt.Sprintf("simulated %d Hz", hz), Result: result})
	}
	for _, hz := range []int{10, 80} {
		result, err := day.HX711(script, hz)
		if err != nil {
			return err
		}
		runs = append(runs, day.Run{Name: fmt.Sprintf("hx711 %d Hz", hz), Result: result})
	}
	return day.Print(os.Stdout, runs...)
}
