// SPDX-License-Identifier: EUPL-1.2

// Package meeting carries the joint review: its agenda, the wall that the room looks at, the secretary's page, attendance, the
// decisions, the minutes, the mails that follow, and the times of it all in people's own calendars.
//
// It promises that a meeting needs no preparation (it is planned by the calendar, and its agenda makes itself from the frozen picture,
// what is due and what has no position); that numbers do not move while people talk; that the wall shows what everyone in the room may
// see and nothing that anybody wrote; that every decision is a numbered paragraph, stored with what it decides; that the end of a
// meeting is one transaction, in which minutes and mails are there or are not; and that minutes stop changing when they are adjusted.
//
// It does not take positions, change actions, freeze pictures or send mails: position, action, situation and post do, in the
// transactions that it begins. It has no say in when a meeting is (calendar has) and keeps no text about persons.
//
// Two who save at the same time: the second is told and shown what is stored, and loses nothing that was typed. A meeting that is not
// there, or not for this viewer, is 404; a database that is away is 503, and the wall comes back by itself.
package meeting

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
	"samsyn/services/review/situation"
)

//go:embed templates
var templateFiles embed.FS

var (
	// errUnknown is a meeting or municipality that is not there, or not there for this viewer.
	errUnknown = errors.New("unknown meeting")
	// errForbidden is something that the viewer's role does not include.
	errForbidden = errors.New("not for this role")
	// errChanged is a meeting that is no longer as it was shown.
	errChanged = errors.New("the meeting was changed by somebody else")
)

// Config is what the meeting can do without.
type Config struct {
	// PublicURL is where people reach the pages: links in mails and calendars begin with it.
	PublicURL string
	// Now is the wall clock; nil is time.Now. Municipalities that are replayed have their own.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers the pages of meetings and plans them.
type Service struct {
	db         situation.DB
	situations *situation.Service
	templates  *web.Templates
	wall       *template.Template
	words      lexicon
	config     Config
}

// New makes a Service. db logs in as samsyn_review.
func New(db situation.DB, situations *situation.Service, config Config) (*Service, error) {
	if db == nil || situations == nil {
		return nil, errors.New("meetings need a database and situation reports")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if address, err := url.Parse(config.PublicURL); err != nil || address.Host == "" {
		return nil, fmt.Errorf("meetings: public URL %q is no address", config.PublicURL)
	}
	config.PublicURL = strings.TrimSuffix(config.PublicURL, "/")
	files, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("open templates: %w", err)
	}
	templates, err := web.NewTemplates(files, config.Logger)
	if err != nil {
		return nil, err
	}
	wall, err := template.ParseFS(templateFiles, "templates/wall.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read template wall: %w", err)
	}
	return &Service{db: db, situations: situations, templates: templates, wall: wall, words: newLexicon(), config: config}, nil
}

// Routes adds the pages to mux, each behind guard except the calendar, which a secret address opens:
//
//	GET  /mote                    the next meeting, prepared, and the earlier ones
//	GET  /mote/{id}               prepare, or the secretary's page; minutes when it has ended
//	GET  /mote/{id}/visa          the wall (?item=: stays on one item)
//	GET  /mote/{id}/protokoll     the minutes
//	POST /mote/{id}/dolj          take an item out of the agenda, or put it back
//	POST /mote/{id}/fraga         add a question of our own, or take it back
//	POST /mote/{id}/paminn        remind the agencies that are silent
//	POST /mote/{id}/starta        freeze the agenda and begin
//	POST /mote/{id}/punkt         go to an item
//	POST /mote/{id}/narvaro       who is in the room
//	POST /mote/{id}/beslut        a position on the place that is talked about
//	POST /mote/{id}/uppfoljning   what becomes of the action that is talked about
//	POST /mote/{id}/anteckning    notes of the minutes
//	POST /mote/{id}/avsluta       end: minutes and mails
//	POST /mote/{id}/justera       the minutes are true
//	GET  /mote/kalender           about one's own calendar address
//	POST /mote/kalender           make a new one
//	GET  /moten.ics               the calendar of whoever has the address (?key=); also /samsyn/v1/meetings.ics
func (s *Service) Routes(mux *http.ServeMux, guard web.Guard) {
	handle := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, web.Headers(guard(h))) }
	handle("GET /mote", s.page(s.showNext))
	handle("GET /mote/{id}", s.page(s.show))
	handle("GET /mote/{id}/visa", s.page(s.showWall))
	handle("GET /mote/{id}/protokoll", s.page(s.showMinutes))
	for path, act := range map[string]poster{
		"dolj": s.hide, "fraga": s.ask, "paminn": s.remind, "punkt": s.moveTo, "narvaro": s.attend, "beslut": s.decide, "uppfoljning": s.followUp,
		"anteckning": s.note, "avsluta": s.end, "justera": s.adjust,
	} {
		handle("POST /mote/{id}/"+path, s.post(act))
	}
	handle("POST /mote/{id}/starta", s.start)
	handle("GET /mote/kalender", s.page(s.showCalendar))
	handle("POST /mote/kalender", s.makeCalendar)
	mux.Handle("GET /moten.ics", web.Headers(http.HandlerFunc(s.feed)))
	mux.Handle("GET /samsyn/v1/meetings.ics", web.Headers(http.HandlerFunc(s.feed)))
}

// call is one request: who asks, about which municipality, and what its clock says.
type call struct {
	*http.Request
	visit  web.Visit
	viewer pg.Viewer
	town   calendar.Town
	now    time.Time // the municipality's, in its zone
	locale web.Locale
	store  store
}

