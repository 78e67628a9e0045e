// SPDX-License-Identifier: EUPL-1.2

package action_test

import (
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
	"samsyn/services/review/action"
)

func TestTextsAreThereInBothLanguages(t *testing.T) {
	webtest.Catalogue(t, ".", action.Texts(), web.Texts(), "field.", "invalid.", "step.", "defect.", "warning.", "figure.", "filter.", "head.", "level.")
}

// desk is a visitor at the pages.
type desk struct {
	*town
	visit   web.Visit
	handler http.Handler
}

// visitor is somebody of an agency who may do some things.
func (w *town) visitor(agency, role string, acts ...web.Act) *desk {
	w.t.Helper()
	service, err := action.New(w.pool, action.Config{Now: func() time.Time { return w.now }})
	if err != nil {
		w.t.Fatal(err)
	}
	d := &desk{town: w, visit: web.Visit{Viewer: viewer(agency, role), Choices: []web.Choice{{Municipality: code, Name: "Provstad"}}, Acts: map[web.Act]bool{}}}
	for _, a := range acts {
		d.visit.Acts[a] = true
	}
	mux := http.NewServeMux()
	service.Routes(mux, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r.WithContext(web.WithVisit(r.Context(), d.visit)))
		})
	})
	d.handler = mux
	return d
}

func (w *town) coordinator() *desk {
	return w.visitor("kommun", "coordinator", web.ActNumbers, web.ActDecide, web.ActOwnActions)
}

func (w *town) association() *desk {
	w.exec(`UPDATE registry.agency SET kind = 'association' WHERE agency = 'idrott'`)
	return w.visitor("idrott", "member", web.ActOwnActions)
}

func (d *desk) do(method, address string, form url.Values) *httptest.ResponseRecorder {
	d.t.Helper()
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(method, address, strings.NewReader(form.Encode())).WithContext(d.t.Context())
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	d.handler.ServeHTTP(rec, r)
	return rec
}

// page asks for a page that must be there.
func (d *desk) page(address string) string {
	d.t.Helper()
	rec := d.do(http.MethodGet, address, nil)
	if rec.Code != http.StatusOK {
		d.t.Fatalf("%s: %d\n%s", address, rec.Code, rec.Body)
	}
	if strings.Contains(rec.Body.String(), "«") || strings.Contains(rec.Body.String(), "%!") {
		d.t.Errorf("%s: a text is missing: %s", address, regexp.MustCompile(`«[^»]*»|%![^<]*`).FindString(rec.Body.String()))
	}
	return rec.Body.String()
}

func (d *desk) code(method, address string, form url.Values, want int) *httptest.ResponseRecorder {
	d.t.Helper()
	rec := d.do(method, address, form)
	if rec.Code != want {
		d.t.Errorf("%s %s: %d, want %d\n%s", method, address, rec.Code, want, plain(rec.Body.String()))
	}
	return rec
}

