// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/alerting"
)

// demoReport is what the demo found, as --output json writes it.
type demoReport struct {
	Municipalities []demoMunicipality `json:"municipalities"`
	// Weeks are the last reviewed week of each municipality that holds meetings.
	Weeks   []demoWeek `json:"weeks"`
	Verify  any        `json:"verify"` // "ok", or the problems
	Seconds float64    `json:"seconds"`
}

type demoMunicipality struct {
	Code         events.MunicipalityID `json:"code"`
	Name         string                `json:"name"`
	Published    int                   `json:"published"`
	Accepted     int                   `json:"accepted"`
	Quarantined  int                   `json:"quarantined"`
	Refused      int                   `json:"refused"`
	Duplicates   int                   `json:"duplicates"`
	Held         int                   `json:"held"`
	Incidents    int                   `json:"incidents"`
	AreasChecked int                   `json:"areas_checked"`
	AreasEqual   map[string]int        `json:"areas_equal"`
	Hotspots     []alerting.Place      `json:"hotspots"`

	differ []areaDifference
	why    map[events.AreaCode]string
	weeks  float64
}

// areaDifference is one area in which our count of reports is not the publisher's.
type areaDifference struct {
	column          string
	area            events.AreaCode
	ours, published int
}

func reportDemo(ctx context.Context, p *program, in *installation, worlds []demo.World, public string) (demoReport, error) {
	report := demoReport{Verify: "ok", Weeks: []demoWeek{}}
	for _, w := range worlds {
		if w.Reviewed != nil {
			week, err := reportWeek(ctx, p, in, w, public)
			if err != nil {
				return report, err
			}
			report.Weeks = append(report.Weeks, week)
		}
		m, err := reportWorld(ctx, in, w)
		if err != nil {
			return report, err
		}
		report.Municipalities = append(report.Municipalities, m)
	}
	v, err := verify(ctx, p, in)
	if !v.OK {
		report.Verify = v.Problems
	}
	return report, err
}

func reportWorld(ctx context.Context, in *installation, w demo.World) (demoMunicipality, error) {
	m := demoMunicipality{
		Code: w.Municipality.Code, Name: w.Municipality.Name, Published: len(w.Items), AreasEqual: map[string]int{}, Hotspots: []alerting.Place{},
		why: w.Differences,
	}
	if n := len(w.Items); n > 0 {
		m.weeks = w.Items[n-1].At.Sub(w.Items[0].At).Hours() / 24 / 7
	}
	counted, err := in.correlator(ctx)
	if err != nil {
		return m, err
	}
	figures, err := counted.Figures(ctx, m.Code)
	if err != nil {
		return m, err
	}
	m.Accepted, m.Quarantined, m.Refused = figures.Outcomes[events.Accepted], figures.Outcomes[events.Quarantined], figures.Outcomes[events.Refused]
	m.Held, m.Incidents = figures.Held, figures.Incidents
	m.Duplicates = m.Published - m.Accepted - m.Quarantined - m.Refused - m.Held
	for _, column := range w.Published {
		ours, err := counted.ReportsByArea(ctx, m.Code, column.Categories)
		if err != nil {
			return m, err
		}
		m.check(column, ours)
	}
	flagged, err := in.alerting(ctx, alerting.Config{})
	if err != nil {
		return m, err
	}
	m.Hotspots, err = flagged.Places(ctx, pg.System, m.Code, true)
	return m, err
}

// check compares our count of reports in each area with the publisher's.
func (m *demoMunicipality) check(column demo.Published, ours map[events.AreaCode]int) {
	m.AreasChecked = len(column.Count)
	m.AreasEqual[column.Name] = 0
	for _, area := range slices.Sorted(maps.Keys(column.Count)) {
		if ours[area] == column.Count[area] {
			m.AreasEqual[column.Name]++
		} else {
			m.differ = append(m.differ, areaDifference{column.Name, area, ours[area], column.Count[area]})
		}
	}
}

