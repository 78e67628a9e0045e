// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/review/paper"
	"samsyn/services/review/workbook"
)

// apiPath is the route of programs.
const apiPath = "/samsyn/v1/situation-reports/{week}"

// made is a file of a frozen report.
type made struct {
	body        []byte
	contentType string
}

// make makes a report of a week as json, xlsx or pdf. Only what is frozen is a file: ErrUnknown for the rest.
func (s *Service) make(r *http.Request, a ask, kind string) (made, error) {
	h, err := s.read(r.Context(), a)
	if err != nil {
		return made{}, err
	}
	if !h.frozen() {
		return made{}, ErrUnknown
	}
	switch kind {
	case "json":
		body, err := asJSON(h.situation)
		return made{body, "application/json"}, err
	case "xlsx":
		body, err := workbook.Write(sheets(h, web.NewLocale(a.lang, web.Texts().With(Texts()), h.zone), s.lexicon))
		return made{body, workbook.Type}, err
	case "pdf":
		body, err := s.print(r, s.compose(h, a))
		return made{body, "application/pdf"}, err
	}
	return made{}, ErrUnknown
}

// asJSON is the stored report, byte for byte, with its hash and the words around it: whoever hashes the value of report finds
// the value of sha256.
func asJSON(s Situation) ([]byte, error) {
	words, err := canonical(s.Words)
	if err != nil {
		return nil, fmt.Errorf("write words: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"sha256":%q,"words":%s,"report":%s}`, s.SHA256, words, s.Body)
	return b.Bytes(), nil
}

// file answers with a report as a file.
func (s *Service) file(w http.ResponseWriter, r *http.Request) {
	a, err := asked(r)
	stem, kind, _ := strings.Cut(r.PathValue("file"), ".")
	var f made
	if err == nil && stem != "lagesbild" {
		err = ErrUnknown
	}
	if err == nil {
		f, err = s.make(r, a, kind)
	}
	switch {
	case errors.Is(err, paper.ErrUnavailable), errors.Is(err, ErrNotOver):
		s.templates.Error(w, r, http.StatusNotFound)
	case err != nil:
		s.fail(w, r, err)
	default:
		attach(w, a, kind)
		web.Send(w, r, http.StatusOK, f.contentType, f.body)
	}
}

// attach names a file after what it holds; every part of the name is a code.
func attach(w http.ResponseWriter, a ask, kind string) {
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="samsyn-lagesbild-%s-%s.%s"`, a.municipality, a.week, kind))
}

// api answers programs: the same files, and problems instead of pages.
func (s *Service) api(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	f, a, kind, err := s.answer(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if kind != "json" {
		attach(w, a, kind)
	}
	web.Send(w, r, http.StatusOK, f.contentType, f.body)
}

func (s *Service) answer(r *http.Request) (made, ask, string, error) {
	kind := or(r.URL.Query().Get("format"), "json")
	if visit, _ := web.VisitOf(r.Context()); !visit.Can(web.ActNumbers) {
		return made{}, ask{}, kind, web.Problem{
			Status: http.StatusForbidden, Code: "forbidden", Title: events.Text{SV: "Ditt uppdrag omfattar inte det.", EN: "Your role does not include that."},
		}
	}
	if kind != "json" && kind != "xlsx" && kind != "pdf" {
		return made{}, ask{}, kind, web.Problem{
			Status: http.StatusBadRequest, Code: events.OutOfRange, Title: events.Text{SV: "Formatet finns inte.", EN: "There is no such format."},
			Detail: events.Text{SV: "format är json, xlsx eller pdf.", EN: "format is json, xlsx or pdf."},
		}
	}
	a, err := asked(r)
	if err != nil {
		return made{}, a, kind, err
	}
	f, err := s.make(r, a, kind)
	return f, a, kind, err
}

// refuse is the whole error policy of the API.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrNotOver):
		err = web.NotFound()
	case errors.Is(err, paper.ErrUnavailable):
		err = web.Problem{
			Status: http.StatusNotImplemented, Code: "no_printer", Title: events.Text{SV: "Servern kan inte göra PDF.", EN: "This server cannot make PDF."},
			Detail: events.Text{SV: "Skriv ut sidan i webbläsaren i stället.", EN: "Print the page in a browser instead."},
		}
	}
	web.Refuse(w, r, s.config.Logger, err)
}

// print makes PDF of a page.
func (s *Service) print(r *http.Request, v view) ([]byte, error) {
	if !s.printer.Available() {
		return nil, paper.ErrUnavailable
	}
	plain := r.Clone(r.Context())
	plain.Method, plain.Header = http.MethodGet, http.Header{}
	var page, style kept
	s.render(&page, plain, http.StatusOK, v)
	address := web.NewPage(plain, v.locale, "").StyleSheet()
	sheet, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for the style sheet: %w", err)
	}
	web.Assets().ServeHTTP(&style, sheet)
	if page.status != http.StatusOK || style.status != http.StatusOK {
		return nil, fmt.Errorf("page to print answers %d, its style sheet %d", page.status, style.status)
	}
	ctx := context.WithoutCancel(r.Context()) // the printer has its own time; a reader who leaves must not leave half a print behind
	return s.printer.Print(ctx, bytes.ReplaceAll(page.body.Bytes(), []byte(`href="`+address+`"`), []byte(`href="style.css"`)), style.body.Bytes())
}

// kept is a response that stays here.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (k *kept) Header() http.Header {
	if k.header == nil {
		k.header = http.Header{}
	}
	return k.header
}

// WriteHeader implements http.ResponseWriter.
func (k *kept) WriteHeader(status int) { k.status = status }

// Write implements http.ResponseWriter.
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }
