// SPDX-License-Identifier: EUPL-1.2

package pages_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
	"samsyn/services/intake/pages"
)

// One form is one report: a caretaker with a bad connection taps twice.
func TestOnePostIsOneReportHoweverOftenItIsPosted(t *testing.T) {
	w := reporting(t, "pa-once")
	form := filled(w.page("/rapportera"), "kind", "graffiti", "place", "p:K-17", "text", "Hela  väggen\r\ni trapphuset", "ongoing", "on", "police", "on", "before", "on")
	first := w.goes(w.ask(http.MethodPost, "/rapportera", form))
	w.now = w.now.Add(40 * time.Second)
	if again := w.goes(w.ask(http.MethodPost, "/rapportera", form)); again != first {
		t.Errorf("led to %s, then to %s", first, again)
	}
	all := w.stream("pa-once")
	if len(all) != 1 {
		t.Fatalf("%d in the stream", len(all))
	}
	in := all[0].Incident
	if in.Reporter != kim || in.Unit != "syd" || in.Place.Property != "K-17" || in.Category != "graffiti" || !in.Ongoing || in.PoliceReported != "yes" ||
		in.Text != "Hela  väggen\ni trapphuset" || !in.Occurred.From.Equal(saturday) || !in.Occurred.To.Equal(saturday) || in.Sharing != "" {
		t.Errorf("stored %+v", in)
	}
	if want := "/mina-rapporter/" + string(all[0].Report); first != want {
		t.Errorf("led to %s, want %s", first, want)
	}
	w.now = w.now.Add(time.Minute)
	w.shows(w.page(first), string(all[0].Report), "Mottagen, placeras", "Klotter", "Storgatan 12 (K-17)", "v. 47 2026", "kl. 09.30", "Ångra", "plats=p%3AK-17")
}

// Two taps before the first answer: whoever comes second says what the first one said.
func TestFormsPostedAtTheSameTimeAreOneReport(t *testing.T) {
	w := reporting(t, "pa-race")
	form := filled(w.page("/rapportera"), "kind", "graffiti", "place", "p:K-17")
	answers := make(chan string, 4)
	for range cap(answers) {
		go func() { answers <- w.ask(http.MethodPost, "/rapportera", form).Header().Get("Location") }()
	}
	first := <-answers
	for range cap(answers) - 1 {
		if next := <-answers; next != first || first == "" {
			t.Errorf("led to %q and to %q", first, next)
		}
	}
	if n := len(w.stream("pa-race")); n != 1 {
		t.Errorf("%d in the stream", n)
	}
}

// An attempt that nobody confirmed must be repeatable to the letter, and may be changed before it is repeated.
func TestAFormSentAgainAfterAnOutageIsTheSameEvent(t *testing.T) {
	w := newTown(t)
	w.register("pa-outage")
	w.as("pa-outage", kim, web.ActReport)
	form := filled(w.page("/rapportera"), "kind", "graffiti", "place", "a:a1", "text", "Väggen")
	page := w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusServiceUnavailable)
	w.shows(page, "Rapporten är inte skickad än", "Väggen", `value="a:a1"`, form.Get("key"))
	w.hides(w.page("/mina-rapporter"), "Klotter")
	w.agencyStream("pa-outage")
	w.now = w.now.Add(5 * time.Minute)
	w.goes(w.ask(http.MethodPost, "/rapportera", form))
	all := w.stream("pa-outage")
	if len(all) != 1 || all[0].Revision != 1 || !all[0].Incident.Occurred.From.Equal(saturday) {
		t.Errorf("stored %+v", all)
	}
}

// What was filled in otherwise after an attempt that nobody confirmed holds, whichever of them came.
func TestAChangedFormAfterAnOutageIsAHigherRevision(t *testing.T) {
	w := newTown(t)
	w.register("pa-changed")
	w.as("pa-changed", kim, web.ActReport)
	form := filled(w.page("/rapportera"), "kind", "graffiti", "place", "a:a1")
	w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusServiceUnavailable)
	w.agencyStream("pa-changed")
	form.Set("kind", "littering")
	w.goes(w.ask(http.MethodPost, "/rapportera", form))
	all := w.stream("pa-changed")
	if len(all) != 1 || all[0].Revision != 2 || all[0].Verb != events.Corrected || all[0].Incident.Category != "littering" {
		t.Errorf("stored %+v", all)
	}
}