// write tells what was found: one JSON object, or tables for a person.
func (r demoReport) write(p *program, in *installation) error {
	if p.settings.Output == "json" {
		return p.write(r, table{})
	}
	for _, m := range r.Municipalities {
		if err := m.write(p); err != nil {
			return err
		}
	}
	if err := showMail(p, in); err != nil {
		return err
	}
	for _, w := range r.Weeks {
		if err := w.write(p); err != nil {
			return err
		}
	}
	p.out("\nverify: %v\n", r.Verify)
	return nil
}

// mostFlags is how many flagged places the table shows.
const mostFlags = 12

func (m demoMunicipality) write(p *program) error {
	p.out("\n%s (%s): %d events sent; %d accepted (%d incidents), %d quarantined, %d refused, %d sent twice.\n\n",
		m.Name, m.Code, m.Published, m.Accepted, m.Incidents, m.Quarantined, m.Refused, m.Duplicates)
	t := table{header: []string{"flagged", "kind", "where, and since when", "window", "observed", "expected", "why"}}
	for _, h := range m.newest() {
		t.add(h.OpenedAsOf.Format(time.DateOnly), h.Kind, shownIn(h), h.From+" – "+h.To, strconv.Itoa(h.Observed),
			strconv.FormatFloat(h.Expected, 'f', 1, 64), h.Reason.SV)
	}
	if err := p.write(nil, t); err != nil {
		return err
	}
	m.writeRates(p)
	if len(m.AreasEqual) > 0 {
		m.writeCheck(p)
	}
	return nil
}

// shownIn names every place that a flag showed in, the first one first: its lead may have changed since.
func shownIn(h alerting.Place) string {
	type shown struct {
		Level string     `json:"level"`
		Area  string     `json:"area"`
		Since *time.Time `json:"since"`
	}
	places := []shown{{h.Level, h.Area, h.LeadSince}}
	var parts []shown
	if json.Unmarshal(h.Parts, &parts) == nil {
		places = append(places, parts...)
	}
	slices.SortStableFunc(places, func(a, b shown) int {
		if a.Since == nil || b.Since == nil {
			return 0
		}
		return a.Since.Compare(*b.Since)
	})
	var words []string
	for _, s := range places {
		word := s.Level + " " + s.Area
		if s.Since != nil {
			word += " " + s.Since.Format(time.DateOnly)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// coldWeeks is how long a level is watched before it may be flagged.
const coldWeeks = 8

// writeRates says how often each level was flagged, beside the bound on chance flags.
func (m demoMunicipality) writeRates(p *program) {
	weeks := m.weeks - coldWeeks
	if weeks <= 0 {
		return
	}
	led := map[string]int{}
	for _, h := range m.Hotspots {
		if h.Kind == "rise" && h.Grade == "alert" {
			led[h.Level]++
		}
	}
	p.out("\nFlags a week over %.0f weeks, against a bound of %.1f by chance alone on each level: municipality %.2f, district %.2f, area %.2f.\n",
		weeks, alertBound, float64(led["municipality"])/weeks, float64(led["district"])/weeks, float64(led["area"])/weeks)
}

// alertBound is how many flags a week chance may raise on one level: one in 14 days (package detect, AlertDays).
const alertBound = 0.5

func (m demoMunicipality) newest() []alerting.Place {
	sorted := slices.DeleteFunc(slices.Clone(m.Hotspots), func(h alerting.Place) bool { return h.Grade != "alert" })
	slices.SortStableFunc(sorted, func(a, b alerting.Place) int { return b.OpenedAsOf.Compare(a.OpenedAsOf) })
	return sorted[:min(len(sorted), mostFlags)]
}

func (m demoMunicipality) writeCheck(p *program) {
	p.out("\nReports placed, against the publisher's own counts in %d areas:\n", m.AreasChecked)
	for _, name := range slices.Sorted(maps.Keys(m.AreasEqual)) {
		p.out("  %-10s equal in %d\n", name, m.AreasEqual[name])
	}
	for _, d := range m.differ {
		p.out("  %-10s %s: ours %d, the publisher's %d. %s\n", d.column, d.area, d.ours, d.published, m.why[d.area])
	}
}

// out writes data for a person.
func (p *program) out(format string, args ...any) {
	_, _ = fmt.Fprint(p.stdout, clean(fmt.Sprintf(format, args...))) // a terminal that is gone needs no telling
}
