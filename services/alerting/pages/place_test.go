// SPDX-License-Identifier: EUPL-1.2

package pages_test

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// told is an incident of one report to insert; what is left out is graffiti of bostad in a1 at noon on 18 November,
// open to partners.
type told struct {
	agency, unit, area, category, sharing, origin, text string
	placeType                                           string
	from, to                                            time.Time
	exactness                                           int
	after                                               *time.Time
}

// tell inserts a report with its event, as the correlator leaves them, and counts it.
func (w *town) tell(r told) string {
	w.t.Helper()
	or := func(s *string, otherwise string) {
		if *s == "" {
			*s = otherwise
		}
	}
	or(&r.agency, "bostad")
	or(&r.area, "a1")
	or(&r.category, "graffiti")
	or(&r.sharing, "partners")
	or(&r.origin, "told")
	if r.from.IsZero() {
		r.from = w.day("11-18").Add(12 * time.Hour)
	}
	if r.to.IsZero() {
		r.to = r.from
	}
	if r.exactness == 0 {
		r.exactness = 2
	}
	w.incident(1, r.from.In(w.zone).Format("01-02"), r.area, r.category, r.agency, r.unit)
	key := "r" + strconv.Itoa(w.reports)
	w.exec(`UPDATE correlator.report SET sharing = $4, origin = $5, occurred_from = $6, occurred_to = $7, exactness = $8, share_after = $9, place_type = $10, batch = $11
		WHERE (municipality, agency, report) = ($1, $2, $3)`, w.code, r.agency, key, r.sharing, r.origin, r.from, r.to, r.exactness, r.after, r.placeType, w.batch)
	w.event(r.agency, key, r.text)
	return key
}

// event is what the agency sent, from which its text is read.
func (w *town) event(agency, report, text string) {
	w.t.Helper()
	body := `{"data": {"report": "` + report + `", "text": ` + strconv.Quote(text) + `}}`
	w.exec(`INSERT INTO correlator.event (municipality, agency, kind, report, revision, batch, item, verb, event_id, said_kind, said_report, said_revision, content, outcome,
		stream_seq, stored_at, decided_at, reference_version, sha256, body)
		VALUES ($1, $2, 'incident', $3, 1, $4, 0, 'reported', $3, 'incident', $3, 1, '', 'accepted', 1, now(), now(), 1, sha256($5), $5)`,
		w.code, agency, report, w.batch, []byte(body))
}

// square is a town whose place a1 is flagged for damage, with reports of two agencies behind it.
func square(t *testing.T) (*town, uuid.UUID) {
	w := newTown(t)
	w.squares(3)
	w.agency("bostad", "Bostadsbolaget", "2026-01-01", "norr")
	w.agency("polisen", "Polisen", "2026-01-01")
	w.incident(2, "02-03", "a1", "graffiti", "bostad", "norr") // heard long ago
	w.incident(1, "02-03", "b1", "graffiti", "polisen", "")
	for range 6 {
		w.tell(told{unit: "norr", from: w.day("11-16").Add(21 * time.Hour), text: "Klotter på dörren."})
	}
	w.tell(told{unit: "norr", from: w.day("11-18").Add(22 * time.Hour), to: w.day("11-19").Add(6 * time.Hour), placeType: "school_yard"})
	w.tell(told{agency: "polisen", sharing: "counts", from: w.day("11-19").Add(14 * time.Hour), text: "Hemligt hos polisen."})
	w.tell(told{agency: "polisen", sharing: "coordinators", from: w.day("11-19").Add(15 * time.Hour), text: "För samordnare."})
	w.incident(3, "11-17", "a2", "graffiti", "bostad", "norr")
	flag := w.flag(flagged{observed: 9})
	return w, flag
}

// expectGroup says what is usual of a group in an area, week after week.
func (w *town) expectGroup(level, area, group, monday string, weeks int, mean float64, low, high int) {
	w.t.Helper()
	w.exec(`INSERT INTO alerting.expected (municipality, week, level, area, grp, shape, rate, exposure, expected, low, high)
		SELECT $1, $4::date - 7 * g, $2, $3, $9, $5::float8 / 0.5, 7 / 0.5, ARRAY[1, 1, 1, 1, 1, 1, 1]::float8[], $5, $6, $7 FROM generate_series(0, $8 - 1) g`,
		w.code, level, area, "2026-"+monday, mean, low, high, weeks, group)
}

