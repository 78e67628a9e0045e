// SPDX-License-Identifier: EUPL-1.2

// Package pages is where people report: the form, what became of their own reports, "nothing to report", and for an
// agency's lead what waits in quarantine.
//
// It promises that a form sent twice, or again after an answer that never came, is one report; that "received" is said when
// JetStream has the event on disk; that text with personal data is stored nowhere and lost to nobody: it comes back marked
// in the form; that a person sees their own reports and no others, and a lead what waits for their own agency. A page needs
// no script, and a GET changes nothing.
//
// It does not judge: what is sent goes by the door of package intake to the correlator, and what became of it is read as the
// agency itself. It holds which report a form became (intake.sent), never its text.
//
// Without NATS or Postgres a form comes back as it was filled in, with what happened and what to do; sent again it is still
// one report. While the correlator is behind a receipt says that the report is received and being placed.
package pages

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/intake"
)

//go:embed templates
var templateFiles embed.FS

// Config is what the pages can do without.
type Config struct {
	// Now is the wall clock; nil is time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers the pages of reporting.
type Service struct {
	store     store
	door      *intake.Service
	templates *web.Templates
	kinds     kinds
	now       func() time.Time
	log       *slog.Logger
}

// New makes the pages. db logs in as pg.RoleIntake, agencies as each agency; door takes in what is sent.
func New(db pg.Beginner, agencies *pg.Agencies, door *intake.Service, c Config) (*Service, error) {
	if db == nil || agencies == nil || door == nil {
		return nil, errors.New("intake pages: database, agencies and door are all needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	files, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("open templates: %w", err)
	}
	templates, err := web.NewTemplates(files, c.Logger)
	if err != nil {
		return nil, err
	}
	return &Service{store: store{db, agencies}, door: door, templates: templates, kinds: newKinds(), now: c.Now, log: c.Logger}, nil
}

// Routes adds the pages to mux, each behind guard. A POST that did something leads on to a GET (303); one that did not shows
// the form again, as it was filled in.
//
//	GET  /rapportera                     the form; ?plats=p:KEY or a:CODE has the place chosen
//	POST /rapportera                     sends it; do=search looks for places and sends nothing
//	GET  /mina-rapporter                 what the person has sent and what became of it (?sida=2)
//	GET  /mina-rapporter/{report}        the receipt of one report
//	POST /mina-rapporter/{report}/angra  takes it back, within ten minutes
//	GET  /inget-att-rapportera           the form for a calm period
//	POST /inget-att-rapportera           sends it
//	GET  /karantan                       what waits for the lead's agency (?sida=2)
//	GET  /karantan/{id}                  one of them, as a form
//	POST /karantan/{id}                  sends it corrected
//	POST /karantan/{id}/slapp            releases it
//	POST /karantan/{id}/avskriv          drops it
func (s *Service) Routes(mux *http.ServeMux, guard web.Guard) {
	handle := func(pattern string, act web.Act, h handler) {
		mux.Handle(pattern, web.Headers(guard(s.serve(act, h))))
	}
	handle("GET /rapportera", web.ActReport, s.reportForm)
	handle("POST /rapportera", web.ActReport, s.sendReport)
	handle("GET /mina-rapporter", web.ActReport, s.mine)
	handle("GET /mina-rapporter/{report}", web.ActReport, s.receipt)
	handle("POST /mina-rapporter/{report}/angra", web.ActReport, s.undo)
	handle("GET /inget-att-rapportera", web.ActReport, s.nothingForm)
	handle("POST /inget-att-rapportera", web.ActReport, s.sendNothing)
	handle("GET /karantan", web.ActLead, s.quarantine)
	handle("GET /karantan/{id}", web.ActLead, s.correctForm)
	handle("POST /karantan/{id}", web.ActLead, s.sendCorrection)
	handle("POST /karantan/{id}/slapp", web.ActLead, s.release)
	handle("POST /karantan/{id}/avskriv", web.ActLead, s.drop)
}

// caller is who asks, for what municipality, at what time there.
type caller struct {
	visit  web.Visit
	viewer pg.Viewer
	person intake.Person
	town   municipality
	locale web.Locale
	zone   *time.Location
	now    time.Time // the municipality's clock, in its zone, to the millisecond
	real   time.Time // the wall clock, for what is measured in minutes
}

// handler answers one request of a caller. What it returns is shown by fail; a handler that has begun to write returns nil.
type handler func(w http.ResponseWriter, r *http.Request, c caller) error

const maxForm = 64 << 10

// serve is what every request goes through: may they, who are they, what did they fill in, the handler, the error.
func (s *Service) serve(act web.Act, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visit, _ := web.VisitOf(r.Context())
		if !visit.Can(act) {
			s.templates.Error(w, r, http.StatusForbidden)
			return
		}
		c, err := s.caller(r, visit)
		if err == nil && r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if r.ParseForm() != nil {
				s.say(w, r, http.StatusBadRequest, "unreadable")
				return
			}
		}
		if err == nil {
			err = h(w, r, c)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

func (s *Service) caller(r *http.Request, visit web.Visit) (caller, error) {
	c := caller{visit: visit, viewer: visit.Viewer}
	var err error
	if c.person, err = s.door.Person(r.Context(), c.viewer); err != nil {
		return caller{}, err
	}
	if c.town, err = s.store.municipality(r.Context(), c.viewer); err != nil {
		return caller{}, err
	}
	if c.zone, err = time.LoadLocation(c.town.TimeZone); err != nil {
		return caller{}, fmt.Errorf("time zone of %s: %w", c.viewer.Municipality, err)
	}
	c.real = s.now().Truncate(time.Millisecond)
	c.now = c.real.In(c.zone)
	if c.town.AsOf != nil {
		c.now = c.town.AsOf.Truncate(time.Millisecond).In(c.zone)
	}
	c.locale = web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), c.zone)
	return c, nil
}

// page makes the page of a request, with what must be known of the municipality.
func (c caller) page(r *http.Request, title string) web.Page {
	p := web.NewPage(r, c.locale, title)
	p.Notices = web.NoticesOf(c.locale, c.town.Name, c.town.MadeUp, c.town.AsOf)
	return p
}

// say answers with a page of a few sentences and a way on.
func (s *Service) say(w http.ResponseWriter, r *http.Request, status int, key string) {
	l := web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), nil)
	s.templates.Message(w, r, status, web.Message{
		Page: web.NewPage(r, l, l.T("say."+key+".title")), Text: []string{l.T("say." + key + ".text")},
		Way: &web.Link{Href: path(l, "/mina-rapporter"), Text: l.T("way.mine")},
	})
}