func plain(page string) string {
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	text = strings.NewReplacer("\u00a0", " ", "\u2009", " ").Replace(html.UnescapeString(text))
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

func saysNot(t *testing.T, page string, nots ...string) {
	t.Helper()
	text := plain(page)
	for _, not := range nots {
		if strings.Contains(text, not) {
			t.Errorf("the page says %q:\n%s", not, text)
		}
	}
}

// new fills in the form for a new action.
func filled() url.Values {
	return url.Values{
		"area": {"area:a1"}, "group": {"damage"}, "problem": {"Krossade rutor på kvällen"}, "cause": {"Mörkt"}, "measure": {"lighting"}, "measure_text": {"Fyra nya lampor"},
		"owner_agency": {"bostad"}, "start_on": {"2026-11-30"}, "due_on": {"2026-12-04"}, "expected_effect": {"Färre rutor"}, "follow_up_on": {"2027-01-26"},
		"weeks": {"8"}, "control": {"area:b1"},
	}
}

// The coordinator writes down what was agreed, and finds it where it is due.
func TestACoordinatorMakesAnActionAndFindsIt(t *testing.T) {
	d := newTown(t).coordinator()
	says(t, d.page("/atgarder"), "Inga öppna åtgärder.", "Ny åtgärd")
	says(t, d.page("/atgarder/ny"), "Jämförelseområde", "Nattvandring", "Torget", "Bostads AB", "Skriv om platsen, aldrig om personer.")
	made := d.code(http.MethodPost, "/atgarder", filled(), http.StatusSeeOther).Header().Get("Location")
	page := d.page(made)
	says(t, page, "Belysning: Fyra nya lampor", "Beslutad", "Problem Krossade rutor på kvällen", "Orsak Mörkt", "Ansvarig Bostads AB", "2026-11-30, klart senast 2026-12-04",
		"Uppföljning 2027-01-26", "Björken, valt 2026-11-24", "För tidigt att säga", "Den 25 januari 2027 går det att säga något.", "Skapad som Beslutad")
	saysNot(t, page, "Brist")
	list := d.page("/atgarder")
	says(t, list, "1 åtgärd är öppen.", "Belysning: Fyra nya lampor Torget Bostads AB 2026-12-04 Beslutad för tidigt att säga")
	says(t, d.page(made+"&lang=en"), "Lighting: Fyra nya lampor", "Too early to say", "Something can be said on 25 January 2027")
}

// What somebody typed is never lost because one field was wrong.
func TestAFormWithMistakesComesBackAsItWasTyped(t *testing.T) {
	d := newTown(t).coordinator()
	for field, value := range map[string]string{
		"due_on": "2026-11-01", "cause": "ring 070-123 45 67", "start_on": "i morgon", "owner_agency": "", "control": "area:a1", "area": "", "weeks": "många",
	} {
		form := filled()
		form.Set(field, value)
		page := d.code(http.MethodPost, "/atgarder", form, http.StatusUnprocessableEntity).Body.String()
		says(t, page, "Åtgärden är inte sparad.", "Krossade rutor på kvällen")
		if !strings.Contains(page, `href="#`+field+`"`) || !strings.Contains(page, `id="`+field+`"`) {
			t.Errorf("%s: the summary does not lead to the field", field)
		}
		if !regexp.MustCompile(`id="` + field + `"[^>]*aria-invalid="true"`).MatchString(page) {
			t.Errorf("%s is not marked", field)
		}
	}
	if rows, err := d.store.List(t.Context(), viewer("kommun", "coordinator"), action.Filter{}); err != nil || len(rows) != 0 {
		t.Errorf("stored %d, %v", len(rows), err)
	}
}

// Late is by the municipality's own clock: a replayed one stands still.
func TestLateFirstByTheMunicipalitysClock(t *testing.T) {
	w := newTown(t)
	d := w.coordinator()
	first, second := w.lamps(), w.lamps()
	first.DueOn, first.MeasureText = day("2026-12-01"), "senare"
	second.StartOn, second.DueOn, second.MeasureText, second.ControlArea, second.ControlLevel, second.ControlOn = day("2026-11-10"), day("2026-11-20"), "först", "", "", nil
	w.made(first)
	w.made(second)
	page := d.page("/atgarder")
	says(t, page, "2 åtgärder är öppna. 1 är försenad.", "4 dagar försenad")
	if strings.Index(page, "först") > strings.Index(page, "senare") {
		t.Error("what is late does not stand first")
	}
	says(t, d.page("/atgarder?state=late"), "först")
	saysNot(t, d.page("/atgarder?state=late"), "senare")
	w.exec(`UPDATE registry.municipality SET clock = 'replay', as_of = '2026-11-19T23:30:00+01:00' WHERE municipality = $1`, code)
	page = d.page("/atgarder")
	saysNot(t, page, "försenad")
	says(t, page, "Uppspelning av äldre uppgifter. Klockan står på den 19 november 2026 kl. 23.30.")
}

// One without problem or follow-up cannot be followed up: that is said where everybody looks.
func TestAnActionWithoutProblemOrFollowUpIsADefect(t *testing.T) {
	w := newTown(t)
	a := w.lamps()
	a.Problem, a.FollowUpOn = "", nil
	a = w.made(a)
	d := w.coordinator()
	says(t, d.page("/atgarder"), "1 går inte att följa upp", "saknar problem, saknar uppföljning")
	says(t, d.page("/atgarder/"+a.ID.String()), "Brist: det står inte vilket problem", "Brist: det finns inget datum för uppföljning.", "Fyll i det som saknas", "Problem Saknas")
	b := w.lamps()
	b.ControlArea, b.ControlLevel, b.ControlOn = "", "", nil
	b = w.made(b)
	says(t, d.page("/atgarder/"+b.ID.String()), "Inget jämförelseområde är valt. Välj ett senast den 30 november 2026")
	w.now = day("2026-12-01").Add(9 * time.Hour)
	says(t, d.page("/atgarder/"+b.ID.String()+"/andra"), "Åtgärden har börjat, så det kan inte ändras.")
}

// Two in the same meeting: the second sees both and decides.
func TestWhoSavesSecondSeesBothAndMaySave(t *testing.T) {
	w := newTown(t)
	a := w.made(w.lamps())
	d := w.coordinator()
	path := "/atgarder/" + a.ID.String()
	first, second := filled(), filled()
	first.Set("version", "1")
	first.Set("due_on", "2026-12-11")
	second.Set("version", "1")
	second.Set("cause", "Trasiga lampor")
	d.code(http.MethodPost, path, first, http.StatusSeeOther)
	page := d.code(http.MethodPost, path, second, http.StatusConflict).Body.String()
	says(t, page, "Någon annan hann före", "Orsak Mörkt Trasiga lampor", "Klart senast 2026-12-11 2026-12-04", "Spara mitt i stället")
	again := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		again.Set(m[1], html.UnescapeString(m[2]))
	}
	d.code(http.MethodPost, path, again, http.StatusSeeOther)
	says(t, d.page(path), "Orsak Trasiga lampor", "klart senast 2026-12-04", "Ändrat: klart senast (till 2026-12-11)")
}

