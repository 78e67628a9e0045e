// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"sync"
	"time"
)

// Attempts within a window. A token has 128 random bits and is not guessed: the limits spare the mail server
// and the people behind it. A host may be a whole office, or a proxy.
const (
	limitWindow      = 5 * time.Minute
	asksFromOneHost  = 60
	asksOfOneAddress = 10
	linksFromOneHost = 10
	// mostCounted bounds the memory; past it the windows that are over are forgotten.
	mostCounted = 10_000
)

// limits count attempts, each in a window that begins with the first.
type limits struct {
	mu    sync.Mutex
	spent map[string]window
}

type window struct {
	n    int
	ends time.Time
}

func newLimits() *limits { return &limits{spent: map[string]window{}} }

// take counts an attempt and says whether it is within the limit.
func (l *limits) take(key string, most int, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.spent) >= mostCounted {
		for k, w := range l.spent {
			if !now.Before(w.ends) {
				delete(l.spent, k)
			}
		}
	}
	w := l.current(key, now)
	w.n++
	l.spent[key] = w
	return w.n <= most
}

// left says whether another attempt is within the limit, and counts none.
func (l *limits) left(key string, most int, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current(key, now).n < most
}

func (l *limits) current(key string, now time.Time) window {
	if w, ok := l.spent[key]; ok && now.Before(w.ends) {
		return w
	}
	return window{ends: now.Add(limitWindow)}
}
