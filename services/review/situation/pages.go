// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// Routes adds the pages to mux, each behind guard:
//
//	GET  /lagesbild                             weeks and how far each is
//	GET  /lagesbild/{week}                      one week (?version=1), frozen or as it would be
//	POST /lagesbild/{week}/las                  freeze; a repeat without new data changes nothing
//	POST /lagesbild/{week}/ord                  save assessment, cause and levels, or adopt them
//	GET  /lagesbild/{week}/{file}               lagesbild.json, .xlsx, .pdf (?version=1)
//	GET  /samsyn/v1/situation-reports/{week}    the same for programs (?version=1&format=json|xlsx|pdf)
func (s *Service) Routes(mux *http.ServeMux, guard web.Guard) {
	handle := func(pattern string, act web.Act, h http.HandlerFunc) {
		mux.Handle(pattern, web.Headers(guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if visit, _ := web.VisitOf(r.Context()); !visit.Can(act) {
				s.templates.Error(w, r, http.StatusForbidden)
				return
			}
			h(w, r)
		}))))
	}
	handle("GET /lagesbild", web.ActNumbers, s.list)
	handle("GET /lagesbild/{week}", web.ActNumbers, s.page)
	handle("POST /lagesbild/{week}/las", web.ActDecide, s.lock)
	handle("POST /lagesbild/{week}/ord", web.ActDecide, s.write)
	handle("GET /lagesbild/{week}/{file}", web.ActNumbers, s.file)
	mux.Handle("GET "+apiPath, guard(http.HandlerFunc(s.api)))
}

// ask is what a request wants to see.
type ask struct {
	visit        web.Visit
	viewer       pg.Viewer
	municipality string
	lang         string
	week         web.Week
	version      int // 0: the latest
}

// asked reads the address. A municipality that the visitor may not look at is answered like one that is not there.
func asked(r *http.Request) (ask, error) {
	visit, _ := web.VisitOf(r.Context())
	a := ask{visit: visit, viewer: visit.Viewer, municipality: visit.Viewer.Municipality, lang: web.LanguageOf(r)}
	q := r.URL.Query()
	for _, name := range []string{"m", "municipality"} {
		a.municipality = or(q.Get(name), a.municipality)
	}
	if !visit.May(a.municipality) {
		return a, ErrUnknown
	}
	a.viewer.Municipality = a.municipality
	if r.PathValue("week") == "" {
		return a, nil
	}
	var ok bool
	if a.week, ok = web.ParseWeek(r.PathValue("week")); !ok {
		return a, ErrUnknown
	}
	if v := q.Get("version"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return a, ErrUnknown
		}
		a.version = n
	}
	return a, nil
}

// shown is everything that the page of a week is made from.
type shown struct {
	known                // the municipality, its clock, the week
	situation  Situation // Version 0: not frozen, as it would be
	versions   []versionRow
	previous   *Situation
	sincePrior Late // between previous and this version
	since      Late // since this version, if it is the latest
	names      map[string]string
	ground     web.Drawing
}

func (h shown) frozen() bool { return h.situation.Report.Version > 0 }

// latest says whether nothing newer is stored.
func (h shown) latest() bool {
	return h.frozen() && h.versions[0].Version == h.situation.Report.Version
}

// read reads a week in one snapshot.
func (s *Service) read(ctx context.Context, a ask) (h shown, err error) {
	err = s.store.in(ctx, a.viewer, a.municipality, func(in session) (err error) {
		if h.known, err = in.town(ctx, s.config.Now()); err != nil {
			return err
		}
		h.week = a.week
		h.situation, err = in.situation(ctx, a.week, a.version)
		switch {
		case errors.Is(err, ErrUnknown) && a.version == 0:
			if h.situation, err = s.preview(ctx, in, a.week); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if err := h.compare(ctx, in); err != nil {
				return err
			}
		}
		if h.names, err = in.people(ctx, h.situation); err != nil {
			return err
		}
		h.ground, err = s.ground(ctx, in, h.town)
		return err
	})
	return h, err
}

// compare reads what came since and what the version before said.
func (h *shown) compare(ctx context.Context, in session) (err error) {
	if h.versions, err = in.versions(ctx, h.week, h.week); err != nil {
		return err
	}
	r := h.situation.Report
	own, err := in.storedBasis(ctx, h.week, r.Version)
	if err != nil {
		return err
	}
	if r.Version > 1 {
		before, err := in.situation(ctx, h.week, r.Version-1)
		if err != nil {
			return err
		}
		basis, err := in.storedBasis(ctx, h.week, r.Version-1)
		if err != nil {
			return err
		}
		h.previous, h.sincePrior = &before, late(basis, own)
	}
	if !h.latest() || h.town.Batch == r.Batch {
		return nil
	}
	now, err := in.basis(ctx, h.week)
	h.since = late(own, now)
	return err
}

// page shows a week.
func (s *Service) page(w http.ResponseWriter, r *http.Request) {
	a, err := asked(r)
	var h shown
	if err == nil {
		h, err = s.read(r.Context(), a)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, s.compose(h, a))
}

func (s *Service) render(w http.ResponseWriter, r *http.Request, status int, v view) {
	page := web.NewPage(r, v.locale, v.Title)
	page.Visit.Viewer.Municipality = v.municipality
	page.Notices = v.Notices
	v.Page = page
	s.templates.Render(w, r, status, "report", v)
}

