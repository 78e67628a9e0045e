// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
)

// placeView is what the page of a place says of positions: the one that holds, the form for the next, and what was before.
type placeView struct {
	web.Locale
	Saved   string // a receipt, after a position was taken
	State   string
	Tag     string
	TagText string
	Note    string
	Action  *web.Link
	Form    template.HTML
	History []string
}

// PlacePanel is a web.Panel: what was decided about a flagged place, and for who may decide the form. subject is the flag's id. Who
// does not see numbers sees nothing of it.
func (s *Service) PlacePanel(ctx context.Context, r *http.Request, v web.Visit, l web.Locale, subject string) (template.HTML, error) {
	id, err := uuid.Parse(subject)
	if err != nil || !v.Can(web.ActNumbers) && !v.Can(web.ActDecide) {
		return "", nil //nolint:nilerr // what is no flag has no position
	}
	k, err := s.know(ctx, v.Viewer, id)
	if err != nil {
		return "", err
	}
	now := s.config.Now()
	l = locale(l.Lang, k.town)
	view := k.place(l, now)
	if saved, err := strconv.Atoi(r.URL.Query().Get("saved")); err == nil && k.position != nil && saved == k.position.Version {
		view.Saved = l.T("saved", k.says(l, *k.position))
	}
	if v.Can(web.ActDecide) {
		who := looker{visit: v, lang: l.Lang}
		form := k.form(l, formPath(who, id), k.fresh(now), now)
		if view.Form, err = s.part("form", form); err != nil {
			return "", err
		}
	}
	return s.part("place", view)
}

func formPath(who looker, id uuid.UUID) string {
	return "/plats/" + id.String() + "/stallning" + web.Query(url.Values{}, "m", who.visit.Viewer.Municipality, "lang", who.lang)
}

// place says how a place stands.
func (k known) place(l web.Locale, now time.Time) placeView {
	view := placeView{Locale: l}
	switch p := k.position; {
	case p == nil && k.flag.State == "cleared":
		view.State = l.T("state.ended")
		view.Tag, view.TagText = "ok", l.T("tag.ended")
	case p == nil:
		view.State = l.T("state.waiting", age(l, k.flag.OpenedAsOf, k.town.Now(now)))
		view.Tag, view.TagText = "warn", l.T("tag.waiting")
	case !p.Stands():
		view.State = l.T("state.returned", l.WeekYear(web.WeekOf(*p.UntilWeek)), l.Int(p.Observed), l.Int(k.flag.Observed))
		view.Tag, view.TagText = "warn", l.T("tag.returned")
		view.Note = p.Note
	default:
		view.State = k.says(l, *p) + " " + l.T("state.taken", l.Moment(p.DecidedAt.In(k.town.Rhythm.Zone)), k.whoDecided(l, *p))
		view.Tag, view.TagText = "ok", l.T("tag.taken")
		view.Note = p.Note
		if k.flag.Observed > p.Observed {
			view.State += " " + l.T("state.grown", l.Int(p.Observed), l.Int(k.flag.Observed))
		}
	}
	if p := k.position; p != nil && p.Action != nil {
		view.Action = &web.Link{
			Href: "/atgarder/" + p.Action.String() + web.Query(url.Values{}, "m", k.flag.Municipality, "lang", l.Lang), Text: l.T("action.link"),
		}
	}
	for _, e := range k.history {
		when := l.Moment(e.At.In(k.town.Rhythm.Zone))
		if e.Verb == "returned" {
			view.History = append(view.History, l.T("history.returned", when))
			continue
		}
		view.History = append(view.History, l.T("history.decided", when, k.says(l, e.Body), nameOr(l, e.Name)))
	}
	return view
}

// whoDecided is the name of who took a position.
func (k known) whoDecided(l web.Locale, p Position) string {
	for _, e := range k.history {
		if e.Version == p.Version && e.Verb == "decided" {
			return nameOr(l, e.Name)
		}
	}
	return nameOr(l, "")
}

func nameOr(l web.Locale, name string) string {
	if name == "" {
		return l.T("nobody")
	}
	return name
}

// age is how long ago something was, in whole days.
func age(l web.Locale, since, now time.Time) string {
	days := int(now.Sub(since).Hours() / 24)
	if days < 1 {
		return l.T("age.today")
	}
	return l.N("age", days)
}

func (s *Service) part(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := s.parts.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return template.HTML(b.String()), nil //nolint:gosec // html/template wrote it
}