// Going back in the browser and writing something else must neither change the report that is sent nor lose what is new.
func TestASentFormFilledInOtherwiseIsAskedAbout(t *testing.T) {
	w := reporting(t, "pa-back")
	form := filled(w.page("/rapportera"), "kind", "graffiti", "place", "p:K-17")
	first := w.goes(w.ask(http.MethodPost, "/rapportera", form))
	form.Set("text", "Något annat")
	page := w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusUnprocessableEntity)
	w.shows(page, "redan skickad", first, "Något annat")
	if len(w.stream("pa-back")) != 1 {
		t.Fatal("a second event was sent")
	}
	w.goes(w.ask(http.MethodPost, "/rapportera", filled(page, "kind", "graffiti", "place", "p:K-17", "text", "Något annat")))
	if all := w.stream("pa-back"); len(all) != 2 || all[0].Report == all[1].Report {
		t.Errorf("stored %+v", all)
	}
}

// Personal data must not come to rest anywhere, and its writer must not have to write everything again.
func TestPersonalDataIsBlockedAndNothingTypedIsLost(t *testing.T) {
	w := reporting(t, "pa-pii")
	form := filled(w.page("/rapportera"), "kind", "littering", "place", "p:K-18", "when", "night", "text", "Rutan krossad av <19811228-9874> igår", "ongoing", "on")
	page := w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusUnprocessableEntity)
	w.shows(page, "<mark>19811228-9874</mark>", "Ta bort det", `href="#text"`, "Rutan krossad av &lt;19811228-9874&gt; igår</textarea>", `value="littering" checked`,
		`value="p:K-18" checked`, `value="night" checked`, `name="ongoing" checked`, `aria-invalid="true"`, form.Get("key"))
	w.hides(page, "noplate")
	if n := len(w.stream("pa-pii")) + w.count(`SELECT count(*) FROM intake.sent`); n != 0 {
		t.Errorf("%d things stored", n)
	}
	if strings.Contains(w.log.String(), "9874") {
		t.Error("the log repeats it")
	}
	form.Set("text", "Bil ABC123 i hissen")
	page = w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusUnprocessableEntity)
	w.shows(page, "<mark>ABC123</mark>", `name="noplate"`)
	form.Set("noplate", "on")
	w.goes(w.ask(http.MethodPost, "/rapportera", form))
}

// "I natt" is the span in which it happened, in the municipality's own time, also when clocks are changed.
func TestNightIsStoredAsASpan(t *testing.T) {
	w := reporting(t, "pa-night")
	w.now = time.Date(2026, 10, 25, 7, 0, 0, 0, time.UTC)
	to := w.report("when", "night")
	in := w.stream("pa-night")[0].Incident
	if got := in.Occurred.From.Format(time.RFC3339) + " " + in.Occurred.To.Format(time.RFC3339); got != "2026-10-24T22:00:00+02:00 2026-10-25T06:00:00+01:00" {
		t.Errorf("stored %s", got)
	}
	w.now = w.now.Add(time.Minute)
	w.shows(w.page(to), "2026-10-24 kl. 22.00 – 2026-10-25 kl. 06.00", "v. 43 2026")
}

// Every mistake is said at once, on top with a link to its field, and beside the field.
func TestMistakesAreListedWithLinksToTheirFields(t *testing.T) {
	w := reporting(t, "pa-faults")
	form := filled(w.page("/rapportera"), "when", "other", "date", "1999-01-01", "text", "Står kvar")
	page := w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusUnprocessableEntity)
	for _, id := range []string{"kind", "place", "date"} {
		w.shows(page, `href="#`+id+`"`, `id="`+id+`"`)
	}
	w.shows(page, "1 januari 2020", "Står kvar")
	form = filled(w.page("/rapportera"), "kind", "graffiti", "place", "p:ANOTHERS", "text", strings.Repeat("å", 501))
	w.shows(w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusUnprocessableEntity), "Välj var det hände")
	form.Set("place", "a:a2")
	w.shows(w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusUnprocessableEntity), `href="#text"`)
	if n := len(w.stream("pa-faults")); n != 0 {
		t.Errorf("%d sent", n)
	}
}

