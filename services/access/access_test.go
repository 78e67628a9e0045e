// SPDX-License-Identifier: EUPL-1.2

package access_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
	"samsyn/services/access"
)

func TestTextsAreThereInBothLanguages(t *testing.T) {
	webtest.Catalogue(t, ".", access.Texts(), web.Texts(), "sent.", "toomany.", "signedout.", "empty.", "role.", "does.")
}

// house is a running server with one guarded page, and a browser.
type house struct {
	t       *testing.T
	service *access.Service
	admin   *pgx.Conn
	pool    *pgxpool.Pool
	server  *httptest.Server
	browser *http.Client
	mailbox mailbox
	now     time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	config := testenv.Postgres(t)
	admin, err := pgx.Connect(t.Context(), config.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	pool, err := pg.Open(t.Context(), config, pg.RoleAccess, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	h := &house{t: t, admin: admin, pool: pool, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	mux := http.NewServeMux()
	h.server = httptest.NewServer(mux)
	t.Cleanup(h.server.Close)
	h.service = h.newService()
	h.service.Routes(mux)
	mux.Handle("/", h.page(h.service))
	h.municipality("us-sf", "San Francisco", false)
	h.municipality("0780", "Växjö", true)
	h.newBrowser()
	return h
}

// newService is another start of the same program: what it knows it has from the database.
func (h *house) newService() *access.Service {
	h.t.Helper()
	s, err := access.New(h.pool, access.Config{
		PublicURL: h.server.URL, LinkCommand: "samsyn link", Now: func() time.Time { return h.now }, Pages: pages, Send: h.mailbox.send,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// page is a guarded page that says who looks.
func (h *house) page(s *access.Service) http.Handler {
	return s.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visit, ok := web.VisitOf(r.Context())
		_, _ = fmt.Fprintf(w, "%t %s %s %d", ok, visit.Viewer.Municipality, visit.Viewer.Roles[0], len(visit.Choices))
	}))
}

// pages stand in for those of the services.
var pages = []web.NavItem{
	{Href: "/", Text: events.Text{SV: "Översikt", EN: "Overview"}, Act: web.ActNumbers},
	{Href: "/rapportera", Text: events.Text{SV: "Rapportera", EN: "Report"}, Act: web.ActReport},
	{Href: "/atgarder", Text: events.Text{SV: "Åtgärder", EN: "Actions"}, Act: web.ActOwnActions},
	{Href: "/karantan", Text: events.Text{SV: "Karantän", EN: "Quarantine"}, Act: web.ActLead},
	{Href: "/personer", Text: events.Text{SV: "Personer", EN: "People"}, Act: web.ActAdmin},
}

func (h *house) newBrowser() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.browser = &http.Client{Jar: jar}
}

func (h *house) municipality(code, name string, madeUp bool) {
	h.t.Helper()
	if _, err := h.admin.Exec(h.t.Context(), `INSERT INTO registry.municipality (municipality, name, epsg, history_from, made_up, created_at)
		VALUES ($1, $2, 3006, '2026-01-01', $3, now())`, code, name, madeUp); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) open(address string) (int, string) {
	h.t.Helper()
	response, err := h.browser.Get(address)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

const in = "true 0780 coordinator 2" // a Swedish municipality comes first

// The link on the terminal is the whole sign-in: it must work once, for the one who
// reads the terminal, and never again.
func TestALinkSignsInOnce(t *testing.T) {
	h := newHouse(t)
	if status, body := h.open(h.server.URL); status != http.StatusUnauthorized || !strings.Contains(body, "Logga in") || !strings.Contains(body, "samsyn link") {
		t.Fatalf("%d %s", status, body)
	}
	link := h.service.Link()
	if status, body := h.open(link); status != http.StatusOK || body != in {
		t.Fatalf("%d %q, want %q", status, body, in)
	}
	if status, body := h.open(h.server.URL + "/anything"); status != http.StatusOK || body != in {
		t.Errorf("the session does not last: %d %q", status, body)
	}
	h.newBrowser()
	if status, body := h.open(link); status != http.StatusForbidden || !strings.Contains(body, "Länken gäller inte längre") {
		t.Errorf("a used link answers %d %s", status, body)
	}
	if status, _ := h.open(h.server.URL); status != http.StatusUnauthorized {
		t.Errorf("a used link has signed in: %d", status)
	}
}

// A link that lies in a scroll-back for a day signs nobody in.
func TestALinkDiesAfterAQuarterOfAnHour(t *testing.T) {
	h := newHouse(t)
	old := h.service.Link()
	h.now = h.now.Add(15 * time.Minute)
	if status, _ := h.open(old); status != http.StatusForbidden {
		t.Errorf("an old link answers %d", status)
	}
	fresh := h.service.Link()
	h.now = h.now.Add(15*time.Minute - time.Second)
	if status, _ := h.open(fresh); status != http.StatusOK {
		t.Errorf("a link of fourteen minutes answers %d", status)
	}
	for _, token := range []string{"", "x", url.QueryEscape(fresh)} {
		if status, _ := h.open(h.server.URL + "/sign-in?token=" + token); status != http.StatusForbidden {
			t.Errorf("token %q answers %d", token, status)
		}
	}
}

// Whoever plants a session id before the sign-in must gain nothing by it.
func TestSigningInGivesANewSession(t *testing.T) {
	h := newHouse(t)
	h.open(h.service.Link())
	first := h.cookie()
	h.open(h.service.Link())
	if second := h.cookie(); second == "" || second == first {
		t.Errorf("session %q after %q", second, first)
	}
	h.newBrowser()
	address, err := url.Parse(h.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	h.browser.Jar.SetCookies(address, []*http.Cookie{{Name: "samsyn", Value: first}})
	if status, _ := h.open(h.server.URL); status != http.StatusUnauthorized {
		t.Errorf("the session before the new sign-in still answers %d", status)
	}
}

func (h *house) cookie() string {
	h.t.Helper()
	address, err := url.Parse(h.server.URL)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range h.browser.Jar.Cookies(address) {
		if c.Name == "samsyn" {
			return c.Value
		}
	}
	return ""
}

func (h *house) signOut(origin string) int {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.server.URL+"/sign-out", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	response, err := h.browser.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// Another site may not sign anybody out, or change anything else.
func TestOnlyOwnPagesChangeAnything(t *testing.T) {
	h := newHouse(t)
	h.open(h.service.Link())
	if status := h.signOut("https://evil.example"); status != http.StatusForbidden {
		t.Errorf("another site's sign-out answers %d", status)
	}
	if status, _ := h.open(h.server.URL); status != http.StatusOK {
		t.Fatalf("signed out by another site: %d", status)
	}
	if status, _ := h.open(h.server.URL + "/sign-out"); status == http.StatusOK && h.cookie() == "" {
		t.Error("a GET has signed out")
	}
	if status := h.signOut(""); status != http.StatusOK {
		t.Errorf("sign-out answers %d", status)
	}
	if status, _ := h.open(h.server.URL); status != http.StatusUnauthorized {
		t.Errorf("still signed in: %d", status)
	}
}

// The cookie is what a thief wants: no script reads it, no other site sends it, and
// over https it is bound to this host.
func TestTheCookieIsKeptClose(t *testing.T) {
	h := newHouse(t)
	cookies := func(s *access.Service) []*http.Cookie {
		mux := http.NewServeMux()
		s.Routes(mux)
		link, err := url.Parse(s.Link())
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, link.RequestURI(), nil))
		return rec.Result().Cookies()
	}
	plain := cookies(h.service)
	if len(plain) != 1 || plain[0].Name != "samsyn" || !plain[0].HttpOnly || plain[0].SameSite != http.SameSiteLaxMode || plain[0].Path != "/" {
		t.Errorf("on loopback: %v", plain)
	}
	secure, err := access.New(h.pool, access.Config{PublicURL: "https://samsyn.example.org/"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secure.Link(), "https://samsyn.example.org/sign-in?token=") {
		t.Errorf("link %s", secure.Link())
	}
	bound := cookies(secure)
	if len(bound) != 1 || bound[0].Name != "__Host-samsyn" || !bound[0].Secure || !bound[0].HttpOnly || bound[0].Domain != "" {
		t.Errorf("over https: %v", bound)
	}
	for _, address := range []string{"http://samsyn.example.org", "samsyn.example.org", "", "ftp://localhost"} {
		if _, err := access.New(h.pool, access.Config{PublicURL: address}); err == nil {
			t.Errorf("%q is taken for an address of pages", address)
		}
	}
}

// It fails closed: without its database nobody is let through, and before there is a
// municipality a page says what to do.
func TestWithoutDatabaseOrMunicipalityNobodyGetsThrough(t *testing.T) {
	h := newHouse(t)
	h.open(h.service.Link())
	if _, err := h.admin.Exec(t.Context(), `DELETE FROM registry.municipality`); err != nil {
		t.Fatal(err)
	}
	if status, body := h.open(h.server.URL); status != http.StatusOK || !strings.Contains(body, "Här finns ingen kommun än") {
		t.Errorf("without a municipality: %d %s", status, body)
	}
	h.pool.Close()
	if status, body := h.open(h.server.URL); status != http.StatusServiceUnavailable || !strings.Contains(body, "Databasen svarar inte") {
		t.Errorf("without a database: %d %s", status, body)
	}
}

func answer(page http.Handler, r *http.Request) string {
	rec := httptest.NewRecorder()
	page.ServeHTTP(rec, r)
	return rec.Body.String()
}
