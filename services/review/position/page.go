// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
)

//go:embed templates
var templateFiles embed.FS

// Config is what the pages can do without.
type Config struct {
	// Now is the wall clock; nil is time.Now. Municipalities that are replayed have their own.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers the pages and the API of positions.
type Service struct {
	db        pg.Beginner
	templates *web.Templates
	parts     *template.Template
	words     lexicon
	config    Config
}

// New makes the pages. db logs in as samsyn_review.
func New(db pg.Beginner, config Config) (*Service, error) {
	if db == nil {
		return nil, errors.New("positions need a database")
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
	parts, err := template.ParseFS(templateFiles, "templates/parts/*.html")
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	return &Service{db: db, templates: templates, parts: parts, words: newLexicon(), config: config}, nil
}

// Routes adds the pages and the API to mux, each behind guard:
//
//	GET  /stallning                             what waits for a position, what is watched, and how often an alarm was none
//	POST /plats/{id}/stallning                  takes a position on a place; leads back to it
//	POST /samsyn/v1/hotspots/{id}/decisions     the same, as JSON
func (s *Service) Routes(mux *http.ServeMux, guard web.Guard) {
	mux.Handle("GET /stallning", web.Headers(guard(http.HandlerFunc(s.list))))
	mux.Handle("POST /plats/{id}/stallning", web.Headers(guard(http.HandlerFunc(s.decide))))
	mux.Handle("POST "+apiPath, guard(http.HandlerFunc(s.api)))
}

// looker is who asks, of which municipality.
type looker struct {
	visit web.Visit
	lang  string
}

// look says whose eyes see; false for a municipality that the viewer may not look at.
func look(r *http.Request) (looker, bool) {
	visit, ok := web.VisitOf(r.Context())
	if m := r.URL.Query().Get("m"); m != "" {
		visit.Viewer.Municipality = m
	}
	return looker{visit, web.LanguageOf(r)}, ok && visit.May(visit.Viewer.Municipality)
}

// by is the person that a decision is recorded under; nil for who signed in by the terminal's link.
func by(v web.Visit) *uuid.UUID {
	id, err := uuid.Parse(v.Viewer.Person)
	if err != nil {
		return nil
	}
	return &id
}

// decide takes a position. It leads back to the place; what cannot be stored is shown again with everything that was typed.
func (s *Service) decide(w http.ResponseWriter, r *http.Request) {
	who, ok := look(r)
	id, err := uuid.Parse(r.PathValue("id"))
	switch {
	case !ok || err != nil:
		s.templates.Error(w, r, http.StatusNotFound)
		return
	case !who.visit.Can(web.ActDecide):
		s.templates.Error(w, r, http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		s.templates.Error(w, r, http.StatusBadRequest)
		return
	}
	d := readForm(r.PostForm, id)
	d.By = by(who.visit)
	k, p, err := s.take(r.Context(), who.visit.Viewer, &d)
	var conflict *Conflict
	var invalid *Invalid
	switch {
	case err == nil:
		http.Redirect(w, r, placePath(r, who, id, "saved", strconv.Itoa(p.Version))+"#stallning", http.StatusSeeOther)
	case errors.As(err, &conflict):
		s.again(w, r, who, k, d, conflict, nil)
	case errors.As(err, &invalid):
		s.again(w, r, who, k, d, nil, invalid)
	default:
		s.fail(w, r, err)
	}
}

// placePath leads to a place in the municipality and language that are looked at.
func placePath(r *http.Request, who looker, id uuid.UUID, set ...string) string {
	query := append([]string{"m", who.visit.Viewer.Municipality, "lang", web.LanguageOf(r)}, set...)
	return "/plats/" + id.String() + web.Query(url.Values{}, query...)
}

// readForm reads a decision as it was sent; what cannot be read is left empty and found by check.
func readForm(form url.Values, id uuid.UUID) Decision {
	d := Decision{
		Flag: id, Kind: Kind(form.Get("kind")), Reason: Reason(form.Get("reason")), To: Forum(form.Get("to")), Measure: action.Measure(form.Get("measure")),
		MeasureText: strings.TrimSpace(form.Get("measure_text")), OwnerAgency: form.Get("owner_agency"), Note: strings.TrimSpace(form.Get("note")),
	}
	d.Version, _ = strconv.Atoi(form.Get("version"))
	d.Until, _ = web.ParseWeek(form.Get("until"))
	if due, err := time.Parse(time.DateOnly, form.Get("due_on")); err == nil {
		d.DueOn = due
	}
	if person, err := uuid.Parse(form.Get("owner_person")); err == nil {
		d.OwnerPerson = &person
	}
	return d
}

// known is what a form is made from.
type known struct {
	town     calendar.Town
	flag     flag
	position *Position
	history  []past
	agencies []agencyRow
	persons  []personRow
	actions  map[uuid.UUID]action.Action
}

// fail answers with what an error means for a person.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrUnknown), errors.Is(err, calendar.ErrUnknown):
		s.templates.Error(w, r, http.StatusNotFound)
	case r.Context().Err() != nil: // the reader has gone
	case pg.Class(err) == pg.Infrastructure:
		s.config.Logger.ErrorContext(r.Context(), "page without database", "error", err)
		s.templates.Error(w, r, http.StatusServiceUnavailable)
	default:
		s.config.Logger.ErrorContext(r.Context(), "position not handled", "error", err)
		s.templates.Error(w, r, http.StatusInternalServerError)
	}
}
