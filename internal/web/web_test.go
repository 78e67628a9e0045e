// SPDX-License-Identifier: EUPL-1.2

package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
)

func TestTextsAreThereInBothLanguages(t *testing.T) {
	// The keys of error pages are made of a status; the text of the layout is also that of other packages' pages.
	webtest.Catalogue(t, ".", web.Texts(), nil, "error.")
}

// What a browser is allowed is what an intruder's text in a page could use.
func TestHeadersForbidWhatNoPageUses(t *testing.T) {
	w := httptest.NewRecorder()
	web.Headers(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %q allows too much", policy)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The sheet is one for all pages and loads over a phone's network.
func TestStyleSheetIsSmallAndKept(t *testing.T) {
	page := web.NewPage(httptest.NewRequest(http.MethodGet, "/", nil), web.NewLocale("sv", web.Texts(), nil), "x")
	r := httptest.NewRequest(http.MethodGet, page.StyleSheet(), nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	web.Assets().ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if n := w.Body.Len(); n > 12<<10 {
		t.Errorf("style sheet is %d bytes compressed, at most 12 KB", n)
	}
	w = httptest.NewRecorder()
	web.Assets().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/assets/style.000000000000.css", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("an old address answers %d", w.Code)
	}
}

func templates(t *testing.T, body string) *web.Templates {
	t.Helper()
	all, err := web.NewTemplates(fstest.MapFS{"x.html": {Data: []byte(body)}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

type simple struct{ Page web.Page }

func render(t *testing.T, body, target string, visit web.Visit) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r = r.WithContext(web.WithVisit(r.Context(), visit))
	w := httptest.NewRecorder()
	page := web.NewPage(r, web.NewLocale(web.LanguageOf(r), web.Texts(), time.UTC), "Sida")
	templates(t, body).Render(w, r, http.StatusOK, "x", simple{page})
	return w
}

// The language link and the way home must keep what is looked at.
func TestLayoutKeepsMunicipalityAndLanguage(t *testing.T) {
	visit := web.Visit{Viewer: pg.Viewer{Municipality: "0780"}, Choices: []web.Choice{{"0780", "Växjö", true}, {"us-sf", "San Francisco", false}}}
	body := render(t, `{{define "main"}}<h1>Hej</h1>{{end}}`, "/?m=0780&week=2026-W47&lang=en", visit).Body.String()
	for _, want := range []string{
		`<html lang="en">`, `href="/?lang=en&amp;m=0780"`, `href="/?m=0780&amp;week=2026-W47" lang="sv"`, `<option value="0780" selected>Växjö (made up)</option>`,
		`<main id="main"`, `href="#main"`, `name="lang" value="en"`, `action="/sign-out"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s\n%s", want, body)
		}
	}
	nobody := render(t, `{{define "main"}}<h1>Hej</h1>{{end}}`, "/", web.Visit{}).Body.String()
	if strings.Contains(nobody, "sign-out") || strings.Contains(nobody, "<select") || !strings.Contains(nobody, `<html lang="sv">`) {
		t.Errorf("page for nobody offers too much:\n%s", nobody)
	}
}

// Who is lost looks on top; who hears the page is told where they are.
func TestThePageOneIsOnIsMarked(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/atgarder/17?lang=en", nil)
	visit := web.Visit{Viewer: pg.Viewer{Municipality: "0780"}, Nav: []web.NavItem{
		{Href: "/", Text: events.Text{SV: "Översikt", EN: "Overview"}},
		{Href: "/atgarder", Text: events.Text{SV: "Åtgärder", EN: "Actions"}},
		{Href: "/atg", Text: events.Text{SV: "Annat", EN: "Other"}},
	}}
	r = r.WithContext(web.WithVisit(r.Context(), visit))
	page := web.NewPage(r, web.NewLocale(web.LanguageOf(r), web.Texts(), nil), "x")
	want := []web.NavLink{
		{Href: "/?lang=en&m=0780", Text: "Overview"},
		{Href: "/atgarder?lang=en&m=0780", Text: "Actions", Current: true},
		{Href: "/atg?lang=en&m=0780", Text: "Other"},
	}
	if got := page.Nav(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Half a page with a 200 would be taken for a calm week.
func TestNothingHalfRenderedIsSent(t *testing.T) {
	w := render(t, `{{define "main"}}<h1>half</h1>{{.Nothing.There}}{{end}}`, "/", web.Visit{})
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "half") || !strings.Contains(w.Body.String(), "Något gick fel hos oss") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

// A page compresses to a fifth; who does not take gzip gets it plain.
func TestPagesAreCompressedForWhoTakesIt(t *testing.T) {
	long := []byte(strings.Repeat("samma ord ", 1000))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	plain := httptest.NewRecorder()
	web.Send(plain, r, http.StatusOK, "text/plain", long)
	r.Header.Set("Accept-Encoding", "br, gzip")
	packed := httptest.NewRecorder()
	web.Send(packed, r, http.StatusOK, "text/plain", long)
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(unpacked, long) || !bytes.Equal(plain.Body.Bytes(), long) {
		t.Errorf("bodies differ: %v", err)
	}
	if packed.Header().Get("Vary") != "Accept-Encoding" || plain.Header().Get("Vary") != "Accept-Encoding" {
		t.Error("a cache could hand the packed body to who does not take it")
	}
}

func TestQueryLeavesOutWhatIsTheDefault(t *testing.T) {
	q := url.Values{"m": {"0780"}, "lang": {"en"}}
	for _, c := range []struct{ got, want string }{
		{web.Query(q), "?lang=en&m=0780"},
		{web.Query(q, "lang", "sv"), "?m=0780"},
		{web.Query(q, "m", "", "lang", ""), ""},
		{web.Query(nil, "week", "2026-W47"), "?week=2026-W47"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if q.Get("lang") != "en" {
		t.Error("the query that was given has changed")
	}
}

// A place called =HYPERLINK(...) must stay a name when a table is opened in a
// spreadsheet, and numbers must be read as numbers by a Swedish one.
func TestCSVOpensInASwedishSpreadsheet(t *testing.T) {
	table := web.Table{Head: []web.Cell{web.Name("Område"), web.Number("Händelser")}}
	for _, name := range []string{"=1+1", "+1", "-1", "@x", "\t=1", "  =1", "\u200b=1", "＝1", "Torget; norra", `"Torget"`} {
		table.Rows = append(table.Rows, []web.Cell{web.Name(name), web.Number("12\u00a0345,6")})
	}
	table.Rows = append(table.Rows, []web.Cell{web.Name("Sjötorp"), web.Number("\u22123")}, []web.Cell{web.Name("Okänt"), web.Number("\u2013")})
	got := string(table.CSV())
	want := "\ufeffOmråde;Händelser\r\n'=1+1;12345,6\r\n'+1;12345,6\r\n'-1;12345,6\r\n'@x;12345,6\r\n'\t=1;12345,6\r\n'  =1;12345,6\r\n'\u200b=1;12345,6\r\n'＝1;12345,6\r\n" +
		"\"Torget; norra\";12345,6\r\n\"\"\"Torget\"\"\";12345,6\r\nSjötorp;-3\r\nOkänt;\r\n"
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