// Without a script the search is a button, and must not cost what was already filled in.
func TestSearchKeepsTheFormAndFindsPlaces(t *testing.T) {
	w := reporting(t, "pa-search")
	form := filled(w.page("/rapportera"), "do", "search", "q", "storg", "kind", "assault", "text", "Halvskrivet", "when", "yesterday")
	page := w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusOK)
	w.shows(page, "2 träffar", `value="p:K-17"`, "Storgatan 14 (K-18)", `value="assault" checked`, "<details open>", "Halvskrivet", `value="yesterday" checked`, form.Get("key"))
	form.Set("q", "100%")
	w.shows(w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusOK), "1 träff", "Torget 100% (P_1)")
	form.Set("q", "kärr")
	w.shows(w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusOK), `value="a:a2" checked`)
	form.Set("q", "finns inte")
	w.shows(w.is(w.ask(http.MethodPost, "/rapportera", form), http.StatusOK), "Ingen träff")
	form.Set("q", "STORGATAN 12")
	form.Set("do", "send")
	w.goes(w.ask(http.MethodPost, "/rapportera", form))
	if all := w.stream("pa-search"); len(all) != 1 || all[0].Incident.Place.Property != "K-17" {
		t.Errorf("stored %+v", all)
	}
}

// The five taps of a caretaker: what one uses stands first, and nothing else moves.
func TestOwnKindsAndPlacesStandFirst(t *testing.T) {
	w := reporting(t, "pa-habits")
	w.report("kind", "theft")
	w.report("kind", "theft", "place", "p:K-18")
	w.report("kind", "arson_structure", "place", "a:a1")
	page := w.page("/rapportera")
	last := -1
	for _, s := range []string{`value="theft"`, `value="arson_structure"`, `value="property_damage"`, `value="public_nuisance"`, `value="a:a1"`, `value="p:K-18"`, `value="p:K-17"`, `value="other"`} {
		at := strings.Index(page, s)
		if at < last {
			t.Errorf("%s stands too early", s)
		}
		last = at
	}
	if strings.Count(page, `value="theft"`) != 1 {
		t.Error("a kind stands twice")
	}
	w.as("pa-habits", robi, web.ActReport)
	w.hides(w.page("/rapportera"), `value="p:K-18"`)
	w.shows(w.page("/rapportera?plats=p%3AK-18"), `value="p:K-18" checked`)
}

// A phone in a cellar loads this page: 12 KB with gzip, no script, and no address of another host.
func TestReportPageIsSmallAndAlone(t *testing.T) {
	w := reporting(t, "pa-small")
	for i := range 120 {
		w.area("x"+strings.Repeat("i", i%20)+string(rune('a'+i/20)), "area", "Område med ett långt namn "+string(rune('a'+i%26))+strings.Repeat("o", i%9))
	}
	page := w.page("/rapportera")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(page))
	_ = z.Close()
	if b.Len() > 12<<10 {
		t.Errorf("%d bytes compressed", b.Len())
	}
	w.hides(page, "<script", "javascript:", "http://", "https://", "style=", "onclick")
	w.shows(page, "Ring 112", "114", "Så delas rapporten", "Skicka rapport")
}

// Only who may report gets the form, and a person without an agency is told so.
func TestOnlyReportersReport(t *testing.T) {
	w := reporting(t, "pa-roles")
	w.as("pa-roles", kim, web.ActNumbers)
	for _, address := range []string{"/rapportera", "/mina-rapporter", "/inget-att-rapportera", "/karantan"} {
		w.is(w.ask(http.MethodGet, address, nil), http.StatusForbidden)
	}
	w.is(w.ask(http.MethodPost, "/rapportera", filled("", "kind", "graffiti", "place", "a:a1")), http.StatusForbidden)
	w.as("", kim, web.ActReport)
	w.shows(w.is(w.ask(http.MethodGet, "/rapportera", nil), http.StatusForbidden), "Du hör inte till någon organisation")
	w.as("pa-roles", kim, web.ActReport)
	w.exec(`UPDATE registry.agency SET suspended_at = now()`)
	w.shows(w.is(w.ask(http.MethodGet, "/rapportera", nil), http.StatusForbidden), "avstängd")
}

// Every text is there in both languages, and none lies unused.
func TestTextsAreInBothLanguages(t *testing.T) {
	webtest.Catalogue(t, ".", pages.Texts(), web.Texts(), "say.", "wrong.", "missing.", "when.", "sharing.", "state.", "period.", "saidkind.", "done.", "notice.")
	w := reporting(t, "pa-english")
	page := w.page("/rapportera?lang=en")
	w.shows(page, "What has happened?", "Graffiti", `action="/rapportera?lang=en"`, `formaction="/rapportera?lang=en#place"`)
	w.hides(page, "Vad har", "⟨")
}
