// SPDX-License-Identifier: EUPL-1.2

// Package access says who looks: it keeps people, invites them and signs them in by links, keeps their
// sessions, and puts the viewer into the request that every read is made for.
//
// What it promises. A link signs in once: that of the terminal and of a mail within a quarter of an hour,
// an invitation within a week; a mail scanner that opens a link uses nothing up. A session gets a new id
// when it begins, lives in Postgres as a hash, and outlives a restart; who only reports stays signed in for
// thirty days and can read nothing but their own reports, others for twelve hours of which two may be idle.
// Who is disabled, or whose agency is suspended, is out at the next request. A handler behind Guard always
// finds a web.Visit, with the municipalities that may be looked at and no others, and a page that is in
// nobody's table is for those who may see numbers.
//
// What it does not do. It knows no handler, report or number, and trusts no header. Which reports a viewer
// opens is decided by the database (schemas/sql/005_create_access.sql), not here. Signing in with an
// agency's own accounts comes later, in the same place.
//
// What happens when it fails. Without its database nobody gets further than a page that says so (503): it
// fails closed. A mail that cannot be sent is logged and asked for again; the answer to who asked is the same.
package access

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"samsyn/events"
	"samsyn/internal/mail"
	"samsyn/internal/pg"
	"samsyn/internal/web"
)

//go:embed templates
var templateFiles embed.FS

// Config is what an installation decides about signing in.
type Config struct {
	// PublicURL is where browsers reach the pages. Over https the cookie is Secure and
	// bound to the host (__Host-); on loopback a plain http address is allowed, where
	// browsers refuse such a cookie and nobody listens in.
	PublicURL string
	// LinkCommand is what an operator types for a new link; shown to who is not signed
	// in. Empty: nothing is shown.
	LinkCommand string
	// Pages are the services' pages in the order in which they stand on top, each with what one must be able to
	// do to open it and what lies below it: several entries of one page are several ways to be let in. What is below none
	// of them needs ActNumbers. One without a text is not shown.
	Pages []web.NavItem
	// Send gives a mail to a server or a folder; nil: nobody is mailed a link, and /logga-in says whom to ask.
	Send func(context.Context, mail.Message) error
	// Logger takes what does not reach a reader; nil means none.
	Logger *slog.Logger
	// Now is the clock of links and sessions; nil means time.Now.
	Now func() time.Time
}

// Service keeps people, signs them in and says who looks.
type Service struct {
	store     store
	config    Config
	links     *links
	limits    *limits
	wanted    chan wish
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
	files, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return nil, fmt.Errorf("open templates: %w", err)
	}
	templates, err := web.NewTemplates(files, config.Logger)
	if err != nil {
		return nil, err
	}
	config.PublicURL = strings.TrimSuffix(config.PublicURL, "/")
	s := &Service{
		store: store{db}, config: config, links: newLinks(), limits: newLimits(), wanted: make(chan wish, wishesWaiting),
		sessions: newSessions(address.Scheme == "https", sessionStore{store{db}, config.Now}),
		origin:   http.NewCrossOriginProtection(), templates: templates,
	}
	s.sessions.ErrorFunc = s.fail
	return s, nil
}

// trusted is an address on whose way nobody listens in.
func trusted(address *url.URL) bool {
	host := address.Hostname()
	loopback := host == "localhost" || host == "127.0.0.1" || host == "::1"
	return address.Scheme == "https" || address.Scheme == "http" && loopback
}

// Routes adds the pages of signing in and of people to mux:
//
//	GET  /logga-in           asks for an address; POST sends it a link, or does not, and says the same
//	GET  /logga-in/skickad   says so
//	GET  /logga-in/{token}   shows a button; POST uses the link up and leads on
//	GET  /sign-in?token=...  uses the terminal's link up and leads to the overview
//	POST /sign-out           ends the session and leads to /signed-out
//	GET  /signed-out         says so
//	GET  /personer           for administrators: who there is; POST adds somebody
//	POST /personer/{id}/lank, /stang, /oppna   makes an invitation, shuts somebody out, lets them in again
func (s *Service) Routes(mux *http.ServeMux) {
	open := func(pattern string, h http.HandlerFunc) {
		mux.Handle(pattern, web.Headers(s.origin.Handler(s.sessions.LoadAndSave(h))))
	}
	open("GET /logga-in", s.askAddress)
	open("POST /logga-in", s.sendLink)
	open("GET /logga-in/skickad", func(w http.ResponseWriter, r *http.Request) { s.say(w, r, http.StatusOK, "sent") })
	open("GET /logga-in/{token}", s.showLink)
	open("POST /logga-in/{token}", s.useLink)
	open("GET /sign-in", s.signIn)
	open("POST /sign-out", s.signOut)
	open("GET /signed-out", func(w http.ResponseWriter, r *http.Request) { s.say(w, r, http.StatusOK, "signedout") })

	guarded := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, web.Headers(s.Guard(s.administer(h)))) }
	guarded("GET /personer", s.listPeople)
	guarded("POST /personer", s.addPerson)
	guarded("POST /personer/{id}/lank", s.invitePerson)
	guarded("POST /personer/{id}/stang", s.disablePerson)
	guarded("POST /personer/{id}/oppna", s.enablePerson)
}

