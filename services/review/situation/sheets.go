// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"strings"

	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/workbook"
)

// sheets are the report as a workbook: every number of the page, as a number.
func sheets(h shown, l web.Locale, x lexicon) []workbook.Sheet {
	b := book{l: l, s: h.situation, r: h.situation.Report, x: x}
	c := composer{h: h, l: l, r: b.r, x: x}
	return []workbook.Sheet{
		b.summary(c), b.groups(), b.areas(), b.days(), b.hours(), b.weeks(), b.places(c), b.coverage(), b.actions(), b.burdens(), b.weekly(), b.coming(),
	}
}

type book struct {
	l web.Locale
	s Situation
	r Report
	x lexicon
}

type row = []workbook.Cell

func (b book) sheet(key string, heads ...string) workbook.Sheet {
	var head row
	for _, h := range heads {
		head = append(head, workbook.Text(b.l.T("head."+h)))
	}
	return workbook.Sheet{Name: b.l.T(key), Rows: []row{head}}
}

// expected are the cells of an expectation; empty without one.
func expected(e *Expected) row {
	if e == nil {
		return row{workbook.Text(""), workbook.Text(""), workbook.Text("")}
	}
	return row{workbook.Float(round(e.Mean)), workbook.Int(e.Low), workbook.Int(e.High)}
}

// round keeps two decimals: more is precision that nobody has.
func round(x float64) float64 { return float64(int64(x*100+0.5)) / 100 }

func (b book) name(sv, en string) string {
	if b.l.Lang == "en" {
		return en
	}
	return sv
}

func (b book) summary(c composer) workbook.Sheet {
	sub, state := c.state()
	s := b.sheet("sheet.summary", "what", "number", "expected", "low", "high")
	s.Rows = append(s.Rows,
		row{workbook.Text(b.l.T("title", b.r.Week, b.r.Name))}, row{workbook.Text(sub)}, row{workbook.Text(state.Text)},
		append(row{workbook.Text(b.l.T("change.total")), workbook.Int(b.r.Totals.Incidents)}, expected(b.r.Totals.Expected)...),
		row{workbook.Text(b.l.T("change.others")), workbook.Int(b.r.Totals.Others)},
		row{workbook.Text(b.l.T("change.reports")), workbook.Int(b.r.Totals.Reports)},
		row{workbook.Text(b.l.T("field.assessment")), workbook.Text(b.s.Words.Assessment)},
		row{workbook.Text(b.l.T("field.cause")), workbook.Text(b.s.Words.Cause)},
		row{workbook.Text("SHA-256"), workbook.Text(b.s.SHA256)})
	return s
}

func (b book) groups() workbook.Sheet {
	s := b.sheet("groups.head", "group", "incidents", "reports", "expected", "low", "high")
	for _, g := range b.r.Groups {
		s.Rows = append(s.Rows, append(row{workbook.Text(b.name(g.SV, g.EN)), workbook.Int(g.Incidents), workbook.Int(g.Reports)}, expected(g.Expected)...))
	}
	return s
}

func (b book) areas() workbook.Sheet {
	s := b.sheet("areas.head", "area", "level", "proposed", "why", "incidents", "number", "expected", "low", "high")
	for _, a := range b.r.Areas {
		level, _ := b.s.LevelOf(a)
		cells := row{
			workbook.Text(a.Name), workbook.Text(b.l.T("level." + string(level))), workbook.Text(b.l.T("level." + string(a.Proposed))), workbook.Text(b.l.T("why." + a.Why)),
			workbook.Int(a.Incidents), workbook.Int(a.Detected),
		}
		s.Rows = append(s.Rows, append(cells, expected(a.Expected)...))
	}
	return s
}

func (b book) days() workbook.Sheet {
	s := b.sheet("sheet.days", "day", "incidents", "expected", "low", "high")
	for _, d := range b.r.Days {
		s.Rows = append(s.Rows, append(row{workbook.Text(d.Day), workbook.Int(d.Incidents)}, expected(d.Expected)...))
	}
	return s
}

