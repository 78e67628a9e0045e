// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:embed templates
var templateFiles embed.FS

// Page is what the layout needs of a page; the data of every page template has it as
// member Page.
type Page struct {
	Locale
	Title string
	// Visit is who looks; its zero value is nobody, for pages before signing in.
	Visit Visit
	// Notices stand above the page: made up, a clock that is replayed.
	Notices []string

	address *url.URL
}

// NewPage makes a page for a request.
func NewPage(r *http.Request, l Locale, title string) Page {
	visit, _ := VisitOf(r.Context())
	return Page{Locale: l, Title: title, Visit: visit, address: r.URL}
}

// LanguageOf is the language a page is asked for in: English with ?lang=en, else
// Swedish, so that an address always gives the same page.
func LanguageOf(r *http.Request) string {
	if r.URL.Query().Get("lang") == english {
		return english
	}
	return swedish
}

// SignedIn says whether somebody is looking.
func (p Page) SignedIn() bool { return len(p.Visit.Choices) > 0 }

// Choices are the municipalities to change to; none if there is but one.
func (p Page) Choices() []Choice {
	if len(p.Visit.Choices) < 2 {
		return nil
	}
	return p.Visit.Choices
}

// StyleSheet is the address of the style sheet, new whenever the sheet is.
func (p Page) StyleSheet() string { return styleSheet().path }

// OtherLang is the language the page can be changed to.
func (p Page) OtherLang() string {
	if p.Lang == english {
		return swedish
	}
	return english
}

// OtherLanguage is this page's address in the other language.
func (p Page) OtherLanguage() string {
	return p.address.Path + Query(p.address.Query(), "lang", p.OtherLang())
}

// Home is the query of the overview: municipality and language are kept.
func (p Page) Home() template.URL {
	return template.URL(Query(url.Values{}, "m", p.Visit.Viewer.Municipality, "lang", p.Lang)) // encoded by Query
}

// NavLink is a page to go to.
type NavLink struct {
	Href, Text string
	// Current is the page that is shown, or one below it.
	Current bool
}

// Nav are the pages that the viewer may open, in the reader's language; municipality and language are kept.
func (p Page) Nav() []NavLink {
	links := make([]NavLink, len(p.Visit.Nav))
	for i, item := range p.Visit.Nav {
		text := item.Text.SV
		if p.Lang == english {
			text = item.Text.EN
		}
		current := p.address.Path == item.Href || item.Href != "/" && strings.HasPrefix(p.address.Path, item.Href+"/")
		links[i] = NavLink{Href: item.Href + string(p.Home()), Text: text, Current: current}
	}
	return links
}

// Query writes a query with some parameters set anew; empty ones and lang=sv, which is
// the default, are left out.
func Query(q url.Values, set ...string) string {
	next := url.Values{}
	for name, values := range q {
		next[name] = values
	}
	for i := 0; i+1 < len(set); i += 2 {
		next.Set(set[i], set[i+1])
	}
	for name := range next {
		if v := next.Get(name); v == "" || name == "lang" && v == swedish {
			next.Del(name)
		}
	}
	if len(next) == 0 {
		return ""
	}
	return "?" + next.Encode()
}

// Templates are page templates in the layout.
type Templates struct {
	pages  map[string]*template.Template
	logger *slog.Logger
}

// NewTemplates reads *.html of a file system: each defines "main", shown in the layout,
// and may use "figure" and "table". A nil file system has none: there are still
// messages. An error is a template that cannot be read.
func NewTemplates(pages fs.FS, logger *slog.Logger) (*Templates, error) {
	t := &Templates{pages: map[string]*template.Template{}, logger: logger}
	var names []string
	if pages != nil {
		var err error
		if names, err = fs.Glob(pages, "*.html"); err != nil {
			return nil, fmt.Errorf("list templates: %w", err)
		}
	}
	for _, name := range names {
		page, err := template.ParseFS(templateFiles, "templates/layout.html", "templates/figure.html")
		if err == nil {
			page, err = page.ParseFS(pages, name)
		}
		if err != nil {
			return nil, fmt.Errorf("read template %s: %w", name, err)
		}
		t.pages[strings.TrimSuffix(name, ".html")] = page
	}
	message, err := template.ParseFS(templateFiles, "templates/layout.html", "templates/message.html")
	if err != nil {
		return nil, fmt.Errorf("read template message: %w", err)
	}
	t.pages[messagePage] = message
	return t, nil
}

const messagePage = "\x00message"

// Render answers with a page. What cannot be rendered is logged and answered with 500;
// nothing half rendered is sent.
func (t *Templates) Render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	body, err := t.execute(name, data)
	if err != nil {
		t.logger.ErrorContext(r.Context(), "page not rendered", "page", name, "error", err)
		t.Error(w, r, http.StatusInternalServerError)
		return
	}
	Send(w, r, status, "text/html; charset=utf-8", body)
}

func (t *Templates) execute(name string, data any) ([]byte, error) {
	page, ok := t.pages[name]
	if !ok {
		return nil, fmt.Errorf("there is no page %q", name)
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "layout", data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Message is a page of a few sentences with a way on.
type Message struct {
	Page Page
	Text []string
	Code string // something to type, as it is typed
	Way  *Link
}

// Message answers with a page of a few sentences.
func (t *Templates) Message(w http.ResponseWriter, r *http.Request, status int, m Message) {
	body, err := t.execute(messagePage, m)
	if err != nil { // the template is ours and tested: there is no page left to say it on
		t.logger.ErrorContext(r.Context(), "message not rendered", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	Send(w, r, status, "text/html; charset=utf-8", body)
}

// Error answers with what the status means for a person: 403, 404, 503, and 500 for
// everything else.
func (t *Templates) Error(w http.ResponseWriter, r *http.Request, status int) {
	l := NewLocale(LanguageOf(r), Texts(), nil)
	key := "error.500"
	if status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusServiceUnavailable {
		key = "error." + strconv.Itoa(status)
	}
	t.Message(w, r, status, Message{
		Page: NewPage(r, l, l.T(key+".title")), Text: []string{l.T(key + ".text")}, Way: &Link{Href: "/" + Query(url.Values{}, "lang", l.Lang), Text: l.T("error.way")},
	})
}

// compressFrom is the size from which a body is worth compressing.
const compressFrom = 1400

// Send writes a body, compressed if the reader takes gzip. Bodies hold no secret that a
// request could be made to repeat, so their length gives nothing away (BREACH).
func Send(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Add("Vary", "Accept-Encoding")
	if len(body) >= compressFrom && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed+2) // a constant level within range
		_, _ = z.Write(body)                              // a buffer takes everything
		_ = z.Close()
		h.Set("Content-Encoding", "gzip")
		body = b.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may be gone; there is nobody left to tell
	}
}

// NoticesOf are what stands above every page about a municipality whose data is made up, or replayed: then asOf is its clock.
func NoticesOf(l Locale, name string, madeUp bool, asOf *time.Time) []string {
	var out []string
	if madeUp {
		out = append(out, l.T("notice.madeup", name))
	}
	if asOf != nil {
		out = append(out, l.T("notice.replay", l.LongDay(*asOf), l.Clock(*asOf)))
	}
	return out
}
