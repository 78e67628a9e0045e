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
	"html/template"
	"net/http"

	"samsyn/events"
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
	// Login is the database login of the viewer's agency: pages that open reports read through it
	// (pg.Agencies.For), with Viewer. Empty for who has no agency, and opens no report.
	Login string
	// Name is how the person is called on pages that only they and their own agency see, and Unit the
	// unit they report for; empty where there is none.
	Name, Unit string
	// Acts are what the viewer may do, as services/access decided.
	Acts map[Act]bool
	// Nav are the pages the viewer may open, in the order in which they stand on top of every page.
	Nav []NavItem
}

// Terminal is the Person of who signed in by the link on the terminal: somebody who runs this machine. It
// reads as an id and no row of contract.person has it.
const Terminal = "00000000-0000-0000-0000-000000000000"

// Act is something a person may do: a row of the roles in contracts.md section 6.
type Act string

// The acts.
const (
	ActReport     Act = "report"      // send, see own reports and feedback
	ActLead       Act = "lead"        // quarantine, keys, units of the own agency
	ActOpen       Act = "open"        // open partners' reports, as sharing allows
	ActNumbers    Act = "numbers"     // numbers, flags, reports of the week
	ActDecide     Act = "decide"      // positions, freeze, meeting, actions
	ActOwnActions Act = "own_actions" // say how the own agency's actions go
	ActAdmin      Act = "admin"       // agencies, areas, agreements, people of a municipality
)

// Can says whether the viewer may do something. Handlers ask it; the database holds them to it.
func (v Visit) Can(a Act) bool { return v.Acts[a] }

// May says whether the visit may look at a municipality.
func (v Visit) May(municipality string) bool {
	for _, c := range v.Choices {
		if c.Municipality == municipality {
			return true
		}
	}
	return false
}

// NavItem is a page of some service that stands on top of every page for who may open it.
type NavItem struct {
	Href string
	Text events.Text
	// Act is what one must be able to do; empty is everybody signed in.
	Act Act
}

// Panel is a part of a page that another service fills: alerting owns the pages of places and weeks,
// review says there what was decided. subject is a flag's id on the page of a place, and a week
// (2026-W47) on the overview. The result is whole HTML of one or more sections; empty shows nothing.
type Panel func(ctx context.Context, r *http.Request, v Visit, l Locale, subject string) (template.HTML, error)

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