// fail answers with what an error means for a person who filled in nothing.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case r.Context().Err() != nil: // the reader has gone
		return
	case errors.Is(err, errNotThere):
		s.templates.Error(w, r, http.StatusNotFound)
		return
	case errors.Is(err, intake.ErrNoAgency):
		s.say(w, r, http.StatusForbidden, "noagency")
		return
	}
	p := intake.Explain(err)
	if p.Status >= http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "page of reporting not answered", "path", r.Pattern, "error", err)
	}
	if p.Status == http.StatusNotFound {
		s.templates.Error(w, r, p.Status)
		return
	}
	l := web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), nil)
	s.templates.Message(w, r, p.Status, web.Message{
		Page: web.NewPage(r, l, titleOf(p, l.Lang)), Text: sentences(in(p.Detail, l.Lang)),
		Way: &web.Link{Href: path(l, "/mina-rapporter"), Text: l.T("way.mine")},
	})
}

// failure is what an error of ours says above a form that has come back. It is logged here; what is the reader's own to mend
// has been said beside the fields.
func (s *Service) failure(ctx context.Context, c caller, err error) (status int, text string) {
	p := intake.Explain(err)
	if p.Status >= http.StatusInternalServerError {
		s.log.ErrorContext(ctx, "form not sent", "municipality", c.viewer.Municipality, "agency", c.viewer.Agency, "code", p.Code, "error", err)
	}
	return p.Status, titleOf(p, c.locale.Lang) + " " + c.locale.T("form.kept")
}

func titleOf(p web.Problem, lang string) string {
	if p.Title == (events.Text{}) {
		return in(p.Code.Message(), lang)
	}
	return in(p.Title, lang)
}

func sentences(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// in is a text in a language.
func in(t events.Text, lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.SV
}

// path is an address of ours in the reader's language.
func path(l web.Locale, to string, set ...string) string {
	return to + web.Query(url.Values{}, append(set, "lang", l.Lang)...)
}

// address is a path for a template.
func address(l web.Locale, to string, set ...string) template.URL {
	return template.URL(path(l, to, set...)) // encoded by Query; to is a constant or a checked id
}
