// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"strings"

	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/meeting/agenda"
	"samsyn/services/review/position"
	"samsyn/services/review/situation"
)

// sentence is a decision as it is read aloud. Everything in it is a code, a day or a name of an area or an agency.
func (s *Service) sentence(l web.Locale, d agenda.Decision) string {
	place := l.T("item.place", d.Name, s.lower(l, d.Group, ""))
	measure := in(l, action.Measure(d.Measure).Text())
	switch d.Kind {
	case agenda.Act:
		return l.T("said.act", place, measure, d.OwnerName, d.DueOn)
	case agenda.Watch:
		week, _ := web.ParseWeek(d.Until)
		return l.T("said.watch", place, l.WeekYear(week))
	case agenda.Dismiss:
		return l.T("said.dismiss", place, in(l, position.Reason(d.Reason).Text()))
	case agenda.HandOver:
		return l.T("said.handover", place, in(l, position.Forum(d.To).Text()))
	case agenda.NewDue:
		return l.T("said.due", l.T("item.due", measure, d.Name, d.OwnerName), d.DueOn)
	case agenda.Done:
		return l.T("said.done", l.T("item.due", measure, d.Name, d.OwnerName))
	}
	return ""
}

// row is a decision beside columns that say whose it is and until when.
func (s *Service) row(l web.Locale, d agenda.Decision) string {
	measure := in(l, action.Measure(d.Measure).Text())
	switch d.Kind {
	case agenda.Act:
		return l.T("row.act", l.T("item.place", d.Name, s.lower(l, d.Group, "")), measure)
	case agenda.NewDue:
		return l.T("row.due", l.T("item.place", measure, d.Name))
	case agenda.Done:
		return l.T("said.done", l.T("item.place", measure, d.Name))
	}
	return s.sentence(l, d)
}

// brief is a decision without the place, for mails: names of places stay behind signing in.
func (s *Service) brief(l web.Locale, d agenda.Decision) string {
	measure := in(l, action.Measure(d.Measure).Text())
	switch d.Kind {
	case agenda.Act:
		return l.T("brief.act", measure, d.OwnerName, d.DueOn)
	case agenda.Watch:
		week, _ := web.ParseWeek(d.Until)
		return l.T("brief.watch", l.WeekYear(week))
	case agenda.Dismiss:
		return l.T("brief.dismiss", in(l, position.Reason(d.Reason).Text()))
	case agenda.HandOver:
		return l.T("brief.handover", in(l, position.Forum(d.To).Text()))
	case agenda.NewDue:
		return l.T("brief.due", measure, d.OwnerName, d.DueOn)
	case agenda.Done:
		return l.T("brief.done", measure, d.OwnerName)
	}
	return ""
}

func totals(l web.Locale, t situation.Totals) string {
	text := l.N("incidents", t.Incidents)
	if t.Expected == nil {
		return text + ". " + l.T("expected.unknown")
	}
	return text + ". " + l.T("expected", l.About(t.Expected.Mean), l.Range(t.Expected.Low, t.Expected.High))
}

func (s *Service) change(l web.Locale, c agenda.Change) string {
	name := c.Name
	if c.Group != "" {
		name = s.words.group(l, c.Group)
	}
	return l.T("change", name, l.Int(c.Incidents), l.About(c.Expected.Mean))
}

// announcement says what is coming by kind, time and area: what was written about it is not for a wall.
func announcement(l web.Locale, n agenda.Announced) string {
	when := l.T("ahead.day", l.Weekday(n.From), l.Day(n.From))
	if l.Day(n.From) != l.Day(n.To) {
		when = l.Span(n.From, n.To)
	}
	text := l.T("ahead.kind."+n.Kind) + " " + when
	if len(n.Where) > 0 {
		text += ", " + strings.Join(n.Where, ", ")
	}
	return text
}

// peak is a block of four hours of a weekday: fre 20–24: 4.
func (s *Service) peak(l web.Locale, p agenda.Peak) string {
	days := strings.Fields(l.T("days"))
	from := 4 * p.Block
	return l.T("peak", days[p.Weekday%len(days)], l.Range(from, from+4), l.Int(p.Incidents))
}
