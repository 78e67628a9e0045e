// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"

	"samsyn/services/registry"
)

type unitCommands struct {
	Set    unitSetCommand    `cmd:"" help:"Add a unit to an agency, or rename it."`
	List   unitListCommand   `cmd:"" help:"List the units of an agency."`
	Remove unitRemoveCommand `cmd:"" help:"Take a unit off an agency."`
}

type unitSetCommand struct {
	Unit string `arg:"" help:"Code of the unit: 1-32 of a-z, 0-9 and -."`
	Name string `arg:"" help:"Name."`
	ofAgency
}

// Help shows an example.
func (unitSetCommand) Help() string {
	return `Coverage is watched unit by unit: a unit that is silent is shown.

Example: samsyn unit set norr "Norra förvaltningen" -m 0780 -a bostad`
}

// Run adds or renames it.
func (c unitSetCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		if err := r.SetUnits(ctx, c.Municipality, c.Agency, []registry.Unit{{Code: c.Unit, Name: c.Name}}); err != nil {
			return err
		}
		return p.writeUnits(ctx, r, c.ofAgency)
	})
}

type unitListCommand struct{ ofAgency }

// Help shows an example.
func (unitListCommand) Help() string { return "Example: samsyn unit list -m 0780 -a bostad" }

// Run lists them by code.
func (c unitListCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error { return p.writeUnits(ctx, r, c.ofAgency) })
}

type unitRemoveCommand struct {
	Unit string `arg:"" help:"Code of the unit."`
	ofAgency
}

// Help shows an example.
func (unitRemoveCommand) Help() string { return "Example: samsyn unit remove norr -m 0780 -a bostad" }

// Run removes it; its reports stay.
func (c unitRemoveCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		if err := r.RemoveUnit(ctx, c.Municipality, c.Agency, c.Unit); err != nil {
			return err
		}
		return p.writeUnits(ctx, r, c.ofAgency)
	})
}

func (p *program) writeUnits(ctx context.Context, r *registry.Service, of ofAgency) error {
	a, err := r.AgencyOf(ctx, of.Municipality, of.Agency)
	if err != nil {
		return err
	}
	t := table{header: []string{"unit", "name"}}
	for _, u := range a.Units {
		t.add(u.Code, u.Name)
	}
	return p.write(map[string]any{"units": a.Units}, t)
}
