// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func aReceipt() Receipt {
	e, reasons := Decode([]byte(strings.Replace(usual, `"severity":2`, `"severity":9`, 1)))
	return Receipt{
		Receipt: ReceiptID("0480", "bostad", e.Kind, e.Report, e.Revision, e.Content, Refused),
		Kind:    e.Kind, Report: e.Report, Revision: e.Revision, ID: e.ID, StreamSeq: 17, Content: ContentHex(e.Content),
		Outcome: Refused, Final: Refused.Final(), Notes: Explain(e.Notes), Reasons: Explain(reasons), Decided: noon,
	}
}

// What the platform sends must be what its schemas say: agencies build on them.
func TestWhatThePlatformSendsFollowsItsSchemas(t *testing.T) {
	hotspot := Hotspot{
		ID: uuid.New(), Kind: KindRise, Grade: GradeAlert, Level: LevelArea, Areas: []AreaCode{"A1"}, Group: "damage",
		Window: Interval{noon.AddDate(0, 0, -7), noon}, Observed: 12, Expected: 5.2, Interval: CountInterval{2, 9}, RecurrenceDays: 90,
		Agencies: []AgencyID{"bostad"}, New: true, Reasons: []Text{{"12 mot 5 väntade.", "12 against 5 expected."}},
		Reports: []ReportRef{{"bostad", "R-1"}}, Parts: []HotspotPart{{uuid.New(), LevelDistrict, "D1", 20, 11.5}},
	}
	accepted := IncidentAccepted{
		Municipality: "0480", Agency: "bostad", Report: "R-1", Revision: 1, District: "D1", Area: "A1", Category: "graffiti", Group: "damage",
		Occurred: Interval{noon, noon}, Severity: 2, Episode: uuid.New(), Agencies: []AgencyID{"bostad", "polis"},
	}
	unreadable, reasons := Decode([]byte("<xml/>"))
	for _, c := range []struct {
		typ, schema string
		data        any
	}{
		{TypeReceipt, TypeReceipt, aReceipt()},
		{TypeReceipt, TypeReceipt, Receipt{
			Receipt: uuid.New(), Content: ContentHex(unreadable.Content), Outcome: Refused, Final: true, Notes: Explain(nil), Reasons: Explain(reasons), Decided: noon,
		}},
		{TypeAccepted, TypeAccepted, accepted},
		{TypeAcceptedCorrected, TypeAccepted, accepted},
		{TypeAcceptedWithdrawn, TypeAccepted, accepted},
		{TypeFeedback, TypeFeedback, aFeedback()},
		{TypeHotspotFlagged, TypeHotspotFlagged, hotspot},
		{TypeHotspotUpdated, TypeHotspotUpdated, hotspot},
		{TypeHotspotCleared, TypeHotspotCleared, hotspot},
		{TypeDecision, TypeDecision, Decision{ID: uuid.New(), Hotspot: hotspot.ID, Version: 1, Position: "watch", Decided: noon, Until: "2026-W49"}},
		{TypeActionChanged, TypeActionChanged, ActionChanged{
			ID: uuid.New(), Version: 1, Level: LevelArea, Area: "A1", Measure: "lighting", State: "decided", Owner: "bostad", Due: "2026-12-01", Changed: noon,
		}},
		{TypeReportPublished, TypeReportPublished, ReportPublished{"0480", "2026-W47", 1, strings.Repeat("0f", 32), noon}},
	} {
		body, err := Envelope("x-1", PlatformSource("0480"), c.typ, noon, c.data)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, c.schema, body); err != nil {
			t.Errorf("%s: %v\n%s", c.typ, err, body)
		}
	}
}

