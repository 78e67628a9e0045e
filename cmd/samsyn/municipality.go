// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"strconv"
	"time"

	"samsyn/events"
	"samsyn/services/registry"
)

type municipalityCommands struct {
	Add  municipalityAddCommand  `cmd:"" help:"Add a municipality."`
	List municipalityListCommand `cmd:"" help:"List the municipalities."`
	Set  municipalitySetCommand  `cmd:"" help:"Change the settings of a municipality, or its clock."`
}

type municipalityAddCommand struct {
	Code        events.MunicipalityID `arg:"" help:"Four-digit code; abroad 2-16 of a-z, 0-9 and -."`
	Name        string                `required:"" help:"Name."`
	HistoryFrom day                   `required:"" placeholder:"DATE" help:"First day of which events are taken."`
	TimeZone    string                `default:"Europe/Stockholm" help:"IANA name of the zone of its days and weeks (${default})."`
	EPSG        int                   `name:"epsg" default:"3006" help:"Projected system of easting and northing: 3006 (SWEREF 99 TM), or a UTM zone 326xx, 327xx (${default})."`
	Clock       registry.Clock        `enum:"wall,replay" default:"wall" help:"wall, or replay for a municipality that plays old events (${default})."`
	AsOf        *instant              `placeholder:"TIME" help:"Where the replay clock stands (RFC 3339)."`
	MadeUp      bool                  `help:"Its events are invented; every page says so."`
}

// Help shows an example.
func (municipalityAddCommand) Help() string {
	return `Areas come next: samsyn areas import. Then agencies: samsyn agency add.

Example: samsyn municipality add 0780 --name Växjö --history-from 2024-01-01`
}

// Run adds it.
func (c municipalityAddCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		err := r.AddMunicipality(ctx, registry.Municipality{
			Code: c.Code, Name: c.Name, HistoryFrom: time.Time(c.HistoryFrom), TimeZone: c.TimeZone, EPSG: c.EPSG, Clock: c.Clock, AsOf: (*time.Time)(c.AsOf), MadeUp: c.MadeUp,
		})
		if err != nil {
			return err
		}
		return p.writeMunicipality(ctx, r, c.Code)
	})
}

type municipalityListCommand struct{}

// Help shows an example.
func (municipalityListCommand) Help() string {
	return "Example: samsyn municipality list --output json"
}

// Run lists them by code.
func (municipalityListCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		all, err := r.Municipalities(ctx)
		if err != nil {
			return err
		}
		return p.write(map[string]any{"municipalities": list(all)}, municipalityTable(all...))
	})
}

type municipalitySetCommand struct {
	Code        events.MunicipalityID `arg:"" help:"Code of the municipality."`
	Name        *string               `help:"Name."`
	HistoryFrom *day                  `placeholder:"DATE" help:"First day of which events are taken."`
	TimeZone    *string               `help:"IANA name of the zone of its days and weeks."`
	EPSG        *int                  `name:"epsg" help:"Projected system of easting and northing."`
	Clock       *registry.Clock       `enum:"wall,replay" help:"wall or replay."`
	AsOf        *instant              `placeholder:"TIME" help:"Where the replay clock stands (RFC 3339)."`
	MadeUp      *bool                 `negatable:"" help:"Its events are invented."`
}

// Help shows an example.
func (municipalitySetCommand) Help() string {
	return `Only what is given is changed.

Example: samsyn municipality set sf --clock replay --as-of 2012-07-01T00:00:00-07:00`
}

// Run changes what was given.
func (c municipalitySetCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		err := r.SetMunicipality(ctx, c.Code, func(m *registry.Municipality) {
			given(&m.Name, c.Name)
			given(&m.HistoryFrom, (*time.Time)(c.HistoryFrom))
			given(&m.TimeZone, c.TimeZone)
			given(&m.EPSG, c.EPSG)
			given(&m.Clock, c.Clock)
			given(&m.MadeUp, c.MadeUp)
			if c.AsOf != nil {
				m.AsOf = (*time.Time)(c.AsOf)
			}
		})
		if err != nil {
			return err
		}
		return p.writeMunicipality(ctx, r, c.Code)
	})
}

func (p *program) writeMunicipality(ctx context.Context, r *registry.Service, code events.MunicipalityID) error {
	m, err := r.MunicipalityOf(ctx, code)
	if err != nil {
		return err
	}
	return p.write(m, municipalityTable(m))
}

func municipalityTable(all ...registry.Municipality) table {
	t := table{header: []string{"code", "name", "time zone", "epsg", "history from", "clock", "made up", "version"}}
	for _, m := range all {
		clock := string(m.Clock)
		if m.AsOf != nil {
			clock += " " + m.AsOf.Format(time.RFC3339)
		}
		t.add(string(m.Code), m.Name, m.TimeZone, strconv.Itoa(m.EPSG), m.HistoryFrom.Format(time.DateOnly), clock, yes(m.MadeUp), strconv.FormatInt(m.Version, 10))
	}
	return t
}
