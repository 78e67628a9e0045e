// SPDX-License-Identifier: EUPL-1.2

package pages_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
)

// decides answers for the correlator.
func (w *town) decides(answer func(events.Decide) events.Decided) *[]events.Decide {
	w.t.Helper()
	var asked []events.Decide
	stop, err := w.nats.Conn.Respond("decide.*.*", "test", func(_ string, body []byte) []byte {
		var d events.Decide
		if err := json.Unmarshal(body, &d); err != nil {
			w.t.Error(err)
		}
		asked = append(asked, d)
		reply, _ := json.Marshal(answer(d))
		return reply
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(stop)
	return &asked
}

// A lead sees why it waits and where, and whoever decides is on record.
func TestLeadReleasesAndDrops(t *testing.T) {
	w := reporting(t, "pq-lead")
	w.as("pq-lead", kim, web.ActReport, web.ActLead)
	w.shows(w.page("/karantan"), "Inget väntar på er")
	id := w.judge("pq-lead", raw("R-1", `,"text":"Ring 070-1234567 om glas"`), events.Quarantined,
		events.Reason{Code: events.PIIPhone, Path: "/data/text", Span: &events.Span{Start: 5, End: 16}}, events.Reason{Code: events.UnknownArea, Path: "/data/place/area"})
	page := w.page("/karantan")
	w.shows(page, "R-1", "1 väntar", "Klotter", "Ring <mark>070-1234567</mark> om glas", "telefonnummer", "Områdeskoden finns inte", "/karantan/"+id.String())
	receipt := events.Receipt{Receipt: uuid.New(), Outcome: events.Accepted}
	answer := events.Decided{Receipt: &receipt}
	asked := w.decides(func(events.Decide) events.Decided { return answer })
	to := w.goes(w.ask(http.MethodPost, "/karantan/"+id.String()+"/slapp", url.Values{}))
	w.shows(w.page(to), "Släppt. Den räknas nu.")
	w.goes(w.ask(http.MethodPost, "/karantan/"+id.String()+"/avskriv", url.Values{}))
	if len(*asked) != 2 || (*asked)[0] != (events.Decide{ID: id, Verb: events.Release, By: "person:" + kim}) || (*asked)[1].Verb != events.Drop {
		t.Errorf("asked %+v", *asked)
	}
	answer = events.Decided{Problem: events.DecideNotPossible, Reasons: events.Explain([]events.Reason{{Code: events.UnknownArea, Path: "/data/place/area"}})}
	page = w.is(w.ask(http.MethodPost, "/karantan/"+id.String()+"/slapp", url.Values{}), http.StatusUnprocessableEntity)
	w.shows(page, "Områdeskoden finns inte", "Rätta den, eller avskriv den", "/karantan")
	w.hides(w.log.String(), "070-")
}

// What another agency has in quarantine is not there, whatever way it is asked for.
func TestQuarantineIsTheOwnAgencysAlone(t *testing.T) {
	w := reporting(t, "pq-theirs")
	id := w.judge("pq-theirs", raw("CANARY-1", `,"text":"CANARY-2"`), events.Quarantined, events.Reason{Code: events.UnknownArea, Path: "/data/place/area"})
	w.agency("pq-mine")
	w.as("pq-mine", kim, web.ActReport, web.ActLead)
	w.hides(w.page("/karantan"), "CANARY")
	asked := w.decides(func(events.Decide) events.Decided { return events.Decided{} })
	for _, address := range []string{"/karantan/" + id.String(), "/karantan/" + uuid.NewString(), "/karantan/x"} {
		w.is(w.ask(http.MethodGet, address, nil), http.StatusNotFound)
		w.is(w.ask(http.MethodPost, address, url.Values{"revision": {"2"}}), http.StatusNotFound)
		w.is(w.ask(http.MethodPost, address+"/slapp", url.Values{}), http.StatusNotFound)
		w.is(w.ask(http.MethodPost, address+"/avskriv", url.Values{}), http.StatusNotFound)
	}
	if len(*asked) > 0 {
		t.Error("the correlator was asked")
	}
	w.as("pq-theirs", kim, web.ActReport)
	w.is(w.ask(http.MethodGet, "/karantan/"+id.String(), nil), http.StatusForbidden)
}

// A correction says what was wrong anew and keeps everything else that its sender said.
func TestLeadCorrectsWithTheFormFilledIn(t *testing.T) {
	w := reporting(t, "pq-correct")
	w.as("pq-correct", kim, web.ActReport, web.ActLead)
	id := w.judge("pq-correct", raw("R-2", `,"text":"Ring 070-1234567","severity":3,"measures_taken":["cleaned"],"reporter":"someone","x_own":7`), events.Quarantined,
		events.Reason{Code: events.PIIPhone, Path: "/data/text", Span: &events.Span{Start: 5, End: 16}})
	page := w.page("/karantan/" + id.String())
	w.shows(page, "Ring 070-1234567</textarea>", `value="2026-11-20"`, `value="22:00"`, `value="graffiti" selected`, "Som den skickades: Åsen", `name="revision" value="2"`,
		"<mark>070-1234567</mark>")
	form := url.Values{
		"revision": {"2"}, "kind": {"littering"}, "place": {"keep"}, "fromdate": {"2026-11-20"}, "fromtime": {"22:00"},
		"todate": {"2026-11-20"}, "totime": {"22:00"}, "text": {"Ring 070-1234567"}, "do": {"send"},
	}
	address := "/karantan/" + id.String()
	w.shows(w.is(w.ask(http.MethodPost, address, form), http.StatusUnprocessableEntity), `href="#text"`, "<mark>070-1234567</mark>")
	form.Set("do", "search")
	form.Set("q", "torget")
	w.shows(w.is(w.ask(http.MethodPost, address, form), http.StatusOK), `value="p:P_1"`, `value="littering" selected`)
	form.Set("do", "send")
	form.Set("place", "p:P_1")
	form.Set("text", "Glas")
	if to := w.goes(w.ask(http.MethodPost, address, form)); !strings.Contains(to, "klart=rattad") {
		t.Errorf("led to %s", to)
	}
	all := w.stream("pq-correct")
	if len(all) != 1 {
		t.Fatalf("stored %+v", all)
	}
	e := all[0]
	if e.Report != "R-2" || e.Revision != 2 || e.Verb != events.Corrected || e.Incident.Category != "littering" || e.Incident.Text != "Glas" || e.Incident.Place.Property != "P_1" ||
		e.Incident.Place.Area != "" || e.Incident.Severity != 3 || e.Incident.Reporter != "someone" || len(e.Incident.MeasuresTaken) != 1 ||
		!e.Incident.Occurred.From.Equal(saturday.Add(-11*60*60*1e9-30*60*1e9)) {
		t.Errorf("stored %+v", e.Incident)
	}
	if !strings.Contains(string(w.last("pq-correct")), `"x_own":7`) {
		t.Error("an own member of the sender is gone")
	}
}

// Two leads: the slower one sees that somebody was faster, and keeps what was written.
func TestASlowerCorrectionIsToldSo(t *testing.T) {
	w := reporting(t, "pq-slow")
	w.as("pq-slow", kim, web.ActReport, web.ActLead)
	id := w.judge("pq-slow", raw("R-3", ""), events.Quarantined, events.Reason{Code: events.UnknownArea, Path: "/data/place/area"})
	faster := strings.Replace(strings.Replace(string(raw("R-3", `,"revision":2`)), "reported.v1", "corrected.v1", 1), "R-3:1", "R-3:2", 1)
	w.judge("pq-slow", []byte(faster), events.Quarantined, events.Reason{Code: events.UnknownArea, Path: "/data/place/area"})
	form := url.Values{"revision": {"2"}, "kind": {"graffiti"}, "place": {"keep"}, "fromdate": {"2026-11-20"}, "fromtime": {"22:00"}, "text": {"Min text"}, "do": {"send"}}
	page := w.is(w.ask(http.MethodPost, "/karantan/"+id.String(), form), http.StatusConflict)
	w.shows(page, "Någon annan", "Min text", `name="revision" value="3"`)
	if len(w.stream("pq-slow")) != 0 {
		t.Error("it was sent all the same")
	}
}
