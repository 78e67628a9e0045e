// SPDX-License-Identifier: EUPL-1.2

// Package review is the weekly joint review: what becomes of flagged places.
//
// What it is for. A municipality reports until a deadline, a picture of the week is frozen, the partners meet, take a position on each
// flagged place, act, follow up what was done and what came of it, and whoever reported hears of it. Each of these is a package below
// this one; this package puts them together, does what happens without anybody doing it, and shows when it happens (/kalender).
//
// What it promises. Everything that happens by itself happens once, in its week, by the municipality's own clock: a watched place comes
// back, units that are silent are reminded before the deadline, the picture freezes at it, minutes are adjusted, owners and reporters are
// written to. What was decided is on the bus if and only if it is stored. One process works at a time; another takes over within
// half a minute.
//
// What it does not do. It does not count, link or flag (correlator, alerting). It decides nothing for people: without a position a
// place waits.
//
// When it fails. What fails in one step is logged and tried again, and holds up no other step. Without Postgres nothing is decided and
// nothing lost; without NATS events wait, and without a mail server mails do.
//
// Read it in this order: calendar (when), position (act, watch, dismiss, hand over), action and effect (what was done, and what came of it),
// situation (the picture of a week), meeting, feedback, post and outgoing (mails and events that leave), then worker.go
// here.
package review

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/feedback"
	"samsyn/services/review/meeting"
	"samsyn/services/review/position"
	"samsyn/services/review/post"
	"samsyn/services/review/situation"
)

// Config is what an installation decides about its reviews.
type Config struct {
	// PublicURL is where people reach the pages: links in mails begin with it.
	PublicURL string
	// Now is the wall clock; nil is time.Now. Municipalities that are replayed have their own.
	Now func() time.Time
	// Sender takes mails to the mail server.
	Sender post.Sender
	// FeedbackKey makes the addresses by which a reporter says that they want no mails; at least 16 bytes.
	FeedbackKey []byte
	// Chromium is the program that makes PDF: a path, "" to look for one, "-" for none.
	Chromium string
}

// Service is the review: its pages and its work.
type Service struct {
	db        pg.Beginner
	conn      *bus.Conn
	log       *slog.Logger
	config    Config
	metrics   *metrics
	holder    uuid.UUID
	templates *web.Templates

	positions  *position.Service
	actions    *action.Service
	situations *situation.Service
	meetings   *meeting.Service
	feedback   *feedback.Service
	post       *post.Service
}

// New makes the review on a database that it enters as samsyn_review and a connection to the PLATFORM account. The process that serves
// its pages and the one that works are made alike.
func New(db situation.DB, conn *bus.Conn, log *slog.Logger, registerer prometheus.Registerer, config Config) (*Service, error) {
	if db == nil || conn == nil || config.Sender == nil {
		return nil, errors.New("the review needs a database, a bus and a sender of mails")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &Service{db: db, conn: conn, log: log, config: config, metrics: newMetrics(registerer), holder: uuid.New()}
	s.post = post.New(db, config.Sender, log, registerer)
	files, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("open templates: %w", err)
	}
	var errs [6]error
	s.templates, errs[0] = web.NewTemplates(files, log)
	s.positions, errs[1] = position.New(db, position.Config{Now: config.Now, Logger: log})
	s.actions, errs[2] = action.New(db, action.Config{Now: config.Now, Logger: log})
	s.situations, errs[3] = situation.New(db, situation.Config{Now: config.Now, Logger: log, Chromium: config.Chromium})
	s.feedback, errs[4] = feedback.New(db, conn, log, feedback.Config{PublicURL: config.PublicURL, Key: config.FeedbackKey})
	if errs[3] == nil {
		s.meetings, errs[5] = meeting.New(db, s.situations, meeting.Config{PublicURL: config.PublicURL, Now: config.Now, Logger: log})
	}
	return s, errors.Join(errs[:]...)
}

// Routes adds the pages of every part to mux, each behind guard but the one on which reporters stop their mails, and:
//
//	GET  /kalender   when the review happens: deadlines, meetings, holidays, and for who may change it the form
//	POST /kalender   sets it
func (s *Service) Routes(mux *http.ServeMux, guard web.Guard) {
	s.positions.Routes(mux, guard)
	s.actions.Routes(mux, guard)
	s.situations.Routes(mux, guard)
	s.meetings.Routes(mux, guard)
	s.feedback.Routes(mux)
	mux.Handle("GET /kalender", web.Headers(guard(http.HandlerFunc(s.showCalendar))))
	mux.Handle("POST /kalender", web.Headers(guard(http.HandlerFunc(s.setCalendar))))
}

// PlacePanels are what the review says on the page of a flagged place.
func (s *Service) PlacePanels() []web.Panel {
	return []web.Panel{s.positions.PlacePanel, s.actions.Panel}
}

// WeekPanels are what the review says on the overview.
func (s *Service) WeekPanels() []web.Panel {
	return []web.Panel{s.positions.WeekPanel, s.feedback.FeedbackPanel}
}

// Situations is the part that compiles and freezes pictures, for commands.
func (s *Service) Situations() *situation.Service { return s.situations }

// Meetings is the part that plans and holds meetings, for commands.
func (s *Service) Meetings() *meeting.Service { return s.meetings }

// Feedback is the part that answers reporters, for commands.
func (s *Service) Feedback() *feedback.Service { return s.feedback }
