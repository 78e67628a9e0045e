// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"time"

	"samsyn/internal/web"
)

// sourceView says who reported and who is silent: silence is not calm.
type sourceView struct {
	Finding string
	New     []string // agencies that have just begun: a rise may be theirs
	Table   web.Table
}

// standing is what a unit did in the week.
type standing string

const (
	reported   standing = "reported"
	nothing    standing = "nothing"
	silent     standing = "silent"
	notYet     standing = "notyet"  // the week is not over and it was heard lately
	notHeard   standing = "unheard" // heard later, so not in this week
	notStarted standing = "notstarted"
	suspended  standing = "suspended"
)

// newFor is how long an agency is pointed out as new.
const newFor = 8 * 7 * 24 * time.Hour

// stands decides what a unit did in the week. Before the week is over, who was heard
// in the week before is not called silent yet.
func (s source) stands(a ask) standing {
	before, ends := a.monday.AddDate(0, 0, -7), a.monday.AddDate(0, 0, 7)
	heard := func(from, to time.Time) bool { return s.LastAt != nil && !s.LastAt.Before(from) && s.LastAt.Before(to) }
	saidNothing := func(since time.Time) bool { return s.NothingTo != nil && s.NothingTo.After(since) }
	switch {
	case s.Suspended:
		return suspended
	case !web.DateIn(s.StartedOn, a.zone).Before(ends):
		return notStarted
	case s.Reports > 0:
		return reported
	case s.NothingInWeek:
		return nothing
	case !a.ongoing && s.LastAt != nil && !s.LastAt.Before(a.monday):
		return notHeard
	case a.ongoing && (heard(before, ends) || saidNothing(before)):
		return notYet
	}
	return silent
}

func sources(all []source, a ask) sourceView {
	l := a.locale
	v := sourceView{Table: web.Table{Caption: l.T("table.sources", l.WeekYear(a.week)), Head: []web.Cell{
		web.Name(l.T("head.agency")), web.Name(l.T("head.unit")), web.Name(l.T("head.state")), web.Number(l.T("head.reports")), web.Name(l.T("head.last")),
	}}}
	tags := map[standing]string{reported: "ok", nothing: "ok", silent: "danger", notHeard: "warn", notYet: "plain", notStarted: "plain", suspended: "plain"}
	heard, due := 0, 0
	var missing []string
	for _, s := range all {
		state := s.stands(a)
		name := s.AgencyName
		if s.UnitName != "" {
			name = s.UnitName
		}
		switch state {
		case reported, nothing:
			heard, due = heard+1, due+1
		case silent, notHeard:
			due++
			missing = append(missing, name)
		case notYet:
			due++
		}
		if begun := web.DateIn(s.StartedOn, a.zone); state != notStarted && a.now.Sub(begun) < newFor {
			v.New = append(v.New, l.T("source.new", s.AgencyName, l.Week(web.WeekOf(begun))))
		}
		last := l.T("source.never")
		if s.LastAt != nil {
			last = l.Day(*s.LastAt)
		}
		v.Table.Rows = append(v.Table.Rows, []web.Cell{
			web.Name(s.AgencyName), web.Name(s.UnitName),
			{Text: l.T("source." + string(state)), Tag: tags[state]},
			web.Number(l.Int(s.Reports)), web.Name(last),
		})
	}
	v.New = unique(v.New)
	if due == 0 {
		v.Finding = l.T("source.nobody")
		return v
	}
	v.Finding = l.T("source.finding", l.Int(heard), l.Int(due))
	if len(missing) > 0 {
		v.Finding += " " + l.T("source.missing", join(l, missing))
	}
	return v
}
