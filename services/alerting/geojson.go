// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/geojson"

	"samsyn/events"
)

type areaItem struct {
	Code       string `json:"code"`
	Level      string `json:"level"`
	Name       string `json:"name"`
	Parent     string `json:"parent,omitempty"`
	Population *int   `json:"population,omitempty"`
}

type areaList struct {
	Areas []areaItem `json:"areas"`
}

func (a areaShape) item() areaItem { return areaItem{a.Code, a.Level, a.Name, a.Parent, a.Population} }

// outline reads the stored polygon: WGS 84, nothing rounded. An area without one has none.
func (a areaShape) outline() (orb.Geometry, error) {
	if len(a.Geometry) == 0 {
		return nil, nil
	}
	g, err := wkb.Unmarshal(a.Geometry)
	if err != nil {
		return nil, fmt.Errorf("read outline of area %s: %w", a.Code, err)
	}
	return g, nil
}

func (q query) level() (string, error) {
	return q.one("level", string(events.LevelMunicipality), string(events.LevelDistrict), string(events.LevelArea))
}

func (a *API) areas(q query) (any, error) {
	level, err := q.level()
	if err != nil {
		return nil, err
	}
	rows, err := a.store.areas(q.Context(), q.viewer, q.municipality, level, false)
	list := areaList{Areas: make([]areaItem, len(rows))}
	for i, r := range rows {
		list.Areas[i] = r.item()
	}
	return list, err
}

func (a *API) areaOutlines(q query) (any, error) {
	level, err := q.level()
	if err != nil {
		return nil, err
	}
	rows, err := a.store.areas(q.Context(), q.viewer, q.municipality, level, true)
	if err != nil {
		return nil, err
	}
	collection := geojson.NewFeatureCollection()
	for _, r := range rows {
		outline, err := r.outline()
		if err != nil {
			return nil, err
		}
		f := &geojson.Feature{ID: r.Code, Type: "Feature", Geometry: outline, Properties: geojson.Properties{"code": r.Code, "level": r.Level, "name": r.Name}}
		if r.Parent != "" {
			f.Properties["parent"] = r.Parent
		}
		if r.Population != nil {
			f.Properties["population"] = *r.Population
		}
		collection.Append(f)
	}
	return collection, nil
}

// hotspotOutlines are the open flags, or those asked for, each with the outline of the area that leads it.
func (a *API) hotspotOutlines(q query) (any, error) {
	ask, err := q.places()
	if err != nil {
		return nil, err
	}
	ask.State, ask.Limit = or(ask.State, stateOpen), 5000
	places, _, err := a.store.places(q.Context(), q.viewer, ask)
	if err != nil {
		return nil, err
	}
	rows, err := a.store.areas(q.Context(), q.viewer, q.municipality, "", true)
	if err != nil {
		return nil, err
	}
	shapes := map[string]areaShape{}
	for _, r := range rows {
		shapes[r.Code] = r
	}
	collection := geojson.NewFeatureCollection()
	for _, p := range places {
		outline, err := shapes[p.Area].outline()
		if err != nil {
			return nil, err
		}
		collection.Append(&geojson.Feature{ID: p.ID.String(), Type: "Feature", Geometry: outline, Properties: geojson.Properties{
			"revision": p.Revision, "kind": p.Kind, "grade": p.Grade, "state": p.State, "level": p.Level, "area": p.Area, "name": shapes[p.Area].Name,
			"group": p.Group, "category": p.Category, "from": p.From, "to": p.To, "observed": p.Observed, "expected": p.Expected, "low": p.Low,
			"high": p.High, "new": p.New, "reason_sv": p.Reason.SV, "reason_en": p.Reason.EN, "opened_as_of": p.OpenedAsOf, "updated_as_of": p.UpdatedAsOf,
		}})
	}
	return collection, nil
}