// Link makes a link for the terminal that signs in once, within fifteen minutes.
func (s *Service) Link() string {
	return s.config.PublicURL + "/sign-in?token=" + s.links.make(s.config.Now())
}

// Guard lets through who is signed in and may open the page, with a web.Visit in the request. Others get a page that
// says how to sign in (401) or that they may not (403); who may not see the overview is led to the first page they may.
func (s *Service) Guard(next http.Handler) http.Handler {
	return s.origin.Handler(s.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visit, err := s.visit(r)
		switch {
		case err != nil && r.Context().Err() != nil: // the reader has gone
			return
		case errors.Is(err, errNobody):
			s.askToSignIn(w, r)
			return
		case err != nil:
			s.fail(w, r, err)
			return
		case len(visit.Choices) == 0:
			s.say(w, r, http.StatusOK, "empty")
			return
		}
		r = r.WithContext(web.WithVisit(r.Context(), visit))
		switch {
		case s.mayOpen(visit, r.URL.Path):
			next.ServeHTTP(w, r)
		case r.URL.Path == "/" && len(visit.Nav) > 0:
			http.Redirect(w, r, visit.Nav[0].Href, http.StatusSeeOther)
		default:
			s.templates.Error(w, r, http.StatusForbidden)
		}
	})))
}

// errNobody says that a request belongs to nobody who may look.
var errNobody = errors.New("nobody is signed in")

// visit is who looks, as it is known now: a role that was taken away a second ago is gone.
func (s *Service) visit(r *http.Request) (web.Visit, error) {
	ctx := r.Context()
	session := s.session(ctx)
	switch session.Person {
	case "":
		return web.Visit{}, errNobody
	case web.Terminal:
		return s.terminalVisit(r)
	}
	who, found, err := s.store.visitor(ctx, session.Municipality, session.Person)
	if err != nil {
		return web.Visit{}, err
	}
	if !found {
		return web.Visit{}, errors.Join(errNobody, s.sessions.Destroy(ctx))
	}
	roles := who.Roles
	if session.WriteOnly {
		roles = []string{string(Reporter)}
	}
	v := web.Visit{
		Viewer:  pg.Viewer{Municipality: session.Municipality, Agency: who.Agency, Person: session.Person, Roles: roles, Groups: who.Groups},
		Choices: []web.Choice{{Municipality: session.Municipality, Name: who.Place, MadeUp: who.MadeUp}},
		Login:   who.Login, Name: who.Name, Unit: who.Unit, Acts: actsOf(roles),
	}
	if who.Association {
		for _, act := range closedToAssociations {
			delete(v.Acts, act)
		}
	}
	v.Nav = s.navOf(v)
	return v, nil
}

// terminalVisit is that of who signed in by the terminal's link: somebody who runs this machine, and so sees the numbers of
// all its municipalities and the people in them. No report is opened: that takes an agency.
func (s *Service) terminalVisit(r *http.Request) (web.Visit, error) {
	all, err := s.store.choices(r.Context())
	if err != nil || len(all) == 0 {
		return web.Visit{}, err
	}
	roles := []string{string(Coordinator), string(Admin)}
	v := web.Visit{
		Viewer: pg.Viewer{Municipality: all[0].Municipality, Person: web.Terminal, Roles: roles}, Choices: all,
		Name: locale(r).T("terminal.name"), Acts: actsOf(roles),
	}
	delete(v.Acts, web.ActReport)
	delete(v.Acts, web.ActOpen)
	v.Nav = s.navOf(v)
	return v, nil
}

func (s *Service) navOf(v web.Visit) []web.NavItem {
	var nav []web.NavItem
	for _, item := range s.config.Pages {
		if item.Text != (events.Text{}) && (item.Act == "" || v.Can(item.Act)) {
			nav = append(nav, item)
		}
	}
	return nav
}

// mayOpen asks the page that lies closest above a path what it needs; of several entries of one page any will do.
func (s *Service) mayOpen(v web.Visit, path string) bool {
	needs, longest := []web.Act{web.ActNumbers}, 0
	for _, item := range s.config.Pages {
		below := path == item.Href || item.Href != "/" && strings.HasPrefix(path, item.Href+"/")
		switch {
		case below && len(item.Href) > longest:
			needs, longest = []web.Act{item.Act}, len(item.Href)
		case below && len(item.Href) == longest:
			needs = append(needs, item.Act)
		}
	}
	return slices.ContainsFunc(needs, func(a web.Act) bool { return a == "" || v.Can(a) })
}

func locale(r *http.Request) web.Locale {
	return web.NewLocale(web.LanguageOf(r), web.Texts().With(Texts()), nil)
}

// fail says that the database does not answer: nothing else is asked here, and who looks cannot be decided without it.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.config.Logger.ErrorContext(r.Context(), "access not decided", "error", err)
	}
	s.templates.Error(w, r, http.StatusServiceUnavailable)
}

// say answers with a page of a title and a text.
func (s *Service) say(w http.ResponseWriter, r *http.Request, status int, key string) {
	l := locale(r)
	s.templates.Message(w, r, status, web.Message{Page: web.NewPage(r, l, l.T(key+".title")), Text: []string{l.T(key + ".text")}})
}
