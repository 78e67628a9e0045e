// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
)

const (
	answerKept = 24 * time.Hour
	// After so long without an answer whoever took a key is taken to have died over it.
	claimKept     = 2 * time.Minute
	claimRetry    = 2 * time.Second
	concludeWait  = 5 * time.Second
	maxKeyedLines = 10_000
)

// once answers a request that carries an Idempotency-Key the first time, and from then on repeats that answer for 24 hours.
// What could not be decided (409, 429, 5xx) is not kept: the next attempt is made anew, and identity counts an event once
// whatever happens here.
func (s *Service) once(w http.ResponseWriter, r *http.Request, who grant, h handler) error {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return h(w, r, who)
	}
	key := keys[0]
	if len(keys) > 1 || !validKey(key) {
		return badParameter("Idempotency-Key", "ett värde med 1-128 synliga ASCII-tecken", "one value of 1-128 visible ASCII characters")
	}
	done, err := s.limits.array(r.Context().Done())
	if err != nil {
		return err
	}
	defer done()
	body, err := keyedBody(w, r)
	if err != nil {
		return err
	}
	fingerprint := fingerprintOf(r, body)
	claim, now := uuid.New(), s.now()
	found, err := s.store.claim(r.Context(), who, key, fingerprint, claim, now)
	switch {
	case err != nil:
		return err
	case found.ours:
		r.Body = memoryBody{bytes.NewReader(body)}
		return s.answerOnce(w, r, who, h, key, claim)
	case !bytes.Equal(found.fingerprint, fingerprint[:]):
		return web.Problem{Status: http.StatusUnprocessableEntity, Code: events.IdempotencyConflict}
	case found.answer == nil:
		return web.Problem{
			Status: http.StatusConflict, Code: "in_progress", RetryAfter: claimRetry,
			Title: text("Ett anrop med samma Idempotency-Key besvaras just nu.", "A request with the same Idempotency-Key is being answered."),
		}
	}
	w.Header().Set("Idempotency-Replayed", "true")
	found.answer.write(w)
	return nil
}

// answerOnce lets the handler write into memory, stores what it wrote, and then gives it.
func (s *Service) answerOnce(w http.ResponseWriter, r *http.Request, who grant, h handler, key string, claim uuid.UUID) error {
	kept := &keptAnswer{header: http.Header{}}
	err := h(kept, r, who)
	if p, refusedByUs := problemOf(err); refusedByUs {
		p.Write(kept, r)
		err = nil
	}
	answer := kept.answer()
	storable := err == nil && answer.status < http.StatusInternalServerError &&
		answer.status != http.StatusConflict && answer.status != http.StatusTooManyRequests
	if !storable {
		answer = nil
	}
	// Also when the one who asked has gone: the next attempt shall find the answer.
	detached, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), concludeWait)
	defer cancel()
	if stored := s.store.conclude(detached, who, key, claim, answer); stored != nil {
		// The event is durable: to say otherwise now would be wrong. The claim runs out by itself.
		s.log.Warn("answer not kept", "municipality", who.municipality, "agency", who.agency, "error", stored)
	}
	if err != nil {
		return err
	}
	for name, values := range kept.header {
		w.Header()[name] = values
	}
	kept.answer().write(w)
	return nil
}

func (a *storedAnswer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.contentType)
	if a.language != "" {
		w.Header().Set("Content-Language", a.language)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the reader may be gone; the answer is kept
}

// keyedBody reads the whole body: it must be known before it is known whether it was answered before.
func keyedBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := readBody(w, r, maxArrayBytes)
	if err != nil {
		return nil, err
	}
	if bytes.Count(body, []byte{'\n'}) > maxKeyedLines {
		return nil, tooLarge(text("Med Idempotency-Key får en ström ha högst 10 000 rader. Utelämna nyckeln: varje rad räknas en gång ändå.",
			"With an Idempotency-Key a stream may have at most 10,000 lines. Leave the key out: each line counts once all the same."))
	}
	return body, nil
}

// memoryBody is a body that has been read already, and has its room.
type memoryBody struct{ *bytes.Reader }

// Close does nothing: there is no connection behind it.
func (memoryBody) Close() error { return nil }

func validKey(key string) bool {
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return len(key) >= 1 && len(key) <= 128
}

// fingerprintOf tells one request from another. Every part is led by its length, so that no two requests run together.
func fingerprintOf(r *http.Request, body []byte) [32]byte {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type")} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes everything
	}
	h.Write(body)
	return [32]byte(h.Sum(nil))
}

// keptAnswer is a ResponseWriter in memory.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the header of the answer.
func (k *keptAnswer) Header() http.Header { return k.header }

// WriteHeader sets the status, once.
func (k *keptAnswer) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write adds to the body.
func (k *keptAnswer) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

func (k *keptAnswer) answer() *storedAnswer {
	return &storedAnswer{
		status: k.status, contentType: k.header.Get("Content-Type"), language: k.header.Get("Content-Language"),
		body: append([]byte{}, k.body.Bytes()...),
	}
}
