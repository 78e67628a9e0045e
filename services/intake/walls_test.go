// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"fmt"
	"strings"
	"testing"

	"samsyn/events"
)

// What belongs to another agency is answered byte for byte like what does not exist (OWASP API1), whatever the way of asking.
func TestAnotherAgencysIsAnsweredLikeNothing(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	me, other := d.agency("iw-me"), d.agency("iw-other")
	const canary = "CANARY-iw-other-1"
	other.judge(verdictRow{report: "theirs", revision: 1, batch: 1, item: 0, outcome: events.Accepted, body: incidentWith("theirs", `,"text":"`+canary+`"`)})
	held := other.judge(verdictRow{
		report: "held", revision: 1, batch: 1, item: 1, outcome: events.Quarantined,
		reasons: []events.Reason{{Code: events.UnknownArea}}, body: incidentWith("held", `,"text":"`+canary+`"`),
	})
	stop, err := d.nats.Conn.Respond("decide.>", "test", func(subject string, _ []byte) []byte {
		t.Errorf("the correlator was asked on %s", subject)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	random := "00000000-0000-4000-8000-000000000000"
	for _, ask := range []struct{ method, path, own, none, contentType, body string }{
		{"DELETE", "/incidents/%s", "theirs", "nobody's", "", ""},
		{"DELETE", "/incidents/%s?agency=iw-other", "theirs", "nobodys", "", ""},
		{"DELETE", "/incidents/%s?dry-run=true", "theirs", "nobodys", "", ""},
		{"POST", "/incidents/%s/corrections", "theirs", "nobodys", typeJSON, newData},
		{"POST", "/incidents/%s/corrections", "held", "nobodys", typeJSON, `{"revision":2,` + newData[1:]},
		{"POST", "/quarantine/%s/release", held.String(), random, "", ""},
		{"POST", "/quarantine/%s/drop", held.String(), random, "", ""},
		{"POST", "/quarantine/%s/drop?municipality=0480&agency=iw-other", held.String(), random, "", ""},
	} {
		a := me.do(ask.method, fmt.Sprintf(ask.path, ask.own), ask.contentType, ask.body, header{"X-Agency": "iw-other"})
		b := me.do(ask.method, fmt.Sprintf(ask.path, ask.none), ask.contentType, ask.body)
		if a.status != 404 || b.status != 404 || string(a.body) != string(b.body) {
			t.Errorf("%s %s: %d %s, nothing is %d %s", ask.method, ask.path, a.status, a.body, b.status, b.body)
		}
	}
	var theirPage receiptsBody
	other.do("GET", "/receipts", "", "").is(200, "").into(&theirPage)
	a := me.do("GET", "/receipts?after="+theirPage.Next, "", "").is(400, events.OutOfRange)
	b := me.do("GET", "/receipts?after="+strings.Repeat("A", len(theirPage.Next)), "", "").is(400, events.OutOfRange)
	if string(a.body) != string(b.body) {
		t.Errorf("another's cursor: %s, a made-up one: %s", a.body, b.body)
	}
	for _, path := range []string{"/receipts", "/receipts?agency=iw-other", "/quarantine", "/quarantine?agency=iw-other&page=1"} {
		if a := me.do("GET", path, "", "").is(200, ""); strings.Contains(string(a.body), "theirs") || strings.Contains(string(a.body), canary) {
			t.Errorf("%s shows another agency's: %s", path, a.body)
		}
	}
	if a := other.do("GET", "/quarantine", "", "").is(200, ""); !strings.Contains(string(a.body), canary) {
		t.Errorf("its own agency does not see it: %s", a.body)
	}
	if strings.Contains(d.log.String(), canary) {
		t.Error("the log holds a report's text")
	}
}

// Equal ids of two agencies are two reports.
func TestEqualIdsOfTwoAgenciesAreTwoReports(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	a, b := d.agency("iw-first"), d.agency("iw-second")
	a.send(incident("F-1")).is(202, "")
	var got receivedBody
	b.send(incident("F-1")).is(202, "").into(&got)
	if got.State != received || got.StreamSeq != 1 {
		t.Errorf("answered %+v", got)
	}
}

// The agency's index must be used: without it every reader pays for all agencies' events.
func TestReadingOnesOwnUsesTheIndex(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("iw-index")
	for name, statement := range map[string]string{
		"receipts": strings.NewReplacer("$1", "'0480'", "$2", "'iw-index'", "$3", "0", "$4", "0", "$5", "100").Replace(readReceipts),
		"history":  strings.NewReplacer("$1", "'0480'", "$2", "'iw-index'", "$3", "'incident'", "$4", "'F-1'").Replace(readHistory),
	} {
		plan := d.explain(c, statement)
		if !strings.Contains(plan, "Index Cond") || strings.Contains(plan, "Seq Scan on event") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
}
