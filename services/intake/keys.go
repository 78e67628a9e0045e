// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// grant says who asks: one agency, through one of its keys.
type grant struct {
	municipality events.MunicipalityID
	agency       events.AgencyID
	login        string // its own login role
	prefix       string // of the key, for the record of who decided; never the secret
	perSecond    int    // events a second that the agency may send
}

// viewer makes the transaction of intake's own login see this agency alone.
func (g grant) viewer() pg.Viewer {
	return pg.Viewer{Municipality: string(g.municipality), Agency: string(g.agency)}
}

// key is a credential as it was presented: sk_<prefix>_<secret>.
type key struct {
	prefix string
	secret [32]byte // SHA-256 of the secret as it is written
}

// parseKey reads an Authorization header. Nothing of another form ever reaches the database.
func parseKey(header string) (key, bool) {
	scheme, credential, _ := strings.Cut(header, " ")
	rest, found := strings.CutPrefix(credential, "sk_")
	prefix, secret, parted := strings.Cut(rest, "_")
	if !strings.EqualFold(scheme, "Bearer") || !found || !parted || len(prefix) < 8 || len(prefix) > 16 || secret == "" || len(secret) > 256 {
		return key{}, false
	}
	for _, c := range []byte(prefix) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return key{}, false
		}
	}
	return key{prefix: prefix, secret: sha256.Sum256([]byte(secret))}, true
}

// knownKey is what the registry holds of a key.
type knownKey struct {
	grant
	hash      []byte
	revoked   bool
	suspended bool
}

// match finds the one key whose secret this is, in a time that does not tell how near a guess came. A prefix that nobody
// has costs one comparison too.
func match(k key, known []knownKey) (knownKey, bool) {
	var found knownKey
	ok := false
	if len(known) == 0 {
		known = []knownKey{{hash: make([]byte, len(k.secret)), revoked: true}}
	}
	for _, candidate := range known {
		if subtle.ConstantTimeCompare(k.secret[:], candidate.hash) == 1 && !candidate.revoked {
			found, ok = candidate, true
		}
	}
	return found, ok
}

// authorise says whose request it is, or why it is nobody's. It asks the registry every time, so that a revoked key and a
// suspended agency end at once; only while Postgres is away is a key believed that was right within the last hour.
func (s *Service) authorise(r *http.Request, now time.Time) (grant, error) {
	k, ok := parseKey(r.Header.Get("Authorization"))
	if !ok {
		return grant{}, unauthorized()
	}
	known, err := s.store.keys(r.Context(), k.prefix)
	if err != nil {
		if who, ok := s.keys.recall(k, now); ok && pg.Class(err) == pg.Infrastructure && r.Context().Err() == nil {
			s.metrics.believed.Inc()
			return who, nil
		}
		return grant{}, err
	}
	return s.admitKey(r.Context(), k, known, now)
}

func (s *Service) admitKey(ctx context.Context, k key, known []knownKey, now time.Time) (grant, error) {
	found, ok := match(k, known)
	switch {
	case !ok:
		s.keys.forget(k)
		return grant{}, unauthorized()
	case found.suspended:
		s.keys.forget(k)
		return found.grant, web.Problem{Status: http.StatusForbidden, Code: events.AgencySuspended}
	}
	if s.keys.remember(k, found.grant, now) {
		if err := s.store.keyUsed(ctx, found.grant, now); err != nil {
			// Only the date of last use is lost, and it is written again in a minute.
			s.log.Info("last use of a key not noted", "municipality", found.municipality, "agency", found.agency, "error", err)
		}
	}
	return found.grant, nil
}

func unauthorized() web.Problem {
	return web.Problem{
		Status: http.StatusUnauthorized, Code: "unauthorized", Header: map[string]string{"WWW-Authenticate": `Bearer realm="samsyn"`},
		Title:  text("Nyckel saknas eller gäller inte.", "The key is missing or not valid."),
		Detail: text("Skicka Authorization: Bearer sk_<prefix>_<hemlighet>.", "Send Authorization: Bearer sk_<prefix>_<secret>."),
	}
}

const (
	believeFor = time.Hour   // a key seen right, while Postgres is away
	noteEvery  = time.Minute // last use of a key
)

// keyring remembers keys that were right. It is asked only when the registry cannot be.
type keyring struct {
	mu   sync.Mutex
	seen map[string]seenKey // by prefix
}

type seenKey struct {
	key
	who         grant
	at, notedAt time.Time
}

func newKeyring() *keyring { return &keyring{seen: map[string]seenKey{}} }

// remember says whether the key's last use is to be noted.
func (k *keyring) remember(used key, who grant, now time.Time) (note bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	last := k.seen[used.prefix]
	note = last.who != who || now.Sub(last.notedAt) >= noteEvery
	if note {
		last.notedAt = now
	}
	k.seen[used.prefix] = seenKey{key: used, who: who, at: now, notedAt: last.notedAt}
	return note
}

func (k *keyring) recall(asked key, now time.Time) (grant, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	last, ok := k.seen[asked.prefix]
	if !ok || now.Sub(last.at) > believeFor || subtle.ConstantTimeCompare(last.secret[:], asked.secret[:]) != 1 {
		return grant{}, false
	}
	return last.who, true
}

// forget drops a key that is no longer right; another secret under the same prefix drops nothing.
func (k *keyring) forget(asked key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if last, ok := k.seen[asked.prefix]; ok && last.secret == asked.secret {
		delete(k.seen, asked.prefix)
	}
}
