// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/services/registry"
	"samsyn/services/registry/areas"
)

type areasCommands struct {
	Import areasImportCommand `cmd:"" help:"Import the areas of one level from GeoJSON."`
	List   areasListCommand   `cmd:"" help:"List the areas of a municipality."`
	Retire areasRetireCommand `cmd:"" help:"Retire areas: what was counted stays, nothing new is placed in them."`
}

// epsg is a coordinate system on the command line: EPSG:3006 or 3006.
type epsg int

// UnmarshalText reads it.
func (e *epsg) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(strings.TrimPrefix(strings.ToUpper(string(text)), "EPSG:"))
	if err != nil || n <= 0 {
		return fmt.Errorf("%q is not like EPSG:3006", text)
	}
	*e = epsg(n)
	return nil
}

type areasImportCommand struct {
	File string `arg:"" help:"GeoJSON FeatureCollection of polygons, - for standard input."`
	inMunicipality
	Level           geo.Level `required:"" enum:"municipality,district,area" help:"municipality, district or area."`
	CodeField       string    `default:"code" placeholder:"NAME" help:"Property that holds the code of an area (${default})."`
	NameField       string    `placeholder:"NAME" help:"Property that holds its name; without it the code is the name."`
	ParentField     string    `placeholder:"NAME" help:"Property that holds the code of its district; without it the polygons decide."`
	PopulationField string    `placeholder:"NAME" help:"Property that holds the number of inhabitants."`
	Where           string    `placeholder:"NAME=VALUE" help:"Only features with this property, to take one municipality out of a national file."`
	CRS             epsg      `name:"crs" placeholder:"EPSG:NNNN" help:"Coordinate system, when the file does not say or says it wrong: 4326, 3006, or the municipality's own."`
	Source          string    `placeholder:"TEXT" help:"Origin and licence, for the foot of pages (the name of the file)."`
	SkipInvalid     bool      `help:"Import what can be used and name the rest."`
	DryRun          bool      `help:"Say what would happen and store nothing."`
}

// Help shows an example.
func (areasImportCommand) Help() string {
	return `Polygons and multipolygons in WGS 84, SWEREF 99 TM or the municipality's own projected system. Nothing is imported
unless every feature can be used, or --skip-invalid says otherwise. Areas of the level that the file does not
have are retired. For other formats: ogr2ogr -t_srs EPSG:4326 areas.geojson FILE

Example: samsyn areas import deso.geojson -m 0780 --level area --code-field desokod --where kommunkod=0780`
}

// Run imports them.
func (c areasImportCommand) Run(ctx context.Context, p *program) error {
	how := areas.File{
		CodeField: c.CodeField, NameField: c.NameField, ParentField: c.ParentField, PopulationField: c.PopulationField, EPSG: int(c.CRS),
	}
	if c.Where != "" {
		var ok bool
		if how.WhereField, how.WhereValue, ok = strings.Cut(c.Where, "="); !ok || how.WhereField == "" {
			return wrongUse("--where %q is not like kommunkod=0780", c.Where)
		}
	}
	file, err := readInput(c.File)
	if err != nil {
		return err
	}
	in := registry.AreaImport{Municipality: c.Municipality, Level: c.Level, Source: c.Source, SkipInvalid: c.SkipInvalid, DryRun: c.DryRun}
	if in.Source == "" {
		in.Source = filepath.Base(c.File)
	}
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		result, err := r.ImportAreas(ctx, in, how, file)
		if err != nil {
			return inFile(c.File, err)
		}
		result.Skipped, result.Codes, result.Notes = list(result.Skipped), list(result.Codes), list(result.Notes)
		p.tellAreas(result)
		if c.DryRun {
			p.say("This was a dry run: nothing is stored.")
		}
		return p.write(result, table{
			header: []string{"system", "new", "changed", "retired", "districts made", "skipped"},
			rows: [][]string{{
				result.System, strconv.Itoa(result.New), strconv.Itoa(result.Changed), strconv.Itoa(result.Retired),
				strconv.Itoa(result.Made), strconv.Itoa(len(result.Skipped)),
			}},
		})
	})
}

// tellAreas says what a person should know of an import.
func (p *program) tellAreas(r registry.AreaResult) {
	lines := make([]string, 0, len(r.Skipped))
	for _, s := range r.Skipped {
		lines = append(lines, "left out: "+s.String())
	}
	p.sayAll(lines)
	lines = lines[:0]
	for _, c := range r.Codes {
		lines = append(lines, fmt.Sprintf("%s is called %s here", c.From, c.To))
	}
	p.sayAll(lines)
	p.sayAll(r.Notes)
}

type areasListCommand struct {
	inMunicipality
	Retired bool `help:"Retired areas too."`
}

// Help shows an example.
func (areasListCommand) Help() string { return "Example: samsyn areas list -m 0780" }

// areaLine is one area as it is listed.
type areaLine struct {
	Code       events.AreaCode `json:"code"`
	Level      geo.Level       `json:"level"`
	Name       string          `json:"name"`
	Parent     events.AreaCode `json:"parent,omitempty"`
	Population *int            `json:"population,omitempty"`
	Source     string          `json:"source"`
	Retired    bool            `json:"retired"`
}

// Run lists them by level and code.
func (c areasListCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		all, err := r.Areas(ctx, c.Municipality, c.Retired)
		if err != nil {
			return err
		}
		lines := make([]areaLine, len(all))
		t := table{header: []string{"level", "code", "name", "district", "population", "retired"}}
		for i, a := range all {
			lines[i] = areaLine{Code: a.Code, Level: a.Level, Name: a.Name, Parent: a.Parent, Population: a.Population, Source: a.Source, Retired: a.Retired}
			people := ""
			if a.Population != nil {
				people = strconv.Itoa(*a.Population)
			}
			t.add(string(a.Level), string(a.Code), a.Name, string(a.Parent), people, yes(a.Retired))
		}
		return p.write(map[string]any{"areas": lines}, t)
	})
}

type areasRetireCommand struct {
	inMunicipality
	Level geo.Level         `required:"" enum:"municipality,district,area" help:"municipality, district or area."`
	Codes []events.AreaCode `arg:"" optional:"" help:"Codes of the areas."`
	All   bool              `help:"All areas of the level."`
}

// Help shows an example.
func (areasRetireCommand) Help() string {
	return "Example: samsyn areas retire 0780C1210 -m 0780 --level area"
}

// Run retires them.
func (c areasRetireCommand) Run(ctx context.Context, p *program) error {
	if c.All == (len(c.Codes) > 0) {
		return wrongUse("name the areas to retire, or give --all")
	}
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		n, err := r.RetireAreas(ctx, c.Municipality, c.Level, c.Codes)
		if err != nil {
			return err
		}
		return p.write(map[string]int{"retired": n}, table{header: []string{"retired"}, rows: [][]string{{strconv.Itoa(n)}}})
	})
}
