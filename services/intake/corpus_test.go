// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/events/corpus"
	"samsyn/internal/pg"
)

// The corpus has one answer to each case, and the door gives it: what cannot be an event is refused with the same reason,
// everything else is taken in for the correlator to judge, except personal data and foreign names, which stop here.
func TestCorpusAtTheDoor(t *testing.T) {
	t.Parallel()
	for _, test := range corpus.Bad() {
		who := grant{municipality: corpus.Municipality, agency: test.Agency}
		it := admit(who, test.Body, test.Now)
		codes := map[events.Code]bool{}
		for _, r := range it.reasons {
			codes[r.Code] = true
		}
		// What is left out of the envelope is put in, and the subject follows from the type: those cases are good here.
		mended := slices.Contains([]string{"027-no-id", "027-no-source", "027-no-specversion", "027-no-time"}, test.Name)
		switch {
		case mended || test.Code == events.SubjectMismatch || test.Code == events.BadSubject:
			if len(it.reasons) > 0 {
				t.Errorf("%s: %v", test.Name, it.reasons)
			}
		case test.Stage == corpus.Decode && test.Outcome == events.Refused, test.Stage == corpus.Publish:
			if !codes[test.Code] {
				t.Errorf("%s: %v, want %s", test.Name, it.reasons, test.Code)
			}
		case test.Code == events.AgencyMismatch:
			if !codes[test.Code] {
				t.Errorf("%s: %v, want %s", test.Name, it.reasons, test.Code)
			}
		case test.Outcome != events.Refused && !personal(test.Code) && len(it.reasons) > 0:
			t.Errorf("%s is %s and was stopped at the door: %v", test.Name, test.Outcome, it.reasons)
		}
	}
}

// FuzzIncidents sends anything in any form through the whole handler: it never breaks, answers as openapi.yaml says, and
// what it says it received is an event that the correlator can read.
func FuzzIncidents(f *testing.F) {
	forms := []string{typeJSON, typeArray, typeLines, "text/plain"}
	for _, test := range corpus.Bad() {
		if len(test.Body) < 4096 {
			for form := range forms {
				f.Add(uint8(form), test.Body)
			}
		}
	}
	d := openDoor(f)
	c := d.agency("if-fuzz")
	d.exec(pg.RoleRegistry, `UPDATE registry.agency SET per_second = 1000000 WHERE agency = 'if-fuzz'`)
	routes := d.service.Routes()
	f.Fuzz(func(t *testing.T, form uint8, body []byte) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, Base+"/incidents", bytes.NewReader(body))
		r.Header.Set("Content-Type", forms[int(form)%len(forms)])
		r.Header.Set("Authorization", "Bearer "+c.key)
		w := httptest.NewRecorder()
		routes.ServeHTTP(w, r)
		answer := w.Result()
		(&contract{t: t, router: d.contract.router}).holds(r, answer, w.Body.Bytes())
		if answer.StatusCode >= http.StatusInternalServerError {
			t.Errorf("answered %d: %s", answer.StatusCode, w.Body)
		}
		if answer.StatusCode != http.StatusAccepted {
			return
		}
		var got receivedBody
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		found := false
		err := d.conn.Read(t.Context(), events.IncidentStream(town, c.agency), got.StreamSeq, func(m bus.Stored) error {
			e, reasons := events.Decode(m.Body)
			found = e.Report == got.Report && e.Revision == got.Revision && events.Worst(reasons) != events.Refused
			return errFound
		})
		if !errors.Is(err, errFound) || !found {
			t.Errorf("answered %s and it is not in the stream: %v", w.Body, err)
		}
	})
}

var errFound = errors.New("found")

// FuzzAdmit: whatever comes, an admitted event is one that Decode reads, under the agency's own name, with the content that
// was sent.
func FuzzAdmit(f *testing.F) {
	for _, test := range corpus.Bad() {
		f.Add(test.Body)
	}
	who := grant{municipality: corpus.Municipality, agency: corpus.Agency}
	now := corpus.Bad()[0].Now
	f.Fuzz(func(t *testing.T, sent []byte) {
		it := admit(who, sent, now)
		if len(it.reasons) > events.MaxReasons {
			t.Fatalf("%d reasons", len(it.reasons))
		}
		if len(it.reasons) > 0 {
			return
		}
		e, reasons := events.Decode(it.body)
		if events.Worst(reasons) == events.Refused || e.Municipality != who.municipality || e.Agency != who.agency || !e.Verb.Valid() {
			t.Errorf("admitted %s: %v", it.body, reasons)
		}
		if said, _ := events.Decode(sent); said.Content != e.Content {
			t.Errorf("content changed from %s to %s", sent, it.body)
		}
	})
}
