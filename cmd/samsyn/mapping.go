// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"strconv"

	"samsyn/schemas"
	"samsyn/services/registry"
)

type mappingCommands struct {
	Set        mappingSetCommand        `cmd:"" help:"Say which category a code of an agency stands for."`
	Import     mappingImportCommand     `cmd:"" help:"Replace the mappings of an agency by a table."`
	List       mappingListCommand       `cmd:"" help:"List the mappings of an agency."`
	Remove     mappingRemoveCommand     `cmd:"" help:"Take mappings off an agency."`
	Categories mappingCategoriesCommand `cmd:"" help:"List the categories that codes can stand for."`
}

type mappingSetCommand struct {
	Code     string `arg:"" help:"The agency's own code, without the x: it has in events."`
	Category string `arg:"" help:"Category (samsyn mapping categories)."`
	ofAgency
}

// Help shows an example.
func (mappingSetCommand) Help() string {
	return "Example: samsyn mapping set KLOTTER graffiti -m 0780 -a bostad"
}

// Run adds or changes it.
func (c mappingSetCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		if err := r.SetMappings(ctx, c.Municipality, c.Agency, []registry.Mapping{{Code: c.Code, Category: c.Category}}); err != nil {
			return err
		}
		return p.writeMappings(ctx, r, c.ofAgency)
	})
}

type mappingImportCommand struct {
	File string `arg:"" help:"CSV with the columns code and category, - for standard input."`
	ofAgency
}

// Help shows an example.
func (mappingImportCommand) Help() string {
	return "Nothing is imported unless every line can be used.\n\nExample: samsyn mapping import koder.csv -m 0780 -a bostad"
}

// Run imports them.
func (c mappingImportCommand) Run(ctx context.Context, p *program) error {
	file, err := readInput(c.File)
	if err != nil {
		return err
	}
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		n, err := r.ImportMappings(ctx, c.Municipality, c.Agency, file)
		if err != nil {
			return inFile(c.File, err)
		}
		return p.write(map[string]int{"imported": n}, table{header: []string{"imported"}, rows: [][]string{{strconv.Itoa(n)}}})
	})
}

type mappingListCommand struct{ ofAgency }

// Help shows an example.
func (mappingListCommand) Help() string { return "Example: samsyn mapping list -m 0780 -a bostad" }

// Run lists them by code.
func (c mappingListCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error { return p.writeMappings(ctx, r, c.ofAgency) })
}

type mappingRemoveCommand struct {
	Codes []string `arg:"" help:"The agency's own codes."`
	ofAgency
}

// Help shows an example.
func (mappingRemoveCommand) Help() string {
	return "Example: samsyn mapping remove KLOTTER -m 0780 -a bostad"
}

// Run removes them.
func (c mappingRemoveCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		if err := r.RemoveMappings(ctx, c.Municipality, c.Agency, c.Codes); err != nil {
			return err
		}
		return p.writeMappings(ctx, r, c.ofAgency)
	})
}

func (p *program) writeMappings(ctx context.Context, r *registry.Service, of ofAgency) error {
	all, err := r.Mappings(ctx, of.Municipality, of.Agency)
	if err != nil {
		return err
	}
	t := table{header: []string{"code", "category"}}
	for _, m := range all {
		t.add(m.Code, m.Category)
	}
	return p.write(map[string]any{"mappings": list(all)}, t)
}

type mappingCategoriesCommand struct{}

// Help shows an example.
func (mappingCategoriesCommand) Help() string { return "Example: samsyn mapping categories" }

// Run lists them; it needs no installation.
func (mappingCategoriesCommand) Run(p *program) error {
	all, _ := schemas.Categories()
	t := table{header: []string{"category", "group", "svenska", "english"}}
	for _, c := range all {
		t.add(c.Code, c.Group, c.SV, c.EN)
	}
	return p.write(map[string]any{"categories": all}, t)
}
