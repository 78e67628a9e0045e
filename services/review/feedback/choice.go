// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"crypto/hmac"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
)

// Routes adds the page on which a person says whether they want the weekly mails. It stands behind no guard: its address is in the mail
// and holds a proof that only the mail's receiver has. Opening it changes nothing; its form does, and so does a mail program that
// unsubscribes by itself (RFC 8058), which posts "List-Unsubscribe=One-Click".
func (s *Service) Routes(mux *http.ServeMux) {
	same := http.NewCrossOriginProtection()
	mux.Handle("GET "+choicePath, web.Headers(http.HandlerFunc(s.showChoice)))
	mux.Handle("POST "+choicePath, web.Headers(same.Handler(http.HandlerFunc(s.saveChoice))))
}

// choice is the page.
type choice struct {
	Page    web.Page
	Refused bool
}

// who reads the address; ok is false where its proof does not hold.
func (s *Service) who(r *http.Request) (m events.MunicipalityID, person uuid.UUID, ok bool) {
	m = events.MunicipalityID(r.PathValue("municipality"))
	person, err := uuid.Parse(r.PathValue("person"))
	if err != nil || !m.Valid() || len(s.config.Key) == 0 {
		return "", uuid.Nil, false
	}
	return m, person, hmac.Equal([]byte(r.PathValue("proof")), []byte(s.proof(m, person)))
}

func (s *Service) showChoice(w http.ResponseWriter, r *http.Request) {
	m, person, ok := s.who(r)
	if !ok {
		s.templates.Error(w, r, http.StatusNotFound)
		return
	}
	refused, err := s.store.refused(r.Context(), m, person)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	l := web.NewLocale(web.LanguageOf(r), web.Texts().With(texts), nil)
	s.templates.Render(w, r, http.StatusOK, "choice", choice{Page: web.NewPage(r, l, l.T("choice.title")), Refused: refused})
}

func (s *Service) saveChoice(w http.ResponseWriter, r *http.Request) {
	m, person, ok := s.who(r)
	if !ok {
		s.templates.Error(w, r, http.StatusNotFound)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	wanted := r.PostFormValue("mejl") == "ja"
	if err := s.store.refuse(r.Context(), m, person, !wanted, time.Now()); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, r.URL.RequestURI(), http.StatusSeeOther)
}

func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		// The path holds the proof and stays out of the log.
		s.log.LogAttrs(r.Context(), slog.LevelError, "page of mails", slog.Any("error", err))
	}
	s.templates.Error(w, r, http.StatusServiceUnavailable)
}
