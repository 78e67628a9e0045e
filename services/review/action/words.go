// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"fmt"
	"html"
	"html/template"
	"strings"

	"samsyn/internal/web"
	"samsyn/services/review/effect"
)

// sentences say what was measured, in words and, for who may see numbers, in numbers.
func (a ask) sentences(x Action, m Measured) []string {
	l := a.locale
	last := m.After.To.AddDate(0, 0, -1)
	switch m.Verdict {
	case effect.TooEarly:
		return []string{l.T("effect.early", l.LongDay(web.DateIn(m.After.To, a.zone)), l.Int(x.Weeks))}
	case effect.NoPast:
		return []string{l.T("effect.nopast", l.LongDay(web.DateIn(a.ref.town.HistoryFrom, a.zone)))}
	}
	if !a.visit.Can(web.ActNumbers) || m.Treated == nil {
		return nil
	}
	text := []string{l.T("effect.counts", a.where(x.Area), l.Int(m.Treated.Before), a.rate(m.Treated.Before, x.Weeks), l.Int(m.Treated.After), a.rate(m.Treated.After, x.Weeks))}
	if m.Estimate == nil {
		return append(text, l.T("effect.nocontrol"))
	}
	e := *m.Estimate
	text = append(text, l.T("effect.control", a.where(x.ControlArea), l.Int(m.Control.Before), l.Int(m.Control.After)))
	switch m.Verdict {
	case effect.TooFew:
		text = append(text, l.T("effect.toofew"))
	case effect.Undecided:
		text = append(text, l.T("effect.undecided", l.Decimal(e.Difference, 0), l.Decimal(e.Low, 0), l.Decimal(e.High, 0)))
	default:
		text = append(text, l.T("effect.certain", l.Decimal(e.Difference, 0), l.Decimal(e.Low, 0), l.Decimal(e.High, 0)))
	}
	text = append(text, l.T("effect.windows", a.date(m.Before.From), a.date(m.Before.To.AddDate(0, 0, -1)), a.date(m.After.From), a.date(last)))
	return text
}

func (a ask) rate(n, weeks int) string { return a.locale.Decimal(float64(n)/float64(max(1, weeks)), 1) }

// warnings are what else may lie behind a difference.
func (a ask) warnings(m Measured) []string {
	l := a.locale
	var all []string
	switch {
	case m.Flagged:
		all = append(all, l.T("warning.flagged"))
	case m.High:
		all = append(all, l.T("warning.high"))
	}
	const most = 5
	for i, c := range m.Changes {
		if i == most {
			all = append(all, l.T("warning.more", l.Int(len(m.Changes)-most)))
			break
		}
		key := "warning.ceased"
		if c.Began {
			key = "warning.began"
		}
		name := a.ref.agency(c.Agency)
		if c.Unit != "" {
			name += " (" + c.Unit + ")"
		}
		all = append(all, l.T(key, name, l.Day(c.At)))
	}
	return all
}

// figure is the weeks before and after as columns, the control area as a line, and the same as a table.
func (a ask) figure(x Action, m Measured, weeks []week) web.Figure {
	l := a.locale
	f := web.Figure{
		Locale: l, Finding: l.T("figure.begun"),
		What:    l.T("figure.what", a.where(x.Area), a.date(m.Before.From), a.date(m.After.To.AddDate(0, 0, -1))),
		Picture: a.columns(x, weeks),
		Legend:  []web.Swatch{{Class: "bar", Text: l.T("figure.before")}, {Class: "c4", Text: l.T("figure.after")}},
		Table: web.Table{Caption: l.T("figure.caption"), Head: []web.Cell{
			web.Name(l.T("head.week")), web.Name(l.T("head.period")), web.Number(a.where(x.Area)),
		}},
	}
	if m.Treated != nil {
		f.Finding = l.T("figure.finding", l.Int(m.Treated.Before), l.Int(m.Treated.After))
	}
	if x.ControlArea != "" {
		f.Legend = append(f.Legend, web.Swatch{Class: "line", Text: l.T("figure.control", a.where(x.ControlArea))})
		f.Table.Head = append(f.Table.Head, web.Number(a.where(x.ControlArea)))
	}
	if m.Flagged {
		f.Note = l.T("figure.gap")
	}
	for _, w := range weeks {
		period := l.T("figure.before")
		if w.after {
			period = l.T("figure.after")
		}
		name := l.Span(web.DateIn(w.from, a.zone), web.DateIn(w.from.AddDate(0, 0, 6), a.zone))
		if !w.full {
			name += " (" + l.T("figure.ongoing") + ")"
		}
		row := []web.Cell{web.Name(name), web.Name(period), web.Number(l.Int(w.here))}
		if x.ControlArea != "" {
			row = append(row, web.Number(l.Int(w.control)))
		}
		f.Table.Rows = append(f.Table.Rows, row)
	}
	return f
}

// The picture, in units; two are a pixel on a wide screen. The classes are those of the rows of weeks.
const (
	wide, high          = 1440, 560
	left, right         = 96, 16
	top, bottom         = 56, 96
	columnPart, gapPart = 0.62, 0.5
)

func (a ask) columns(x Action, weeks []week) template.HTML {
	most := 4
	for _, w := range weeks {
		most = max(most, w.here, w.control)
	}
	slot := float64(wide-left-right) / (float64(max(1, len(weeks))) + gapPart)
	y := func(n float64) float64 { return high - bottom - n/float64(most)*(high-top-bottom) }
	centre := func(i int) float64 {
		at := left + slot*(float64(i)+0.5)
		if weeks[i].after {
			at += slot * gapPart
		}
		return at
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="row" viewBox="0 0 %d %d" role="img" aria-label="%s">`, wide, high, html.EscapeString(a.locale.T("figure.label", a.where(x.Area))))
	for _, n := range []int{0, (most + 1) / 2, most} {
		class := "grid"
		if n == 0 {
			class = "base"
		}
		fmt.Fprintf(&b, `<path class="%s" d="M%d %.0fH%d"/><text class="tick" x="%d" y="%.0f" dy=".36em">%s</text>`, class, left, y(float64(n)), wide-right, left-12, y(float64(n)),
			a.locale.Int(n))
	}
	var line strings.Builder
	for i, w := range weeks {
		class := "column"
		if w.after {
			class = "column marked"
		}
		fmt.Fprintf(&b, `<rect class="%s" x="%.0f" y="%.0f" width="%.0f" height="%.0f"/>`, class, centre(i)-slot*columnPart/2, y(float64(w.here)), slot*columnPart,
			y(0)-y(float64(w.here)))
		if w.full {
			command := "L"
			if i == 0 || weeks[i-1].after != w.after {
				command = "M" // the two times do not touch
			}
			fmt.Fprintf(&line, "%s%.0f %.0f", command, centre(i), y(float64(w.control)))
		}
		if i == 0 || weeks[i-1].after != w.after {
			key := "figure.before"
			if w.after {
				key = "figure.after"
			}
			fmt.Fprintf(&b, `<text class="week" x="%.0f" y="%d">%s</text>`, centre(i)-slot*columnPart/2, high-bottom+64, html.EscapeString(a.locale.T(key)))
		}
	}
	if x.ControlArea != "" && line.Len() > 0 {
		fmt.Fprintf(&b, `<path class="expected" d="%s"/>`, line.String())
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // built here; every text is escaped
}
