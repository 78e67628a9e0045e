// SPDX-License-Identifier: EUPL-1.2

package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
)

// Everyone taps wrong: ten minutes to take it back, and it is the report itself that is withdrawn.
func TestUndoWithdrawsWithinTenMinutes(t *testing.T) {
	w := reporting(t, "pm-undo")
	to := w.report()
	w.now = w.now.Add(9 * time.Minute)
	if again := w.goes(w.ask(http.MethodPost, to+"/angra", url.Values{})); again != to {
		t.Errorf("led to %s", again)
	}
	w.now = w.now.Add(9 * time.Minute)
	w.goes(w.ask(http.MethodPost, to+"/angra", url.Values{})) // the second tap
	all := w.stream("pm-undo")
	if len(all) != 2 || all[1].Verb != events.Withdrawn || all[1].Revision != 2 || all[1].Report != all[0].Report || all[1].Kind != events.KindIncident {
		t.Fatalf("stored %+v", all)
	}
	page := w.page(to)
	w.shows(page, "Återtagen", "Rapporten är återtagen")
	w.hides(page, "Ångra")
	w.shows(w.page("/mina-rapporter"), "Återtagen")
}

// After ten minutes the report may be part of a decision: it is refused with words that say who can help.
func TestUndoIsRefusedAfterTenMinutes(t *testing.T) {
	w := reporting(t, "pm-late")
	to := w.report()
	w.now = w.now.Add(10*time.Minute + time.Second)
	w.hides(w.page(to), "Ångra (")
	page := w.is(w.ask(http.MethodPost, to+"/angra", url.Values{}), http.StatusConflict)
	w.shows(page, "09.40", "Be din organisation")
	if n := len(w.stream("pm-late")); n != 1 {
		t.Errorf("%d in the stream", n)
	}
}

// A lead may have corrected the report meanwhile: the withdrawal goes above that.
func TestUndoGoesAboveACorrection(t *testing.T) {
	w := reporting(t, "pm-above")
	to := w.report()
	body := w.last("pm-above")
	w.judge("pm-above", body, events.Accepted)
	corrected := strings.Replace(strings.Replace(string(body), `"revision":1`, `"revision":4`, 1), "incident.reported", "incident.corrected", 1)
	w.exec(`DELETE FROM correlator.report`)
	w.judge("pm-above", []byte(corrected), events.Accepted)
	w.goes(w.ask(http.MethodPost, to+"/angra", url.Values{}))
	if all := w.stream("pm-above"); len(all) != 2 || all[1].Revision != 5 {
		t.Errorf("stored %+v", all)
	}
}

// People who see what came of a report go on reporting, and see their own alone.
func TestMyReportsSayWhatBecameOfThem(t *testing.T) {
	w := reporting(t, "pm-mine")
	w.shows(w.page("/mina-rapporter"), "Du har inte rapporterat än")
	placed := w.report("kind", "graffiti")
	w.judge("pm-mine", w.last("pm-mine"), events.Accepted)
	held := w.report("kind", "theft")
	w.judge("pm-mine", w.last("pm-mine"), events.Quarantined, events.Reason{Code: events.UnknownProperty, Path: "/data/place/property"})
	w.report("kind", "littering")
	w.now = w.now.Add(time.Minute)
	page := w.page("/mina-rapporter")
	w.shows(page, "Placerad i Åsen", "Väntar hos din organisation", "Fastigheten finns inte", "Mottagen, placeras", "Klotter, Storgatan 12 (K-17)")
	w.shows(w.page(placed), "Placerad i Åsen")
	w.hides(w.page(placed), "har rättat den")
	w.exec(`UPDATE correlator.event SET revision = 7 WHERE report = $1`, strings.TrimPrefix(placed, "/mina-rapporter/"))
	w.shows(w.page(placed), "Din organisation har rättat den")
	w.shows(w.page(held), "räknas inte än")
	w.exec(`INSERT INTO review.feedback (municipality, agency, report, change, state, week, position, measure, action, text_sv, text_en, reported_at, answered_at, changed_at)
		VALUES ($1, 'pm-mine', $2, 2, 'position', '2026-11-16', 'act', 'lighting', 'open', 'Beslut: belysning.', 'Decision: lighting.', now(), now(), now())`,
		string(municipal), strings.TrimPrefix(placed, "/mina-rapporter/"))
	w.shows(w.page("/mina-rapporter"), "Ställning tagen", "Beslut: belysning.")
	w.shows(w.page("/mina-rapporter?lang=en"), "Decision: lighting.")
	w.as("pm-mine", robi, web.ActReport)
	w.shows(w.page("/mina-rapporter"), "Du har inte rapporterat än")
	for _, address := range []string{placed, "/mina-rapporter/F-BBBB-BBBB-BBBB", "/mina-rapporter/x"} {
		w.is(w.ask(http.MethodGet, address, nil), http.StatusNotFound)
	}
	w.is(w.ask(http.MethodPost, placed+"/angra", url.Values{}), http.StatusNotFound)
}