// againView is the form shown again: somebody else was first, or something cannot be as it is.
type againView struct {
	Page web.Page
	Lead string
	Both [][2]string // of a conflict: whose, and what
	Form template.HTML
	Back web.Link
}

// again shows the form with everything that was typed. After a conflict it is about the version that is stored: to save it then is
// to have seen both.
func (s *Service) again(w http.ResponseWriter, r *http.Request, who looker, k known, d Decision, c *Conflict, invalid *Invalid) {
	l := locale(who.lang, k.town)
	view := againView{Back: web.Link{Href: placePath(r, who, d.Flag), Text: l.T("again.back")}}
	status, title := http.StatusUnprocessableEntity, l.T("invalid.title")
	if c != nil {
		status, title = http.StatusConflict, l.T("conflict.title")
		at := c.Stored.DecidedAt.In(k.town.Rhythm.Zone)
		view.Lead = l.T("conflict.lead", k.whoDecided(l, c.Stored), l.Moment(at))
		view.Both = [][2]string{{l.T("conflict.theirs"), withNote(l, k.says(l, c.Stored), c.Stored.Note)}, {l.T("conflict.yours"), withNote(l, k.intends(l, d), d.Note)}}
		d.Version = c.Stored.Version
	}
	form := k.form(l, formPath(who, d.Flag), d, s.config.Now())
	if invalid != nil {
		form.Wrong, form.Why = invalid.Field, l.T("invalid."+invalid.Field+"."+invalid.Why)
		view.Lead = form.Why
	}
	var err error
	if view.Form, err = s.part("form", form); err != nil {
		s.fail(w, r, err)
		return
	}
	view.Page = web.NewPage(r, l, title)
	view.Page.Notices = web.NoticesOf(l, k.town.Name, k.town.MadeUp, k.town.Replayed)
	view.Page.Visit.Viewer.Municipality = who.visit.Viewer.Municipality
	s.templates.Render(w, r, status, "again", view)
}

// intends is what a decision would say if it were stored.
func (k known) intends(l web.Locale, d Decision) string {
	p, act, err := settle(k.flag, nil, d, k.town.Rhythm.Zone)
	if err != nil {
		return in(l, d.Kind.Text())
	}
	if act != nil {
		return l.T("says.act", strings.ToLower(in(l, act.Measure.Text())), k.agencyName(act.OwnerAgency), l.Day(act.DueOn))
	}
	return k.says(l, p)
}

func withNote(l web.Locale, text, note string) string {
	if note == "" {
		return text
	}
	return text + " " + l.T("note.shown", note)
}

// WeekPanel is a web.Panel of the overview: what waits for a position, what is watched and when it returns, and what was decided since
// the last meeting. It is about now, whatever week is looked at.
func (s *Service) WeekPanel(ctx context.Context, r *http.Request, v web.Visit, l web.Locale, _ string) (template.HTML, error) {
	if !v.Can(web.ActNumbers) && !v.Can(web.ActDecide) {
		return "", nil
	}
	o, err := s.readOverall(ctx, v.Viewer)
	if err != nil {
		return "", err
	}
	view := s.overall(locale(l.Lang, o.town), o, s.config.Now(), shortList)
	return s.part("week", view)
}

// shortList is how many of each list the overview has room for.
const shortList = 5

// list is everything that waits or is parked, oldest first.
func (s *Service) list(w http.ResponseWriter, r *http.Request) {
	who, ok := look(r)
	switch {
	case !ok:
		s.templates.Error(w, r, http.StatusNotFound)
		return
	case !who.visit.Can(web.ActNumbers) && !who.visit.Can(web.ActDecide):
		s.templates.Error(w, r, http.StatusForbidden)
		return
	}
	o, err := s.readOverall(r.Context(), who.visit.Viewer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	l := locale(who.lang, o.town)
	view := listView{Page: web.NewPage(r, l, l.T("list.title")), overallView: s.overall(l, o, s.config.Now(), 0)}
	view.Page.Notices = web.NoticesOf(l, o.town.Name, o.town.MadeUp, o.town.Replayed)
	view.Page.Visit.Viewer.Municipality = who.visit.Viewer.Municipality
	if view.Lists, err = s.part("lines", view.overallView); err != nil {
		s.fail(w, r, err)
		return
	}
	s.templates.Render(w, r, http.StatusOK, "list", view)
}

type listView struct {
	Page web.Page
	overallView
	Lists template.HTML
}

// overallKnown is what the lists are made from.
type overallKnown struct {
	town     calendar.Town
	since    time.Time // the last meeting
	waiting  []Waiting
	standing []Standing
	agencies []agencyRow
	share    Share
}
