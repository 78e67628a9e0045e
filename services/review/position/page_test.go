// SPDX-License-Identifier: EUPL-1.2

package position_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/uuid"

	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
	"samsyn/schemas"
	"samsyn/services/review/position"
)

var control = regexp.MustCompile(`(?s)<input[^>]*name="([a-z_]+)"[^>]*>|<textarea[^>]*name="([a-z_]+)"[^>]*>([^<]*)<|<select[^>]*name="([a-z_]+)"[^>]*>(.*?)</select>`)

// filled is what a browser would send of a form in which nothing was touched.
func filled(page string) url.Values {
	form := url.Values{}
	value := regexp.MustCompile(`value="([^"]*)"`)
	chosen := regexp.MustCompile(`<option value="([^"]*)"( selected)?`)
	for _, m := range control.FindAllStringSubmatch(page, -1) {
		switch {
		case m[1] == "kind":
			if strings.Contains(m[0], "checked") {
				form.Set("kind", value.FindStringSubmatch(m[0])[1])
			}
		case m[1] != "":
			if v := value.FindStringSubmatch(m[0]); v != nil {
				form.Set(m[1], v[1])
			}
		case m[2] != "":
			form.Set(m[2], m[3])
		default:
			options := chosen.FindAllStringSubmatch(m[5], -1)
			if len(options) > 0 {
				form.Set(m[4], options[0][1])
			}
			for _, o := range options {
				if o[2] != "" {
					form.Set(m[4], o[1])
				}
			}
		}
	}
	return form
}

