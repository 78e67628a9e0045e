// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
)

// overallView is what the review has before it: three lists, oldest first, and how often an alarm was none.
type overallView struct {
	Locale  web.Locale
	Lead    string
	Waiting []line
	Watched []line
	Parked  []line // handed over or acted on, and still flagged
	Decided []line // since the last meeting, latest first
	Since   string
	More    *web.Link
	Share   string
	Reasons web.Table
}

// line is a place in a list: its link, what it is about, and what is to be said about it.
type line struct {
	Href, Name, What, Says, Age string
	Old                         bool
}

// old is when a place has waited so long that it is marked.
const old = 7 * 24 * time.Hour

// overall composes the lists; most is how many of each are shown, 0 all of them.
func (s *Service) overall(l web.Locale, o overallKnown, now time.Time, most int) overallView {
	local := o.town.Now(now)
	view := overallView{Locale: l, Since: l.T("since", l.Moment(o.since))}
	link := func(id uuid.UUID) string {
		return "/plats/" + id.String() + web.Query(url.Values{}, "m", o.town.Municipality, "lang", l.Lang)
	}
	for _, w := range o.waiting {
		says := l.T("waiting.none", l.Int(w.Observed), l.About(w.Expected))
		switch {
		case w.Returned && w.Open:
			says = l.T("waiting.returned", l.Int(w.Observed), l.About(w.Expected))
		case w.Returned:
			says = l.T("waiting.ended")
		case w.Kind == "serious":
			says = l.T("waiting.serious")
		}
		view.Waiting = append(view.Waiting, line{link(w.Flag), w.Name, s.words.what(l, w.Group, w.Category), says, age(l, w.Since, local), local.Sub(w.Since) >= old})
	}
	k := known{town: o.town, agencies: o.agencies}
	for _, p := range o.standing {
		at := line{link(p.Flag), p.AreaName, s.words.what(l, p.Group, p.Category), k.says(l, p.Position), age(l, p.DecidedAt, local), local.Sub(p.DecidedAt) >= 4*old}
		switch {
		case p.Kind == Watch:
			view.Watched = append(view.Watched, at)
		case p.Open:
			view.Parked = append(view.Parked, at)
		}
		if !p.DecidedAt.Before(o.since) {
			view.Decided = append(view.Decided, at)
		}
	}
	slices.Reverse(view.Decided)
	view.Lead = lead(l, len(view.Waiting), o.standing)
	view.Share, view.Reasons = shares(l, o.share)
	if most > 0 {
		for _, lines := range []*[]line{&view.Waiting, &view.Watched, &view.Decided} {
			*lines = (*lines)[:min(most, len(*lines))]
		}
		view.Parked = nil
		view.More = &web.Link{Href: "/stallning" + web.Query(url.Values{}, "m", o.town.Municipality, "lang", l.Lang), Text: l.T("list.link")}
	}
	return view
}

// lead says in a sentence how much there is to do.
func lead(l web.Locale, waiting int, standing []Standing) string {
	watched, next := 0, (*time.Time)(nil)
	for _, p := range standing {
		if p.Kind == Watch {
			watched++
			if next == nil || p.UntilWeek.Before(*next) {
				next = p.UntilWeek
			}
		}
	}
	said := []string{l.T("lead.none")}
	if waiting > 0 {
		said[0] = l.N("lead.waiting", waiting)
	}
	if watched > 0 {
		said = append(said, l.N("lead.watched", watched, l.Week(web.WeekOf(*next))))
	}
	return strings.Join(said, " ")
}

// shares say how often an alarm was none, and why.
func shares(l web.Locale, share Share) (string, web.Table) {
	if share.Decided == 0 {
		return l.T("share.none"), web.Table{}
	}
	n := share.False()
	table := web.Table{Caption: l.T("share.table"), Head: []web.Cell{web.Name(l.T("share.reason")), web.Number(l.T("share.places"))}}
	for _, reason := range Reasons() {
		table.Rows = append(table.Rows, []web.Cell{web.Name(in(l, reason.Text())), web.Number(l.Int(share.Dismissed[reason]))})
	}
	table.Rows = append(table.Rows, []web.Cell{web.Name(l.T("share.decided")), web.Number(l.Int(share.Decided))})
	return l.T("share.text", l.Int(n), l.Int(share.Decided), l.Percent(float64(n)/float64(share.Decided), 0)), table
}