func (b book) hours() workbook.Sheet {
	s := b.sheet("sheet.hours", "day")
	for i := range blocksPerDay {
		s.Rows[0] = append(s.Rows[0], workbook.Text(blockName(i)))
	}
	for d, cells := range b.r.Hours.Cells {
		out := row{workbook.Text(b.r.Days[d].Day)}
		for _, x := range cells {
			out = append(out, workbook.Float(round(x)))
		}
		s.Rows = append(s.Rows, out)
	}
	return s
}

func (b book) weeks() workbook.Sheet {
	s := b.sheet("sheet.weeks", "week", "incidents", "expected", "low", "high")
	for _, w := range b.r.Weeks {
		s.Rows = append(s.Rows, append(row{workbook.Text(w.Week), workbook.Int(w.Incidents)}, expected(w.Expected)...))
	}
	return s
}

func (b book) places(c composer) workbook.Sheet {
	s := b.sheet("sheet.places", "place", "kind", "group", "days", "incidents", "expected", "low", "high", "agency", "reason", "position")
	for _, p := range b.r.Places {
		position := b.l.T("position.none")
		if p.Position != nil {
			position = c.position(*p.Position)
		}
		cells := row{workbook.Text(p.Name), workbook.Text(b.l.T("kind." + p.Kind)), workbook.Text(c.groupName(p.Group)), workbook.Text(p.From + "–" + p.To), workbook.Int(p.Observed)}
		cells = append(cells, expected(&p.Expected)...)
		s.Rows = append(s.Rows, append(cells, workbook.Text(strings.Join(p.AgencyNames, ", ")), workbook.Text(b.name(p.ReasonSV, p.ReasonEN)), workbook.Text(position)))
	}
	return s
}

func (b book) coverage() workbook.Sheet {
	s := b.sheet("sheet.coverage", "agency", "unit", "state", "reports", "last")
	for _, x := range b.r.Coverage {
		last := ""
		if x.LastHeard != nil {
			last = b.l.Day(*x.LastHeard)
		}
		s.Rows = append(s.Rows, row{
			workbook.Text(x.AgencyName), workbook.Text(x.UnitName), workbook.Text(b.l.T("coverage." + x.State)), workbook.Int(x.Reports), workbook.Text(last),
		})
	}
	return s
}

func (b book) actions() workbook.Sheet {
	s := b.sheet("sheet.actions", "what", "place", "owner", "due", "state")
	for _, a := range b.r.Actions {
		s.Rows = append(s.Rows, row{
			workbook.Text(in(action.Measure(a.Measure).Text(), b.l.Lang)), workbook.Text(a.Name), workbook.Text(a.OwnerName), workbook.Text(a.DueOn),
			workbook.Text(b.l.T("followup." + a.State)),
		})
	}
	return s
}

func (b book) burdens() workbook.Sheet {
	s := b.sheet("sheet.burdens", "area", "incidents", "weeks", "share")
	for _, x := range b.r.Burdens {
		s.Rows = append(s.Rows, row{workbook.Text(x.Name), workbook.Int(x.Incidents), workbook.Int(x.Weeks), workbook.Float(round(x.Share))})
	}
	return s
}

func (b book) weekly() workbook.Sheet {
	s := b.sheet("sheet.weekly", "agency", "kind", "number")
	for _, w := range b.r.Weekly {
		s.Rows = append(s.Rows, row{workbook.Text(w.AgencyName), workbook.Text(b.name(w.SV, w.EN)), workbook.Int(w.N)})
	}
	return s
}

func (b book) coming() workbook.Sheet {
	s := b.sheet("sheet.coming", "kind", "days", "area", "what")
	for _, x := range b.r.Coming {
		s.Rows = append(s.Rows, row{
			workbook.Text(b.l.T("context." + x.Kind)), workbook.Text(b.l.Span(x.From, x.To)), workbook.Text(strings.Join(x.AreaNames, ", ")), workbook.Text(x.Text),
		})
	}
	return s
}