// An owner takes its own action on, and nothing else.
func TestAnOwnerMovesItsOwnAndNoOther(t *testing.T) {
	w := newTown(t)
	ours, theirs := w.made(w.lamps()), w.lamps()
	theirs.OwnerAgency = "kommun"
	theirs = w.made(theirs)
	d := w.visitor("bostad", "member", web.ActNumbers, web.ActOwnActions)
	path := func(a action.Action) string { return "/atgarder/" + a.ID.String() }
	says(t, d.page(path(ours)), "Markera klar")
	saysNot(t, d.page(path(ours)), "Ändra uppgifterna", "Flytta datumet")
	saysNot(t, d.page(path(theirs)), "Markera klar")
	form := url.Values{"version": {"1"}, "state": {"done"}, "due_on": {"2027-12-31"}}
	d.code(http.MethodPost, path(theirs)+"/lage", form, http.StatusForbidden)
	d.code(http.MethodPost, path(ours), filled(), http.StatusForbidden)
	d.code(http.MethodPost, "/atgarder", filled(), http.StatusForbidden)
	d.code(http.MethodGet, "/atgarder/ny", nil, http.StatusForbidden)
	d.code(http.MethodGet, path(ours)+"/andra", nil, http.StatusForbidden)
	d.code(http.MethodPost, path(ours)+"/lage", form, http.StatusSeeOther)
	got, err := w.store.Get(t.Context(), viewer("kommun", "coordinator"), ours.ID)
	if err != nil || got.State != action.Done || !got.DueOn.Equal(ours.DueOn) || got.DoneOn == nil || !got.DoneOn.Equal(day("2026-11-24")) {
		t.Errorf("stored %+v, %v", got, err)
	}
	says(t, d.page(path(ours)), "Beslutad blev Klar")
	d.code(http.MethodPost, path(ours)+"/lage", url.Values{"version": {"2"}, "state": {"proposed"}}, http.StatusUnprocessableEntity)
}

// An association acts and sees no report, no number of reports and nobody else's actions.
func TestAnAssociationSeesItsOwnActionsAndNoNumber(t *testing.T) {
	w := newTown(t)
	w.halved()
	others := w.lamps()
	others.Problem = "hemligt-problem"
	others = w.made(others)
	own := w.lamps()
	own.OwnerAgency, own.StartOn, own.DueOn, own.ControlOn, own.FollowUpOn = "idrott", day("2026-08-03"), day("2026-08-10"), on("2026-08-01"), on("2026-10-01")
	own.CreatedAt = day("2026-08-01")
	own = w.made(own)
	d := w.association()
	list := d.page("/atgarder")
	says(t, list, "Fyra nya lampor", "säker minskning")
	saysNot(t, list, "hemligt-problem", "Bostads AB")
	page := d.page("/atgarder/" + own.ID.String())
	says(t, page, "Säker minskning", "Markera klar")
	saysNot(t, page, "händelser före", "Visa som tabell", "Platsen som flaggades")
	if strings.Contains(page, "<svg") {
		t.Error("the figure is shown")
	}
	d.code(http.MethodGet, "/atgarder/"+others.ID.String(), nil, http.StatusNotFound)
	d.code(http.MethodPost, "/atgarder/"+others.ID.String()+"/lage", url.Values{"version": {"1"}, "state": {"done"}}, http.StatusNotFound)
	sheet := d.page("/atgarder.csv?state=all&agency=bostad")
	saysNot(t, sheet, "hemligt-problem", "Händelser före")
	d.code(http.MethodPost, "/atgarder/"+own.ID.String()+"/lage", url.Values{"version": {"1"}, "state": {"done"}}, http.StatusSeeOther)
	reporter := w.visitor("bostad", "reporter", web.ActReport)
	reporter.code(http.MethodGet, "/atgarder", nil, http.StatusForbidden)
}