// by is the person who asks; nil for who signed in at the terminal and is none.
func (c *call) by() *uuid.UUID {
	id, err := uuid.Parse(c.viewer.Person)
	if err != nil || id == uuid.Nil {
		return nil
	}
	return &id
}

// id is the meeting in the address; zero if it is none.
func (c *call) id() uuid.UUID {
	id, err := uuid.Parse(c.PathValue("id"))
	if err != nil {
		return uuid.Nil
	}
	return id
}

// href is an address with the municipality and the language of the request kept.
func (c *call) href(path string, set ...string) string {
	q := c.URL.Query()
	return path + web.Query(nil, append([]string{"m", q.Get("m"), "lang", c.locale.Lang}, set...)...)
}

func (c *call) at(id uuid.UUID, path string, set ...string) string {
	return c.href("/mote/"+id.String()+path, set...)
}

// within runs fn for a request in one transaction as its viewer.
func (s *Service) within(r *http.Request, act web.Act, fn func(*call) error) error {
	visit, _ := web.VisitOf(r.Context())
	viewer := visit.Viewer
	if m := r.URL.Query().Get("m"); m != "" {
		viewer.Municipality = m
	}
	if !visit.May(viewer.Municipality) {
		return errUnknown
	}
	if !visit.Can(act) {
		return errForbidden
	}
	return within(r.Context(), s.db, viewer, func(st store) error {
		town, err := calendar.Read(r.Context(), st.tx, viewer.Municipality)
		if errors.Is(err, calendar.ErrUnknown) {
			return errUnknown
		}
		if err != nil {
			return err
		}
		return fn(&call{
			Request: r, visit: visit, viewer: viewer, town: town, now: town.Now(s.config.Now()),
			locale: web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), town.Rhythm.Zone), store: st,
		})
	})
}

// answer is what a page became: a view in a template, or another address.
type answer struct {
	status   int
	template string
	view     any
	to       string
}

// page answers a GET with what a function reads.
func (s *Service) page(fn func(*call) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var a answer
		err := s.within(r, web.ActNumbers, func(c *call) (err error) {
			a, err = fn(c)
			return err
		})
		s.answer(w, r, a, err)
	}
}

// poster does what a POST asks for and says where to go then. What it refuses it returns as a refusal.
type poster func(*call) (answer, error)

// post answers a POST with where to look at what it did.
func (s *Service) post(act poster) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			s.templates.Error(w, r, http.StatusBadRequest)
			return
		}
		var a answer
		err := s.within(r, web.ActDecide, func(c *call) (err error) {
			a, err = act(c)
			return err
		})
		s.answer(w, r, a, err)
	}
}

func (s *Service) answer(w http.ResponseWriter, r *http.Request, a answer, err error) {
	var refused *refusal
	switch {
	case errors.As(err, &refused): // nothing was stored: the page says why and has what was typed
		s.templates.Render(w, r, refused.status, refused.template, refused.view)
	case err != nil:
		s.fail(w, r, err)
	case a.to != "":
		http.Redirect(w, r, a.to, http.StatusSeeOther)
	case a.template == wallTemplate:
		s.sendWall(w, r, a.view)
	default:
		status := a.status
		if status == 0 {
			status = http.StatusOK
		}
		s.templates.Render(w, r, status, a.template, a.view)
	}
}

// refusal rolls back and answers with a page.
type refusal struct {
	status   int
	template string
	view     any
}

// Error is for the transaction; people see the page.
func (*refusal) Error() string { return "refused" }

// fail answers with what an error means for a person.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errUnknown):
		s.templates.Error(w, r, http.StatusNotFound)
	case errors.Is(err, errForbidden):
		s.templates.Error(w, r, http.StatusForbidden)
	case errors.Is(err, errChanged):
		s.say(w, r, http.StatusConflict, "changed")
	case r.Context().Err() != nil: // the reader has gone
	case pg.Class(err) == pg.Infrastructure:
		s.config.Logger.ErrorContext(r.Context(), "meeting without database", "error", err)
		s.templates.Error(w, r, http.StatusServiceUnavailable)
	default:
		s.config.Logger.ErrorContext(r.Context(), "meeting page failed", "error", err)
		s.templates.Error(w, r, http.StatusInternalServerError)
	}
}

// say answers with a page of a title, a text and the way back to the meeting.
func (s *Service) say(w http.ResponseWriter, r *http.Request, status int, key string) {
	l := web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), nil)
	way := "/mote"
	if id := r.PathValue("id"); id != "" {
		way += "/" + id
	}
	s.templates.Message(w, r, status, web.Message{
		Page: web.NewPage(r, l, l.T(key+".title")), Text: []string{l.T(key + ".text")},
		Way: &web.Link{Href: way + web.Query(nil, "m", r.URL.Query().Get("m"), "lang", l.Lang), Text: l.T("way.meeting")},
	})
}

// newPage is the frame of a page in the layout.
func (c *call) newPage(title string) web.Page {
	page := web.NewPage(c.Request, c.locale, title)
	page.Visit.Viewer.Municipality = c.viewer.Municipality
	page.Notices = web.NoticesOf(c.locale, c.town.Name, c.town.MadeUp, c.town.Replayed)
	return page
}

// mine reads the meeting of the address.
func (c *call) mine() (meeting, error) { return c.store.meeting(c.Context(), c.id()) }
