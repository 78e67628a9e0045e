// SPDX-License-Identifier: EUPL-1.2

package access_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/mail"
	"samsyn/services/access"
)

const vaxjo events.MunicipalityID = "0780"

// mailbox keeps what would have been sent.
type mailbox struct {
	mu    sync.Mutex
	mails []mail.Message
}

func (b *mailbox) send(_ context.Context, m mail.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	return nil
}

func (b *mailbox) all() []mail.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]mail.Message(nil), b.mails...)
}

func (h *house) agency(code string) {
	h.t.Helper()
	if _, err := h.admin.Exec(h.t.Context(), `INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes)
		VALUES ('0780', $1, $1, '2026-01-01', 0) ON CONFLICT DO NOTHING`, code); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.admin.Exec(h.t.Context(), `INSERT INTO registry.unit (municipality, agency, unit, name)
		VALUES ('0780', $1, 'norr', 'Norr') ON CONFLICT DO NOTHING`, code); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) person(email string, roles ...string) access.Person {
	h.t.Helper()
	h.agency("bostad")
	p, err := h.service.AddPerson(h.t.Context(), access.Person{Municipality: vaxjo, Name: "N " + email, Email: email, Agency: "bostad", Roles: roles}, "test")
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) invite(p access.Person) string {
	h.t.Helper()
	link, _, err := h.service.Invite(h.t.Context(), vaxjo, p.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return link
}

func (h *house) post(address string, form url.Values) (int, string) {
	h.t.Helper()
	response, err := h.browser.PostForm(address, form)
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

// signedIn is a new browser of somebody.
func (h *house) signedIn(p access.Person) {
	h.t.Helper()
	h.newBrowser()
	h.post(h.invite(p), nil)
	if h.cookie() == "" {
		h.t.Fatalf("%s is not signed in", p.Email)
	}
}

func (h *house) want(path string, status int) string {
	h.t.Helper()
	got, body := h.open(h.server.URL + path)
	if got != status {
		h.t.Errorf("%s answers %d, want %d: %s", path, got, status, body)
	}
	return body
}

// Mail scanners open every link before the person does: opening must use nothing up, and the button only once.
func TestAnInvitationIsUsedByItsButtonAndOnce(t *testing.T) {
	h := newHouse(t)
	link := h.invite(h.person("anna@example.org", "member"))
	for range 3 {
		if status, body := h.open(link); status != http.StatusOK || !strings.Contains(body, "<form method=\"post\">") || h.cookie() != "" {
			t.Fatalf("opening answers %d and cookie %q: %s", status, h.cookie(), body)
		}
	}
	if status, body := h.post(link, nil); status != http.StatusOK || body != "true 0780 member 1" {
		t.Errorf("the button answers %d %q", status, body)
	}
	h.newBrowser()
	if status, body := h.post(link, nil); status != http.StatusForbidden || !strings.Contains(body, "Länken gäller inte längre") {
		t.Errorf("the second use answers %d %s", status, body)
	}
	if h.cookie() != "" {
		t.Error("the second use has signed in")
	}
}

// An invitation lies in a mailbox: a new one ends it, and so does a week.
func TestInvitationsEnd(t *testing.T) {
	h := newHouse(t)
	anna := h.person("anna@example.org", "member")
	first := h.invite(anna)
	second := h.invite(anna)
	if status, _ := h.post(first, nil); status != http.StatusForbidden {
		t.Errorf("the invitation before answers %d", status)
	}
	h.now = h.now.Add(7 * 24 * time.Hour)
	if status, _ := h.post(second, nil); status != http.StatusForbidden {
		t.Errorf("after a week it answers %d", status)
	}
	third := h.invite(anna)
	h.now = h.now.Add(7*24*time.Hour - time.Second)
	if status, _ := h.post(third, nil); status != http.StatusOK {
		t.Errorf("before a week it answers %d", status)
	}
}

// A restart of the program on Monday morning must not sign a whole municipality out; what the database holds must not sign in.
func TestSessionsOutliveARestartAndAreHashes(t *testing.T) {
	h := newHouse(t)
	h.signedIn(h.person("anna@example.org", "coordinator"))
	cookie := h.cookie()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "samsyn", Value: cookie})
	if got := answer(h.page(h.newService()), r); got != "true 0780 coordinator 1" {
		t.Errorf("after a restart: %q", got)
	}
	var kept string
	if err := h.admin.QueryRow(t.Context(), `SELECT string_agg(s::text, ' ') || (SELECT string_agg(l::text, ' ') FROM access.link l) FROM access.session s`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(kept, cookie) {
		t.Error("the token itself is stored")
	}
}

// A reading session ends by itself: after two idle hours, or twelve in all. A reporter's telephone stays signed in.
func TestSessionsEndByThemselves(t *testing.T) {
	h := newHouse(t)
	start := h.now
	member, reporter := h.person("anna@example.org", "member"), h.person("per@example.org", "reporter")

	h.signedIn(member)
	h.now = start.Add(2*time.Hour - time.Second)
	h.want("/", http.StatusOK)
	h.now = h.now.Add(2 * time.Hour)
	h.want("/", http.StatusUnauthorized)

	h.now = start
	h.signedIn(member)
	for range 11 {
		h.now = h.now.Add(time.Hour)
		h.want("/", http.StatusOK)
	}
	h.now = start.Add(12 * time.Hour)
	h.want("/", http.StatusUnauthorized)

	h.now = start
	h.signedIn(reporter)
	h.now = start.Add(30*24*time.Hour - time.Second)
	h.want("/rapportera", http.StatusOK)
	h.now = start.Add(30 * 24 * time.Hour)
	h.want("/rapportera", http.StatusUnauthorized)
}

// A telephone that lies about for thirty days reads nothing but its own reports, whatever its person becomes.
func TestAReportersDeviceReachesNothingElse(t *testing.T) {
	h := newHouse(t)
	per := h.person("per@example.org", "reporter")
	h.signedIn(per)
	if body := h.want("/", http.StatusOK); body != "true 0780 reporter 1" { // led to /rapportera
		t.Errorf("the overview leads to %q", body)
	}
	for _, path := range []string{"/personer", "/karantan", "/karantan/x", "/plats/x", "/rapporteramera", "/samsyn/v1/hotspots"} {
		h.want(path, http.StatusForbidden)
	}
	h.want("/rapportera/steg", http.StatusOK)
	if err := h.service.SetRoles(t.Context(), vaxjo, per.ID, []string{"coordinator", "admin"}); err != nil {
		t.Fatal(err)
	}
	h.want("/personer", http.StatusForbidden)
	h.signedIn(per)
	h.want("/personer", http.StatusOK)
	// A role that is taken away is gone at the next page.
	if err := h.service.SetRoles(t.Context(), vaxjo, per.ID, []string{"reporter"}); err != nil {
		t.Fatal(err)
	}
	h.want("/personer", http.StatusForbidden)
}

// An association owns actions and sees neither numbers nor reports, whatever role its people have.
func TestAnAssociationReachesItsActionsAlone(t *testing.T) {
	h := newHouse(t)
	for _, role := range []string{"member", "coordinator"} {
		per := h.person(role+"@example.org", role)
		if _, err := h.admin.Exec(t.Context(), `UPDATE registry.agency SET kind = 'association' WHERE agency = $1`, per.Agency); err != nil {
			t.Fatal(err)
		}
		h.signedIn(per)
		h.want("/atgarder", http.StatusOK)
		for _, path := range []string{"/handelser", "/plats/x", "/samsyn/v1/hotspots"} {
			h.want(path, http.StatusForbidden)
		}
	}
}

// Who is shut out is out at once, by session and by link; so is everybody of an agency that is suspended.
func TestWhoIsShutOutIsOutAtOnce(t *testing.T) {
	h := newHouse(t)
	anna := h.person("anna@example.org", "member")
	h.signedIn(anna)
	unused := h.invite(anna)
	if err := h.service.Disable(t.Context(), vaxjo, anna.ID); err != nil {
		t.Fatal(err)
	}
	h.want("/", http.StatusUnauthorized)
	if status, _ := h.post(unused, nil); status != http.StatusForbidden {
		t.Errorf("a link from before answers %d", status)
	}
	if _, _, err := h.service.Invite(t.Context(), vaxjo, anna.ID); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("a new link: %v", err)
	}
	if err := h.service.Enable(t.Context(), vaxjo, anna.ID); err != nil {
		t.Fatal(err)
	}
	h.want("/", http.StatusUnauthorized)
	h.signedIn(anna)
	h.want("/", http.StatusOK)
	if _, err := h.admin.Exec(t.Context(), `UPDATE registry.agency SET suspended_at = now()`); err != nil {
		t.Fatal(err)
	}
	h.want("/", http.StatusUnauthorized)
}

