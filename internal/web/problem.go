// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"samsyn/events"
	"samsyn/internal/pg"
)

// Problem is what a handler says when it cannot do what was asked, as application/problem+json (RFC 9457) in the reader's
// language. It is an error, so that a handler returns it and one place writes it.
type Problem struct {
	Status     int               // 400-599
	Code       events.Code       // ends the type urn:samsyn:problem:<code>; a word of contracts section 2 or of HTTP
	Title      events.Text       // empty is the code's own message
	Detail     events.Text       // what to do about this occurrence; may be empty
	Reasons    []events.Reason   // each is given with its message in both languages
	Instance   string            // names this occurrence in the log; may be empty
	RetryAfter time.Duration     // 0 is not said; rounded up to whole seconds
	Header     map[string]string // further headers: Allow, WWW-Authenticate, Accept-Post
}

// Error names status and code, for logs; it holds nothing that a sender wrote.
func (p Problem) Error() string { return fmt.Sprintf("problem %d %s", p.Status, p.Code) }

type problemBody struct {
	Type     string             `json:"type"`
	Title    string             `json:"title"`
	Status   int                `json:"status"`
	Code     events.Code        `json:"code"`
	Detail   string             `json:"detail,omitempty"`
	Instance string             `json:"instance,omitempty"`
	Reasons  []events.Explained `json:"reasons,omitempty"`
}

// Write answers r with the problem.
func (p Problem) Write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, value := range p.Header {
		h.Set(name, value)
	}
	h.Set("Content-Type", "application/problem+json; charset=utf-8")
	h.Set("Content-Language", Language(r))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	w.WriteHeader(p.Status)
	// The reader may be gone; there is nobody left to tell.
	_, _ = w.Write(p.JSON(r))
}

// JSON is the body of the problem in the language of r, one line without a line break: the last line of a stream of lines.
func (p Problem) JSON(r *http.Request) []byte {
	title := p.Title
	if title == (events.Text{}) {
		title = p.Code.Message()
	}
	body := problemBody{
		Type: "urn:samsyn:problem:" + string(p.Code), Title: title.SV, Status: p.Status, Code: p.Code,
		Detail: p.Detail.SV, Instance: p.Instance,
	}
	if Language(r) == english {
		body.Title, body.Detail = title.EN, p.Detail.EN
	}
	if len(p.Reasons) > 0 {
		body.Reasons = events.Explain(p.Reasons)
	}
	out, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings and numbers only: a mistake in problemBody itself
	}
	return out
}

const (
	swedish = "sv"
	english = "en"
)

var languages = language.NewMatcher([]language.Tag{language.Swedish, language.English})

// Language is the language to answer r in: "en" when its Accept-Language prefers English to Swedish, else "sv".
func Language(r *http.Request) string {
	_, i := language.MatchStrings(languages, r.Header.Get("Accept-Language"))
	if i == 1 {
		return english
	}
	return swedish
}

// Problems serves mux, and answers as problem+json where mux itself would answer in plain text: 404 for a path it does not
// have, 405 for a method, with Allow.
func Problems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &headOnly{header: http.Header{}, status: http.StatusOK}
		own.ServeHTTP(probe, r)
		p := NotFound()
		if probe.status == http.StatusMethodNotAllowed {
			p = Problem{
				Status: probe.status, Code: "method_not_allowed", Header: map[string]string{"Allow": probe.header.Get("Allow")},
				Title: events.Text{SV: "Adressen tar inte emot den metoden.", EN: "The address does not take that method."},
			}
		}
		p.Write(w, r)
	})
}

// Refuse answers a request of an API that failed, and logs what is our fault. It is the end of every service's error policy: err as the
// Problem that it is, 503 while the database is away, else 500 with an instance that the log names too.
func Refuse(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	var p Problem
	switch {
	case errors.As(err, &p):
	case pg.Class(err) == pg.Infrastructure:
		p = Problem{
			Status: http.StatusServiceUnavailable, Code: "database_away", RetryAfter: 5 * time.Second,
			Title: events.Text{SV: "Databasen svarar inte just nu.", EN: "The database does not answer right now."},
		}
	default:
		p = Problem{
			Status: http.StatusInternalServerError, Code: events.InternalError, Instance: "urn:uuid:" + uuid.NewString(),
			Title: events.Text{SV: "Fel hos oss.", EN: "Our mistake."},
		}
	}
	if p.Status >= http.StatusInternalServerError && p.Status != http.StatusNotImplemented && r.Context().Err() == nil {
		log.ErrorContext(r.Context(), "request refused", "path", r.Pattern, "status", p.Status, "instance", p.Instance, "error", err)
	}
	p.Write(w, r)
}

// NotFound is the answer to whatever is not there, or not there for this reader: the two are never told apart.
func NotFound() Problem {
	return Problem{
		Status: http.StatusNotFound, Code: "not_found",
		Title: events.Text{SV: "Det finns inget här.", EN: "There is nothing here."},
	}
}

// headOnly takes status and headers and forgets the body.
type headOnly struct {
	header http.Header
	status int
}

func (h *headOnly) Header() http.Header         { return h.header }
func (h *headOnly) WriteHeader(status int)      { h.status = status }
func (h *headOnly) Write(p []byte) (int, error) { return len(p), nil }
