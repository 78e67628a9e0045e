// SPDX-License-Identifier: EUPL-1.2

// Package pages shows one municipality in one ISO week: how the week is, which places
// are out of the ordinary and why, the areas that carry most over twelve months, the
// last half year, and who reported and who is silent; the same as tables, CSV and
// GeoJSON. It shows each flagged place with what speaks for and against it, and the
// incidents behind every number.
//
// It promises that a page is read in one transaction as its viewer, that every number
// of a picture stands in a table beside it and opens to as many incidents, that what is
// made up or replayed says so, and that a GET changes nothing. Numbers are read as
// samsyn_web and are the same for everyone. Reports are read through the login of the
// viewer's agency: which of them the viewer may open is the database's to say, and of
// the others a page shows day, kind, area and whose they are. It reads views of schema
// contract, and the history of flags, which is alerting's own.
//
// It does not decide what is flagged, count, or know any person. What was decided about
// a place or a week is said by panels that other services fill.
//
// A municipality or a flag that is not there, or not for this viewer, is 404; who may
// not see numbers gets 403; a database that is away is 503 with a page that says so. A
// panel that fails is left out, and an agency's door that is shut opens no report: the
// numbers are shown nevertheless.
package pages

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

//go:embed templates
var templateFiles embed.FS

// Config is what the pages can do without.
type Config struct {
	// Now is the wall clock; nil is time.Now. Municipalities that are replayed have
	// their own.
	Now    func() time.Time
	Logger *slog.Logger
	// PlacePanels stand first on the page of a flagged place, and WeekPanels on the overview: what other
	// services say there. A panel that fails is logged and left out.
	PlacePanels, WeekPanels []web.Panel
	// Agencies are the doors through which viewers open reports, each through that of the own agency; nil opens none.
	Agencies *pg.Agencies
}

// Service answers the pages of alerting.
type Service struct {
	db         DB
	templates  *web.Templates
	words      lexicon
	references web.Kept[*reference]
	pasts      *pasts
	config     Config
}

// New makes the pages. db logs in as samsyn_web.
func New(db DB, config Config) (*Service, error) {
	if db == nil {
		return nil, errors.New("pages need a database")
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
	return &Service{
		db: db, templates: templates, words: newLexicon(), pasts: &pasts{kept: map[string]*past{}},
		config: config,
	}, nil
}

// Routes adds the pages to mux, each behind guard:
//
//	GET /                 the overview of a week (?m=0780&week=2026-W47&map=change&lang=en)
//	GET /plats/{id}       a flagged place: why, since when, who sees it, what is behind it; links in mails lead here
//	GET /handelser        incidents (?week=2026-W47 or from=, to=; area=, group=, category=, agency=, hour=, weekday=); as CSV with /handelser.csv
//	GET /files/{name}     areas.csv, weeks.csv, places.csv, sources.csv, areas.geojson, places.geojson
//	/                     everything that nobody else on mux answers: 404, for everybody
func (s *Service) Routes(mux *http.ServeMux, guard web.Guard) {
	handle := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, web.Headers(guard(s.numbers(h)))) }
	handle("GET /{$}", s.overview)
	handle("GET /plats/{id}", s.place)
	handle("GET /handelser", s.incidents)
	handle("GET /handelser.csv", s.incidentsFile)
	handle("GET /files/{name}", s.file)
	mux.Handle("/", web.Headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.templates.Error(w, r, http.StatusNotFound) })))
}

// numbers lets through who may see numbers.
func (s *Service) numbers(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if visit, _ := web.VisitOf(r.Context()); !visit.Can(web.ActNumbers) {
			s.templates.Error(w, r, http.StatusForbidden)
			return
		}
		next(w, r)
	})
}

// overview is the page: what is asked for, read, composed, shown.
func (s *Service) overview(w http.ResponseWriter, r *http.Request) {
	known, ask, err := s.read(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	view := compose(known, ask, s.words)
	view.Page = s.page(r, ask, known.row, view.Title)
	view.Panels = s.panels(r, s.config.WeekPanels, ask, ask.week.String())
	s.templates.Render(w, r, http.StatusOK, "overview", view)
}

// fail answers with what an error means for a person.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errUnknownMunicipality):
		s.templates.Error(w, r, http.StatusNotFound)
	case r.Context().Err() != nil: // the reader has gone
	case pg.Class(err) == pg.Infrastructure:
		s.config.Logger.ErrorContext(r.Context(), "page without database", "error", err)
		s.templates.Error(w, r, http.StatusServiceUnavailable)
	default:
		s.config.Logger.ErrorContext(r.Context(), "page not read", "error", err)
		s.templates.Error(w, r, http.StatusInternalServerError)
	}
}
