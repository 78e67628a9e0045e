// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
)

func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// lines says what an agency was told, one change a line.
func lines(told []events.Feedback) []string {
	var all []string
	for _, f := range told {
		all = append(all, strings.Join(strings.Fields(fmt.Sprintf("%s/%d %s %s %s %s %s %s", f.Report, f.Change, f.State, f.Week, f.Position, f.Until, f.Measure, f.Action)), " "))
	}
	slices.Sort(all)
	return all
}

// A caretaker's report, from the frozen picture to the lamp that shines: each step is told once, whatever is repeated.
func TestEachChangeIsToldOnce(t *testing.T) {
	nats := testenv.NATS(t)
	p := newPlace(t, nats)
	nats.AddAgency(vaxjo, "bostad")
	nats.AddAgency(vaxjo, "polis")
	p.report("bostad", "b1", "2026-11-20", "")
	p.report("bostad", "b2", "2026-11-20", "")
	p.report("polis", "p1", "2026-11-20", "")
	flag := p.flag([2]string{"bostad", "b1"}, [2]string{"polis", "p1"})
	var wanted []string
	step := func(now string, told ...string) {
		t.Helper()
		for range 3 {
			p.tick(now)
		}
		wanted = append(wanted, told...)
		slices.Sort(wanted)
		want(t, now, lines(p.told("bostad")), wanted)
	}
	step("2026-11-21T12:00:00+01:00")
	p.freeze("2026-11-16", 1, "2026-11-23T10:00:00+01:00", [2]string{"bostad", "b1"}, [2]string{"polis", "p1"})
	step("2026-11-23T10:01:00+01:00", "b1/1 picture 2026-W47")
	p.decide(flag, 1, watch, "2026-11-24T09:30:00+01:00", "2026-11-30")
	step("2026-11-24T09:31:00+01:00", "b1/2 position 2026-W47 watch 2026-W49")
	// Late data makes a second version: what was in the first is not told again.
	p.freeze("2026-11-16", 2, "2026-11-24T10:00:00+01:00", [2]string{"bostad", "b1"}, [2]string{"bostad", "b2"}, [2]string{"polis", "p1"})
	step("2026-11-24T10:01:00+01:00", "b2/1 picture 2026-W47")
	p.decide(flag, 2, act, "2026-11-24T11:00:00+01:00", "")
	step("2026-11-24T11:01:00+01:00", "b1/3 position 2026-W47 act lighting open")
	// A report that comes behind the flag after the decision hears of it, too.
	p.grow(flag, [2]string{"bostad", "b2"})
	step("2026-11-24T12:01:00+01:00", "b2/2 position 2026-W47 act lighting open")
	p.done(flag, "2026-12-03")
	step("2026-12-03T13:00:00+01:00", "b1/4 done 2026-W47 act lighting done", "b2/3 done 2026-W47 act lighting done")
	want(t, "the police", lines(p.told("polis")), []string{
		"p1/1 picture 2026-W47", "p1/2 position 2026-W47 watch 2026-W49", "p1/3 position 2026-W47 act lighting open", "p1/4 done 2026-W47 act lighting done",
	})
	last := p.told("polis")[3]
	want(t, "the text", unbroken(last.Text.SV), "Din rapport ingick i lägesbild v. 47. Beslut: åtgärd (belysning). Åtgärden är klar.")
	if !last.Changed.Equal(at(t, "2026-12-03T13:00:00+01:00")) {
		t.Errorf("changed at %s", last.Changed)
	}
}