// S6: what a coordinator reads before deciding, from facts alone.
func TestAPlaceSaysWhyAndWhatSpeaksAgainst(t *testing.T) {
	w, id := square(t)
	w.expectGroup("area", "a1", "damage", "11-16", 20, 2.1, 0, 5)
	w.expectGroup("area", "a2", "damage", "11-16", 1, 0.7, 0, 2)
	w.expectGroup("municipality", w.code, "damage", "11-16", 1, 14, 7, 22)
	page := w.page("/plats/" + id.String())
	says(t, page, "Norra 1: Skadegörelse och brand", "Norra distriktet · 16–19 november 2026 ▲ Över det förväntade Ny",
		"9 mot 2,1 förväntade (normalt 0–5)", "Tolv händelser.", "Talar för 2 organisationer ser samma sak. Det är här: hela kommunen hade 12 mot 8 förväntade",
		"Händelser per vecka i Norra 1, Skadegörelse och brand.", "v. 47 2026 (pågår) 9 2,1 0–5", "v. 46 2026 0 2,1 0–5",
		"Bostadsbolaget 7 ", "Polisen 2 ", "Norra 2 3 0,4", "▲ över", "Första gången platsen flaggas.")
	// Prior of two incidents' worth and 2.1 a week in six areas: the number is the detector's own.
	if !regexp.MustCompile(`Norra 1 behöver \d+ händelser på 7 dagar`).MatchString(plain(page)) {
		t.Error("the page does not say how many a flag takes")
	}
	saysNot(t, page, "Talar emot", "Rapportering eller verklighet?")
	says(t, w.page("/plats/"+id.String()+"?lang=en"), "Norra 1: Damage and fire", "Twelve incidents.", "2 organisations see the same.")
}

// B12: the table of hours adds up to the incidents, whatever is uncertain, and is a right table.
func TestTheHoursAddUpAndSayWhatIsUncertain(t *testing.T) {
	w, id := square(t)
	page := w.page("/plats/" + id.String())
	says(t, page, "Mest måndag kl. 20–24: 6 av 9.", "Osäker tid: 1 av 9.", "Veckodag och klockslag, 9 händelser", "måndag · · · · · 6 6",
		"onsdag · · · · · 0,3 0,3", "torsdag 0,5 0,2 · 2 · · 2,7", "Summa 0,5 0,2 · 2 · 6,3 9")
	if !strings.Contains(page, `<th scope="row">måndag</th>`) || !strings.Contains(page, `<th scope="col" class="num">20–24</th>`) {
		t.Error("the table of hours lacks heads")
	}
}

// Counting and opening are two things: the number is the same for all, and each opens what its agency and role may.
func TestReportsAreOpenedByRight(t *testing.T) {
	w, id := square(t)
	address := "/plats/" + id.String()
	page := w.page(address) // by the terminal's link: nobody's agency
	says(t, page, "9 händelser i 9 rapporter. Rapporterna bakom öppnas av dem som är inloggade för en organisation.")
	saysNot(t, page, "Klotter Norra 1", "21.00", "Klotter på dörren", "Hemligt", "skolgård", "För samordnare")
	says(t, w.page("/handelser?area=a1"), "mån 2026-11-16 Klotter Norra 1 Bostadsbolaget Öppnas inte av dig. Finns hos Bostadsbolaget.")

	w.as("bostad", "member")
	page = w.page(address)
	says(t, page, "Du kan öppna 7 av 9. 2 hålls av Polisen.", "mån 2026-11-16 21.00 Klotter Norra 1 (fastighet) Bostadsbolaget Klotter på dörren.",
		"ons 2026-11-18 22.00 – tor 2026-11-19 06.00 Klotter Norra 1 (skolgård, fastighet)")
	saysNot(t, page, "Hemligt", "För samordnare", "14.00")

	w.as("bostad", "coordinator")
	page = w.page(address)
	says(t, page, "Du kan öppna 8 av 9. 1 hålls av Polisen.", "För samordnare.")
	saysNot(t, page, "Hemligt")

	w.as("polisen", "member")
	says(t, w.page(address), "Du kan öppna alla 9.", "Hemligt hos polisen.")

	w.as("polisen", "reporter") // a role that opens nothing of others
	says(t, w.page(address), "Du kan öppna 2 av 9. 7 hålls av Bostadsbolaget.")

	w.exec(`UPDATE correlator.report SET share_after = now() + interval '1 day' WHERE agency = 'bostad'`)
	w.as("polisen", "member")
	saysNot(t, w.page(address), "Klotter på dörren.")

	// The agency of the same name in another municipality is somebody else.
	w.municipality("0002", "Grannby")
	w.visit.Choices = append(w.visit.Choices, w.visit.Choices[0])
	w.visit.Choices[1].Municipality = "0002"
	w.visit.Viewer.Municipality = "0002"
	says(t, w.page(address), "9 händelser i 9 rapporter.")
}

