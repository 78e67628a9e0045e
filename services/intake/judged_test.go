// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/pg"
)

// verdict is one row as the correlator writes it.
type verdictRow struct {
	kind     events.Kind
	report   string
	revision int
	batch    int64
	item     int
	outcome  events.Outcome
	reasons  []events.Reason
	body     string
}

// judge writes what the correlator would have written, and that it has read the stream so far.
func (c caller) judge(v verdictRow) uuid.UUID {
	c.t.Helper()
	if v.kind == "" {
		v.kind = events.KindIncident
	}
	if v.body == "" {
		v.body = incident(v.report)
	}
	var reasons []byte
	if v.reasons != nil {
		reasons, _ = json.Marshal(v.reasons)
	}
	content := sha256.Sum256([]byte(v.body))
	c.exec(pg.RoleCorrelator, `INSERT INTO correlator.event (municipality, agency, kind, report, revision, batch, item, verb, event_id, said_kind,
	    said_report, said_revision, content, outcome, reasons, stream_seq, stored_at, decided_at, reference_version, sha256, body)
	  VALUES ($1, $2, $3, $4, $5, $6, $7, 'reported', $12, $3, $4, $5, $8, $9, $10, $6, $11, $11, 1, $8, $13)`,
		string(town), string(c.agency), string(v.kind), v.report, v.revision, v.batch, v.item, content[:], string(v.outcome), reasons, c.clock(), fmt.Sprintf("%s:%d", v.report, v.revision), []byte(v.body))
	id := uuid.New()
	if v.outcome == events.Quarantined {
		c.exec(pg.RoleCorrelator, `INSERT INTO correlator.quarantine (municipality, agency, id, kind, report, revision, state, since)
		  VALUES ($1, $2, $3, $4, $5, $6, 'open', $7)`, string(town), string(c.agency), id, string(v.kind), v.report, v.revision, c.clock())
	}
	return id
}

// hasRead says how far the correlator has read the agency's stream.
func (c caller) hasRead(seq int) {
	c.t.Helper()
	c.exec(pg.RoleCorrelator, `INSERT INTO correlator.position (municipality, agency, seq, sha256, stored_at) VALUES ($1, $2, $3, '', now())
	  ON CONFLICT (municipality, agency) DO UPDATE SET seq = excluded.seq`, string(town), string(c.agency), seq)
}

const newData = `{"category":"graffiti","occurred":{"from":"2026-11-20T22:00:00+01:00"},"place":{"area":"A1"}}`

// A correction takes its report from the address and, if it does not say one, the next revision.
func TestCorrectionIsCompleted(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ia-correct")
	c.judge(verdictRow{report: "F-1", revision: 4, batch: 1, outcome: events.Accepted})
	c.hasRead(0)
	var got receivedBody
	c.do("POST", "/incidents/F-1/corrections", typeJSON, newData).is(202, "").into(&got)
	if got.Report != "F-1" || got.Revision != 5 || got.State != received {
		t.Errorf("answered %+v", got)
	}
	c.do("POST", "/incidents/F-1/corrections", typeJSON, `{"report":"F-1","revision":9,`+newData[1:]).is(202, "").into(&got)
	c.do("POST", "/incidents/F-1/corrections", typeJSON, "\ufeff"+strings.Replace(newData, "{", `{"revision":null,"report":null,`, 1)).is(503, "not_read_yet")
	stored := c.stored()
	if len(stored) != 2 || stored[0].Subject != "incident.0480.ia-correct.corrected" {
		t.Fatalf("stored %+v", stored)
	}
	for i, want := range []int{5, 9} {
		e, reasons := events.Decode(stored[i].Body)
		if e.Report != "F-1" || e.Revision != want || e.ID != fmt.Sprintf("F-1:%d", want) || len(reasons) > 0 {
			t.Errorf("stored %s: %v", stored[i].Body, reasons)
		}
	}
}