// A connector of last year reads today's receipts and today's reads those it kept: every member that was released is there,
// and says the same.
func TestEveryReleasedAnswerIsStillReadWhole(t *testing.T) {
	for _, file := range golden(t, "v1-outgoing") {
		body := read(t, file)
		o, err := Open(body)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, o.Type, body); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		var data any
		switch o.Type {
		case TypeReceipt:
			data, err = DecodeReceipt(body)
		case TypeFeedback:
			data, err = DecodeFeedback(body)
		case TypeHotspotFlagged:
			data, _, err = DecodeHotspot(body)
		case TypeAccepted:
			data, _, err = DecodeAccepted(body)
		case TypeDecision:
			data, err = DecodeDecision(body)
		case TypeActionChanged:
			data, err = DecodeActionChanged(body)
		case TypeReportPublished:
			data, err = DecodeReportPublished(body)
		}
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(o.Data, &want); err != nil {
			t.Fatal(err)
		}
		if path := lacks(asMap(t, data), want, ""); path != "" {
			t.Errorf("%s: %s is lost", file, path)
		}
	}
}

// The connector deletes an event from its outbox by what a receipt says.
func TestReceiptComesBackAsItWasSent(t *testing.T) {
	want := aReceipt()
	body, err := Envelope(want.Receipt.String(), PlatformSource("0480"), TypeReceipt, noon, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeReceipt(body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(got.Reasons) != 1 || got.Reasons[0].Code != OutOfRange || got.Reasons[0].Path != "/data/severity" || got.Reasons[0].Message.SV == "" {
		t.Errorf("%+v", got.Reasons)
	}
}

// Readers ignore types and members they do not know, so that both can be added.
func TestReadersPassOverWhatTheyDoNotKnow(t *testing.T) {
	body := `{"specversion":"1.0","id":"1","source":"urn:samsyn:0480","type":"samsyn.receipt.v1","time":"2026-07-01T12:00:00Z","moon":1,
		"data":{"report":"R-1","outcome":"accepted","moon":{"phase":1}}}`
	if r, err := DecodeReceipt([]byte(body)); err != nil || r.Report != "R-1" || r.Outcome != Accepted {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := DecodeReceipt([]byte(strings.Replace(body, TypeReceipt, TypeFeedback, 1))); !errors.Is(err, ErrOtherType) {
		t.Errorf("feedback on the same subject: %v", err)
	}
	if _, typ, err := DecodeHotspot([]byte(strings.Replace(body, TypeReceipt, TypeHotspotUpdated, 1))); err != nil || typ != TypeHotspotUpdated {
		t.Errorf("%s, %v", typ, err)
	}
	for _, broken := range []string{"", "{", `{"type":""}`, `{"type":"samsyn.receipt.v1","data":[]}`} {
		if _, err := DecodeReceipt([]byte(broken)); err == nil || errors.Is(err, ErrOtherType) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

// A resent event must get the same receipt, and another outcome another one.
func TestReceiptIDFollowsFromWhatItAnswers(t *testing.T) {
	content := [32]byte{1}
	id := ReceiptID("0480", "bostad", KindIncident, "R-1", 1, content, Accepted)
	if id != ReceiptID("0480", "bostad", KindIncident, "R-1", 1, content, Accepted) || id.Version() != 5 {
		t.Errorf("%s", id)
	}
	for name, other := range map[string]uuid.UUID{
		"municipality": ReceiptID("0581", "bostad", KindIncident, "R-1", 1, content, Accepted),
		"agency":       ReceiptID("0480", "polis", KindIncident, "R-1", 1, content, Accepted),
		"kind":         ReceiptID("0480", "bostad", KindNothing, "R-1", 1, content, Accepted),
		"report":       ReceiptID("0480", "bostad", KindIncident, "R-2", 1, content, Accepted),
		"revision":     ReceiptID("0480", "bostad", KindIncident, "R-1", 2, content, Accepted),
		"content":      ReceiptID("0480", "bostad", KindIncident, "R-1", 1, [32]byte{2}, Accepted),
		"outcome":      ReceiptID("0480", "bostad", KindIncident, "R-1", 1, content, Refused),
	} {
		if other == id {
			t.Errorf("another %s has the same receipt", name)
		}
	}
}