// The first objection in the room is answered on the page: the same columns without the source that is new.
func TestReportingIsToldFromReality(t *testing.T) {
	w, id := square(t)
	w.expectGroup("area", "a1", "damage", "11-16", 20, 3.5, 1, 7)
	saysNot(t, w.page("/plats/"+id.String()), "Rapportering eller verklighet?")
	w.agency("skola", "Skolan", "2026-11-01")
	for range 8 {
		w.tell(told{agency: "skola", from: w.day("11-17").Add(9 * time.Hour)})
	}
	w.exec(`INSERT INTO registry.unit (municipality, agency, unit, name) VALUES ($1, 'bostad', 'syd', 'Enhet syd')`, w.code)
	w.tell(told{unit: "syd", from: w.day("11-19").Add(9 * time.Hour)})
	page := w.page("/plats/" + id.String())
	// Nine without Skolan and Enhet syd; four days of 3.5 a week: 2, normally to 5.
	says(t, page, "Rapportering eller verklighet?", "Även utan Enhet syd och Skolan: 9 i stället för 18, mot 2 förväntade", "Det är fler än förväntat.",
		"Skolan började rapportera v. 47 2026.", "Fler har kommit in sedan dess: nu 18 mot 9", "v. 47 2026 (pågår) 18 3,5 1–7 9")
	if !strings.Contains(page, `class="apart"`) {
		t.Error("what only new sources tell of is not drawn apart")
	}
	// What an old source has seen, too, stays: link one of the new incidents with a report of the police.
	w.exec(`UPDATE correlator.report SET reports = 2, agencies = ARRAY['polisen', 'skola'] WHERE (agency, report) = ('skola', (SELECT min(report) FROM correlator.report WHERE agency = 'skola'))`)
	w.exec(`INSERT INTO correlator.report SELECT (r).* FROM (SELECT jsonb_populate_record(x, '{"agency": "polisen", "report": "mate", "lead": false}') AS r
		FROM correlator.report x WHERE agency = 'skola' AND reports = 2) AS y`)
	says(t, w.page("/plats/"+id.String()), "Även utan Enhet syd och Skolan: 10 i stället för 18")
	w.exec(`DELETE FROM correlator.report WHERE agency = 'bostad' AND unit = 'norr' AND day > '2026-11-01'`)
	w.exec(`UPDATE correlator.count SET incidents = incidents - 7 WHERE area = 'a1' AND day BETWEEN '2026-11-16' AND '2026-11-18' AND incidents >= 7`)
	w.exec(`UPDATE alerting.expected SET low = 0, high = 40, expected = 20, shape = 20, rate = 7 WHERE area = 'a1'`)
	says(t, w.page("/plats/"+id.String()), "Det är inom det normala.", "Talar emot")
}

// A presence raises counts, a market can explain them, and one agency alone is one agency alone.
func TestWhatSpeaksAgainstIsSaid(t *testing.T) {
	w := newTown(t)
	w.squares(2)
	w.agency("polisen", "Polisen", "2026-01-01")
	for range 3 {
		w.tell(told{agency: "polisen", origin: "presence", from: w.day("11-17").Add(20 * time.Hour)})
	}
	w.exec(`INSERT INTO correlator.notice (municipality, agency, kind, report, revision, batch, state, starts, ends, areas, context, text)
		VALUES ($1, 'polisen', 'context', 'c1', 1, 1, 'accepted', '2026-11-17 17:00+01', '2026-11-17 22:00+01', ARRAY['norr'], 'event', 'Marknad')`, w.code)
	w.expectGroup("municipality", w.code, "damage", "11-16", 1, 0.2, 0, 1)
	id := w.flag(flagged{observed: 4})
	says(t, w.page("/plats/"+id.String()), "Talar emot", "Bara en organisation ser det: Polisen.", "3 av 3 hittades för att någon var där för att leta.",
		"Evenemang tisdag 17 november 2026 kl. 17.00–22.00: Marknad", "Hela kommunen låg högt: 3 mot", "nu 3 mot 4 när platsen flaggades")
}

