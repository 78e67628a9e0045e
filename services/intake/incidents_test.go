// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"samsyn/events"
)

// 202 is the sender's leave to forget the event: it must lie in the stream, whole, under the sender's own name.
func TestAcceptedMeansStoredInTheAgencysStream(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-stored")
	var got receivedBody
	c.send(incident("F-1")).is(202, "").into(&got)
	if got != (receivedBody{"F-1", 1, received, 1}) {
		t.Errorf("answered %+v", got)
	}
	stored := c.stored()
	if len(stored) != 1 || stored[0].Subject != "incident.0480.ib-stored.reported" {
		t.Fatalf("stored %+v", stored)
	}
	e, reasons := events.Decode(stored[0].Body)
	if len(reasons) > 0 || e.ID != "F-1:1" || e.Source != "urn:samsyn:0480:ib-stored" || !e.Time.Equal(c.now) {
		t.Errorf("stored %s: %v", stored[0].Body, reasons)
	}
	if id := stored[0].Header("Nats-Msg-Id"); !strings.HasPrefix(id, "F-1:1:") || len(id) != len("F-1:1:")+16 {
		t.Errorf("Nats-Msg-Id %q", id)
	}
}

// The same bytes a moment later are the same event although `time` is filled in anew: one in the stream.
func TestTheSameBytesSentAgainAreADuplicate(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ib-again")
	c.send(incident("F-1")).is(202, "")
	d.advance(3_000_000_000)
	var got receivedBody
	c.send(incident("F-1")).is(202, "").into(&got)
	if got.State != duplicate || got.StreamSeq != 1 || len(c.stored()) != 1 {
		t.Errorf("answered %+v with %d stored", got, len(c.stored()))
	}
	if d.counted(received) != 1 || d.counted(duplicate) != 1 {
		t.Errorf("counted %v received, %v duplicate", d.counted(received), d.counted(duplicate))
	}
}

// Every type of event comes through the same door and lands on the subject of its verb.
func TestEveryTypeHasItsSubject(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-types")
	interval := `"from":"2026-11-16T00:00:00+01:00","to":"2026-11-23T00:00:00+01:00"`
	for verb, body := range map[events.Verb]string{
		events.Reported:    incident("F-1"),
		events.Corrected:   strings.ReplaceAll(incidentWith("F-1", `,"revision":2`), "reported", "corrected"),
		events.Withdrawn:   `{"type":"samsyn.incident.withdrawn.v1","data":{"report":"F-1","revision":3}}`,
		events.NothingVerb: `{"type":"samsyn.nothing.reported.v1","data":{"report":"n-1",` + interval + `}}`,
		events.CountsVerb:  `{"type":"samsyn.counts.reported.v1","data":{"report":"c-1","area":"A1","category":"graffiti","n":3,` + interval + `}}`,
		events.ContextVerb: `{"type":"samsyn.context.announced.v1","data":{"report":"x-1","kind":"event","occurs":{` + interval + `},"areas":["A1"]}}`,
	} {
		c.send(body).is(202, "")
		stored := c.stored()
		if got := stored[len(stored)-1].Subject; got != events.IncidentSubject(town, c.agency, verb) {
			t.Errorf("%s landed on %s", verb, got)
		}
	}
}

// A sender mends a report from the answer alone: all reasons, with paths, in both languages, under the right status.
func TestRefusedIsAnsweredWithEveryReason(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-refused")
	for _, test := range []struct {
		body   string
		status int
		code   events.Code
		paths  string
	}{
		{"", 400, events.EmptyBody, " "},
		{"[]", 400, events.NotObject, " "},
		{`{"type":`, 400, events.JSONSyntax, "*"},
		{incident("F-1") + "x", 400, events.JSONTrailing, "*"},
		{strings.Replace(incident("F-1"), `"data"`, `"type":"x","data"`, 1), 400, events.DuplicateMember, "*"},
		{`{"type":"samsyn.incident.reported.v1","data":{"severity":9}}`, 422, events.Required, "/data/report /data/category /data/occurred /data/severity /data/place "},
		{incidentWith("F 1", ""), 422, events.BadID, "/data/report "},
		{incidentWith("F-1", `,"severity":0,"certainty":"sure"`), 422, events.OutOfRange, "/data/severity /data/certainty "},
		{incidentWith("F-1", `,"place_type":"dwelling"`), 422, events.Dwelling, "/data/place_type "},
		{incidentWith("F-1", `,"x_own":"`+strings.Repeat("a", 65536)+`"`), 413, events.TooLarge, " "},
	} {
		p := c.send(test.body, header{"Accept-Language": "en"}).is(test.status, test.code).problem()
		paths := ""
		for _, r := range p.Reasons {
			paths += r.Path + " "
			if r.Message.SV == "" || r.Message.EN == "" {
				t.Errorf("%s: reason %+v lacks a language", test.code, r)
			}
		}
		if test.paths != "*" && paths != test.paths {
			t.Errorf("%s: paths %q, want %q", test.code, paths, test.paths)
		}
	}
	if len(c.stored()) != 0 || c.counted(refused) == 0 {
		t.Errorf("%d stored, %v counted as refused", len(c.stored()), c.counted(refused))
	}
}