// Bad corrections are refused like bad events, with paths into the event, and cannot smuggle members of the envelope.
func TestBadCorrectionIsRefused(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ia-bad")
	c.judge(verdictRow{report: "F-1", revision: 1, batch: 1, outcome: events.Accepted})
	c.hasRead(0)
	for _, test := range []struct {
		body   string
		status int
		code   events.Code
		path   string
	}{
		{"", 400, events.EmptyBody, ""},
		{"[1]", 400, events.NotObject, ""},
		{newData[:20], 400, events.JSONSyntax, "*"},
		{newData + `,"subject":"smuggled"`, 400, events.JSONTrailing, "*"},
		{`{"report":"F-2",` + newData[1:], 422, events.OutOfRange, "/data/report"},
		{`{"revision":1,` + newData[1:], 422, events.RevisionRange, "/data/revision"},
		{`{"revision":2}`, 422, events.Required, "/data/category"},
		{`{"revision":2,"text":"ring 070-1234567",` + newData[1:], 422, events.PIIPhone, "/data/text"},
		{`{"revision":2,"revision":3,` + newData[1:], 400, events.DuplicateMember, "/data/revision"},
	} {
		p := c.do("POST", "/incidents/F-1/corrections", typeJSON, test.body).is(test.status, test.code).problem()
		if test.path != "*" && p.Reasons[0].Path != test.path {
			t.Errorf("%s: path %q", test.body, p.Reasons[0].Path)
		}
	}
	c.do("POST", "/incidents/F-1/corrections", typeEvent, newData).is(415, "unsupported_media_type")
	if len(c.stored()) != 0 {
		t.Error("something was stored")
	}
}

// A withdrawal takes the next revision, of its own kind.
func TestWithdrawalTakesTheNextRevision(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ia-withdraw")
	c.judge(verdictRow{report: "F-1", revision: 2, batch: 1, item: 0, outcome: events.Quarantined, reasons: []events.Reason{{Code: events.UnknownArea}}})
	c.judge(verdictRow{report: "F-1", revision: 7, batch: 1, item: 1, outcome: events.Accepted, kind: events.KindCounts})
	c.hasRead(5)
	var got receivedBody
	c.do("DELETE", "/incidents/F-1?reason=Dubbel%20rapport", "", "").is(202, "").into(&got)
	if got.Revision != 3 {
		t.Errorf("answered %+v", got)
	}
	c.do("DELETE", "/incidents/F-1?kind=counts", "", "").is(202, "").into(&got)
	if got.Revision != 8 {
		t.Errorf("answered %+v", got)
	}
	for i, want := range []string{"Dubbel rapport", ""} {
		e, reasons := events.Decode(c.stored()[i].Body)
		if e.Verb != events.Withdrawn || e.Withdrawal == nil || e.Withdrawal.Reason != want || len(reasons) > 0 {
			t.Errorf("stored %s: %v", c.stored()[i].Body, reasons)
		}
	}
	c.do("DELETE", "/incidents/F-1?kind=person", "", "").is(400, events.OutOfRange)
	c.do("DELETE", "/incidents/F-1?reason=%ff", "", "").is(400, events.OutOfRange)
	c.do("DELETE", "/incidents/F-1?reason=ring%20070-1234567", "", "").is(422, events.PIIPhone)
	c.do("DELETE", "/incidents/F-1?reason="+strings.Repeat("a", 501), "", "").is(422, events.TextTooLong)
}