func wants(t *testing.T, page string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// From the mail to a saved position: the link, the kind, save. Everything else is filled in.
func TestAPositionIsThreeClicksFromTheMail(t *testing.T) {
	for kind, want := range map[string]string{
		"act":   "Åtgärd: väktare eller ordningsvakter. Ansvarig Bostads AB, klart 2026-11-24.", // most behind the flag; the next meeting, on Tuesday
		"watch": "Bevakas till v. 50 2026.",                                                     // two weeks on
	} {
		t.Run(kind, func(t *testing.T) {
			w := newTown(t)
			flag := w.flag("a1", monday)
			form := filled(w.panel(flag, ""))
			if form.Get("kind") != "" {
				t.Error("a kind is chosen for people")
			}
			form.Set("kind", kind)
			answer := w.post("/plats/"+flag.String()+"/stallning?m=0001", form)
			if answer.Code != http.StatusSeeOther {
				t.Fatalf("saved with %d: %s", answer.Code, answer.Body)
			}
			to, err := url.Parse(answer.Header().Get("Location"))
			if err != nil || to.Path != "/plats/"+flag.String() || to.Fragment != "stallning" {
				t.Fatalf("leads to %v, %v", to, err)
			}
			wants(t, strings.ReplaceAll(w.panel(flag, "?"+to.RawQuery), "\u00a0", " "), want, `role="status"`, "Sparat.", "Karin Koordinator")
		})
	}
}

// A dismissal says why, or the share of false alarms means nothing.
func TestADismissalWithoutAReasonIsAskedForOne(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	form := filled(w.panel(flag, ""))
	form.Set("kind", "dismiss")
	form.Set("note", "Skrivet med möda")
	answer := w.post("/plats/"+flag.String()+"/stallning?m=0001", form)
	if answer.Code != http.StatusUnprocessableEntity {
		t.Fatalf("answered %d", answer.Code)
	}
	wants(t, answer.Body.String(), "Välj varför platsen avskrivs.", "Skrivet med möda", `value="dismiss" required checked`)
}

// A rise that begins when an agency begins is more likely one of reporting: that reason is offered.
func TestANewSourceOffersReportingAsTheReason(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	if got := filled(w.panel(flag, "")).Get("reason"); got != "" {
		t.Errorf("the reason %q is offered without cause", got)
	}
	w.exec(`UPDATE registry.agency SET started_on = '2026-10-26' WHERE agency = 'bostad'`)
	if got := filled(w.panel(flag, "")).Get("reason"); got != "reporting_effect" {
		t.Errorf("the reason %q is offered", got)
	}
}

// Somebody else saved meanwhile: both are shown, nothing typed is lost, and saving again is a decision made with open eyes.
func TestTheConflictPageShowsBoth(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	mine := filled(w.panel(flag, ""))
	mine.Set("kind", "dismiss")
	mine.Set("reason", "chance")
	mine.Set("note", "Vi såg inget på plats")
	w.mustDecide(lamps(flag))
	path := "/plats/" + flag.String() + "/stallning?m=0001"
	answer := w.post(path, mine)
	if answer.Code != http.StatusConflict {
		t.Fatalf("answered %d: %s", answer.Code, answer.Body)
	}
	page := answer.Body.String()
	wants(t, page, "Någon annan hann före", "sparades av Karin Koordinator", "Gäller nu", "Åtgärd: belysning. Ansvarig Bostads AB, klart 2026-12-01.", "Ring Anna om stolparna", "Ditt", "Avskriven: slump.", "Vi såg inget på plats")
	again := filled(page)
	if again.Get("version") != "1" || again.Get("kind") != "dismiss" || again.Get("note") != "Vi såg inget på plats" {
		t.Fatalf("the form now holds %v", again)
	}
	if answer := w.post(path, again); answer.Code != http.StatusSeeOther {
		t.Fatalf("saved again with %d", answer.Code)
	}
	wants(t, w.panel(flag, ""), "Avskriven: slump.", "Åtgärd: belysning.", "Tidigare ställningstaganden")
}

// The form is no right: a member sees what was decided, a reporter nothing, and neither decides.
func TestWhoMayNotDecideHasNoForm(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	form := filled(w.panel(flag, ""))
	form.Set("kind", "watch")
	path := "/plats/" + flag.String() + "/stallning?m=0001"
	w.visit = w.as(uuid.New(), "polis", []string{"member"}, web.ActNumbers)
	if page := w.panel(flag, ""); strings.Contains(page, "<form") || !strings.Contains(page, "Ingen har tagit ställning") {
		t.Errorf("a member sees %s", page)
	}
	if answer := w.post(path, form); answer.Code != http.StatusForbidden {
		t.Errorf("a member's decision is answered %d", answer.Code)
	}
	w.visit = w.as(uuid.New(), "bostad", []string{"reporter"}, web.ActReport)
	if page := w.panel(flag, ""); page != "" {
		t.Errorf("a reporter sees %s", page)
	}
	if answer := w.get("/stallning?m=0001"); answer.Code != http.StatusForbidden {
		t.Errorf("a reporter's list is answered %d", answer.Code)
	}
	if answer := w.get("/stallning?m=0002"); answer.Code != http.StatusNotFound {
		t.Errorf("another municipality is answered %d", answer.Code)
	}
	if n := one[int](w, `SELECT count(*) FROM review.position`); n != 0 {
		t.Errorf("%d positions were taken", n)
	}
}

// Everything that is parked stands in one list with how long it has been there.
func TestWhatIsParkedAgesVisibly(t *testing.T) {
	w := newTown(t)
	w.flag("a1", monday.AddDate(0, 0, -9))
	watched := w.flag("a2", monday)
	w.mustDecide(position.Decision{Flag: watched, Kind: position.Watch, Until: week(2026, 50)})
	handed := w.flag("a3", monday)
	w.mustDecide(position.Decision{Flag: handed, Kind: position.HandOver, To: position.SSPF})
	w.now = monday.AddDate(0, 0, 3)
	answer := w.get("/stallning?m=0001")
	page := strings.ReplaceAll(answer.Body.String(), "\u00a0", " ")
	wants(t, page, "1 plats väntar på ställningstagande. 1 bevakas och återkommer v. 50.", "Torget, ", "12 mot 5,2 väntade.",
		`<span class="tag warn">för 12 dagar sedan</span>`, "Bevakas till v. 50 2026. <span class=\"tag plain\">för 3 dagar sedan</span>",
		"Lämnad över: SSPF", "0 av 2 platser med beslut")
	if answer.Code != http.StatusOK || strings.Contains(page, "«") {
		t.Errorf("answered %d: %s", answer.Code, page)
	}
	if waits, parked := strings.Index(page, "Väntar på ställningstagande</h3>"), strings.Index(page, "Har ett beslut och är fortfarande flaggade</h3>"); waits < 0 || waits > parked {
		t.Error("what waits does not come first")
	}
	panel, err := w.service.WeekPanel(t.Context(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), w.visit, web.NewLocale("en", nil, nil), "2026-W48")
	if err != nil {
		t.Fatal(err)
	}
	wants(t, string(panel), "1 place waits for a position.", `href="/stallning?lang=en&amp;m=0001"`, `<h2 id="positions-title">To decide</h2>`)
}

// A program decides by the same rules, and is told in its own words what is wrong.
func TestTheAPIDecidesByTheSameRules(t *testing.T) {
	w := newTown(t)
	flag := w.flag("a1", monday)
	send := func(path, body string) (int, map[string]any) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		w.mux.ServeHTTP(rec, r)
		described(t, r, rec)
		var answer map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s: %v: %s", body, err, rec.Body)
		}
		return rec.Code, answer
	}
	path := "/samsyn/v1/hotspots/" + flag.String() + "/decisions?municipality=0001"
	for body, want := range map[string]int{
		`{"position":"watch"}`:                          http.StatusUnprocessableEntity,
		`{"position":"sleep"}`:                          http.StatusUnprocessableEntity,
		`{"position":"watch","until":"2026-W50","a":1}`: http.StatusBadRequest,
		`[]`: http.StatusBadRequest,
	} {
		if status, answer := send(path, body); status != want {
			t.Errorf("%s: %d %v", body, status, answer)
		}
	}
	status, answer := send(path, `{"position":"hand_over","to":"police","note":"Se bilder"}`)
	if status != http.StatusCreated || answer["position"] != "hand_over" || answer["to"] != "police" || answer["version"] != 1.0 || answer["note"] != "Se bilder" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := send(path, `{"position":"watch","until":"2026-W50"}`); status != http.StatusConflict || answer["type"] != "urn:samsyn:problem:version_conflict" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := send(path, `{"version":1,"position":"act","measure":"cleaning","owner":"bostad","due":"2026-12-01"}`); status != http.StatusCreated || answer["action"] == nil {
		t.Errorf("%d %v", status, answer)
	}
	if status, _ := send(strings.Replace(path, flag.String(), uuid.NewString(), 1), `{"position":"watch","until":"2026-W50"}`); status != http.StatusNotFound {
		t.Errorf("a place that is not there: %d", status)
	}
	w.visit = w.as(uuid.New(), "polis", []string{"member"}, web.ActNumbers)
	if status, _ := send(path, `{"version":2,"position":"watch","until":"2026-W50"}`); status != http.StatusForbidden {
		t.Errorf("a member: %d", status)
	}
}

// described holds an answer to openapi.yaml.
func described(t *testing.T, r *http.Request, answer *httptest.ResponseRecorder) {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(schemas.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(spec)
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s is not described: %v", r.URL, err)
	}
	said := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}, Status: answer.Code, Header: answer.Header(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(t.Context(), said.SetBodyBytes(answer.Body.Bytes())); err != nil {
		t.Errorf("%s: %v", r.URL, err)
	}
}

func TestEveryTextIsThereInBothLanguages(t *testing.T) {
	webtest.Catalogue(t, ".", position.Texts(), web.Texts(), "invalid.", "lead.", "age.")
}