// Another agency's person with the same id is another person.
func TestAnotherAgencysPersonSeesNothing(t *testing.T) {
	w := reporting(t, "pm-first")
	to := w.report()
	w.agency("pm-second")
	w.as("pm-second", kim, web.ActReport)
	w.is(w.ask(http.MethodGet, to, nil), http.StatusNotFound)
	w.hides(w.page("/mina-rapporter"), "Klotter")
}

// A receipt waits a moment for the verdict, so that the first thing one sees is where the report was placed.
func TestReceiptWaitsAMomentForTheVerdict(t *testing.T) {
	w := reporting(t, "pm-wait")
	to := w.report()
	w.judge("pm-wait", w.last("pm-wait"), events.Accepted)
	began := time.Now()
	w.shows(w.page(to), "Placerad i Åsen")
	if took := time.Since(began); took > 900*time.Millisecond {
		t.Errorf("a receipt that was there took %s", took)
	}
}

// Silence is not calm: a unit says so for a period, and the same form twice is said once.
func TestNothingToReportIsSaidForAUnitAndAPeriod(t *testing.T) {
	w := reporting(t, "pm-nothing")
	page := w.page("/inget-att-rapportera")
	w.shows(page, "Distrikt Syd", "v. 46", "9–15 november 2026")
	w.hides(page, "Distrikt Nord")
	form := filled(page, "unit", "syd", "period", "last")
	to := w.goes(w.ask(http.MethodPost, "/inget-att-rapportera", form))
	w.goes(w.ask(http.MethodPost, "/inget-att-rapportera", form))
	all := w.stream("pm-nothing")
	if len(all) != 1 || all[0].Nothing == nil {
		t.Fatalf("stored %+v", all)
	}
	n := all[0].Nothing
	if n.Unit != "syd" || n.From.Format(time.RFC3339) != "2026-11-09T00:00:00+01:00" || n.To.Format(time.RFC3339) != "2026-11-16T00:00:00+01:00" {
		t.Errorf("stored %+v", n)
	}
	w.judge("pm-nothing", w.last("pm-nothing"), events.Accepted)
	w.shows(w.page(to), "Inget att rapportera", "2026", "Mottagen", "Ångra")
	w.goes(w.ask(http.MethodPost, to+"/angra", url.Values{}))
	if all := w.stream("pm-nothing"); len(all) != 2 || all[1].Kind != events.KindNothing || all[1].Verb != events.Withdrawn {
		t.Errorf("stored %+v", all)
	}
	form = filled(w.page("/inget-att-rapportera"), "unit", "nord", "period", "days", "from", "2026-11-20", "to", "2026-11-18")
	page = w.is(w.ask(http.MethodPost, "/inget-att-rapportera", form), http.StatusUnprocessableEntity)
	w.shows(page, `href="#unit"`, `href="#period"`, "Slutet ligger före början")
	w.as("pm-nothing", kim, web.ActReport, web.ActLead)
	w.shows(w.page("/inget-att-rapportera"), "Hela Bostads AB", "Distrikt Nord")
}
