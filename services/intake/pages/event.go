// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/intake"
)

// number is the id of the report that a form becomes: made from the form's key and its writer alone, so that the same form
// sent again is the same report, and nobody reaches another's by choosing a key. It has no digit, so that none is ever taken
// for a personal number, and no vowel, so that it is no word: F-KTRM-WXPB-QZDF. Twelve of twenty letters: among a million
// reports of an agency two meet once in eight thousand installations.
func number(v pg.Viewer, kind events.Kind, key string) events.ReportID {
	const letters = "BCDFGHJKLMNPQRSTVWXZ"
	sum := sha256.Sum256([]byte(strings.Join([]string{"form", v.Municipality, v.Agency, v.Person, string(kind), key}, "\x00")))
	b := []byte("F-xxxx-xxxx-xxxx")
	if kind == events.KindNothing {
		b[0] = 'N'
	}
	for i, n := 2, 0; i < len(b); i++ {
		if b[i] == 'x' {
			b[i] = letters[int(sum[n])%len(letters)]
			n++
		}
	}
	return events.ReportID(b)
}

// spanData is a time as the contract writes it; To is left out where it equals From.
type spanData struct {
	From string `json:"from"`
	To   string `json:"to,omitempty"`
}

func spanOf(i events.Interval) spanData {
	s := spanData{From: moment(i.From)}
	if !i.To.Equal(i.From) {
		s.To = moment(i.To)
	}
	return s
}

// moment is local time with its offset, so that the hour people meant can be read.
func moment(t time.Time) string { return t.Format("2006-01-02T15:04:05.999Z07:00") }

type placeData struct {
	Property string `json:"property,omitempty"`
	Area     string `json:"area,omitempty"`
}

type incidentData struct {
	Report   events.ReportID `json:"report"`
	Revision int             `json:"revision"`
	Category string          `json:"category"`
	Occurred spanData        `json:"occurred"`
	Place    placeData       `json:"place"`
	Ongoing  bool            `json:"ongoing,omitempty"`
	Text     string          `json:"text,omitempty"`
	Police   string          `json:"police_reported,omitempty"`
	Sharing  string          `json:"sharing,omitempty"`
	Unit     string          `json:"unit,omitempty"`
	Reporter string          `json:"reporter"`
	Reviewed []string        `json:"reviewed,omitempty"`
	// Before has no member of the contract yet: it is kept with the raw event, for the own agency.
	Before bool `json:"x_happened_before,omitempty"`
}

type nothingData struct {
	Report   events.ReportID `json:"report"`
	Revision int             `json:"revision"`
	Kind     events.Kind     `json:"kind,omitempty"` // said by a correction alone
	From     string          `json:"from"`
	To       string          `json:"to"`
	Unit     string          `json:"unit,omitempty"`
}

type withdrawalData struct {
	Report   events.ReportID `json:"report"`
	Revision int             `json:"revision"`
	Kind     events.Kind     `json:"kind"`
}

// event is the event of a form: the same bytes for the same form, revision and time.
func event(typ string, at time.Time, data any) ([]byte, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("write event: %w", err)
	}
	return intake.Event(typ, at, body), nil
}

// typeOf is the type of a first or a later revision.
func typeOf(first string, revision int) string {
	if revision > 1 {
		return events.TypeIncidentCorrected
	}
	return first
}

// fingerprint is of what was filled in, whatever the time it was sent at.
func fingerprint(filled any) ([32]byte, error) {
	body, err := json.Marshal(filled)
	if err != nil {
		return [32]byte{}, fmt.Errorf("write form: %w", err)
	}
	return sha256.Sum256(body), nil
}
