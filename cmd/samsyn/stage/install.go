// SPDX-License-Identifier: EUPL-1.2

// Package stage puts a world of package demo into an installation and plays it through the real
// path: the registry's own commands, the agencies' own streams.
//
// It promises nothing that a user could not do by hand, decides nothing about events, and is used by
// the demo, the benches and the rehearsals. What fails stops it with the step that failed; a world
// that is installed already is left as it is.
package stage

import (
	"context"
	"errors"
	"fmt"

	"samsyn/deploy/demo"
	"samsyn/internal/geo"
	"samsyn/services/registry"
	"samsyn/services/registry/areas"
)

// Install makes a world's municipality, areas, agencies, units, mappings and registers. It reports
// whether it did: false means that the municipality was there.
func Install(ctx context.Context, r *registry.Service, w demo.World) (bool, error) {
	m := registry.Municipality{
		Code: w.Municipality.Code, Name: w.Municipality.Name, TimeZone: w.Municipality.TimeZone, EPSG: w.Municipality.EPSG,
		HistoryFrom: w.Municipality.HistoryFrom, Clock: registry.ClockWall, MadeUp: w.Municipality.MadeUp,
	}
	if w.Municipality.Replay {
		m.Clock, m.AsOf = registry.ClockReplay, &w.Municipality.HistoryFrom
		if !w.Municipality.StandsAt.IsZero() {
			m.AsOf = &w.Municipality.StandsAt
		}
	}
	var exists *registry.ExistsError
	if err := r.AddMunicipality(ctx, m); errors.As(err, &exists) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("add municipality %s: %w", m.Code, err)
	}
	for _, level := range []geo.Level{geo.LevelMunicipality, geo.LevelDistrict, geo.LevelArea} {
		if err := installAreas(ctx, r, w, level); err != nil {
			return false, err
		}
	}
	for _, a := range w.Agencies {
		if err := installAgency(ctx, r, w, a); err != nil {
			return false, err
		}
	}
	return true, nil
}

func installAreas(ctx context.Context, r *registry.Service, w demo.World, level geo.Level) error {
	var features []areas.Feature
	for _, a := range w.Areas {
		if a.Level != level {
			continue
		}
		f := areas.Feature{Number: len(features) + 1, Code: string(a.Code), Name: a.Name, Parent: string(a.Parent), Geometry: a.Geometry}
		if a.Population > 0 {
			f.Population = &a.Population
		}
		features = append(features, f)
	}
	if len(features) == 0 {
		return nil
	}
	if _, err := r.SetAreas(ctx, registry.AreaImport{Municipality: w.Municipality.Code, Level: level, Source: w.Source}, features); err != nil {
		return fmt.Errorf("set areas of level %s: %w", level, err)
	}
	return nil
}

func installAgency(ctx context.Context, r *registry.Service, w demo.World, a demo.Agency) error {
	units := make([]registry.Unit, len(a.Units))
	for i, u := range a.Units {
		units[i] = registry.Unit{Code: u.Code, Name: u.Name}
	}
	m := w.Municipality.Code
	if err := r.AddAgency(ctx, registry.Agency{
		Municipality: m, Code: a.Code, Name: a.Name, Kind: a.Kind, StartedOn: a.StartedOn, Sharing: "partners", Serious: true,
		TextAllowed: true, PerSecond: 1000, Units: units,
	}); err != nil {
		return fmt.Errorf("add agency %s: %w", a.Code, err)
	}
	var mappings []registry.Mapping
	for code, category := range a.Mappings {
		mappings = append(mappings, registry.Mapping{Code: code, Category: category})
	}
	if len(mappings) > 0 {
		if err := r.SetMappings(ctx, m, a.Code, mappings); err != nil {
			return fmt.Errorf("set mappings of %s: %w", a.Code, err)
		}
	}
	var properties []registry.Property
	for _, p := range a.Properties {
		properties = append(properties, registry.Property{Key: p.Key, Address: p.Address, Lon: p.Lon, Lat: p.Lat})
	}
	if len(properties) > 0 {
		if err := r.SetProperties(ctx, m, a.Code, properties); err != nil {
			return fmt.Errorf("set properties of %s: %w", a.Code, err)
		}
	}
	return nil
}
