// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

//go:embed templates
var templateFiles embed.FS

// Config is what the pages can do without.
type Config struct {
	// Now is the wall clock; nil is time.Now. Municipalities that are replayed have their own.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers the pages and the API of actions.
type Service struct {
	db        pg.Beginner
	templates *web.Templates
	words     lexicon
	config    Config
}

// New makes the pages. db logs in as samsyn_review.
func New(db pg.Beginner, config Config) (*Service, error) {
	if db == nil {
		return nil, errors.New("actions need a database")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	files, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("open templates: %w", err)
	}
	templates, err := web.NewTemplates(files, config.Logger)
	if err != nil {
		return nil, err
	}
	return &Service{db: db, templates: templates, words: newLexicon(), config: config}, nil
}

// Routes adds the pages and the API to mux, each behind guard:
//
//	GET   /atgarder               actions by due date (?state=all&agency=own&measure=&m=0780&lang=en)
//	GET   /atgarder.csv           the same as a file
//	GET   /atgarder/ny            a new one (?flag=<id> fills in where and why)
//	POST  /atgarder               makes it
//	GET   /atgarder/{id}          one, with its effect and its history
//	GET   /atgarder/{id}/andra    everything about it, to be changed
//	POST  /atgarder/{id}          changes it
//	POST  /atgarder/{id}/lage     takes it one step on
//	GET   /samsyn/v1/actions      schemas/openapi.yaml
//	PATCH /samsyn/v1/actions/{id} schemas/openapi.yaml
func (s *Service) Routes(mux *http.ServeMux, guard web.Guard) {
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(pattern, web.Headers(guard(s.answer(h))))
	}
	handle("GET /atgarder", s.list)
	handle("GET /atgarder.csv", s.file)
	handle("GET /atgarder/ny", s.blank)
	handle("POST /atgarder", s.create)
	handle("GET /atgarder/{id}", s.show)
	handle("GET /atgarder/{id}/andra", s.edit)
	handle("POST /atgarder/{id}", s.change)
	handle("POST /atgarder/{id}/lage", s.step)
	for _, route := range s.apiRoutes() {
		mux.Handle(route.method+" "+apiBase+route.path, guard(s.serveAPI(route)))
	}
}

// errForbidden is something the viewer may see and not do.
var errForbidden = errors.New("not for this viewer")

// answer is the whole error policy of the pages.
func (s *Service) answer(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		switch {
		case err == nil, r.Context().Err() != nil: // done, or the reader has gone
		case errors.Is(err, errUnknownMunicipality), errors.Is(err, ErrUnknown):
			s.templates.Error(w, r, http.StatusNotFound)
		case errors.Is(err, errForbidden):
			s.templates.Error(w, r, http.StatusForbidden)
		case pg.Class(err) == pg.Infrastructure:
			s.config.Logger.ErrorContext(r.Context(), "actions without database", "error", err)
			s.templates.Error(w, r, http.StatusServiceUnavailable)
		default:
			s.config.Logger.ErrorContext(r.Context(), "actions not answered", "error", err)
			s.templates.Error(w, r, http.StatusInternalServerError)
		}
	})
}

// ask is who asks, of which municipality, and what follows from its clock.
type ask struct {
	visit  web.Visit
	locale web.Locale
	zone   *time.Location
	now    time.Time // the municipality's clock
	today  time.Time // its local day, at midnight UTC
	ref    reference
	lang   string
}

// look begins every page: who looks, at what, when. The municipality is named by the query, in forms too.
func (s *Service) look(r *http.Request) (web.Visit, error) {
	visit, _ := web.VisitOf(r.Context())
	if m := r.URL.Query().Get("m"); m != "" {
		visit.Viewer.Municipality = m
	}
	if !visit.May(visit.Viewer.Municipality) {
		return visit, errUnknownMunicipality
	}
	if !visit.Can(web.ActNumbers) && !visit.Can(web.ActOwnActions) && !visit.Can(web.ActDecide) {
		return visit, errForbidden
	}
	return visit, nil
}

// as runs fn in one transaction as the visitor, with what names things.
func (s *Service) as(ctx context.Context, visit web.Visit, lang string, fn func(reader, ask) error) error {
	return within(ctx, s.db, visit.Viewer, func(rd reader) error {
		ref, err := rd.reference(ctx)
		if err != nil {
			return err
		}
		a, err := s.ask(visit, lang, ref)
		if err != nil {
			return err
		}
		return fn(rd, a)
	})
}

func (s *Service) ask(visit web.Visit, lang string, ref reference) (ask, error) {
	zone, err := time.LoadLocation(ref.town.TimeZone)
	if err != nil {
		return ask{}, fmt.Errorf("time zone of %s: %w", visit.Viewer.Municipality, err)
	}
	now := s.config.Now()
	if ref.town.AsOf != nil {
		now = *ref.town.AsOf
	}
	return ask{
		visit: visit, locale: web.NewLocale(lang, web.Texts().With(Texts()), zone), zone: zone, now: now, today: Date(now.In(zone)), ref: ref, lang: lang,
	}, nil
}

// page makes the layout's part of a page.
func (a ask) page(r *http.Request, title string) web.Page {
	p := web.NewPage(r, a.locale, title)
	p.Visit = a.visit
	p.Notices = web.NoticesOf(a.locale, a.ref.town.Name, a.ref.town.MadeUp, a.ref.town.AsOf)
	return p
}

// to is an address in the municipality and the language that are looked at.
func (a ask) to(path string, set ...string) string {
	return path + web.Query(url.Values{}, append([]string{"m", a.visit.Viewer.Municipality, "lang", a.lang}, set...)...)
}

// own says whether the viewer's agency owns an action.
func (a ask) own(x Action) bool {
	return a.visit.Viewer.Agency != "" && a.visit.Viewer.Agency == x.OwnerAgency
}

// sees says whether the viewer may look at an action: who may not see numbers sees what the own agency does.
func (a ask) sees(x Action) bool { return a.visit.Can(web.ActNumbers) || a.own(x) }

// moves says whether the viewer may take an action a step on.
func (a ask) moves(x Action) bool {
	return a.visit.Can(web.ActDecide) || a.visit.Can(web.ActOwnActions) && a.own(x)
}

// by is the person who acts, nil where the viewer is no person of the municipality.
func by(v pg.Viewer) *uuid.UUID {
	id, err := uuid.Parse(v.Person)
	if err != nil {
		return nil
	}
	return &id
}

// date writes a calendar date.
func (a ask) date(d time.Time) string { return a.locale.Day(web.DateIn(d, a.zone)) }

func (ref reference) area(code, municipality string) string {
	for _, x := range ref.areas {
		if x.Code == code {
			return x.Name
		}
	}
	if code == municipality {
		return ref.town.Name
	}
	return code
}

func (ref reference) agency(code string) string {
	for _, x := range ref.agencies {
		if x.Agency == code {
			return x.Name
		}
	}
	return code
}

func (ref reference) person(id *uuid.UUID) (personRow, bool) {
	for _, x := range ref.people {
		if id != nil && x.Person == *id {
			return x, true
		}
	}
	return personRow{}, false
}

// what is an action in a few words.
func (a ask) what(x Action) string {
	text := in(x.Measure.Text(), a.lang)
	if x.MeasureText != "" {
		text += ": " + x.MeasureText
	}
	return text
}

func (a ask) where(code string) string { return a.ref.area(code, a.visit.Viewer.Municipality) }
