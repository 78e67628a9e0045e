// SPDX-License-Identifier: EUPL-1.2

package pages_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
	"samsyn/services/alerting/pages"
)

func TestTextsAreThereInBothLanguages(t *testing.T) {
	webtest.Catalogue(t, ".", pages.Texts(), web.Texts(), "lead.", "source.", "context.", "map.over", "map.under", "placetype.", "exact.", "verb.", "fresh.")
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

func saysNot(t *testing.T, page string, nots ...string) {
	t.Helper()
	text := plain(page)
	for _, not := range nots {
		if strings.Contains(text, not) {
			t.Errorf("the page says %q:\n%s", not, text)
		}
	}
}

// weekOf47 is a town with a week worth looking at.
func weekOf47(t *testing.T) *town {
	w := newTown(t)
	w.squares(6)
	w.agency("bostad", "Bostadsbolaget", "2026-01-01", "norr", "soder")
	w.agency("polisen", "Polisen", "2026-01-01")
	w.incident(12, "11-18", "a1", "property_damage", "bostad", "norr")
	w.incident(3, "11-17", "a2", "graffiti", "polisen", "")
	w.incident(1, "11-16", "b1", "unsafe_gathering", "polisen", "")
	w.incident(2, "11-21", "b2", "littering", "bostad", "norr") // of a group that is counted apart
	w.incident(1, "11-20", "", "theft", "polisen", "")          // inside the municipality, in no area
	w.incident(9, "11-11", "b1", "theft", "bostad", "soder")
	w.incident(5, "07-01", "b3", "theft", "polisen", "")
	w.expect("municipality", w.code, "11-16", 10, 14, 8, 21)
	w.expect("area", "a1", "11-16", 1, 2.1, 0, 5)
	return w
}

// The sentence is the first thing that is read and the one thing that is remembered.
func TestTheSentenceSaysHowTheWeekIs(t *testing.T) {
	w := weekOf47(t)
	// 14 a week of equal days; six days less ten minutes have passed.
	says(t, w.page("/"), "Läget v. 47 i Provstad", "17 händelser hittills. Förväntat 12 (normalt 6–19): inom det normala.", "16–22 november 2026",
		"räknat till och med lördag (2026-11-21 kl. 23.50)", "Därtill 2 händelser om trafik och fysisk miljö", "Utanför alla områden: 1 händelse.")
	says(t, w.page("/?week=2026-W46"), "9 händelser. Förväntat 14 (normalt 8–21): inom det normala.", "9–15 november 2026")
	says(t, w.page("/?week=2026-W35"), "0 händelser. Historiken är för kort för att säga vad som är normalt.")
	w.incident(6, "11-21", "a1", "theft", "bostad", "norr")
	says(t, w.page("/"), "23 händelser hittills. Förväntat 12 (normalt 6–19): fler än förväntat.")
	w.now = w.day("11-23").Add(8 * time.Hour)
	says(t, w.page("/?week=2026-W47"), "23 händelser. Förväntat 14 (normalt 8–21): fler än förväntat.")
	says(t, w.page("/"), "Läget v. 48 i Provstad", "0 händelser hittills.")
}

// B03: one number, wherever it stands.
func TestNumbersAgreeOnPageTableAndFiles(t *testing.T) {
	w := weekOf47(t)
	page := w.page("/")
	says(t, page, "Händelser i 4 av 12 områden. Flest: Norra 1 med 12.")
	inTable := tableSum(t, page, "Områden v. 47 2026", 2)
	reader := csv.NewReader(strings.NewReader(w.page("/files/areas.csv")))
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	inCSV := 0
	for _, r := range rows[1:] {
		n, err := strconv.Atoi(r[2])
		if err != nil {
			t.Fatal(err)
		}
		inCSV += n
	}
	var collection struct {
		Week     string
		MadeUp   bool `json:"made_up"`
		Features []struct {
			ID         string
			Properties struct {
				Incidents, Detected int
				Expected            *float64
			}
			Geometry struct{ Coordinates [][][][2]float64 }
		}
	}
	if err := json.Unmarshal([]byte(w.page("/files/areas.geojson")), &collection); err != nil {
		t.Fatal(err)
	}
	inGeoJSON := 0
	for _, f := range collection.Features {
		inGeoJSON += f.Properties.Incidents
		if f.ID == "a1" && (f.Properties.Expected == nil || f.Geometry.Coordinates[0][0][0] != [2]float64{14.7, 56.9}) {
			t.Errorf("a1 lacks its expectation or has moved: %+v", f)
		}
	}
	// 17 detected and 2 of other groups, 1 of them in no area.
	if inTable != 18 || inCSV != 18 || inGeoJSON != 18 || collection.Week != "2026-W47" {
		t.Errorf("%d in the table, %d in the CSV, %d in the GeoJSON, want 18 in each", inTable, inCSV, inGeoJSON)
	}
	if n := strings.Count(page, `class="c4"`); n != 1 {
		t.Errorf("%d areas of ten and more on the map, want 1", n)
	}
	if weeks := w.page("/files/weeks.csv"); !strings.Contains(weeks, "v. 47 2026 (pågår);17;14;8–21\r\nv. 46 2026;9;14;8–21\r\n") {
		t.Errorf("weeks: %q", weeks)
	}
}

// One filter, one number: the sentence, the map, the table, the files and the list of incidents are all of the group.
func TestAGroupIsTheSameEverywhere(t *testing.T) {
	w := weekOf47(t)
	w.expectGroup("municipality", w.code, "damage", "11-16", 10, 7, 3, 12)
	w.expectGroup("area", "a1", "damage", "11-16", 1, 1.4, 0, 4)
	w.flag(flagged{reason: "Om skada."})
	w.flag(flagged{group: "drugs", area: "a2", reason: "Om annat."})
	page := w.page("/?group=damage")
	says(t, page, "Läget v. 47 i Provstad: Skadegörelse och brand", "15 händelser hittills. Förväntat 6 (normalt", "Händelser i 2 av 12 områden. Flest: Norra 1 med 12.",
		"Om skada.", "Händelser per vecka i Provstad, Skadegörelse och brand.", "v. 47 2026 (pågår) 15 7 3–12", "v. 46 2026 0 7 3–12", "Rensa filter")
	saysNot(t, page, "Om annat.", "Därtill", "Utanför alla områden")
	if n := tableSum(t, page, "Områden v. 47 2026", 2); n != 15 {
		t.Errorf("%d in the table, want 15", n)
	}
	if rows := w.csv("/files/areas.csv?group=damage"); rows[1][2] != "12" || rows[2][2] != "3" || rows[3][2] != "0" {
		t.Errorf("%v", rows[:4])
	}
	for _, link := range regexp.MustCompile(`href="(/handelser[^"]*)"[^>]*>(\d+)[^<]*</a>`).FindAllStringSubmatch(page, -1) {
		if n := strings.Count(w.page(strings.ReplaceAll(link[1], "&amp;", "&")), `<th scope="row">`); strconv.Itoa(n) != link[2] {
			t.Errorf("%s says %s and opens to %d", link[1], link[2], n)
		}
	}
	says(t, w.page("/?group=place"), "17 händelser hittills.") // of no expectation: no filter
	says(t, w.page("/"), "Om annat.", "Södra 1 Södra distriktet 10 ")
}

// tableSum adds up a column of the table with a caption.
func tableSum(t *testing.T, page, caption string, column int) int {
	t.Helper()
	_, table, found := strings.Cut(strings.ReplaceAll(page, "\u00a0", " "), "<caption>"+caption+"</caption>")
	if !found {
		t.Fatalf("no table %q", caption)
	}
	table, _, _ = strings.Cut(table, "</table>")
	sum := 0
	for _, row := range strings.Split(table, "<tr>")[2:] {
		cells := regexp.MustCompile(`<t[hd][^>]*>(.*?)</t[hd]>`).FindAllStringSubmatch(row, -1)
		n, err := strconv.Atoi(plain(cells[column][1]))
		if err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		sum += n
	}
	return sum
}

// A flagged place is what the page is for: the most serious first, each with number
// against expected and the reason, on the map under the same number.
func TestFlaggedPlacesCarryTheirReason(t *testing.T) {
	w := weekOf47(t)
	rise := w.flag(flagged{margin: 2, reason: "12 händelser på 4 dagar mot 2,1 väntade.", parts: `[{"area": "norr", "level": "district", "observed": 14, "expected": 4.2}]`})
	serious := w.flag(flagged{kind: "serious", area: "b1", group: "violence", category: "shooting_explosion", observed: 1, reason: "Mycket allvarlig händelse."})
	w.flag(flagged{grade: "watch", area: "a2", observed: 4})
	whole := w.flag(flagged{level: "municipality", area: w.code, margin: 1, observed: 40})
	page := w.page("/")
	says(t, page, "1 mycket allvarlig händelse, 2 platser över det förväntade.", "1 Södra 1 ▲ Mycket allvarlig Ny", "Skottlossning/explosion · 16–19 november 2026",
		"2 Norra 1 ▲ Över det förväntade Ny", "12 mot 2,1 förväntade (normalt 0–5)", "12 händelser på 4 dagar mot 2,1 väntade. Har också synts i Norra distriktet (14 mot 4,2).",
		"Ses av Bostadsbolaget.", "3 Provstad", "Hela kommunen · Skadegörelse och brand", "Nära gränsen (larmas inte) (1)", "Norra 2, Skadegörelse och brand: 4 mot 2,1 förväntade")
	for number, id := range map[string]uuid.UUID{"1": serious, "2": rise} {
		if !strings.Contains(page, `href="#f-`+id.String()+`" aria-label="Plats `+number) || !strings.Contains(page, `id="f-`+id.String()+`"`) {
			t.Errorf("marker %s does not lead to its place", number)
		}
	}
	if strings.Contains(page, `href="#f-`+whole.String()) {
		t.Error("the whole municipality has a spot on the map")
	}
	if got := w.page("/files/places.csv"); !strings.Contains(got, "2;Norra 1;Norra distriktet;Över det förväntade;Skadegörelse och brand;16–19 november 2026;12;2,1;0–5;12 händelser på 4 dagar mot 2,1 väntade.\r\n") {
		t.Errorf("places.csv: %s", got)
	}
	if got := w.page("/files/places.geojson"); strings.Count(got, `"Feature"`) != 3 {
		t.Errorf("places.geojson: %s", got)
	}
	says(t, w.page("/?lang=en"), "Twelve incidents.", "12 against 2.1 expected (normally 0–5)", "Seen by Bostadsbolaget.")
}

// A flag belongs to the weeks it was open in; midnight ends a week and does not begin
// the next.
func TestFlagsBelongToTheWeeksTheyWereOpenIn(t *testing.T) {
	w := weekOf47(t)
	monday := w.day("11-16")
	cleared := monday.Add(-24 * time.Hour)
	w.flag(flagged{area: "a1", opened: monday.AddDate(0, 0, -9), cleared: &cleared, reason: "I v. 45 och 46."})
	w.flag(flagged{area: "a2", opened: monday, reason: "Sedd vid midnatt efter v. 46."})
	says(t, w.page("/?week=2026-W46"), "I v. 45 och 46. ", "Inte längre över", "Sedd vid midnatt efter v. 46.")
	saysNot(t, w.page("/?week=2026-W45"), "Sedd vid midnatt")
	saysNot(t, w.page("/"), "I v. 45 och 46.")
	says(t, w.page("/"), "Sedd vid midnatt efter v. 46.") // it is still open
}

// Links in mails are read by scanners and people: they lead to the place and change
// nothing.
func TestALinkInAMailLeadsToThePlace(t *testing.T) {
	w := weekOf47(t)
	id := w.flag(flagged{opened: w.day("11-12").Add(time.Hour)})
	says(t, w.page("/plats/"+id.String()), "Norra 1: Skadegörelse och brand", "Läget v. 46")
	for _, address := range []string{"/plats/" + uuid.NewString(), "/plats/x", "/files/x.csv", "/?m=0002", "/handelser?m=0002", "/handelser.csv?m=0002", "/nowhere"} {
		if rec := w.get(address); rec.Code != http.StatusNotFound || !strings.Contains(rec.Body.String(), "Sidan finns inte") {
			t.Errorf("%s: %d", address, rec.Code)
		}
	}
}

// Roles decide: who reports and nothing else sees no numbers.
func TestWhoMayNotSeeNumbersSeesNone(t *testing.T) {
	w := weekOf47(t)
	id := w.flag(flagged{})
	w.visit.Acts = map[web.Act]bool{web.ActReport: true}
	for _, address := range []string{"/", "/plats/" + id.String(), "/handelser", "/handelser.csv", "/files/areas.csv", "/files/places.geojson"} {
		if rec := w.get(address); rec.Code != http.StatusForbidden || strings.Contains(rec.Body.String(), "Norra 1") {
			t.Errorf("%s: %d", address, rec.Code)
		}
	}
}

// What another service decided stands where the numbers are; that it is away takes nothing from them.
func TestOtherServicesHaveTheirPlaceOnThePage(t *testing.T) {
	w := weekOf47(t)
	id := w.flag(flagged{})
	says(t, w.page("/?lang=en"), "week 0001 en 2026-W47", "17 incidents so far")
	page := w.page("/plats/" + id.String())
	says(t, page, "place 0001 sv "+id.String())
	if decide, why := strings.Index(page, "<h2>place"), strings.Index(page, `id="why"`); decide < 0 || why < decide {
		t.Error("what is to be decided does not come first")
	}
}

// Silence is not calm: who is silent is named, and a rise in reporting is told apart
// from one in incidents.
func TestWhoReportsAndWhoIsSilent(t *testing.T) {
	w := weekOf47(t)
	w.agency("skola", "Skolan", "2026-10-26", "hog")
	w.agency("fritid", "Fritid", "2026-12-01")
	w.incident(1, "11-05", "b1", "theft", "skola", "hog")
	w.agency("park", "Parken", "2026-01-01")
	w.exec(`INSERT INTO correlator.notice (municipality, agency, kind, report, revision, batch, state, starts, ends, unit)
		VALUES ($1, 'park', 'nothing', 'n1', 1, 1, 'accepted', '2026-11-16 00:00+01', '2026-11-22 00:00+01', '')`, w.code)
	page := w.page("/")
	// bostad norr and polisen reported, park said nothing; soder was heard last week; hog was not.
	says(t, page, "Hört av: 3 av 5 enheter. Tysta: Enhet hog. Tystnad är inte lugn.", "Skolan började rapportera v. 44: en ökning kan bero på det.",
		"Bostadsbolaget Enhet norr rapporterat 14 2026-11-21", "Bostadsbolaget Enhet soder inte än 0 2026-11-11", "Skolan Enhet hog tyst 0 2026-11-05",
		"Parken inget att rapportera 0 aldrig", "Fritid inte börjat 0 aldrig")
	w.now = w.day("11-23").Add(11 * time.Hour)
	says(t, w.page("/?week=2026-W47"), "Tysta: Enhet soder och Enhet hog.")
	says(t, w.page("/?week=2026-W46"), "Polisen inte hörd den veckan 0 2026-11-20")
}

// What is invented or played again must never be taken for what is.
func TestMadeUpAndReplayAreSaid(t *testing.T) {
	w := weekOf47(t)
	saysNot(t, w.page("/"), "Påhittade", "Uppspelning")
	w.exec(`UPDATE registry.municipality SET made_up = true, clock = 'replay', as_of = '2026-11-16 00:00+01', version = version + 1`)
	page := w.page("/")
	says(t, page, "Påhittade uppgifter.", "Uppspelning av äldre uppgifter. Klockan står på den 16 november 2026 kl. 00.00.",
		"Läget v. 46 i Provstad", "9 händelser. Förväntat") // midnight ends the week: it is whole
	saysNot(t, page, "Veckan pågår")
	if got := w.page("/files/areas.geojson"); !strings.Contains(got, `"made_up":true`) {
		t.Error("the file does not say that it is made up")
	}
	if got := w.get("/files/weeks.csv").Header().Get("Content-Disposition"); got != `attachment; filename="samsyn-pahittat-0001-2026-W46-weeks.csv"` {
		t.Errorf("file name: %s", got)
	}
}

// A municipality on its first day has a page, not an error.
func TestAnEmptyMunicipalityHasAPage(t *testing.T) {
	w := newTown(t)
	page := w.page("/?map=change")
	says(t, page, "0 händelser hittills. Historiken är för kort", "Inga platser över det förväntade v. 47.", "Ingen organisation rapporterar än.", "Inga händelser än.", "Inget är anmält")
	for _, name := range []string{"areas.csv", "weeks.csv", "places.csv", "sources.csv", "areas.geojson", "places.geojson"} {
		w.page("/files/" + name)
	}
}

// Numbers are the same for everyone inside the agreement, and nobody's outside it: the
// database says so, not the page.
func TestAnotherMunicipalityIsNeverShown(t *testing.T) {
	w := weekOf47(t)
	w.municipality("0002", "Grannby")
	w.exec(`INSERT INTO correlator.count VALUES ('0002', '2026-11-18', '', '', 'theft', -1, 777, 777)`)
	w.visit.Viewer = pg.Viewer{Municipality: "0002", Roles: []string{"coordinator"}}
	if rec := w.get("/"); rec.Code != http.StatusNotFound {
		t.Errorf("a municipality that is no choice answers %d", rec.Code)
	}
	w.visit.Choices = append(w.visit.Choices, web.Choice{Municipality: "0002", Name: "Grannby"})
	says(t, w.page("/"), "Läget v. 47 i Grannby", "777 händelser hittills")
	page := w.page("/?m=0001")
	says(t, page, "17 händelser hittills")
	saysNot(t, page, "777")
}

// The year is kept between readers and the journal folded into it: a correction that
// moves a count must move the page, too.
func TestTheYearFollowsTheJournal(t *testing.T) {
	w := weekOf47(t)
	says(t, w.page("/"), "Norra 1 Norra distriktet 12 ", "Södra 1 Södra distriktet 10 ")
	w.incident(4, "11-10", "b1", "theft", "polisen", "")
	w.incident(-3, "11-18", "a1", "property_damage", "polisen", "")
	says(t, w.page("/"), "Norra 1 Norra distriktet 9 ", "Södra 1 Södra distriktet 14 ", "v. 46 2026 13 14 8–21", "v. 47 2026 (pågår) 14 14 8–21")
	w.incident(100, "01-05", "b1", "littering", "polisen", "") // of no detected group
	says(t, w.page("/"), "Södra 1 Södra distriktet 14 ")
	// Another areas' version, as after a recount under today's areas: everything is summed anew.
	w.exec(`UPDATE correlator.count SET area = 'b2' WHERE area = 'b1'`)
	w.exec(`UPDATE registry.municipality SET version = version + 1`)
	says(t, w.page("/"), "Södra 2 Södra distriktet 14 ")
	says(t, w.page("/?week=2026-W45"), "Södra 3 Södra distriktet 5 ") // a year that ended before
}

// Announcements can explain a rise, and figures from others are shown beside, never
// among.
func TestWhatIsComingAndFiguresBeside(t *testing.T) {
	w := weekOf47(t)
	insert := `INSERT INTO correlator.notice (municipality, agency, kind, report, revision, batch, state, starts, ends, areas, category, n, context, text)
		VALUES ($1, 'polisen', $2, $3, 1, 1, $4, $5, $6, ARRAY['norr'], $7, $8, $9, $10)`
	w.exec(insert, w.code, "context", "c1", "accepted", w.day("11-28").Add(15*time.Hour), w.day("11-28").Add(17*time.Hour), nil, nil, "event", "Match <b>här</b>")
	w.exec(insert, w.code, "context", "c2", "withdrawn", w.day("11-28"), w.day("11-29"), nil, nil, "event", "Inställd")
	w.exec(insert, w.code, "context", "c3", "accepted", w.day("12-24"), w.day("12-25"), nil, nil, "holiday", "För långt fram")
	w.exec(insert, w.code, "counts", "s1", "accepted", w.day("11-16"), w.day("11-23"), "theft", 7, nil, nil)
	w.exec(insert, w.code, "counts", "s2", "accepted", w.day("11-16"), w.day("11-23"), "theft", 4, nil, nil)
	page := w.page("/")
	says(t, page, "Evenemang lördag 28 november 2026 kl. 15.00–17.00, Norra distriktet. Match <b>här</b>", "Polisen, Stöld (cykel, fordon, övrig): 11", "17 händelser hittills")
	saysNot(t, page, "Inställd", "För långt fram")
}

// Text of others is shown, never run.
func TestTextOfOthersIsNeverMarkup(t *testing.T) {
	w := weekOf47(t)
	const evil = `"><script>alert(1)</script><svg onload=x>`
	w.exec(`UPDATE registry.area SET name = $1 WHERE code = 'a1'`, evil)
	w.exec(`UPDATE registry.municipality SET name = $1, version = version + 1`, evil)
	w.exec(`UPDATE registry.agency SET name = $1`, evil)
	w.flag(flagged{reason: evil})
	w.visit.Choices = []web.Choice{{Municipality: "0001", Name: evil}, {Municipality: "0002", Name: evil}}
	for _, address := range []string{"/", "/?map=change&lang=en", "/?week=2026-W46"} {
		if page := w.page(address); strings.Contains(page, "<script") || strings.Contains(page, "<svg onload") || strings.Contains(page, `style="`) {
			t.Errorf("%s: markup came through", address)
		}
	}
}

// Every page can be asked for again without harm, and says so to a browser.
func TestOnlyGetAndHeadAreAnswered(t *testing.T) {
	w := weekOf47(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, httptest.NewRequest(method, "/", nil))
		if rec.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", method, rec.Code)
		}
	}
	if got := w.get("/").Header().Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
		t.Errorf("policy %q", got)
	}
}