// lock freezes and leads back.
func (s *Service) lock(w http.ResponseWriter, r *http.Request) {
	a, err := asked(r)
	if err == nil {
		_, _, err = s.Freeze(r.Context(), a.viewer, a.municipality, a.week, a.viewer.Person)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, a.href(a.week), http.StatusSeeOther)
}

// mostForm is more than the longest words take.
const mostForm = 64 << 10

// write saves words and leads back. Who was overtaken, and what cannot be saved, is shown with nothing lost.
func (s *Service) write(w http.ResponseWriter, r *http.Request) {
	a, err := asked(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	edit, ok := readEdit(r, a.week)
	if !ok {
		s.templates.Error(w, r, http.StatusBadRequest)
		return
	}
	_, err = s.Write(r.Context(), a.viewer, edit)
	var wrong *WordsError
	switch {
	case err == nil:
		http.Redirect(w, r, a.href(a.week)+"#ord", http.StatusSeeOther)
	case errors.Is(err, ErrConflict), errors.Is(err, ErrAdopted), errors.As(err, &wrong):
		h, readErr := s.read(r.Context(), a)
		if readErr != nil {
			s.fail(w, r, readErr)
			return
		}
		v := s.compose(h, a)
		v.refuse(edit, err)
		status := http.StatusConflict
		if wrong != nil {
			status = http.StatusUnprocessableEntity
		}
		s.render(w, r, status, v)
	default:
		s.fail(w, r, err)
	}
}

// levelField begins the names of fields that hold the level of an area.
const levelField = "level."

func readEdit(r *http.Request, week web.Week) (Edit, bool) {
	if err := r.ParseForm(); err != nil {
		return Edit{}, false
	}
	version, errVersion := strconv.Atoi(r.PostForm.Get("version"))
	revision, errRevision := strconv.Atoi(r.PostForm.Get("revision"))
	e := Edit{
		Week: week, Version: version, Revision: revision, Assessment: r.PostForm.Get("assessment"), Cause: r.PostForm.Get("cause"),
		Levels: map[string]Level{}, Adopt: r.PostForm.Get("adopt") == "yes",
	}
	for name, values := range r.PostForm {
		if area, ok := strings.CutPrefix(name, levelField); ok && values[0] != "" {
			e.Levels[area] = Level(values[0])
		}
	}
	return e, errVersion == nil && errRevision == nil
}

// href is the address of a week's page.
func (a ask) href(week web.Week, set ...string) string {
	return "/lagesbild/" + week.String() + web.Query(nil, append([]string{"m", a.municipality, "lang", a.lang}, set...)...)
}

// fail answers with what an error means for a person.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrUnknown):
		s.templates.Error(w, r, http.StatusNotFound)
	case errors.Is(err, ErrNotOver):
		s.notOver(w, r)
	case r.Context().Err() != nil: // the reader has gone
	case pg.Class(err) == pg.Infrastructure:
		s.config.Logger.ErrorContext(r.Context(), "page without database", "error", err)
		s.templates.Error(w, r, http.StatusServiceUnavailable)
	default:
		s.config.Logger.ErrorContext(r.Context(), "situation report not shown", "error", err)
		s.templates.Error(w, r, http.StatusInternalServerError)
	}
}

// notOver says that a week has no picture yet, and where to look meanwhile.
func (s *Service) notOver(w http.ResponseWriter, r *http.Request) {
	a, _ := asked(r)
	l := web.NewLocale(a.lang, web.Texts().With(Texts()), nil)
	s.templates.Message(w, r, http.StatusNotFound, web.Message{
		Page: web.NewPage(r, l, l.T("notover.title", l.Week(a.week))), Text: []string{l.T("notover.text")},
		Way: &web.Link{Href: "/" + web.Query(nil, "m", a.municipality, "week", a.week.String(), "lang", a.lang), Text: l.T("notover.way")},
	})
}

// listWeeks is how many weeks the list goes back.
const listWeeks = 53

// list shows the weeks that are over, newest first, and how far each is.
func (s *Service) list(w http.ResponseWriter, r *http.Request) {
	a, err := asked(r)
	var k known
	var versions []versionRow
	if err == nil {
		err = s.store.in(r.Context(), a.viewer, a.municipality, func(in session) (err error) {
			if k, err = in.town(r.Context(), s.config.Now()); err != nil {
				return err
			}
			last := web.WeekOf(k.today())
			versions, err = in.versions(r.Context(), last.Add(-listWeeks), last)
			return err
		})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := composeList(k, a, versions)
	page := web.NewPage(r, v.locale, v.Title)
	page.Visit.Viewer.Municipality = a.municipality
	page.Notices = notices(k, v.locale)
	v.Page = page
	s.templates.Render(w, r, http.StatusOK, "weeks", v)
}

// weeksOf are the weeks to list: those that are over, back to the first with history.
func weeksOf(k known) []web.Week {
	var all []web.Week
	for w := web.WeekOf(k.today()); len(all) < listWeeks; w = w.Add(-1) {
		if !w.Add(1).Monday(k.zone).After(k.now) {
			all = append(all, w)
		}
		if !w.Monday(k.zone).After(web.DateIn(k.town.HistoryFrom, k.zone)) {
			break
		}
	}
	return slices.Clip(all)
}
