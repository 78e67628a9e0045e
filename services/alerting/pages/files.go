// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// file answers with the numbers of a week as a file: the same that the page shows.
func (s *Service) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	write, ok := map[string]func(known, ask, lexicon) ([]byte, error){
		"areas.csv": areasCSV, "weeks.csv": weeksCSV, "places.csv": placesCSV, "sources.csv": sourcesCSV,
		"areas.geojson": areasGeoJSON, "places.geojson": placesGeoJSON,
	}[name]
	if !ok {
		s.templates.Error(w, r, http.StatusNotFound)
		return
	}
	k, a, err := s.read(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	body, err := write(k, a, s.words)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	stem, kind, _ := strings.Cut(name, ".")
	contentType := "text/csv; charset=utf-8"
	if kind == "geojson" {
		contentType = "application/geo+json"
	}
	madeUp := "" // the name goes with the file wherever it is carried
	if k.row.MadeUp {
		madeUp = "pahittat-"
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="samsyn-%s%s-%s-%s.%s"`, madeUp, a.municipality, a.week, stem, kind))
	web.Send(w, r, http.StatusOK, contentType, body)
}

func areasCSV(k known, a ask, words lexicon) ([]byte, error) {
	return areaTable(areaWeeks(k, a, words), k, a).CSV(), nil
}

func weeksCSV(k known, a ask, words lexicon) ([]byte, error) {
	return trend(k, a, words).Table.CSV(), nil
}

func sourcesCSV(k known, a ask, _ lexicon) ([]byte, error) {
	return sources(k.sources, a).Table.CSV(), nil
}

func placesCSV(k known, a ask, words lexicon) ([]byte, error) {
	l := a.locale
	t := web.Table{Head: []web.Cell{
		web.Name(l.T("head.number")), web.Name(l.T("head.place")), web.Name(l.T("head.district")), web.Name(l.T("head.kind")), web.Name(l.T("head.group")), web.Name(l.T("head.window")),
		web.Number(l.T("head.incidents")), web.Number(l.T("head.expected")), web.Number(l.T("head.usual")), web.Name(l.T("head.reason")),
	}}
	shown, _ := places(k, a, words)
	for i, f := range alerts(k.flags) {
		p := shown[i]
		t.Rows = append(t.Rows, []web.Cell{
			web.Name(strconv.Itoa(p.Number)), web.Name(p.Name), web.Name(p.District), web.Name(strings.TrimPrefix(p.Tags[0].Text, "▲ ")), web.Name(p.What), web.Name(p.Days),
			web.Number(l.Int(f.Observed)), web.Number(l.Decimal(f.Expected, 1)), web.Number(l.Range(f.Low, f.High)), web.Name(p.Reason),
		})
	}
	return t.CSV(), nil
}

// alerts are the flags that are shown as places, in the same order.
func alerts(flags []flag) []flag {
	var out []flag
	for _, f := range flags {
		if f.Grade == gradeAlert {
			out = append(out, f)
		}
	}
	return out
}

// feature is a GeoJSON feature (RFC 7946). Coordinates are as they were imported.
type feature struct {
	Type       string         `json:"type"`
	ID         string         `json:"id"`
	Properties map[string]any `json:"properties"`
	Geometry   geometry       `json:"geometry"`
}

type geometry struct {
	Type        string           `json:"type"`
	Coordinates orb.MultiPolygon `json:"coordinates"`
}

// collection writes features with what they are about beside them.
func collection(k known, a ask, features []feature) ([]byte, error) {
	if features == nil {
		features = []feature{}
	}
	body, err := json.Marshal(struct {
		Type         string    `json:"type"`
		Municipality string    `json:"municipality"`
		Week         string    `json:"week"`
		MadeUp       bool      `json:"made_up"`
		Features     []feature `json:"features"`
	}{"FeatureCollection", a.municipality, a.week.String(), k.row.MadeUp, features})
	if err != nil {
		return nil, fmt.Errorf("write GeoJSON: %w", err)
	}
	return body, nil
}

func shape(a area) geometry { return geometry{"MultiPolygon", geo.Rewind(a.shape)} }

func areasGeoJSON(k known, a ask, words lexicon) ([]byte, error) {
	var features []feature
	for _, w := range areaWeeks(k, a, words) {
		p := map[string]any{
			"code": w.code, "name": w.name, "level": w.level, "parent": w.parent, "incidents": w.incidents, "reports": w.reports, "detected": w.detected,
		}
		if w.population > 0 {
			p["population"] = w.population
		}
		if w.usual.known {
			p["expected"], p["low"], p["high"] = w.usual.mean, w.usual.low, w.usual.high
		}
		features = append(features, feature{Type: "Feature", ID: w.code, Properties: p, Geometry: shape(w.area)})
	}
	return collection(k, a, features)
}

func placesGeoJSON(k known, a ask, words lexicon) ([]byte, error) {
	var features []feature
	for _, f := range alerts(k.flags) {
		i, ok := k.areas.byCode[f.Area]
		if !ok {
			continue // retired since: there is no outline to show
		}
		p := map[string]any{
			"kind": f.Kind, "grade": f.Grade, "state": f.State, "level": f.Level, "area": f.Area, "name": k.areas.name(f.Area), "group": f.Grp, "category": f.Category,
			"from": f.WindowFrom.Format("2006-01-02"), "to": f.WindowTo.Format("2006-01-02"), "observed": f.Observed, "expected": f.Expected,
			"low": f.Low, "high": f.High, "agencies": f.Agencies, "reason_sv": f.ReasonSV, "reason_en": f.ReasonEN,
		}
		features = append(features, feature{Type: "Feature", ID: f.ID.String(), Properties: p, Geometry: shape(k.areas.areas[i])})
	}
	return collection(k, a, features)
}