// A report is unknown only when everything that was received has been read.
func TestUnknownReportIsSaidOnlyWhenItIsCertain(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ia-unknown")
	c.do("DELETE", "/incidents/F-1", "", "").is(404, events.UnknownReport)
	c.do("DELETE", "/incidents/..%2f..%2fetc", "", "").is(404, events.UnknownReport)
	c.do("DELETE", "/incidents/F%201", "", "").is(404, events.UnknownReport)
	c.send(incident("F-1")).is(202, "")
	c.do("DELETE", "/incidents/F-1", "", "").is(503, "not_read_yet")
	c.do("POST", "/incidents/F-1/corrections", typeJSON, newData).is(503, "not_read_yet")
	c.do("POST", "/incidents/F-1/corrections", typeJSON, `{"revision":2,`+newData[1:]).is(202, "")
	c.hasRead(2)
	c.do("DELETE", "/incidents/F-1", "", "").is(404, events.UnknownReport)
	c.judge(verdictRow{report: "F-1", revision: 2, batch: 1, outcome: events.Accepted})
	c.do("DELETE", "/incidents/F-1", "", "").is(202, "")
}

// A cursor leads through every receipt once, in the order in which they were decided.
func TestReceiptsAreReadOnceEachInOrder(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ia-receipts")
	for i := range 5 {
		c.judge(verdictRow{report: fmt.Sprintf("F-%d", i), revision: 1, batch: int64(10 - i/2), item: i, outcome: events.Accepted})
	}
	c.judge(verdictRow{report: "F-5", revision: 1, batch: 11, outcome: events.Quarantined, reasons: []events.Reason{{Code: events.UnknownArea, Path: "/data/place/area"}}})
	var order []string
	after := ""
	for {
		var page receiptsBody
		c.do("GET", "/receipts?limit=2&after="+after, "", "").is(200, "").into(&page)
		for _, r := range page.Receipts {
			order = append(order, fmt.Sprintf("%s:%s:%t:%d", r.Report, r.Outcome, r.Final, len(r.Reasons)))
		}
		if len(page.Receipts) == 0 {
			if page.Next != after {
				t.Errorf("next is %q after %q", page.Next, after)
			}
			break
		}
		after = page.Next
	}
	want := "F-4:accepted:true:0 F-2:accepted:true:0 F-3:accepted:true:0 F-0:accepted:true:0 F-1:accepted:true:0 F-5:quarantined:false:1"
	if strings.Join(order, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(order, " "), want)
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=1e9", "limit=x", "wait=21", "wait=-1", "after=AAAA", "after=" + after[:21] + "!"} {
		c.do("GET", "/receipts?"+query, "", "").is(400, events.OutOfRange)
	}
}

// A receipt has the id under which it went out over NATS, so that an agency may listen on both.
func TestReceiptHasItsDerivedID(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("ia-id")
	c.judge(verdictRow{report: "F-1", revision: 1, batch: 1, outcome: events.Accepted})
	var page receiptsBody
	c.do("GET", "/receipts", "", "").is(200, "").into(&page)
	content := sha256.Sum256([]byte(incident("F-1")))
	if want := events.ReceiptID(town, c.agency, events.KindIncident, "F-1", 1, content, events.Accepted); page.Receipts[0].Receipt != want {
		t.Errorf("receipt %s, want %s", page.Receipts[0].Receipt, want)
	}
}

// A waiting reader hears of a receipt when it is sent, not at the next look.
func TestWaitingReaderIsWoken(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ia-wait")
	got := make(chan answer, 1)
	go func() { got <- c.do("GET", "/receipts?wait=20", "", "") }()
	d.untilWaiting(c)
	c.judge(verdictRow{report: "F-1", revision: 1, batch: 1, outcome: events.Accepted})
	if err := d.conn.Signal(events.ReceiptSubject(town, c.agency), nil); err != nil {
		t.Fatal(err)
	}
	select {
	case a := <-got:
		var page receiptsBody
		a.is(200, "").into(&page)
		if len(page.Receipts) != 1 {
			t.Errorf("%d receipts", len(page.Receipts))
		}
	case <-time.After(15 * time.Second):
		t.Fatal("not woken")
	}
}

