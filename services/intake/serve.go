// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"errors"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
)

// handler answers one request of an agency. What it returns is its whole conversation about what went wrong: problem()
// turns it into an answer. A handler that has begun to write returns nil.
type handler func(w http.ResponseWriter, r *http.Request, who grant) error

// serve is what every request goes through, in this order: headers, key, rate, Idempotency-Key, the handler, the error.
func (s *Service) serve(o operation) http.Handler {
	name := o.Method + " " + o.Path[len(Base):]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		// Whatever the server's own limits are: a store that stalls must still be answered for. Streams move this on.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerWithin))
		watched := &watchedWriter{ResponseWriter: w}
		began := s.now()
		defer func() { s.metrics.request(name, watched.status, s.now().Sub(began)) }()
		if o.open != nil {
			o.open(watched, r)
			return
		}
		var who grant
		if err := s.answer(watched, r, o, &who); err != nil {
			s.refuse(watched, r, name, who, err)
		}
	})
}

func (s *Service) answer(w *watchedWriter, r *http.Request, o operation, who *grant) (err error) {
	defer func() {
		if stopped := recover(); stopped != nil {
			if abort, ok := stopped.(error); ok && errors.Is(abort, http.ErrAbortHandler) {
				panic(stopped)
			}
			err = &panicError{value: stopped, stack: debug.Stack()}
		}
	}()
	now := s.now()
	if *who, err = s.authorise(r, now); err != nil {
		return err
	}
	if err := s.limits.take(*who, now); err != nil {
		return err
	}
	if o.once {
		return s.once(w, r, *who, o.keyed)
	}
	return o.keyed(w, r, *who)
}

// refuse writes what went wrong, once, and logs what is ours or concerns security. After the first byte of an answer there
// is no honest way to go on: the connection is cut and the sender sends again.
func (s *Service) refuse(w *watchedWriter, r *http.Request, route string, who grant, err error) {
	p := problem(err)
	if p.Status >= http.StatusInternalServerError || p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden {
		p.Instance = "urn:uuid:" + uuid.NewString()
		s.log.Log(r.Context(), level(p.Status), "request refused", "route", route, "municipality", who.municipality, "agency", who.agency,
			"status", p.Status, "code", p.Code, "instance", p.Instance, "remote", r.RemoteAddr, "error", err)
	}
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	p.Write(w, r)
}

// watchedWriter remembers the status of the answer; 0 is none yet.
type watchedWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and passes it on.
func (w *watchedWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write passes on; an answer without a status is 200.
func (w *watchedWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// problemOf is web.Problem where err is one.
func problemOf(err error) (web.Problem, bool) {
	p, ok := err.(web.Problem) //nolint:errorlint // handlers return it bare; a wrapped one would hide its cause from the log
	return p, ok
}

const (
	// stallTime is how long a sender may be silent in the middle of a body, and a reader may leave an answer unread.
	stallTime = time.Minute
	// answerWithin is longer than anything here waits for: a body, a stalled store, a waiting reader.
	answerWithin = 3 * time.Minute
)
