// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

const (
	sessionLasts = 12 * time.Hour
	sessionIdles = 2 * time.Hour
	// writeOnlyLasts is how long a phone that only reports stays signed in, idle or not.
	writeOnlyLasts = 30 * 24 * time.Hour
	// seenEvery is how exactly idling is measured: a request does not cost a write.
	seenEvery = time.Minute
)

// session is what is kept of one: who, and what kind. A zero Person is nobody.
type session struct {
	Municipality string    `json:"municipality"`
	Person       string    `json:"person"`
	WriteOnly    bool      `json:"write_only"`
	Expires      time.Time `json:"expires"`
}

const (
	municipalityKey = "municipality"
	personKey       = "person"
	writeOnlyKey    = "write_only"
	// rememberKey is how scs marks a session whose cookie outlives the browser.
	rememberKey = "__rememberMe"
)

// newSessions keeps sessions in the store. Idling is the store's: reporters have none.
func newSessions(secure bool, kept scs.Store) *scs.SessionManager {
	m := scs.New()
	m.Store, m.Codec, m.Lifetime, m.HashTokenInStore = kept, codec{}, sessionLasts, true
	m.Cookie.Name, m.Cookie.Path, m.Cookie.HttpOnly, m.Cookie.SameSite = "samsyn", "/", true, http.SameSiteLaxMode
	m.Cookie.Persist = false
	if secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-samsyn", true
	}
	return m
}

// begin starts a session for somebody, under a new id: whoever planted the old one gains nothing.
func (s *Service) begin(ctx context.Context, who session) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	lasts := sessionLasts
	if who.WriteOnly {
		lasts = writeOnlyLasts
	}
	s.sessions.Put(ctx, municipalityKey, who.Municipality)
	s.sessions.Put(ctx, personKey, who.Person)
	s.sessions.Put(ctx, writeOnlyKey, who.WriteOnly)
	s.sessions.RememberMe(ctx, who.WriteOnly)
	s.sessions.SetDeadline(ctx, s.config.Now().Add(lasts))
	return nil
}

func (s *Service) session(ctx context.Context) session {
	return session{
		Municipality: s.sessions.GetString(ctx, municipalityKey), Person: s.sessions.GetString(ctx, personKey),
		WriteOnly: s.sessions.GetBool(ctx, writeOnlyKey),
	}
}

// codec is between scs, which knows values by name, and the columns of a session.
type codec struct{}

// Encode is part of scs.Codec.
func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	var s session
	s.Municipality, _ = values[municipalityKey].(string)
	s.Person, _ = values[personKey].(string)
	s.WriteOnly, _ = values[writeOnlyKey].(bool)
	s.Expires = deadline
	return json.Marshal(s)
}

// Decode is part of scs.Codec.
func (codec) Decode(b []byte) (time.Time, map[string]any, error) {
	var s session
	err := json.Unmarshal(b, &s)
	return s.Expires, map[string]any{
		municipalityKey: s.Municipality, personKey: s.Person, writeOnlyKey: s.WriteOnly, rememberKey: s.WriteOnly,
	}, err
}