// Every flag remembers: earlier ones of the same place, and what this one has said.
func TestAPlaceHasAHistory(t *testing.T) {
	w, id := square(t)
	cleared := w.day("06-01")
	before := w.flag(flagged{observed: 5, opened: w.day("05-20"), cleared: &cleared})
	w.flag(flagged{area: "a2", opened: w.day("05-20"), cleared: &cleared})
	w.flag(flagged{group: "drugs", opened: w.day("05-20"), cleared: &cleared})
	insert := `INSERT INTO alerting.flag_event (municipality, flag, revision, tick, verb, body, decided_at) VALUES ($1, $2, $3::int, $3::int, $4, $5, now())`
	w.exec(insert, w.code, id, 1, "flagged", `{"observed": 5, "expected": 2.1, "as_of": "2026-11-18T08:00:00Z", "change": "risen"}`)
	w.exec(insert, w.code, id, 2, "updated", `{"observed": 9, "expected": 2.1, "as_of": "2026-11-19T09:00:00Z", "change": "grown"}`)
	page := w.page("/plats/" + id.String())
	says(t, page, "Flaggad förut för samma sak: v. 21 2026: 5 mot 2,1 förväntade",
		"2026-11-19 kl. 10.00 Uppdaterad. Det har blivit mer, eller syns på fler platser. 9 2,1 2026-11-18 kl. 09.00 Flaggad. Fler händelser än väntat. 5 2,1")
	if !strings.Contains(page, `href="/plats/`+before.String()) || strings.Count(plain(page), "v. 21 2026: ") != 1 {
		t.Error("earlier flags of this place and group are not led to, or others are")
	}
}

// A serious flag tells of its reports and not of a window.
func TestASeriousFlagShowsItsReports(t *testing.T) {
	w, _ := square(t)
	report := w.tell(told{agency: "polisen", area: "b1", category: "shooting_explosion", from: w.day("11-20").Add(2 * time.Hour)})
	w.tell(told{agency: "polisen", area: "b1", category: "assault", from: w.day("11-20").Add(2 * time.Hour)})
	id := w.flag(flagged{kind: "serious", area: "b1", group: "violence", category: "shooting_explosion", observed: 1, reason: "Mycket allvarlig händelse."})
	w.exec(`INSERT INTO alerting.flag_report VALUES ($1, $2, 'polisen', $3)`, w.code, id, report)
	page := w.page("/plats/" + id.String())
	says(t, page, "Södra 1: Skottlossning/explosion", "Mycket allvarlig händelse.", "Veckodag och klockslag, 1 händelse ")
	saysNot(t, page, "Våld/misshandel", "mot 2,1 förväntade (normalt", "behöver")
	if !strings.Contains(page, "category=shooting_explosion") {
		t.Error("the list that the page leads to is another one")
	}
}

// S7, and part 5: every number opens to the incidents behind it, and they are as many.
func TestEveryNumberOpensToAsManyIncidents(t *testing.T) {
	w := weekOf47(t)
	for query, want := range map[string]int{
		"":                                 19,
		"week=2026-W47&group=detected":     17,
		"week=2026-W47&area=a1":            12,
		"week=2026-W47&area=norr":          15,
		"week=2026-W47&area=0001":          19,
		"week=2026-W47&area=-":             1,
		"week=2026-W47&group=place":        2,
		"week=2026-W47&category=graffiti":  3,
		"week=2026-W47&agency=polisen":     5,
		"week=2026-W47&weekday=3":          12,
		"week=2026-W47&hour=none":          19,
		"week=2026-W47&hour=08":            0,
		"from=2026-11-17&to=2026-11-18":    15,
		"from=2026-11-18&to=2026-11-17":    15,
		"from=2026-07-01&to=2026-11-21":    33,
		"week=2026-W47&group=nonsense":     0,
		"week=2026-W46&area=b1&group=":     9,
		"week=2026-W47&area=a1&category=x": 0,
	} {
		page := w.page("/handelser?" + query)
		if n := strings.Count(page, `<th scope="row">`); n != want {
			t.Errorf("%s lists %d, want %d", query, n, want)
		}
		if !strings.Contains(plain(page), " "+strconv.Itoa(want)+" händelse") {
			t.Errorf("%s does not say %d", query, want)
		}
		if n := len(w.csv("/handelser.csv?"+query)) - 1; n != want {
			t.Errorf("%s exports %d, want %d", query, n, want)
		}
	}
	says(t, w.page("/handelser?hour=08"), "Inga händelser med de här filtren. Rensa filter")
	says(t, w.page("/handelser?from=2020-01-01&to=2026-11-21"), "Högst 53 veckor visas åt gången.")
	for _, link := range regexp.MustCompile(`href="(/handelser[^"]*)"[^>]*>(\d+)</a>`).FindAllStringSubmatch(w.page("/"), -1) {
		if n := strings.Count(w.page(strings.ReplaceAll(link[1], "&amp;", "&")), `<th scope="row">`); strconv.Itoa(n) != link[2] {
			t.Errorf("%s says %s and opens to %d", link[1], link[2], n)
		}
	}
}