// A wait ends with its time, and with the service.
func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ia-end")
	var page receiptsBody
	c.do("GET", "/receipts?wait=1", "", "").is(200, "").into(&page)
	if page.Receipts == nil || len(page.Receipts) != 0 || page.Next != "" {
		t.Errorf("%+v", page)
	}
	got := make(chan answer, 1)
	go func() { got <- c.do("GET", "/receipts?wait=20", "", "") }()
	d.untilWaiting(c)
	d.service.Stop()
	(<-got).is(200, "")
}

// untilWaiting returns when a reader of an agency waits.
func (d *door) untilWaiting(c caller) {
	d.t.Helper()
	for range time.Tick(5 * time.Millisecond) {
		d.service.limits.mu.Lock()
		q := d.service.limits.agencies[agencyKey{town, c.agency}]
		waits := q != nil && q.waits > 0
		d.service.limits.mu.Unlock()
		if waits || d.t.Context().Err() != nil {
			return
		}
	}
}

// What waits for its sender is shown whole to its sender, page by page.
func TestQuarantineIsListed(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ia-listed")
	for i := range 3 {
		c.judge(verdictRow{
			report: fmt.Sprintf("F-%d", i), revision: 1, batch: 1, item: i, outcome: events.Quarantined,
			reasons: []events.Reason{{Code: events.UnknownArea, Path: "/data/place/area"}}, body: "\ufeff" + incident(fmt.Sprintf("F-%d", i)),
		})
		d.advance(time.Second)
	}
	var page quarantineBody
	c.do("GET", "/quarantine?limit=2&page=2", "", "").is(200, "").into(&page)
	if page.Total != 3 || len(page.Quarantine) != 1 || page.Page != 2 || page.Limit != 2 {
		t.Fatalf("%+v", page)
	}
	q := page.Quarantine[0]
	if q.Report != "F-2" || string(q.Event) != incident("F-2") || q.Reasons[0].Message.SV == "" {
		t.Errorf("%+v", q)
	}
	c.do("GET", "/quarantine?page=0", "", "").is(400, events.OutOfRange)
}

