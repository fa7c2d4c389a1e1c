package main

import (
	"context"
	"fmt"
	"runtime"

	"foodmassd/models"
)

var versionCommand = &command{
	name:    "version",
	purpose: "print the version of the program and of its models",
	usage:   "\n\nExample:\n  foodmassd version",
	run: func(_ context.Context, c *command, args []string) error {
		if _, err := parse(c.flags(), args); err != nil {
			return err
		}
		fmt.Printf("foodmassd %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		set, err := models.Open("")
		if err != nil {
			return err
		}
		for _, role := range []string{"detector", "recogniser", "mass"} {
			var m struct{ Name, Version string }
			if err := set.ReadJSON(role+".json", &m); err != nil {
				return err
			}
			fmt.Printf("%-10s %s %s\n", role, m.Name, m.Version)
		}
		return nil
	},
}
