// SPDX-License-Identifier: EUPL-1.2

// Package access says who looks: it signs people in, keeps their sessions, and puts
// the viewer into the request that every read is made for.
//
// It promises that a link signs in once and not after a quarter of an hour, that a
// session gets a new id when it begins, that only its own pages can change anything
// (http.CrossOriginProtection), and that a handler behind Guard always finds a
// web.Visit, with the municipalities that may be looked at and no others.
//
// It does not know handlers, reports or numbers, and it trusts no header: what a
// viewer sees is narrowed by the database. This first part has one way in, the link
// that `samsyn up` prints on its terminal; people with accounts come later, in the
// same place. Sessions are kept in memory: a restart signs everybody out.
//
// Without its database nobody gets further than a page that says so (503): it fails
// closed.
package access

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// Config is what an installation decides about signing in.
type Config struct {
	// PublicURL is where browsers reach the pages. Over https the cookie is Secure and
	// bound to the host (__Host-); on loopback a plain http address is allowed, where
	// browsers refuse such a cookie and nobody listens in.
	PublicURL string
	// LinkCommand is what an operator types for a new link; shown to who is not signed
	// in. Empty: nothing is shown.
	LinkCommand string
	// Logger takes what does not reach a reader; nil means none.
	Logger *slog.Logger
	// Now is the clock of links; nil means time.Now.
	Now func() time.Time
}

const (
	sessionLasts = 12 * time.Hour
	sessionIdles = 2 * time.Hour
)

// Service signs in and says who looks.
type Service struct {
	db        pg.Beginner
	config    Config
	links     *links
	sessions  *scs.SessionManager
	origin    *http.CrossOriginProtection
	templates *web.Templates
}

// New makes a Service. db logs in as samsyn_access.
func New(db pg.Beginner, config Config) (*Service, error) {
	if db == nil {
		return nil, errors.New("access needs a database")
	}
	address, err := url.Parse(config.PublicURL)
	if err != nil || address.Host == "" || !trusted(address) {
		return nil, fmt.Errorf("access: public URL %q is neither https nor http on loopback", config.PublicURL)
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	templates, err := web.NewTemplates(nil, config.Logger)
	if err != nil {
		return nil, err
	}
	config.PublicURL = strings.TrimSuffix(config.PublicURL, "/")
	s := &Service{
		db: db, config: config, links: newLinks(), sessions: newSessions(address.Scheme == "https"), origin: http.NewCrossOriginProtection(), templates: templates,
	}
	s.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		s.config.Logger.ErrorContext(r.Context(), "session not kept", "error", err)
		s.templates.Error(w, r, http.StatusInternalServerError)
	}
	return s, nil
}

// trusted is an address on whose way nobody listens in.
func trusted(address *url.URL) bool {
	host := address.Hostname()
	loopback := host == "localhost" || host == "127.0.0.1" || host == "::1"
	return address.Scheme == "https" || address.Scheme == "http" && loopback
}

// newSessions keeps sessions in memory. The store's cleaner, which drops expired
// sessions every minute, lives as long as the process.
func newSessions(secure bool) *scs.SessionManager {
	m := scs.New()
	m.Lifetime, m.IdleTimeout = sessionLasts, sessionIdles
	m.HashTokenInStore = true
	m.Cookie.Name, m.Cookie.Path, m.Cookie.HttpOnly, m.Cookie.SameSite = "samsyn", "/", true, http.SameSiteLaxMode
	m.Cookie.Persist = false
	if secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-samsyn", true
	}
	return m
}

// Routes adds the pages of signing in to mux:
//
//	GET  /sign-in?token=...  uses a link up and leads to the overview
//	POST /sign-out           ends the session and leads to /signed-out
//	GET  /signed-out         says so
func (s *Service) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h http.HandlerFunc) {
		mux.Handle(pattern, web.Headers(s.origin.Handler(s.sessions.LoadAndSave(h))))
	}
	handle("GET /sign-in", s.signIn)
	handle("POST /sign-out", s.signOut)
	handle("GET /signed-out", func(w http.ResponseWriter, r *http.Request) { s.say(w, r, http.StatusOK, "signedout") })
}

// Link makes a link that signs in once, within fifteen minutes.
func (s *Service) Link() string {
	return s.config.PublicURL + "/sign-in?token=" + s.links.make(s.config.Now())
}

// signIn uses a link up. A GET that changes something is an exception to the house's rule: the link stands on a terminal
// and nowhere else, so no mail scanner or preview opens it before the person does.
func (s *Service) signIn(w http.ResponseWriter, r *http.Request) {
	if !s.links.use(r.URL.Query().Get("token"), s.config.Now()) {
		s.say(w, r, http.StatusForbidden, "link.dead")
		return
	}
	// A new id: whoever planted the old one gains nothing.
	if err := s.sessions.RenewToken(r.Context()); err != nil {
		s.sessions.ErrorFunc(w, r, err)
		return
	}
	s.sessions.Put(r.Context(), personKey, linkPerson)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Service) signOut(w http.ResponseWriter, r *http.Request) {
	if err := s.sessions.Destroy(r.Context()); err != nil {
		s.sessions.ErrorFunc(w, r, err)
		return
	}
	http.Redirect(w, r, "/signed-out", http.StatusSeeOther)
}

const (
	personKey = "person"
	// linkPerson is who signed in by the terminal's link: somebody who may read this
	// machine's terminal, and so sees the numbers of all its municipalities.
	linkPerson = "link"
	linkRole   = "coordinator"
)

// Guard lets through who is signed in, with a web.Visit in the request: every
// municipality of the installation to choose from, the first by name as the one looked
// at. Others get a page that says how to sign in.
func (s *Service) Guard(next http.Handler) http.Handler {
	return s.origin.Handler(s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		person := s.sessions.GetString(r.Context(), personKey)
		if person == "" {
			s.say(w, r, http.StatusUnauthorized, "signin")
			return
		}
		all, err := choices(r.Context(), s.db)
		switch {
		case err != nil && r.Context().Err() != nil: // the reader has gone
			return
		case err != nil:
			s.config.Logger.ErrorContext(r.Context(), "municipalities not read", "error", err)
			s.templates.Error(w, r, http.StatusServiceUnavailable)
			return
		case len(all) == 0:
			s.say(w, r, http.StatusOK, "empty")
			return
		}
		visit := web.Visit{Viewer: pg.Viewer{Municipality: all[0].Municipality, Person: person, Roles: []string{linkRole}}, Choices: all,
			Acts: map[web.Act]bool{web.ActNumbers: true, web.ActDecide: true, web.ActOwnActions: true}}
		next.ServeHTTP(w, r.WithContext(web.WithVisit(r.Context(), visit)))
	})))
}

// say answers with a page of a title and a text.
func (s *Service) say(w http.ResponseWriter, r *http.Request, status int, key string) {
	l := web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), nil)
	m := web.Message{Page: web.NewPage(r, l, l.T(key+".title")), Text: []string{l.T(key + ".text")}}
	if key != "empty" && s.config.LinkCommand != "" {
		m.Text = append(m.Text, l.T("link.new"))
		m.Code = s.config.LinkCommand
	}
	s.templates.Message(w, r, status, m)
}
