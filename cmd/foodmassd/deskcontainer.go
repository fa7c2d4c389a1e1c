package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"foodmassd/internal/api"
	"foodmassd/internal/weighing"
)

// findContainer takes up the container that was in use last.
func (d *scaleDesk) findContainer(ctx context.Context) error {
	all, inUse, err := d.db.Containers(ctx)
	if err != nil {
		return err
	}
	var used *weighing.Container
	for i := range all {
		if all[i].Name == inUse {
			used = &all[i]
		}
	}
	d.container.Store(used)
	return nil
}

// changeContainers does something with the containers and takes up the one that is in use then.
func (d *scaleDesk) changeContainers(ctx context.Context, do func() error) error {
	d.containers.Lock()
	defer d.containers.Unlock()
	if err := do(); err != nil {
		return err
	}
	return d.findContainer(ctx)
}

// Containers tells all containers and the one in use.
func (d *scaleDesk) Containers(ctx context.Context) (api.ScaleContainers, error) {
	all, inUse, err := d.db.Containers(ctx)
	return api.ScaleContainers{Containers: all, InUse: inUse}, err
}

// AddContainer adds a container of a known mass, or of that which rests on the scale.
func (d *scaleDesk) AddContainer(ctx context.Context, r api.AddContainerRequest) error {
	c := weighing.Container{Name: r.Name, SDG: r.SDG}
	if r.MassG != nil {
		c.MassG = *r.MassG
	} else if err := d.weighContainer(&c); err != nil {
		return fmt.Errorf("not added: %w", err)
	}
	return d.changeContainers(ctx, func() error { return d.db.SaveContainer(ctx, c) })
}

// leastContainerG is what may lie on an empty scale unseen: drift, or a napkin.
const leastContainerG = 2

func (d *scaleDesk) weighContainer(c *weighing.Container) error {
	if d.scale == nil {
		return d.fault
	}
	r := d.scale.Last()
	switch {
	case r.State != weighing.Stable:
		return fmt.Errorf("the scale is %s: %s", r.State, cmp.Or(d.why(r.State), "wait a moment"))
	case r.NetG < leastContainerG:
		return errors.New("nothing lies on the scale; put the empty container on, or say its mass with --mass")
	}
	c.MassG = r.NetG
	return nil
}

// UseContainer says what food comes in from now on, also after a restart.
func (d *scaleDesk) UseContainer(ctx context.Context, name string) error {
	return d.changeContainers(ctx, func() error { return d.db.UseContainer(ctx, name) })
}

// RemoveContainer forgets a container.
func (d *scaleDesk) RemoveContainer(ctx context.Context, name string) error {
	return d.changeContainers(ctx, func() error { return d.db.RemoveContainer(ctx, name) })
}

// describeContainer says for people which one it is.
func describeContainer(c weighing.Container) string {
	return fmt.Sprintf("%s, %.1f ± %.1f g", c.Name, c.MassG, c.SDG)
}
