// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// linkLasts is how long a link waits for its one use.
const linkLasts = 15 * time.Minute

// links are those that are made and not yet used, by the SHA-256 of their token: what
// lies in memory signs nobody in.
type links struct {
	mu      sync.Mutex
	expires map[[32]byte]time.Time
}

func newLinks() *links { return &links{expires: map[[32]byte]time.Time{}} }

// make returns a token of 128 random bits or more (crypto/rand.Text).
func (l *links) make(now time.Time) string {
	token := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	for hash, expires := range l.expires {
		if !now.Before(expires) {
			delete(l.expires, hash)
		}
	}
	l.expires[sha256.Sum256([]byte(token))] = now.Add(linkLasts)
	return token
}

// use takes a token out and says whether it signs in. Looking a hash up gives nothing
// away about the token by its time.
func (l *links) use(token string, now time.Time) bool {
	hash := sha256.Sum256([]byte(token))
	l.mu.Lock()
	defer l.mu.Unlock()
	expires, found := l.expires[hash]
	delete(l.expires, hash)
	return found && now.Before(expires)
}