// Personal data must not come to rest anywhere: not in the stream, not in the log, not in the answer.
func TestPersonalDataIsAnsweredAtOnceAndStoredNowhere(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-pii")
	answer := c.send(incidentWith("F-1", `,"text":"Rutan krossad av 19811228-9874 igår"`)).is(422, events.PIIPersonnummer)
	p := answer.problem()
	if len(p.Reasons) != 1 || p.Reasons[0].Path != "/data/text" || p.Reasons[0].Span == nil || *p.Reasons[0].Span != (events.Span{Start: 17, End: 30}) {
		t.Errorf("reasons %+v", p.Reasons)
	}
	c.send(strings.Replace(incident("F-1"), `"F-1"`, `"19811228-9874"`, 1)).is(422, events.PIIInID)
	for where, what := range map[string]string{"answer": string(answer.body), "log": c.log.String()} {
		if strings.Contains(what, "9874") {
			t.Errorf("the %s repeats it", where)
		}
	}
	if n := len(c.stored()); n != 0 || c.counted(personalD) != 2 {
		t.Errorf("%d stored, %v counted", n, c.counted(personalD))
	}
}

// An agency writes under its own name only, whatever the body says (mass assignment).
func TestAnotherAgencysSourceIsRefused(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c, other := d.agency("ib-own"), d.agency("ib-other")
	body := strings.Replace(incident("F-1"), `{"type"`, `{"source":"urn:samsyn:0480:ib-other","type"`, 1)
	p := c.do("POST", "/incidents?agency=ib-other", typeJSON, body, header{"X-Forwarded-User": "ib-other"}).is(422, events.AgencyMismatch).problem()
	if len(p.Reasons) != 1 || p.Reasons[0].Path != "/source" {
		t.Errorf("reasons %+v", p.Reasons)
	}
	if len(c.stored())+len(other.stored()) != 0 {
		t.Error("it was stored")
	}
}

// What only its sender can decide is an event all the same: it goes on to the correlator, which quarantines it.
func TestWhatIsForQuarantineIsTakenIn(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-quarantine")
	c.send(strings.Replace(incident("F-1"), ".v1", ".v2", 1)).is(202, "")
	c.send(strings.Replace(incident("F-2"), `"area":"A1"`, `"lon":674032,"lat":6580822`, 1)).is(202, "")
	if n := len(c.stored()); n != 2 {
		t.Errorf("%d stored", n)
	}
}

// An array is answered item by item: one bad event does not stop its neighbours.
func TestArrayIsAnsweredItemByItem(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-array")
	body := "[" + strings.Join([]string{incident("F-1"), `{"type":"x"}`, incident("F-1"), "42", incident("F-3")}, ",\n") + "]"
	var results []result
	c.do("POST", "/incidents", typeArray, body).is(200, "").into(&results)
	want := []state{received, refused, duplicate, refused, received}
	for i, r := range results {
		if r.Index != i || r.State != want[i] || (r.State == refused) != (len(r.Reasons) > 0) {
			t.Errorf("item %d: %+v", i, r)
		}
	}
	if len(results) != len(want) || results[4].Report != "F-3" || len(c.stored()) != 2 {
		t.Errorf("%d results, %d stored", len(results), len(c.stored()))
	}
	c.do("POST", "/incidents", typeArray, "[]").is(200, "")
}

// An array has limits, and says them.
func TestArrayThatIsNoneIsRefusedWhole(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-noarray")
	c.do("POST", "/incidents", typeArray, "").is(400, events.EmptyBody)
	c.do("POST", "/incidents", typeArray, incident("F-1")).is(400, events.WrongType)
	c.do("POST", "/incidents", typeArray, "["+incident("F-1")).is(400, events.JSONSyntax)
	c.do("POST", "/incidents", typeArray, "["+incident("F-1")+"] x").is(400, events.JSONTrailing)
	c.do("POST", "/incidents", typeArray, "["+strings.Repeat("1,", 1000)+"1]").is(413, events.TooLarge)
	c.do("POST", "/incidents", typeArray, "["+strings.Repeat(" ", 8<<20)+"]").is(413, events.TooLarge)
	if len(c.stored()) != 0 {
		t.Error("something was stored")
	}
}

