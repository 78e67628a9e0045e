// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"html/template"
	"net/http"

	"samsyn/internal/web"
)

// panels asks other services what they say of a subject, as the viewer of the municipality that is looked at. A panel that
// fails is logged and left out: a page of numbers does not go because another part is away.
func (s *Service) panels(r *http.Request, all []web.Panel, a ask, subject string) []template.HTML {
	visit, _ := web.VisitOf(r.Context())
	visit.Viewer.Municipality = a.municipality
	var out []template.HTML
	for _, panel := range all {
		part, err := panel(r.Context(), r, visit, a.locale, subject)
		if err != nil {
			s.config.Logger.ErrorContext(r.Context(), "panel not filled", "subject", subject, "error", err)
			continue
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}