var linkInMail = regexp.MustCompile(`http://\S+/logga-in/\S+`)

// Who asks with an address learns nothing about it; who reads its mail is let in where they were going.
func TestALinkByMail(t *testing.T) {
	h := newHouse(t)
	h.person("Anna@Example.org", "member")
	h.run(h.service.Run)
	h.want("/plats/1?lang=en", http.StatusUnauthorized)
	_, stranger := h.post(h.server.URL+"/logga-in", url.Values{"email": {"stranger@example.org"}})
	status, known := h.post(h.server.URL+"/logga-in", url.Values{"email": {" anna@example.org"}, "next": {"/plats/1?m=0780"}})
	if status != http.StatusOK || known != stranger || !strings.Contains(known, "Titta i din e-post") {
		t.Errorf("known: %d %s\nunknown: %s", status, known, stranger)
	}
	m := h.waitForMail(1)[0]
	link := linkInMail.FindString(m.Text)
	if m.To != "Anna@Example.org" || link == "" || !strings.Contains(m.Text, "Växjö") {
		t.Fatalf("mail %+v", m)
	}
	response, err := h.browser.PostForm(link, url.Values{"next": {"/plats/1?m=0780"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := response.Request.URL.RequestURI(); got != "/plats/1?m=0780" || response.StatusCode != http.StatusOK {
		t.Errorf("led to %s, %d", got, response.StatusCode)
	}
	// Nobody floods a mailbox: three links in a quarter of an hour.
	for range 5 {
		h.post(h.server.URL+"/logga-in", url.Values{"email": {"anna@example.org"}})
	}
	h.post(h.server.URL+"/logga-in", url.Values{"email": {"second@example.org"}})
	h.person("second@example.org", "member")
	h.now = h.now.Add(time.Second)
	h.post(h.server.URL+"/logga-in", url.Values{"email": {"second@example.org"}})
	all := h.waitForMail(4)
	for n, m := range all {
		if want := "Anna@Example.org"; n < 3 && m.To != want {
			t.Errorf("mail %d is to %s", n, m.To)
		}
	}
	if all[3].To != "second@example.org" {
		t.Errorf("the fourth mail is to %s", all[3].To)
	}
}

// waitForMail returns when so many mails were sent.
func (h *house) waitForMail(n int) []mail.Message {
	h.t.Helper()
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); {
		if all := h.mailbox.all(); len(all) >= n {
			return all
		}
		<-time.After(5 * time.Millisecond)
	}
	h.t.Fatalf("%d mails, want %d", len(h.mailbox.all()), n)
	return nil
}

func (h *house) run(work func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- work(ctx) }()
	h.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			h.t.Errorf("mailing ended: %v", err)
		}
	})
}

