// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/alerting"
)

// demoReport is what the demo found, as --output json writes it.
type demoReport struct {
	Municipalities []demoMunicipality `json:"municipalities"`
	Verify         any                `json:"verify"` // "ok", or the problems
	Seconds        float64            `json:"seconds"`
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
}

// areaDifference is one area in which our count of reports is not the publisher's.
type areaDifference struct {
	column          string
	area            events.AreaCode
	ours, published int
}

func reportDemo(ctx context.Context, p *program, in *installation, worlds []demo.World) (demoReport, error) {
	report := demoReport{Verify: "ok"}
	for _, w := range worlds {
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
	p.out("\nverify: %v\n", r.Verify)
	return nil
}

// mostFlags is how many flagged places the table shows.
const mostFlags = 12

func (m demoMunicipality) write(p *program) error {
	p.out("\n%s (%s): %d events sent; %d accepted (%d incidents), %d quarantined, %d refused, %d sent twice.\n\n",
		m.Name, m.Code, m.Published, m.Accepted, m.Incidents, m.Quarantined, m.Refused, m.Duplicates)
	t := table{header: []string{"flagged", "where", "kind", "window", "observed", "expected", "why"}}
	for _, h := range m.newest() {
		t.add(h.OpenedAsOf.Format("2006-01-02"), h.Level+" "+strings.Join(h.Areas, ", "), h.Kind, h.From+" – "+h.To, strconv.Itoa(h.Observed),
			strconv.FormatFloat(h.Expected, 'f', 1, 64), h.Reason.SV)
	}
	if err := p.write(nil, t); err != nil {
		return err
	}
	if len(m.AreasEqual) > 0 {
		m.writeCheck(p)
	}
	return nil
}

func (m demoMunicipality) newest() []alerting.Place {
	sorted := slices.Clone(m.Hotspots)
	slices.SortStableFunc(sorted, func(a, b alerting.Place) int { return b.OpenedAsOf.Compare(a.OpenedAsOf) })
	return sorted[:min(len(sorted), mostFlags)]
}

func (m demoMunicipality) writeCheck(p *program) {
	p.out("\nReports placed, against the publisher's own counts in %d areas:\n", m.AreasChecked)
	for _, name := range slices.Sorted(maps.Keys(m.AreasEqual)) {
		p.out("  %-10s equal in %d\n", name, m.AreasEqual[name])
	}
	for _, d := range m.differ {
		p.out("  %-10s %s: ours %d, the publisher's %d\n", d.column, d.area, d.ours, d.published)
	}
}

// out writes data for a person.
func (p *program) out(format string, args ...any) {
	_, _ = fmt.Fprint(p.stdout, clean(fmt.Sprintf(format, args...))) // a terminal that is gone needs no telling
}