// A flag that grows little has no new revision: who reported the same place an hour later, or a day before it was decided about, stands
// not behind the flag and hears all the same. What comes after the decision is not told of it.
func TestWhoReportsAfterAFlagHearsWhatWasDecided(t *testing.T) {
	nats := testenv.NATS(t)
	p := newPlace(t, nats)
	nats.AddAgency(vaxjo, "bostad")
	nats.AddAgency(vaxjo, "polis")
	for report, day := range map[string]string{"b1": "2026-11-20", "b2": "2026-11-20", "b3": "2026-11-23", "b4": "2026-11-25", "b5": "2026-11-20", "b6": "2026-11-20"} {
		p.report("bostad", report, day, "")
	}
	p.report("polis", "p2", "2026-11-21", "")
	p.there("b1", "b2", "b3", "b4", "b5", "b6")
	p.linked("b2", "p2") // the police place it across the street
	p.exec(`UPDATE correlator.report SET grp = 'drugs' WHERE report = 'b5'`)
	p.exec(`UPDATE correlator.report SET counted = false WHERE report = 'b6'`)
	flag := p.flag([2]string{"bostad", "b1"})
	p.decide(flag, 1, act, "2026-11-24T09:30:00+01:00", "")
	p.freeze("2026-11-16", 1, "2026-11-24T10:00:00+01:00", [2]string{"bostad", "b2"}, [2]string{"bostad", "b5"}, [2]string{"polis", "p2"})
	p.freeze("2026-11-23", 1, "2026-11-30T10:00:00+01:00", [2]string{"bostad", "b4"})
	p.tick("2026-11-30T10:01:00+01:00")
	last := func(agency events.AgencyID) (all []string) {
		latest := map[events.ReportID]string{}
		for _, f := range p.told(agency) {
			latest[f.Report] = fmt.Sprintf("%s %s %s", f.Report, f.State, f.Measure)
		}
		return slices.Sorted(maps.Values(latest))
	}
	want(t, "the housing company", last("bostad"), []string{"b1 position lighting", "b2 position lighting", "b3 position lighting", "b4 picture ", "b5 picture "})
	want(t, "the police", last("polis"), []string{"p2 position lighting"})
}

