// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"strconv"

	"samsyn/services/registry"
)

type propertiesCommands struct {
	Import propertiesImportCommand `cmd:"" help:"Import the property register of an agency from a table."`
	List   propertiesListCommand   `cmd:"" help:"List the property register of an agency."`
}

type propertiesImportCommand struct {
	File string `arg:"" help:"CSV in any common encoding, separated by comma, semicolon, tab or bar; - for standard input."`
	ofAgency
	KeyField      string `placeholder:"NAME" help:"Column of the key (key, nyckel, fastighetsbeteckning, ...)."`
	AddressField  string `placeholder:"NAME" help:"Column of the address (address, adress, ...)."`
	LonField      string `placeholder:"NAME" help:"Column of the longitude (lon, longitud, ...)."`
	LatField      string `placeholder:"NAME" help:"Column of the latitude (lat, latitud, ...)."`
	EastingField  string `placeholder:"NAME" help:"Column of the easting in the municipality's projected system (easting, e, ...)."`
	NorthingField string `placeholder:"NAME" help:"Column of the northing (northing, n, ...)."`
	SkipInvalid   bool   `help:"Import the lines that can be used and name the rest."`
}

// Help shows an example.
func (propertiesImportCommand) Help() string {
	return `The agency's reports may then name a property by key or address in place of coordinates. The register is replaced
as a whole. Nothing is imported unless every line can be used, or --skip-invalid says otherwise.

Example: samsyn properties import fastigheter.csv -m 0780 -a bostad`
}

// Run imports them.
func (c propertiesImportCommand) Run(ctx context.Context, p *program) error {
	file, err := readInput(c.File)
	if err != nil {
		return err
	}
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		result, err := r.ImportProperties(ctx, c.Municipality, c.Agency, registry.PropertyFile{
			Key: c.KeyField, Address: c.AddressField, Lon: c.LonField, Lat: c.LatField, Easting: c.EastingField, Northing: c.NorthingField,
			SkipInvalid: c.SkipInvalid,
		}, file)
		if err != nil {
			return inFile(c.File, err)
		}
		result.Skipped = list(result.Skipped)
		lines := make([]string, len(result.Skipped))
		for i, s := range result.Skipped {
			lines[i] = fmt.Sprintf("left out: line %d: %s", s.Line, s.Problem)
		}
		p.sayAll(lines)
		if result.Outside > 0 {
			p.say("%d properties lie outside the municipality; reports about them are quarantined (outside_municipality).", result.Outside)
		}
		return p.write(result, table{
			header: []string{"imported", "removed", "skipped", "outside", "encoding", "system"},
			rows: [][]string{{
				strconv.Itoa(result.Imported), strconv.Itoa(result.Removed), strconv.Itoa(len(result.Skipped)),
				strconv.Itoa(result.Outside), result.Encoding, result.System,
			}},
		})
	})
}

type propertiesListCommand struct{ ofAgency }

// Help shows an example.
func (propertiesListCommand) Help() string {
	return "Example: samsyn properties list -m 0780 -a bostad"
}

// Run lists them by key.
func (c propertiesListCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		all, err := r.Properties(ctx, c.Municipality, c.Agency)
		if err != nil {
			return err
		}
		t := table{header: []string{"key", "address", "lon", "lat"}}
		for _, x := range all {
			t.add(x.Key, x.Address, degrees(x.Lon), degrees(x.Lat))
		}
		return p.write(map[string]any{"properties": list(all)}, t)
	})
}

// degrees shows a coordinate to about a decimetre.
func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 6, 64) }