// What is not there and what is another's are answered alike, and a GET changes nothing.
func TestUnknownAndForeignActionsAreAnsweredAlike(t *testing.T) {
	w := newTown(t)
	d := w.coordinator()
	for _, address := range []string{"/atgarder/" + uuid.NewString(), "/atgarder/x", "/atgarder?m=0002", "/atgarder/ny?flag=" + uuid.NewString(), "/atgarder.csv?m=0002"} {
		d.code(http.MethodGet, address, nil, http.StatusNotFound)
	}
	d.code(http.MethodPost, "/atgarder?m=0002", filled(), http.StatusNotFound)
}

// halved is a year with 2 incidents a day on the square until August 2026 and 1 after, and 2 in Björken all the time.
func (w *town) halved() {
	w.t.Helper()
	w.exec(`INSERT INTO correlator.count (municipality, day, district, area, category, hour, incidents, reports)
		SELECT $1, d, 'norr', 'a1', 'broken_window', -1, CASE WHEN d < '2026-08-03' THEN 2 ELSE 1 END, 2 FROM generate_series('2025-08-01'::date, '2026-11-20', '1 day') d
		UNION ALL SELECT $1, d, 'soder', 'b1', 'broken_window', -1, 2, 2 FROM generate_series('2025-08-01'::date, '2026-11-20', '1 day') d
		UNION ALL SELECT $1, d, 'norr', 'a1', 'theft', -1, 5, 5 FROM generate_series('2025-08-01'::date, '2026-11-20', '1 day') d`, code)
	w.exec(`INSERT INTO correlator.source (municipality, agency, unit, events, first_at, last_at) VALUES ($1, 'bostad', '', 1, '2025-01-01', '2026-11-23')`, code)
}

// The answer to "did it help?": numbers, interval, figure and table that agree.
func TestAnEffectIsSaidInWordsNumbersAndAFigure(t *testing.T) {
	w := newTown(t)
	w.halved()
	a := w.lamps()
	a.StartOn, a.DueOn, a.ControlOn, a.FollowUpOn, a.CreatedAt = day("2026-08-03"), day("2026-08-10"), on("2026-08-01"), on("2026-10-01"), day("2026-08-01")
	a = w.made(a)
	d := w.coordinator()
	page := d.page("/atgarder/" + a.ID.String())
	// 112 before and 56 after; 112 and 112 there: -56, standard error sqrt(392) = 19.8.
	says(t, page, "Säker minskning.", "Torget: 112 händelser före (14 i veckan), 56 efter (7 i veckan).", "Björken, där inget gjordes: 112 före, 112 efter.",
		"Skillnaden mot jämförelseområdet är −56 händelser (95 % intervall −95 till −17).", "Före är 2026-06-08 till 2026-08-02, efter är 2026-08-03 till 2026-09-27.")
	saysNot(t, page, "Att tänka på")
	sum := 0
	for _, m := range regexp.MustCompile(`</th><td>(?:Före|Efter)</td><td class="num">(\d+)</td>`).FindAllStringSubmatch(page, -1) {
		var n int
		if _, err := fmt.Sscan(m[1], &n); err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if sum != 168 || strings.Count(page, `<rect class="column`) != 16 {
		t.Errorf("the table sums to %d and the figure has %d columns", sum, strings.Count(page, `<rect class="column`))
	}
	w.exec(`INSERT INTO correlator.source (municipality, agency, unit, events, first_at, last_at) VALUES ($1, 'idrott', '', 1, '2026-08-20', '2026-11-23')`, code)
	says(t, d.page("/atgarder/"+a.ID.String()), "Att tänka på", "Idrottsföreningen började rapportera 2026-08-20.")
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(d.page("/atgarder.csv"), "\ufeff")))
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	if err != nil || len(rows) != 2 || rows[1][13] != "112" || rows[1][17] != "-56" {
		t.Errorf("sheet %q, %v", rows, err)
	}
}