// The process dies between commit and publishing, or between publishing and forgetting; two workers tick at once. The stream holds one.
func TestARepeatIsTheSameMessage(t *testing.T) {
	nats := testenv.NATS(t)
	p := newPlace(t, nats)
	nats.AddAgency(vaxjo, "bostad")
	p.report("bostad", "b1", "2026-11-20", "")
	p.freeze("2026-11-16", 1, "2026-11-23T10:00:00+01:00", [2]string{"bostad", "b1"})
	connected := p.service.conn
	p.service.conn = nil
	p.tick("2026-11-23T10:01:00+01:00") // committed, not published
	want(t, "told without a bus", len(p.told("bostad")), 0)
	rows, err := p.service.store.outgoing(t.Context(), vaxjo, 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	p.service.conn = connected
	if err := p.service.publishTo(t.Context(), vaxjo, "bostad", rows); err != nil { // published, not forgotten
		t.Fatal(err)
	}
	done := make(chan error, 2)
	for range 2 {
		go func() { done <- p.service.Tick(t.Context(), at(t, "2026-11-23T10:02:00+01:00")) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	want(t, "told", lines(p.told("bostad")), []string{"b1/1 picture 2026-W47"})
	// Everything is held against its source anew, as after a restore: nothing is told again.
	p.exec(`DELETE FROM review.feedback_seen`)
	p.tick("2026-11-23T10:03:00+01:00")
	want(t, "told after all was looked at anew", len(p.heard("bostad")), 1)
}

// An agency without a stream keeps the others from nothing.
func TestASuspendedAgencyHoldsNobodyUp(t *testing.T) {
	nats := testenv.NATS(t)
	p := newPlace(t, nats)
	nats.AddAgency(vaxjo, "polis")
	p.report("bostad", "b1", "2026-11-20", "")
	p.report("polis", "p1", "2026-11-20", "")
	p.freeze("2026-11-16", 1, "2026-11-23T10:00:00+01:00", [2]string{"bostad", "b1"}, [2]string{"polis", "p1"})
	p.tick("2026-11-23T10:01:00+01:00")
	want(t, "the police", lines(p.told("polis")), []string{"p1/1 picture 2026-W47"})
	var waiting, kept int
	p.ask(`SELECT (SELECT count(*) FROM review.feedback_outgoing), (SELECT count(*) FROM review.feedback)`, &waiting, &kept)
	if waiting != 0 || kept != 2 {
		t.Errorf("%d wait, %d kept", waiting, kept)
	}
}

// More reports than one transaction holds are all told, and an error in the middle loses none.
func TestAWeekOfManyReports(t *testing.T) {
	p := newPlace(t, nil)
	p.freeze("2026-11-16", 1, "2026-11-23T10:00:00+01:00")
	p.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from, occurred_to,
	  reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, test, day, hour, episode, lead, agencies, reports)
	SELECT '0780', 'bostad', 'r' || n, 1, 1, 'accepted', true, 'graffiti', 'damage', 2, 'observed', d, d, d, d, 1, '', 'D1', 'A1', '', '', 'partners', false,
	  '2026-11-20', 12, gen_random_uuid(), true, '{bostad}', 1 FROM generate_series(1, $1::int) n, (SELECT timestamptz '2026-11-20T12:00:00+01:00' AS d) x`, 2*keysAtOnce+7)
	p.exec(`INSERT INTO review.situation_basis SELECT '0780', '2026-11-16', 1, agency, report, 1 FROM correlator.report`)
	p.tick("2026-11-23T10:01:00+01:00")
	var n int
	p.ask(`SELECT count(*) FROM review.feedback WHERE state = 'picture' AND change = 1 AND week = '2026-11-16'`, &n)
	want(t, "told", n, 2*keysAtOnce+7)
	var share, median float64
	p.ask(`SELECT answered::float8 / reports, median_days FROM contract.answer WHERE agency = 'bostad'`, &share, &median)
	want(t, "share", share, 1.0)
	if median < 2.9 || median > 2.95 {
		t.Errorf("median of %v days", median)
	}
}

// What came of a report is its own agency's: on the bus, by its login, and on the review's pages.
func TestOthersSeeNothing(t *testing.T) {
	nats := testenv.NATS(t)
	p := newPlace(t, nats)
	p.report("bostad", "canary-b1", "2026-11-20", "")
	p.report("polis", "canary-p1", "2026-11-20", "")
	doors := pg.OpenAgencies(p.config)
	t.Cleanup(doors.Close)
	p.exec(`SELECT registry.make_login('0780', 'bostad', ''), registry.make_login('0780', 'polis', '')`)
	nats.AddAgency(vaxjo, "bostad")
	nats.AddAgency(vaxjo, "polis")
	p.freeze("2026-11-16", 1, "2026-11-23T10:00:00+01:00", [2]string{"bostad", "canary-b1"}, [2]string{"polis", "canary-p1"})
	p.tick("2026-11-23T10:01:00+01:00")
	for agency, foreign := range map[events.AgencyID]string{"bostad": "canary-p1", "polis": "canary-b1"} {
		for _, body := range p.heard(agency) {
			if bytes.Contains(body, []byte(foreign)) {
				t.Errorf("%s hears %s", agency, body)
			}
		}
	}
	seen := func(v pg.Viewer, db pg.Beginner) (reports []string) {
		err := pg.InTx(t.Context(), db, v, func(tx pgx.Tx) (err error) {
			rows, err := tx.Query(t.Context(), `SELECT report FROM contract.feedback ORDER BY report`)
			if err != nil {
				return err
			}
			reports, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return reports
	}
	want(t, "the housing company's login", seen(pg.System, doors.For("samsyn_a_0780_bostad")), []string{"canary-b1"})
	want(t, "its person", seen(pg.Viewer{Municipality: vaxjo, Agency: "bostad", Person: uuid.NewString(), Roles: []string{"reporter"}}, doors.For("samsyn_a_0780_bostad")), []string{"canary-b1"})
	want(t, "who claims to be another", seen(pg.Viewer{Municipality: vaxjo, Agency: "bostad"}, doors.For("samsyn_a_0780_polis")), []string{"canary-p1"})
	want(t, "the housing company's pages", seen(pg.Viewer{Municipality: vaxjo, Agency: "bostad"}, p.pool), []string{"canary-b1"})
	want(t, "a viewer without an agency", seen(pg.Viewer{Municipality: vaxjo}, p.pool), []string{})
	want(t, "another municipality's viewer", seen(pg.Viewer{Municipality: "0480", Agency: "bostad"}, p.pool), []string{})
	var reporters int
	err := pg.InTx(t.Context(), p.pool, pg.Viewer{Municipality: vaxjo, Agency: "bostad"}, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM contract.reporter`).Scan(&reporters)
	})
	if err != nil || reporters != 0 {
		t.Errorf("a viewer reads %d reporters: %v", reporters, err)
	}
}

