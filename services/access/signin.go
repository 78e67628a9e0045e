// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net"
	"net/http"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/mail"
	"samsyn/internal/web"
)

const (
	inviteLasts = 7 * 24 * time.Hour
	// Links that one person is mailed within linkLasts.
	mailsAtOnce = 3
	// Wishes for a link that wait for the mail server; more are dropped, and asked for again.
	wishesWaiting = 64
	wishTakes     = time.Minute
)

// wish is somebody who asked for a link, known or not.
type wish struct {
	email, next, lang string
}

// signInPage is the page that asks for an address.
type signInPage struct {
	Page          web.Page
	Next          string
	Mails, Failed bool
	Command       string
}

func (s *Service) askAddress(w http.ResponseWriter, r *http.Request) {
	s.askAgain(w, r, http.StatusOK, local(r.URL.Query().Get("next")), false)
}

// askToSignIn is for who came to a page without being signed in: the page is where they are led afterwards.
func (s *Service) askToSignIn(w http.ResponseWriter, r *http.Request) {
	next := ""
	if r.Method == http.MethodGet {
		next = local(r.URL.RequestURI())
	}
	s.askAgain(w, r, http.StatusUnauthorized, next, false)
}

func (s *Service) askAgain(w http.ResponseWriter, r *http.Request, status int, next string, failed bool) {
	l := locale(r)
	s.templates.Render(w, r, status, "signin", signInPage{
		Page: web.NewPage(r, l, l.T("signin.title")), Next: next, Mails: s.config.Send != nil, Failed: failed, Command: s.config.LinkCommand,
	})
}

// sendLink puts the wish aside and answers at once, the same to everybody: neither words nor time say who is known.
func (s *Service) sendLink(w http.ResponseWriter, r *http.Request) {
	next := local(r.PostFormValue("next"))
	address, err := netmail.ParseAddress(strings.TrimSpace(r.PostFormValue("email")))
	if err != nil || len(address.Address) > maxEmail {
		s.askAgain(w, r, http.StatusUnprocessableEntity, next, true)
		return
	}
	email := strings.ToLower(address.Address)
	if now := s.config.Now(); !s.limits.take("ask "+remote(r), asksFromOneHost, now) || !s.limits.take("ask "+email, asksOfOneAddress, now) {
		s.tooMany(w, r)
		return
	}
	select {
	case s.wanted <- wish{email: email, next: next, lang: web.LanguageOf(r)}:
	default:
		s.config.Logger.ErrorContext(r.Context(), "too many links are wanted", "waiting", len(s.wanted))
	}
	http.Redirect(w, r, "/logga-in/skickad"+web.Query(nil, "lang", web.LanguageOf(r)), http.StatusSeeOther)
}

func (s *Service) tooMany(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "300")
	s.say(w, r, http.StatusTooManyRequests, "toomany")
}

// Run mails the links that people ask for, until ctx ends. A wish that fails is logged; its person asks again.
func (s *Service) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case want := <-s.wanted:
			working, cancel := context.WithTimeout(context.WithoutCancel(ctx), wishTakes)
			if err := s.grant(working, want); err != nil {
				s.config.Logger.ErrorContext(ctx, "link not mailed", "error", err)
			}
			cancel()
		}
	}
}

// grant mails a link to everybody who has the address: one person may be in several municipalities.
func (s *Service) grant(ctx context.Context, want wish) error {
	if s.config.Send == nil {
		return nil
	}
	now := s.config.Now()
	people, err := s.store.peopleAt(ctx, want.email, now.Add(-linkLasts), mailsAtOnce)
	if err != nil {
		return err
	}
	l := web.NewLocale(want.lang, web.Texts().With(Texts()), nil)
	for _, p := range people {
		token := rand.Text()
		if err := s.store.addLink(ctx, p.Municipality, p.ID, mailedLink, token, now, now.Add(linkLasts)); err != nil {
			return err
		}
		err := s.config.Send(ctx, mail.Message{
			ID: uuid.New(), To: p.Email, Subject: l.T("mail.subject"), Date: now, Language: want.lang,
			Text: l.T("mail.text", p.Place, s.linkTo(token, want.next, want.lang)),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) linkTo(token, next, lang string) string {
	return s.config.PublicURL + "/logga-in/" + token + web.Query(nil, "next", next, "lang", lang)
}

// linkPage is a page with a button: whoever opens the link for a person, such as a scanner of mails, uses nothing up.
type linkPage struct {
	Page web.Page
	Next string
}

func (s *Service) showLink(w http.ResponseWriter, r *http.Request) {
	l := locale(r)
	s.templates.Render(w, r, http.StatusOK, "link", linkPage{Page: web.NewPage(r, l, l.T("link.title")), Next: local(r.URL.Query().Get("next"))})
}

// useLink signs in. Failures alone count against the host: an office signs in from one address.
func (s *Service) useLink(w http.ResponseWriter, r *http.Request) {
	now := s.config.Now()
	if !s.limits.left("link "+remote(r), linksFromOneHost, now) {
		s.tooMany(w, r)
		return
	}
	who, found, err := s.store.useLink(r.Context(), r.PathValue("token"), now)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !found {
		s.limits.take("link "+remote(r), linksFromOneHost, now)
		s.config.Logger.WarnContext(r.Context(), "sign-in refused", "remote", remote(r))
		s.deadLink(w, r)
		return
	}
	if err := s.begin(r.Context(), session{Municipality: who.Municipality, Person: who.ID.String(), WriteOnly: writeOnly(who.Roles)}); err != nil {
		s.fail(w, r, err)
		return
	}
	s.config.Logger.InfoContext(r.Context(), "signed in", "municipality", who.Municipality, "person", who.ID)
	next := local(r.PostFormValue("next"))
	if next == "" {
		next = "/" + web.Query(nil, "lang", web.LanguageOf(r))
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// signIn uses the terminal's link up. A GET that changes something is an exception to the house's rule: the link stands on
// a terminal and nowhere else, so no mail scanner or preview opens it before the person does.
func (s *Service) signIn(w http.ResponseWriter, r *http.Request) {
	if !s.links.use(r.URL.Query().Get("token"), s.config.Now()) {
		s.deadLink(w, r)
		return
	}
	if err := s.begin(r.Context(), session{Person: web.Terminal}); err != nil {
		s.fail(w, r, err)
		return
	}
	s.config.Logger.InfoContext(r.Context(), "signed in at the terminal")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Service) deadLink(w http.ResponseWriter, r *http.Request) {
	l := locale(r)
	m := web.Message{
		Page: web.NewPage(r, l, l.T("link.dead.title")), Text: []string{l.T("link.dead.text")},
		Way: &web.Link{Href: "/logga-in" + web.Query(nil, "lang", l.Lang), Text: l.T("link.dead.way")},
	}
	if s.config.LinkCommand != "" {
		m.Text, m.Code = append(m.Text, l.T("link.new")), s.config.LinkCommand
	}
	s.templates.Message(w, r, http.StatusForbidden, m)
}

func (s *Service) signOut(w http.ResponseWriter, r *http.Request) {
	if err := s.sessions.Destroy(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/signed-out", http.StatusSeeOther)
}

// local is an address on this site, or empty: nobody is led elsewhere by a link of ours.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.ContainsRune(next, '\\') || next == "/" {
		return ""
	}
	return u.RequestURI()
}

// remote is the host that asks. Behind a proxy it is the proxy: no header is believed.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func tokenHash(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}