// A place is flagged because it was high: the flagged days are no fair time before.
func TestAFlaggedPlaceIsWarnedOf(t *testing.T) {
	w := newTown(t)
	w.halved()
	flag := uuid.New()
	w.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, areas, parts, grp, category, window_from, window_to, observed, expected,
		low, high, ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of)
		VALUES ($1, $2, 1, 'rise', 'alert', 'open', 'area', 'a1', '{a1}', '[]', 'damage', '', '2026-07-20', '2026-07-26', 14, 4, 1, 8, 9, 2, true, '{bostad}', 'Fjorton händelser mot fyra.',
		'Fourteen.', 1, '2026-07-27', '2026-07-27', '2026-07-27', '2026-07-27')`, code, flag)
	d := w.coordinator()
	says(t, d.page("/atgarder/ny?flag="+flag.String()), "Fjorton händelser mot fyra.")
	a := w.lamps()
	a.Flag, a.StartOn, a.DueOn, a.ControlOn, a.FollowUpOn, a.CreatedAt = &flag, day("2026-08-03"), day("2026-08-10"), on("2026-08-01"), on("2026-10-01"), day("2026-08-01")
	a = w.made(a)
	says(t, d.page("/atgarder/"+a.ID.String()), "Platsen valdes för att antalet var högt.", "Före är 2026-05-25 till 2026-07-19", "Platsen som flaggades")
	panel, err := d.panel(flag.String())
	if err != nil {
		t.Fatal(err)
	}
	says(t, panel, "Åtgärder och effekt", "Belysning: Fyra nya lampor", "Bostads AB. Beslutad, start v. 32, klart senast 2026-08-10.", "Före 14 i veckan, efter 7 i veckan.", "Säker minskning",
		"106 dagar försenad", "Ny åtgärd här")
}

func (d *desk) panel(subject string) (string, error) {
	service, err := action.New(d.pool, action.Config{Now: func() time.Time { return d.now }})
	if err != nil {
		return "", err
	}
	part, err := service.Panel(d.t.Context(), nil, d.visit, web.NewLocale("sv", web.Texts(), time.UTC), subject)
	return string(part), err
}

// What was concluded stays with what was measured then, whatever comes late.
func TestAnEvaluatedActionKeepsItsEffect(t *testing.T) {
	w := newTown(t)
	w.halved()
	a := w.lamps()
	a.StartOn, a.DueOn, a.ControlOn, a.FollowUpOn, a.CreatedAt = day("2026-08-03"), day("2026-08-10"), on("2026-08-01"), on("2026-10-01"), day("2026-08-01")
	a = w.made(a)
	d := w.coordinator()
	path := "/atgarder/" + a.ID.String()
	d.code(http.MethodPost, path+"/lage", url.Values{"version": {"1"}, "state": {"done"}}, http.StatusSeeOther)
	says(t, d.page("/atgarder"), "att följa upp")
	d.code(http.MethodPost, path+"/lage", url.Values{"version": {"2"}, "state": {"evaluated"}}, http.StatusUnprocessableEntity)
	d.code(http.MethodPost, path+"/lage", url.Values{"version": {"2"}, "state": {"evaluated"}, "conclusion": {"Lamporna hjälpte."}}, http.StatusSeeOther)
	w.exec(`UPDATE correlator.count SET incidents = 9 WHERE area = 'a1' AND day > '2026-08-03'`)
	page := d.page(path)
	says(t, page, "Utvärderad", "Slutsats: Lamporna hjälpte.", "Säker minskning.", "112 händelser före (14 i veckan), 56 efter")
	saysNot(t, page, "Ändra läget", "Ändra uppgifterna")
	saysNot(t, d.page("/atgarder"), "Fyra nya lampor")
	says(t, d.page("/atgarder?state=all"), "Fyra nya lampor")
}