// A page over a phone's network: at most 60 KB with everything in it, for a large
// municipality with incidents everywhere.
func TestThePageStaysSmall(t *testing.T) {
	w := newTown(t)
	w.area(w.code, "municipality", "Provstad", "", 14, 56, 1)
	w.exec(`INSERT INTO registry.area (municipality, code, level, name, parent, geometry) SELECT municipality, 'd' || g, 'district', 'Distrikt ' || g, code, geometry
		FROM registry.area, generate_series(1, 10) g WHERE level = 'municipality'`)
	for i := range 600 {
		w.area("x"+itoa(i), "area", "Område nummer "+itoa(i), "d"+itoa(1+i%10), 14+0.01*float64(i%30), 56+0.01*float64(i/30), 0.01)
	}
	w.exec(`INSERT INTO correlator.count SELECT municipality, '2026-11-18', parent, code, 'theft', 12, 1 + (random() * 14)::int, 15 FROM registry.area WHERE level = 'area'`)
	w.exec(`INSERT INTO alerting.expected SELECT municipality, '2026-11-16', 'area', code, '', 2, 3, ARRAY[1, 1, 1, 1, 1, 1, 1]::float8[], 2 + random() * 9, 1, 12 FROM registry.area`)
	for i := range 20 {
		w.flag(flagged{area: "x" + itoa(17*i), reason: strings.Repeat("Skälet står i ord. ", 10)})
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(w.page("/?map=change"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > 60<<10 {
		t.Errorf("%d bytes compressed, at most 60 KB", packed.Len())
	}
	t.Logf("%d bytes compressed", packed.Len())
}