// A link leads on only within this site, whatever stands in its address.
func TestALinkLeadsNowhereElse(t *testing.T) {
	h := newHouse(t)
	anna := h.person("anna@example.org", "member")
	h.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for next, want := range map[string]string{
		"https://evil.example/": "/", "//evil.example": "/", "/\\evil.example": "/", "javascript:alert(1)": "/", "": "/",
		"/handelser?m=0780": "/handelser?m=0780", "/%2F%2Fevil.example": "/",
	} {
		response, err := h.browser.PostForm(h.invite(anna), url.Values{"next": {next}})
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got := response.Header.Get("Location"); response.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("next %q leads to %q with %d", next, got, response.StatusCode)
		}
	}
}

// Trying is slow: neither tokens nor addresses are guessed by the thousand.
func TestTryingIsLimited(t *testing.T) {
	h := newHouse(t)
	h.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	anna := h.person("anna@example.org", "member")
	last := 0
	for range 11 {
		last, _ = h.post(h.server.URL+"/logga-in/GUESS", nil)
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the eleventh guess answers %d", last)
	}
	if status, _ := h.post(h.invite(anna), nil); status != http.StatusTooManyRequests {
		t.Errorf("a right link after that answers %d", status)
	}
	h.now = h.now.Add(5 * time.Minute)
	if status, _ := h.post(h.invite(anna), nil); status != http.StatusSeeOther {
		t.Errorf("five minutes later it answers %d", status)
	}
	for range 11 {
		last, _ = h.post(h.server.URL+"/logga-in", url.Values{"email": {"anna@example.org"}})
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the eleventh wish for an address answers %d", last)
	}
	if status, _ := h.post(h.server.URL+"/logga-in", url.Values{"email": {"no address"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("no address answers %d", status)
	}
}

// An administrator adds, invites and shuts out people of the own municipality; another's are not there.
func TestAnAdministratorKeepsPeople(t *testing.T) {
	h := newHouse(t)
	boss := h.person("boss@example.org", "admin", "coordinator")
	h.signedIn(boss)
	people := h.server.URL + "/personer?m=0780"

	status, body := h.post(people, url.Values{"name": {"Per <b>Ek</b>"}, "email": {"per@example.org"}, "place": {"bostad/norr"}, "role": {"reporter"}})
	if status != http.StatusOK || !strings.Contains(body, "Per &lt;b&gt;Ek&lt;/b&gt;") || !strings.Contains(body, "bostad, Norr") {
		t.Fatalf("adding answers %d %s", status, body)
	}
	per, err := h.service.PersonByEmail(t.Context(), vaxjo, "PER@example.org")
	if err != nil || per.Unit != "norr" || per.Roles[0] != "reporter" {
		t.Fatalf("%+v %v", per, err)
	}
	for field, form := range map[string]url.Values{
		"name":   {"email": {"x@example.org"}, "place": {"bostad"}, "role": {"member"}},
		"email":  {"name": {"X"}, "email": {"per@EXAMPLE.org"}, "place": {"bostad"}, "role": {"member"}},
		"agency": {"name": {"X"}, "email": {"x@example.org"}, "role": {"member"}},
		"roles":  {"name": {"X"}, "email": {"x@example.org"}, "place": {"bostad"}, "role": {"king"}},
	} {
		if status, body := h.post(people, form); status != http.StatusUnprocessableEntity || !strings.Contains(body, `<a href="#`+field+`">`) {
			t.Errorf("a wrong %s answers %d %s", field, status, body)
		}
	}

	status, body = h.post(h.server.URL+"/personer/"+per.ID.String()+"/lank?m=0780", nil)
	link := linkInMail.FindString(strings.ReplaceAll(body, "<", " "))
	if status != http.StatusOK || link == "" {
		t.Fatalf("a link: %d %s", status, body)
	}
	if status, body = h.post(h.server.URL+"/personer/"+per.ID.String()+"/stang?m=0780", nil); status != http.StatusOK || !strings.Contains(body, "Avstängd") {
		t.Errorf("shutting out answers %d %s", status, body)
	}
	if status, body = h.post(h.server.URL+"/personer/"+per.ID.String()+"/oppna?m=0780", nil); status != http.StatusOK || strings.Contains(body, "Avstängd") {
		t.Errorf("letting in answers %d %s", status, body)
	}
	if status, _ = h.post(h.server.URL+"/personer/"+boss.ID.String()+"/stang?m=0780", nil); status != http.StatusForbidden {
		t.Errorf("shutting oneself out answers %d", status)
	}
	h.want("/personer?m=us-sf", http.StatusNotFound)
	// A page names its own address in the link to the other language; nothing else may differ.
	const nobody = "0193fafa-0000-7000-8000-000000000000"
	_, unknown := h.post(h.server.URL+"/personer/"+nobody+"/lank?m=us-sf", nil)
	status, foreign := h.post(h.server.URL+"/personer/"+per.ID.String()+"/lank?m=us-sf", nil)
	if status != http.StatusNotFound || strings.ReplaceAll(foreign, per.ID.String(), nobody) != unknown {
		t.Errorf("in another municipality: %d %s", status, foreign)
	}
}

// Groups are kept by code; a member that is not there is refused.
func TestGroupsHaveMembersThatExist(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	anna := h.person("anna@example.org", "member")
	for _, err := range []error{
		h.service.SetGroup(ctx, vaxjo, "centrum", "Cent"), h.service.SetGroup(ctx, vaxjo, "centrum", "Centrum"),
		h.service.Join(ctx, vaxjo, "centrum", "bostad"), h.service.Join(ctx, vaxjo, "centrum", "bostad"), h.service.JoinPerson(ctx, vaxjo, "centrum", anna.ID),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := h.service.Join(ctx, vaxjo, "centrum", "nobody"); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("an agency that is not there: %v", err)
	}
	if err := h.service.Join(ctx, vaxjo, "nothing", "bostad"); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("a group that is not there: %v", err)
	}
	groups, err := h.service.Groups(ctx, vaxjo)
	if err != nil || len(groups) != 1 || groups[0].Name != "Centrum" || strings.Join(groups[0].Agencies, " ") != "bostad" || groups[0].People[0] != "anna@example.org" {
		t.Errorf("%+v %v", groups, err)
	}
	if err := errors.Join(h.service.Leave(ctx, vaxjo, "centrum", "bostad"), h.service.LeavePerson(ctx, vaxjo, "centrum", anna.ID)); err != nil {
		t.Fatal(err)
	}
	if groups, err = h.service.Groups(ctx, vaxjo); err != nil || len(groups[0].Agencies)+len(groups[0].People) != 0 {
		t.Errorf("%+v %v", groups, err)
	}
}
