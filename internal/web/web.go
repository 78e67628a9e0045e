// SPDX-License-Identifier: EUPL-1.2

// Package web is what the pages of all services share: the layout and its style
// sheet, texts in two languages, Swedish dates and numbers, figures as SVG with their
// table twins, the viewer of a request, security headers, and problem+json.
//
// It promises that a page needs no script and no other host, that a figure never
// stands without its numbers as text, and that what a browser is told forbids
// everything a page does not use.
//
// It does not read data, decide who may see what (services/access puts the viewer
// into the request) or know what an incident is.
//
// A page that cannot be rendered answers 500 with a page that says so; nothing half
// rendered is sent.
package web

import (
	"context"
	"net/http"

	"samsyn/internal/pg"
)

// Guard wraps what only a signed-in viewer may reach. services/access makes it, cmd
// hands it to the services, which do not know each other. A guarded handler always
// finds a Visit in its request.
type Guard func(http.Handler) http.Handler

// Visit is who looks and what may be looked at.
type Visit struct {
	// Viewer goes into every transaction (pg.InTx). Its Municipality is the one that is
	// looked at.
	Viewer pg.Viewer
	// Choices are the municipalities the viewer may look at, by name; never empty.
	Choices []Choice
}

// Choice is a municipality that can be looked at.
type Choice struct {
	Municipality, Name string
	MadeUp             bool
}

type visitKey struct{}

// WithVisit puts the visit into a request's context.
func WithVisit(ctx context.Context, v Visit) context.Context {
	return context.WithValue(ctx, visitKey{}, v)
}

// VisitOf is the visit of a guarded request, and false for any other.
func VisitOf(ctx context.Context) (Visit, bool) {
	v, ok := ctx.Value(visitKey{}).(Visit)
	return v, ok
}

// May says whether the visit may look at a municipality.
func (v Visit) May(municipality string) bool {
	for _, c := range v.Choices {
		if c.Municipality == municipality {
			return true
		}
	}
	return false
}

// policy forbids what no page uses. Figures are SVG in the page and carry their looks in classes and presentation
// attributes, so no inline style is needed.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; script-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Headers sets what every page says to the browser: no script or style from elsewhere or inline, no frame, no sniffing,
// no referrer, nothing stored.
func Headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