// csv reads a file as a spreadsheet would.
func (w *town) csv(address string) [][]string {
	w.t.Helper()
	body := w.page(address)
	if !strings.HasPrefix(body, "\ufeff") {
		w.t.Errorf("%s does not begin with a byte order mark", address)
	}
	r := csv.NewReader(strings.NewReader(body))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// Pages of a long list hold every incident once.
func TestPagesOfTheListHoldEveryIncidentOnce(t *testing.T) {
	w := newTown(t)
	w.squares(1)
	w.agency("bostad", "Bostadsbolaget", "2026-01-01")
	w.incident(130, "11-18", "a1", "graffiti", "bostad", "")
	w.incident(120, "11-17", "a1", "theft", "bostad", "")
	w.exec(`UPDATE correlator.report SET hour = 5 WHERE report IN ('r7', 'r8', 'r200')`)
	w.exec(`UPDATE correlator.report SET report = 'x' || report`)
	seen, pages := map[string]bool{}, 0
	w.as("bostad", "member")
	w.exec(`UPDATE correlator.report SET place_type = 'park', exactness = 4, occurred_from = occurred_from + substr(report, 3)::int * interval '1 minute'`)
	w.exec(`UPDATE correlator.report SET occurred_to = occurred_from`)
	for address := "/handelser?week=2026-W47"; address != ""; pages++ {
		page := w.page(address)
		for _, m := range regexp.MustCompile(`<th scope="row">([^<]*)</th>`).FindAllStringSubmatch(page, -1) {
			seen[m[1]] = true
		}
		says(t, page, "250 händelser")
		next := regexp.MustCompile(`href="([^"]*)" rel="next">Nästa`).FindStringSubmatch(page)
		address = ""
		if next != nil {
			address = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	}
	if len(seen) != 250 || pages != 3 {
		t.Errorf("%d different incidents on %d pages", len(seen), pages)
	}
	says(t, w.page("/handelser?after=nonsense"), "250 händelser")
}

// A file is opened by a spreadsheet: what somebody wrote must not run there, and what one may not open is not in it.
func TestTheFileIsSafeAndHoldsNoMoreThanThePage(t *testing.T) {
	w, _ := square(t)
	w.tell(told{from: w.day("11-20"), text: `=HYPERLINK("http://x")`})
	w.as("bostad", "member")
	rows := w.csv("/handelser.csv?week=2026-W47&area=a1")
	all := ""
	for _, r := range rows {
		all += strings.Join(r, "|") + "\n"
	}
	if len(rows) != 11 || !strings.Contains(all, `'=HYPERLINK("http://x")`) || strings.Contains(all, "Hemligt") || strings.Contains(all, "samordnare.") {
		t.Errorf("%d rows:\n%s", len(rows), all)
	}
	if want := "2026-11-16|mån 2026-11-16 21.00|Skadegörelse och brand|Klotter|Norra 1|Norra 1 (fastighet)|Bostadsbolaget|1|Klotter på dörren."; !strings.Contains(all, want) {
		t.Errorf("no row %s in\n%s", want, all)
	}
	if rec := w.get("/handelser.csv?week=2026-W47"); rec.Code != http.StatusOK || !strings.Contains(rec.Header().Get("Content-Disposition"), "samsyn-0001-2026-11-16-2026-11-22-handelser.csv") {
		t.Errorf("%d %s", rec.Code, rec.Header())
	}
}