// A batch of the largest size goes through in one request.
func TestArrayOfAThousand(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-thousand")
	parts := make([]string, 1000)
	for i := range parts {
		parts[i] = incident(fmt.Sprintf("F-%d", i))
	}
	var results []result
	c.do("POST", "/incidents", typeArray, "["+strings.Join(parts, ",")+"]").is(200, "").into(&results)
	if len(results) != 1000 || results[999].State != received || results[999].StreamSeq != 1000 {
		t.Errorf("%d results, last %+v", len(results), results[len(results)-1])
	}
}

// curl -d says form; the answer must say what to do instead.
func TestContentTypeIsTold(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-type")
	for _, contentType := range []string{"", "application/x-www-form-urlencoded", "text/plain", "application/xml", "nonsense/"} {
		a := c.do("POST", "/incidents", contentType, incident("F-1")).is(415, "unsupported_media_type")
		if !strings.Contains(a.header.Get("Accept-Post"), typeLines) || !strings.Contains(a.problem().Detail, typeJSON) {
			t.Errorf("%q: %s", contentType, a.body)
		}
	}
	c.send(incident("F-1"), header{"Content-Encoding": "gzip"}).is(415, "unsupported_media_type")
	c.do("POST", "/incidents", "application/json; charset=utf-8", incident("F-1")).is(202, "")
	c.do("POST", "/incidents", typeEvent, incident("F-2")).is(202, "")
}

// Serializers write null for what is not said; byte order marks come from Windows. Both are completed like what is left out.
func TestEnvelopeIsCompletedAroundNullsAndByteOrderMarks(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-null")
	c.send(strings.Replace(incident("F-1"), `{"type"`, `{"id":null,"specversion" : null,"time":null,"type"`, 1)).is(202, "")
	c.send("\ufeff "+incident("F-2")).is(202, "")
	c.send(strings.Replace(incident("F-3"), `{"type"`, `{"id":"mine","time":"2026-11-21T01:00:00Z","type"`, 1)).is(202, "")
	for i, want := range []string{"F-1:1", "F-2:1", "mine"} {
		e, reasons := events.Decode(c.stored()[i].Body)
		if e.ID != want || len(reasons) > 0 {
			t.Errorf("%d: id %q, %v in %s", i, e.ID, reasons, c.stored()[i].Body)
		}
	}
}

// The language of a problem is the reader's.
func TestProblemsAreInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ib-language")
	for accept, want := range map[string]string{"": "sv", "sv": "sv", "en-GB,en;q=0.9": "en", "de": "sv", "de, en;q=0.5": "en", "en;q=0.4, sv": "sv"} {
		a := c.send("", header{"Accept-Language": accept}).is(400, events.EmptyBody)
		message := events.EmptyBody.Message()
		title := map[string]string{"sv": message.SV, "en": message.EN}[want]
		if a.header.Get("Content-Language") != want || a.problem().Title != title {
			t.Errorf("%q: answered in %s: %s", accept, a.header.Get("Content-Language"), a.body)
		}
	}
}

// The documents that need no key are the ones that describe the door.
func TestDescriptionIsServed(t *testing.T) {
	t.Parallel()
	c := caller{door: openDoor(t)}
	var info apiInfoBody
	c.do("GET", "/api-info", "", "").is(200, "").into(&info)
	if info.Documentation != "https://samsyn.example.se/samsyn/v1/openapi.json" || info.Released != "2026-11-21" {
		t.Errorf("%+v", info)
	}
	var spec struct {
		OpenAPI string                     `json:"openapi"`
		Paths   map[string]json.RawMessage `json:"paths"`
	}
	c.do("GET", "/openapi.json", "", "").is(200, "").into(&spec)
	if spec.OpenAPI != "3.1.0" || spec.Paths["/incidents"] == nil {
		t.Errorf("served %s with %d paths", spec.OpenAPI, len(spec.Paths))
	}
	c.do("GET", "/nowhere", "", "").is(404, "not_found")
	if a := c.do("PUT", "/incidents", typeJSON, "{}").is(405, "method_not_allowed"); a.header.Get("Allow") != "POST" {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
}
