// SPDX-License-Identifier: EUPL-1.2

package situation_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"

	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
	"samsyn/schemas"
	"samsyn/services/review/situation"
)

func TestTextsAreThereInBothLanguages(t *testing.T) {
	webtest.Catalogue(t, ".", situation.Texts(), web.Texts(), "lead.", "kind.", "context.", "coverage.", "level.", "why.", "followup.", "change.", "field.", "words.", "head.", "sheet.")
}

// plain is what a page says, without its marks.
func plain(page string) string {
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	text = strings.ReplaceAll(html.UnescapeString(text), "\u00a0", " ")
	return strings.Join(strings.Fields(text), " ")
}

func says(t *testing.T, page string, wants ...string) {
	t.Helper()
	text := plain(page)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
}

// post sends a form as the visitor.
func (w *town) post(address string, form url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode())).WithContext(w.t.Context())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// The page is what the meeting reads: the number, what stands out, who is silent.
func TestPageSaysHowTheWeekWas(t *testing.T) {
	w := weekOf47(t)
	w.flag("a1", "alert", w.when("11-19 10.00"), nil)
	says(t, w.page("/lagesbild/2026-W47"), "Lägesbild v. 47 2026, Provstad", "Inte låst: talen kan ändras.", "Lås lägesbilden")
	w.freeze("")
	page := w.page("/lagesbild/2026-W47")
	says(t, page, "16–22 november 2026. Låst 2026-11-24 kl. 08.00 av sig själv vid rapporteringsstopp. Version 1. låst",
		"8 händelser. Förväntat 7 (normalt 3–12): inom det normala.", "1 flaggad plats. Röda områden: 1, gula: 0, av 8.",
		"Hört av: 3 av 5 enheter. Tysta: Bostadsbolaget (Enhet soder) och Skolan Björken. Tystnad är inte lugn.", "10 rapporter blev 9 händelser",
		"Norra 1 ▲ Över det förväntade", "12 mot 2,1 förväntade", "Ingen har tagit ställning än.", "■ Röd", "Osäker tid: 1 av 8",
		"Kommunen rapporterar sedan 2026-11-02", "Polisen, Våld/misshandel: 7", "Julmarknad på torget", "Utan område: 1 händelse.")
	for _, want := range []string{
		`href="/handelser?area=a1&amp;group=detected&amp;m=0001&amp;week=2026-W47"`, `href="/handelser?group=damage&amp;m=0001&amp;week=2026-W47"`,
		`href="/handelser?group=detected&amp;m=0001&amp;week=2026-W47&amp;weekday=3"`, `href="/handelser?agency=bostad&amp;m=0001&amp;week=2026-W47"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no link %s", want)
		}
	}
	says(t, w.page("/lagesbild/2026-W47?lang=en"), "Situation report week 47 2026, Provstad", "8 incidents. Expected 7 (normally 3–12): as usual.", "■ Red", "Silent:")
	says(t, w.page("/lagesbild"), "Lägesbilder, Provstad", "v. 47 2026 16–22 november 2026 låst 1 2026-11-24 kl. 08.00", "v. 46 2026 9–15 november 2026 inte låst – –")
	if strings.Contains(page+w.page("/lagesbild"), "‹") {
		t.Error("a text is missing")
	}
}

// What may not be is told apart from nothing else.
func TestOnlyWhoMaySees(t *testing.T) {
	w := weekOf47(t)
	w.freeze("")
	for address, want := range map[string]int{
		"/lagesbild/2026-W48": 404, "/lagesbild/2026-W47?version=2": 404, "/lagesbild/2026-W99": 404, "/lagesbild/2026-W47?m=0002": 404,
		"/lagesbild/2025-W10": 404, "/lagesbild/2026-W46/lagesbild.xlsx": 404, "/lagesbild/2026-W47/annat.json": 404, "/lagesbild/2026-W47/lagesbild.exe": 404,
		"/lagesbild/2026-W47/lagesbild.pdf":     404, // there is no Chromium here
		"/samsyn/v1/situation-reports/2026-W46": 404, "/samsyn/v1/situation-reports/2026-W47?format=csv": 400, "/samsyn/v1/situation-reports/2026-W47?format=pdf": 501,
	} {
		if got := w.get(address).Code; got != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
	w.visit.Acts = map[web.Act]bool{web.ActNumbers: true}
	w.visit.Viewer.Roles = []string{"member"}
	if page := w.page("/lagesbild/2026-W47"); strings.Contains(page, "<form class=\"form\"") || strings.Contains(page, "/las") {
		t.Error("a member is offered to decide")
	}
	for _, address := range []string{"/lagesbild/2026-W47/las", "/lagesbild/2026-W47/ord"} {
		if got := w.post(address, url.Values{}).Code; got != 403 {
			t.Errorf("%s: %d", address, got)
		}
	}
	// The database holds them to it, whatever a page would do.
	if _, _, err := w.service.Freeze(t.Context(), w.visit.Viewer, code, web.Week{Year: 2026, Number: 46}, eva); err == nil {
		t.Error("a member froze a report")
	}
	w.visit.Acts = map[web.Act]bool{web.ActReport: true}
	for address, want := range map[string]int{"/lagesbild": 403, "/lagesbild/2026-W47": 403, "/lagesbild/2026-W47/lagesbild.json": 403, "/samsyn/v1/situation-reports/2026-W47": 403} {
		if got := w.get(address).Code; got != want {
			t.Errorf("a reporter gets %d from %s, want %d", got, address, want)
		}
	}
}

// What a coordinator writes is kept, who was second sees both, and an adopted report says nothing new.
func TestWordsAreSavedOnce(t *testing.T) {
	w := weekOf47(t)
	w.exec(`INSERT INTO review.rhythm (municipality, version, cadence, deadline_day, deadline_at, meeting_day, meeting_at, minutes, remind_at, first_week, changed_at)
		VALUES ($1, 1, 'weekly', 1, '10:00', 2, '09:00', 60, '13:00', '2026-11-16', now())`, code)
	if got := w.post("/lagesbild/2026-W47/las", url.Values{}); got.Code != 303 || got.Header().Get("Location") != "/lagesbild/2026-W47?m=0001" {
		t.Fatalf("freeze: %d %s", got.Code, got.Header())
	}
	form := url.Values{"version": {"1"}, "revision": {"0"}, "assessment": {"Fem skador\r\npå en kväll."}, "cause": {"Trasig belysning"}, "level.a1": {"yellow"}}
	if got := w.post("/lagesbild/2026-W47/ord", form); got.Code != 303 {
		t.Fatalf("save: %d %s", got.Code, plain(got.Body.String()))
	}
	says(t, w.page("/lagesbild/2026-W47"), "Fem skador på en kväll.", "Trolig orsak: Trasig belysning", "▲ Gul (beslutad)")
	second := url.Values{"version": {"1"}, "revision": {"0"}, "assessment": {"Något annat."}, "cause": {""}}
	got := w.post("/lagesbild/2026-W47/ord", second)
	if got.Code != 409 {
		t.Errorf("the second one: %d", got.Code)
	}
	says(t, got.Body.String(), "Någon annan har sparat under tiden.", "Något annat.", "Fem skador på en kväll.")
	personal := url.Values{"version": {"1"}, "revision": {"1"}, "assessment": {"Ring 070-123 45 67"}}
	if got := w.post("/lagesbild/2026-W47/ord", personal); got.Code != 422 || !strings.Contains(plain(got.Body.String()), "Det ser ut som en personuppgift") {
		t.Errorf("personal data: %d", got.Code)
	}
	if got := w.post("/lagesbild/2026-W47/ord", url.Values{"version": {"1"}, "revision": {"1"}, "level.a1": {"purple"}}); got.Code != 422 {
		t.Errorf("a level that is none: %d", got.Code)
	}
	form.Set("revision", "1")
	form.Set("adopt", "yes")
	if got := w.post("/lagesbild/2026-W47/ord", form); got.Code != 303 {
		t.Fatalf("adopt: %d", got.Code)
	}
	says(t, w.page("/lagesbild/2026-W47"), "fastställd")
	form.Set("revision", "2")
	if got := w.post("/lagesbild/2026-W47/ord", form); got.Code != 409 {
		t.Errorf("after it was adopted: %d", got.Code)
	}
	if n := w.number(`SELECT count(*) FROM review.situation_words`); n != 2 {
		t.Errorf("%d revisions", n)
	}
}

// Late data makes version 2, says what came, and leaves version 1 as it was.
func TestLateReportsMakeAVersionAndShowTheDifference(t *testing.T) {
	w := weekOf47(t)
	first, _ := w.freeze("")
	w.post("/lagesbild/2026-W47/ord", url.Values{"version": {"1"}, "revision": {"0"}, "assessment": {"Lugn vecka."}, "adopt": {"yes"}})
	for range 3 {
		w.incident("11-22 10.00", "11-22 11.00", "b1", "graffiti", "skola", "")
	}
	w.withdrawn("r1", "a1", "property_damage")
	w.exec(`UPDATE correlator.report SET revision = 2 WHERE report = 'r2'`)
	page := w.page("/lagesbild/2026-W47")
	says(t, page, "Inkom efter låsning: 3 (1 rättade, 1 räknas inte längre).", "Skolan Björken: 3", "Bostadsbolaget: 2", "Lås som version 2", "8 händelser.")
	second, made := w.freeze(eva)
	if !made || second.Report.Version != 2 || second.Report.Previous != first.SHA256 || second.Report.Totals.Incidents != 10 {
		t.Fatalf("%t %+v", made, second.Report.Totals)
	}
	if second.Words.Assessment != "Lugn vecka." || second.Words.Adopted {
		t.Errorf("words: %+v", second.Words)
	}
	page = w.page("/lagesbild/2026-W47")
	says(t, page, "Inkom sedan version 1: 3 (1 rättade, 1 räknas inte längre).", "Händelser 8 10", "Område: Norra 1 6 5", "Område: Södra 1 1 4", "Rapportering: Skolan Björken tyst rapporterat")
	if strings.Contains(plain(page), "Efter låsningen") {
		t.Error("nothing came after version 2")
	}
	says(t, w.page("/lagesbild/2026-W47?version=1"), "8 händelser.", "Version 1, 2026-11-24", "fastställd")
	old, err := w.service.Store().Read(t.Context(), w.visit.Viewer, week47, 1)
	if err != nil || old.SHA256 != first.SHA256 || !bytes.Equal(old.Body, first.Body) {
		t.Errorf("version 1 is another: %v", err)
	}
}

// Whoever gets the JSON can check it; whoever opens the sheet finds the same numbers.
func TestFilesHoldTheFrozenReport(t *testing.T) {
	w := weekOf47(t)
	w.notice("kommun", "context", "11-28 12.00", "11-28 18.00", "", nil, "", 0, "event", `=HYPERLINK("http://x")`)
	s, _ := w.freeze("")
	for _, address := range []string{"/lagesbild/2026-W47/lagesbild.json", "/samsyn/v1/situation-reports/2026-W47?municipality=0001"} {
		rec := w.get(address)
		described(t, "/samsyn/v1/situation-reports/2026-W47", rec)
		var got struct {
			SHA256 string
			Words  situation.Words
			Report json.RawMessage
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(got.Report)
		if got.SHA256 != s.SHA256 || hex.EncodeToString(sum[:]) != s.SHA256 {
			t.Errorf("%s: the report is not what its hash says", address)
		}
	}
	rec := w.get("/samsyn/v1/situation-reports/2026-W47?format=xlsx")
	z, err := zip.NewReader(bytes.NewReader(rec.Body.Bytes()), int64(rec.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := all.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`<c r="B5"><v>8</v></c>`, "Norra 1", "Skolan Björken", "&#39;=HYPERLINK"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("the sheet has no %s", want)
		}
	}
	if strings.Contains(all.String(), "<f>") {
		t.Error("the sheet has a formula")
	}
	if got := rec.Header().Get("Content-Disposition"); got != `attachment; filename="samsyn-lagesbild-0001-2026-W47.xlsx"` {
		t.Error(got)
	}
}

// described holds an answer to openapi.yaml.
func described(t *testing.T, address string, answer *httptest.ResponseRecorder) {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(schemas.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	spec.Servers = openapi3.Servers{{URL: "/samsyn/v1"}}
	router, err := legacy.NewRouter(spec)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, address, nil)
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s is not described: %v", address, err)
	}
	if owner := route.Operation.Extensions["x-service"]; owner != "review" {
		t.Errorf("%s is said to be of %v", address, owner)
	}
	said := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}, Status: answer.Code, Header: answer.Header(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(t.Context(), said.SetBodyBytes(answer.Body.Bytes())); err != nil {
		t.Errorf("%s: %v", address, err)
	}
}

// A byte that somebody changed is found by every reader, and named by verify.
func TestTamperingIsFound(t *testing.T) {
	for name, tamper := range map[string]string{
		"report": `UPDATE review.situation SET body = convert_to(replace(convert_from(body, 'UTF8'), '"incidents":8', '"incidents":9'), 'UTF8')`,
		"rehashed": `UPDATE review.situation SET body = b, sha256 = sha256(b) FROM (SELECT convert_to(replace(convert_from(body, 'UTF8'), '"incidents":8', '"incidents":9'), 'UTF8') AS b
			FROM review.situation WHERE version = 1) x WHERE version = 1`,
		"words": `UPDATE review.situation_words SET body = convert_to(replace(convert_from(body, 'UTF8'), 'Lugn', 'Orolig'), 'UTF8')`,
		"basis": `DELETE FROM review.situation_basis WHERE report = 'r1' AND version = 2`,
		"gone":  `DELETE FROM review.situation WHERE version = 1`,
	} {
		t.Run(name, func(t *testing.T) {
			w := weekOf47(t)
			w.freeze("")
			w.incident("11-22 10.00", "11-22 11.00", "b1", "graffiti", "skola", "")
			w.freeze("")
			w.post("/lagesbild/2026-W47/ord", url.Values{"version": {"2"}, "revision": {"0"}, "assessment": {"Lugn vecka."}})
			verified := func() situation.Verification {
				v, err := situation.Verify(t.Context(), w.pool)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			if v := verified(); len(v.Problems) > 0 || v.Checked["situation_reports"] != 2 || v.Checked["situation_words"] != 1 {
				t.Fatalf("before: %+v", v)
			}
			w.exec(`ALTER TABLE review.situation_basis DISABLE TRIGGER ALL; ALTER TABLE review.situation DISABLE TRIGGER ALL`)
			w.exec(tamper)
			if v := verified(); len(v.Problems) == 0 {
				t.Error("nothing is found")
			}
			if name == "report" {
				if got := w.get("/lagesbild/2026-W47").Code; got != 500 {
					t.Errorf("the page answers %d", got)
				}
			}
		})
	}
}

// A page of 579 areas is still a page.
func TestPageOfManyAreasStaysSmall(t *testing.T) {
	w := crowded(t, 5000, 730)
	r := httptest.NewRequest(http.MethodGet, "/lagesbild/2026-W47", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r.WithContext(t.Context()))
	if rec.Code != 200 || rec.Body.Len() > 60<<10 {
		t.Errorf("%d, %s", rec.Code, fmt.Sprintf("%d bytes", rec.Body.Len()))
	}
}