// On Thursday every reporter has heard, once, of their own reports alone; whoever asked for no mails gets none.
func TestReportersAreWrittenToOnceAWeek(t *testing.T) {
	p := newPlace(t, nil)
	anna, bo, police, left := p.person("bostad", "anna@vaxjo.example"), p.person("bostad", "bo@vaxjo.example"), p.person("polis", "p@vaxjo.example"), p.person("bostad", "left@vaxjo.example")
	p.exec(`UPDATE access.person SET disabled_at = now() WHERE person = $1`, left)
	p.report("bostad", "b-anna-1", "2026-11-19", anna.String())
	p.report("bostad", "b-anna-2", "2026-11-20", anna.String())
	p.report("bostad", "b-bo", "2026-11-20", bo.String())
	p.report("bostad", "b-left", "2026-11-20", left.String())
	p.report("bostad", "b-forged", "2026-11-20", police.String()) // an agency cannot have another's people written to
	p.report("bostad", "b-system", "2026-11-20", "fault register 7")
	basis := [][2]string{{"bostad", "b-anna-1"}, {"bostad", "b-anna-2"}, {"bostad", "b-bo"}, {"bostad", "b-left"}, {"bostad", "b-forged"}, {"bostad", "b-system"}}
	p.freeze("2026-11-16", 1, "2026-11-23T10:00:00+01:00", basis...)
	flag := p.flag([2]string{"bostad", "b-anna-2"})
	p.tick("2026-11-23T10:01:00+01:00")
	p.decide(flag, 1, watch, "2026-11-24T09:30:00+01:00", "2026-11-30")
	p.refuse(bo, "nej")
	for _, now := range []string{"2026-11-24T09:31:00+01:00", "2026-11-26T06:59:00+01:00"} {
		p.tick(now)
		p.send(now)
	}
	want(t, "mails before Thursday at seven", len(p.server.Taken()), 0)
	for _, now := range []string{"2026-11-26T07:00:00+01:00", "2026-11-26T07:00:05+01:00", "2026-11-27T07:00:00+01:00"} {
		p.tick(now)
		p.send(now)
	}
	mails := p.server.Taken()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	m := mails[0].Header
	want(t, "subject", m.Get("Subject"), "Återkoppling på dina rapporter, v.\u00a048")
	want(t, "to", m.Get("To"), "<anna@vaxjo.example>")
	want(t, "text", unbroken(m["text/plain"][0]), strings.ReplaceAll(`Hej,
tack för att du rapporterar i Växjö. Så här har det gått:

Rapport b-anna-1 (2026-11-19)
   Din rapport ingick i lägesbild v. 47.

Rapport b-anna-2 (2026-11-20)
   Din rapport ingick i lägesbild v. 47. Beslut: platsen bevakas och tas upp igen v. 49.

Alla dina rapporter: https://samsyn.example/mina-rapporter

Du får mejlet för att du har rapporterat, högst en gång i veckan.
Vill du inte ha det: URL
`, "URL", p.service.choiceURL(vaxjo, anna)))
	for _, part := range []string{"Rapport b-anna-2 (2026-11-20)", "https://samsyn.example/mina-rapporter", p.service.choiceURL(vaxjo, anna)} {
		if !strings.Contains(m["text/html"][0], part) {
			t.Errorf("the HTML lacks %q:\n%s", part, m["text/html"][0])
		}
	}
	want(t, "way out", m.Get("List-Unsubscribe"), "<"+p.service.choiceURL(vaxjo, anna)+">")

	// Next week only what is new; nothing new is no mail. Bo wants mails again, of what is new from then on.
	p.refuse(bo, "ja")
	p.tick("2026-12-03T07:00:00+01:00")
	p.decide(flag, 2, dismiss, "2026-12-08T09:30:00+01:00", "")
	p.tick("2026-12-10T07:00:00+01:00")
	p.send("2026-12-10T07:00:00+01:00")
	mails = p.server.Taken()
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	text := unbroken(mails[1].Header["text/plain"][0])
	if !strings.Contains(text, "Beslut: ingen åtgärd nu.") || strings.Contains(text, "b-anna-1") {
		t.Errorf("second mail:\n%s", text)
	}
}

