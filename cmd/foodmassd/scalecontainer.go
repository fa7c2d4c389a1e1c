package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"text/tabwriter"

	"foodmassd/internal/api"
	"foodmassd/internal/weighing"
)

// scaleContainer lists, adds, uses or removes containers.
func scaleContainer(ctx context.Context, c scaleCall) error {
	verb, name := c.args[0], ""
	if len(c.args) == 2 {
		name = c.args[1]
	}
	var all api.ScaleContainers
	var err error
	switch {
	case verb == "list" && name == "":
		err = c.admin.ask(ctx, http.MethodGet, api.ScaleContainersRoute, &all)
	case verb == "add" && name != "":
		add := api.AddContainerRequest{Name: name, SDG: c.sdG}
		if c.massG != 0 {
			add.MassG = &c.massG
		}
		err = c.admin.send(ctx, api.ScaleContainerRoute, add, &all)
	case verb == "use" && name != "":
		err = c.admin.send(ctx, api.ScaleContainerUseRoute, api.NamedContainerRequest{Name: name}, &all)
	case verb == "remove" && name != "":
		err = c.admin.send(ctx, api.ScaleContainerRemoveRoute, api.NamedContainerRequest{Name: name}, &all)
	default:
		return c.usageError("container takes list, add NAME, use NAME, use %s or remove NAME", weighing.NoContainer)
	}
	if err != nil {
		return err
	}
	return printContainers(all)
}

func printContainers(c api.ScaleContainers) error {
	if len(c.Containers) == 0 {
		fmt.Println("no containers; put an empty one on the scale and run: foodmassd scale container add NAME")
		return nil
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "MASS\tSD\tIN USE\tCONTAINER")
	for _, one := range c.Containers {
		fmt.Fprintf(out, "%.1f g\t%.1f g\t%s\t%s\n", one.MassG, one.SDG, mark(one.Name == c.InUse), one.Name)
	}
	return out.Flush()
}

// mark shows in a table which one it is.
func mark(this bool) string {
	if this {
		return "*"
	}
	return ""
}