// The correlator decides; the door says what it decided, under the right status.
func TestDecisionsOfTheCorrelatorAreTold(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ia-decide")
	id := c.judge(verdictRow{report: "F-1", revision: 1, batch: 1, outcome: events.Quarantined, reasons: []events.Reason{{Code: events.TooOld}}})
	path := "/quarantine/" + id.String()
	c.do("POST", path+"/release", "", "").is(503, "judge_away")

	var asked events.Decide
	var answer events.Decided
	stop, err := d.nats.Conn.Respond("decide.*.*", "test", func(subject string, body []byte) []byte {
		if err := json.Unmarshal(body, &asked); err != nil || subject != events.DecideSubject(town, c.agency) {
			t.Errorf("asked %s on %s", body, subject)
		}
		reply, _ := json.Marshal(answer)
		return reply
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	receipt := events.Receipt{
		Receipt: uuid.New(), Kind: events.KindIncident, Report: "F-1", Revision: 1, ID: "F-1:1", StreamSeq: 1,
		Content: strings.Repeat("0", 64), Outcome: events.Dropped, Final: true, Notes: []events.Explained{}, Reasons: []events.Explained{},
	}
	answer = events.Decided{Receipt: &receipt}
	var got events.Receipt
	c.do("POST", path+"/drop", "", "").is(200, "").into(&got)
	if got.Receipt != receipt.Receipt || asked.ID != id || asked.Verb != events.Drop || !strings.HasPrefix(asked.By, "key:") || strings.Contains(asked.By, "_") {
		t.Errorf("asked %+v, answered %+v", asked, got)
	}
	answer = events.Decided{Problem: events.DecideOtherwise}
	c.do("POST", path+"/release", "", "").is(409, "already_decided")
	answer = events.Decided{Problem: events.DecideUnknown}
	c.do("POST", path+"/release", "", "").is(404, "not_found")
	answer = events.Decided{Problem: events.DecideNotPossible, Reasons: events.Explain([]events.Reason{{Code: events.OutsideMunicipality, Path: "/data/place"}})}
	if p := c.do("POST", path+"/release", "", "").is(422, "not_possible").problem(); len(p.Reasons) != 1 || p.Reasons[0].Code != events.OutsideMunicipality {
		t.Errorf("reasons %+v", p.Reasons)
	}
	answer = events.Decided{Problem: events.DecideFailed}
	c.do("POST", path+"/release", "", "").is(503, "judge_away")
	answer = events.Decided{}
	c.do("POST", path+"/release", "", "").is(500, events.InternalError)
	c.do("POST", "/quarantine/not-an-id/drop", "", "").is(404, "not_found")
}

// A dry run gives the correlator's verdict and stores nothing, in every form.
func TestDryRunIsTheCorrelatorsVerdict(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ia-dry")
	c.do("POST", "/incidents?dry-run=true", typeJSON, incident("F-1")).is(503, "judge_away")
	stop, err := d.nats.Conn.Respond("check.*.*", "test", func(_ string, body []byte) []byte {
		e, reasons := events.Decode(body)
		outcome := events.Worst(reasons)
		if e.Report == "F-held" {
			outcome = events.Held
		}
		reply, _ := json.Marshal(events.Receipt{
			Kind: e.Kind, Report: e.Report, Revision: e.Revision, ID: e.ID, Content: events.ContentHex(e.Content), Outcome: outcome,
			Final: outcome.Final(), Notes: events.Explain(e.Notes), Reasons: events.Explain(reasons), Decided: d.clock(),
		})
		return reply
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var one events.Receipt
	c.do("POST", "/incidents?dry-run", typeJSON, incident("F-1")).is(200, "").into(&one)
	if one.Outcome != events.Accepted || one.ID != "F-1:1" {
		t.Errorf("verdict %+v", one)
	}
	c.do("POST", "/incidents?dry-run=true", typeJSON, `{"type":"x"}`).is(200, "").into(&one)
	if one.Outcome != events.Refused || len(one.Reasons) == 0 {
		t.Errorf("verdict %+v", one)
	}
	var many []itemVerdict
	c.do("POST", "/incidents?dry-run=true", typeArray, "["+incident("F-1")+`,{}]`).is(200, "").into(&many)
	if len(many) != 2 || many[0].Outcome != events.Accepted || many[1].Index != 1 || many[1].Outcome != events.Refused {
		t.Errorf("verdicts %+v", many)
	}
	a := c.do("POST", "/incidents?dry-run=true", typeLines, incident("F-1")+"\n"+incident("F-2")+"\n").is(200, "")
	if lines := strings.Split(strings.TrimSpace(string(a.body)), "\n"); len(lines) != 2 || !strings.Contains(lines[1], `"index":1`) {
		t.Errorf("lines %s", a.body)
	}
	c.judge(verdictRow{report: "F-1", revision: 1, batch: 1, outcome: events.Accepted})
	c.do("DELETE", "/incidents/F-1?dry-run=true", "", "").is(200, "").into(&one)
	if one.Revision != 2 {
		t.Errorf("verdict %+v", one)
	}
	c.do("POST", "/incidents/F-1/corrections?dry-run=true", typeJSON, newData).is(200, "")
	c.do("POST", "/incidents?dry-run=true", typeJSON, incident("F-held")).is(503, "judge_away")
	c.do("POST", "/incidents?dry-run=perhaps", typeJSON, incident("F-1")).is(400, events.OutOfRange)
	c.do("POST", "/incidents?dry-run=true", typeJSON, incidentWith("F-1", `,"x_a":"`+strings.Repeat("a", 65536)+`"`)).is(413, events.TooLarge)
	if len(c.stored()) != 0 || c.counted(received) != 0 {
		t.Error("a dry run stored something")
	}
}