// refuse sends the form of a person's own page.
func (p *place) refuse(person uuid.UUID, wanted string) {
	p.t.Helper()
	r := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(p.service.choiceURL(vaxjo, person), public), strings.NewReader(url.Values{"mejl": {wanted}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	p.mux.ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther {
		p.t.Fatalf("status %d", w.Code)
	}
}

// Whoever has the mail may say no, also by their mail program; whoever has not, may not; a scanner that opens the link changes nothing.
func TestWhoWantsNoMails(t *testing.T) {
	p := newPlace(t, nil)
	anna := p.person("bostad", "anna@vaxjo.example")
	address := strings.TrimPrefix(p.service.choiceURL(vaxjo, anna), public)
	ask := func(method, address, body string, header ...string) (int, string) {
		t.Helper()
		r := httptest.NewRequest(method, address, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		p.mux.ServeHTTP(w, r)
		page, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, string(page)
	}
	refused := func() bool {
		t.Helper()
		no, err := p.service.store.refused(t.Context(), vaxjo, anna)
		if err != nil {
			t.Fatal(err)
		}
		return no
	}
	code, page := ask("GET", address, "")
	if code != http.StatusOK || refused() || !strings.Contains(page, "Sluta skicka") || strings.Contains(page, "anna") {
		t.Errorf("%d, refused %t: %s", code, refused(), page)
	}
	if code, page := ask("GET", address+"?lang=en", ""); code != http.StatusOK || !strings.Contains(page, "Stop the mails") {
		t.Errorf("%d: %s", code, page)
	}
	for _, forged := range []string{
		strings.Replace(address, anna.String(), uuid.NewString(), 1), strings.Replace(address, vaxjo, "0480", 1), address[:len(address)-1] + "x",
		strings.Replace(address, anna.String(), "x", 1),
	} {
		for _, method := range []string{"GET", "POST"} {
			if code, _ := ask(method, forged, "mejl=nej"); code != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, forged, code)
			}
		}
	}
	if code, _ := ask("POST", address, "mejl=nej", "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden || refused() {
		t.Errorf("from another site: %d", code)
	}
	if code, _ := ask("POST", address, "List-Unsubscribe=One-Click"); code != http.StatusSeeOther || !refused() {
		t.Errorf("by the mail program: %d", code)
	}
	if _, page := ask("GET", address, ""); !strings.Contains(page, "Skicka igen") {
		t.Error(page)
	}
	if ask("POST", address, "mejl=ja"); refused() {
		t.Error("still refused")
	}
}

// A replay's clock decides what is due in it.
func TestAReplayHasItsOwnThursday(t *testing.T) {
	p := newPlace(t, nil)
	anna := p.person("bostad", "anna@vaxjo.example")
	p.exec(`UPDATE registry.municipality SET clock = 'replay', as_of = '2026-11-26T07:00:00+01:00'`)
	p.report("bostad", "b1", "2026-11-20", anna.String())
	p.freeze("2026-11-16", 1, "2026-11-23T10:00:00+01:00", [2]string{"bostad", "b1"})
	p.tick("2030-01-01T00:00:00Z")
	var mails int
	var answered, created string
	p.ask(`SELECT (SELECT count(*) FROM review.mail), (SELECT to_char(answered_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM review.feedback),
	  (SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM review.mail)`, &mails, &answered, &created)
	want(t, "mails, answered and written", []string{fmt.Sprint(mails), answered, created}, []string{"1", "2026-11-26", "2030-01-01"})
}

// The overview says how many were answered and how fast; a week without a picture is held against nobody.
func TestThePanelSaysHowManyWereAnswered(t *testing.T) {
	p := newPlace(t, nil)
	for n, r := range [][3]string{
		{"bostad", "b1", "2026-11-17"},
		{"bostad", "b2", "2026-11-18"},
		{"bostad", "b3", "2026-11-19"},
		{"bostad", "b4", "2026-11-20"},
		{"polis", "p1", "2026-11-20"},
		{"polis", "p-new", "2026-11-24"},
		{"polis", "p-old", "2026-08-01"},
	} {
		p.report(r[0], r[1], r[2], "")
		if n == 3 {
			p.exec(`UPDATE correlator.report SET counted = false, sharing = 'withheld' WHERE report = 'b4'`)
		}
	}
	visit := web.Visit{Viewer: pg.Viewer{Municipality: vaxjo, Agency: "polis", Roles: []string{"member"}}, Acts: map[web.Act]bool{web.ActNumbers: true}}
	panel := func(v web.Visit, lang string) string {
		t.Helper()
		html, err := p.service.FeedbackPanel(t.Context(), httptest.NewRequest(http.MethodGet, "/", nil), v, web.NewLocale(lang, web.Texts(), nil), "2026-W47")
		if err != nil {
			t.Fatal(err)
		}
		return unbroken(string(html))
	}
	want(t, "before any picture", panel(visit, "sv"), "")
	flag := p.flag([2]string{"bostad", "b1"})
	p.freeze("2026-11-16", 1, "2026-11-23T12:00:00+01:00", [2]string{"bostad", "b1"}, [2]string{"bostad", "b2"})
	p.tick("2026-11-23T12:00:00+01:00")
	p.decide(flag, 1, dismiss, "2026-11-24T09:00:00+01:00", "")
	p.tick("2026-11-24T12:00:00+01:00")
	html := panel(visit, "sv")
	for _, part := range []string{
		"50 % av rapporterna v. 36 till v. 47 2026 har fått svar. Hälften av svaren kom inom 5,5 dagar.",
		`<th scope="row">BOSTAD</th><td class="num">3</td><td class="num">67 %</td><td class="num">33 %</td><td class="num">5,5</td>`,
		`<th scope="row">POLIS</th><td class="num">1</td><td class="num">0 %</td><td class="num">0 %</td><td class="num">–</td>`,
		`<th scope="row">Alla</th><td class="num">4</td>`,
	} {
		if !strings.Contains(html, part) {
			t.Errorf("the panel lacks %q:\n%s", part, html)
		}
	}
	if english := panel(visit, "en"); !strings.Contains(english, "50% of the reports of week 36 to week 47 2026 were answered.") {
		t.Error(english)
	}
	visit.Acts = nil
	want(t, "who may not see numbers", panel(visit, "sv"), "")
	visit.Acts = map[web.Act]bool{web.ActNumbers: true}
	visit.Viewer.Municipality = "0480"
	want(t, "another municipality", panel(visit, "sv"), "")
}

// Nobody is shown a key instead of words, in either language.
func TestTexts(t *testing.T) {
	webtest.Catalogue(t, ".", Texts(), web.Texts())
}
