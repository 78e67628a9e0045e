// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// The wire forms: what Encode writes and the schemas describe.
type (
	wireEvent struct {
		SpecVersion     string `json:"specversion"`
		ID              string `json:"id"`
		Source          string `json:"source"`
		Type            string `json:"type"`
		Subject         string `json:"subject,omitempty"`
		Time            string `json:"time"`
		DataContentType string `json:"datacontenttype"`
		Data            any    `json:"data"`
	}
	wireHead struct {
		Report   ReportID `json:"report"`
		Revision int      `json:"revision"`
		Kind     string   `json:"kind,omitempty"`
	}
	wireIncident struct {
		wireHead
		Category       string       `json:"category"`
		Occurred       wireInterval `json:"occurred"`
		Place          wirePlace    `json:"place"`
		PlaceType      string       `json:"place_type,omitempty"`
		Severity       int          `json:"severity,omitempty"`
		Certainty      string       `json:"certainty,omitempty"`
		Persons        string       `json:"persons,omitempty"`
		Ongoing        bool         `json:"ongoing,omitempty"`
		Text           string       `json:"text,omitempty"`
		MeasuresTaken  []string     `json:"measures_taken,omitempty"`
		PoliceReported string       `json:"police_reported,omitempty"`
		Sharing        string       `json:"sharing,omitempty"`
		Groups         []string     `json:"groups,omitempty"`
		ShareAfter     string       `json:"share_after,omitempty"`
		Unit           string       `json:"unit,omitempty"`
		Reporter       string       `json:"reporter,omitempty"`
		Origin         string       `json:"origin,omitempty"`
		Test           bool         `json:"test,omitempty"`
		Reference      string       `json:"reference,omitempty"`
		Reviewed       []string     `json:"reviewed,omitempty"`
	}
	wireNothing struct {
		wireHead
		From string `json:"from"`
		To   string `json:"to"`
		Unit string `json:"unit,omitempty"`
	}
	wireCounts struct {
		wireHead
		From     string   `json:"from"`
		To       string   `json:"to"`
		Area     AreaCode `json:"area"`
		Category string   `json:"category"`
		N        int      `json:"n"`
	}
	wireContext struct {
		wireHead
		Occurs wireInterval `json:"occurs"`
		Areas  []AreaCode   `json:"areas,omitempty"`
		Place  *wirePlace   `json:"place,omitempty"`
		Text   string       `json:"text,omitempty"`
	}
	wireWithdrawal struct {
		wireHead
		Reason string `json:"reason,omitempty"`
	}
	wireInterval struct {
		From string `json:"from"`
		To   string `json:"to,omitempty"`
	}
	wirePlace struct {
		Lon      *float64 `json:"lon,omitempty"`
		Lat      *float64 `json:"lat,omitempty"`
		Easting  *float64 `json:"easting,omitempty"`
		Northing *float64 `json:"northing,omitempty"`
		Property string   `json:"property,omitempty"`
		Area     AreaCode `json:"area,omitempty"`
	}
)

// Encode writes an event as an agency sends it. Decoding what it wrote gives the event back, save its notes and what was
// never in it: x_ members and trace context. Type, Source and ID are filled in from the rest where they are empty, and the
// revision of what is reported. It fails when the part that Verb and Kind call for is missing, or holds a number that JSON
// cannot.
func Encode(e Event) ([]byte, error) {
	data, err := e.wireData()
	if err != nil {
		return nil, err
	}
	wire := wireEvent{
		SpecVersion: "1.0", ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject,
		Time: wireTime(e.Time), DataContentType: "application/json", Data: data,
	}
	if wire.ID == "" {
		wire.ID = string(e.Report) + ":" + strconv.Itoa(e.wireRevision())
	}
	if wire.Source == "" {
		wire.Source = Source(e.Municipality, e.Agency)
	}
	if wire.Type == "" {
		wire.Type = e.Verb.Type()
	}
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode(wire); err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.Report, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Type is the type of event that says this verb; empty for what is no verb.
func (v Verb) Type() string {
	switch v {
	case Reported:
		return TypeIncidentReported
	case Corrected:
		return TypeIncidentCorrected
	case Withdrawn:
		return TypeIncidentWithdrawn
	case NothingVerb:
		return TypeNothingReported
	case CountsVerb:
		return TypeCountsReported
	case ContextVerb:
		return TypeContextAnnounced
	}
	return ""
}

func (e Event) wireRevision() int {
	if e.Revision == 0 && e.Verb != Corrected && e.Verb != Withdrawn {
		return 1
	}
	return e.Revision
}

func (e Event) wireData() (any, error) {
	head := wireHead{Report: e.Report, Revision: e.wireRevision()}
	if (e.Verb == Corrected || e.Verb == Withdrawn) && e.Kind != KindIncident {
		head.Kind = string(e.Kind)
	}
	switch {
	case e.Verb == Withdrawn && e.Withdrawal != nil:
		return wireWithdrawal{wireHead: head, Reason: e.Withdrawal.Reason}, nil
	case e.Verb == Withdrawn:
	case e.Kind == KindIncident && e.Incident != nil:
		return e.Incident.wire(head), nil
	case e.Kind == KindNothing && e.Nothing != nil:
		n := e.Nothing
		return wireNothing{wireHead: head, From: wireTime(n.From), To: wireTime(n.To), Unit: n.Unit}, nil
	case e.Kind == KindCounts && e.Counts != nil:
		c := e.Counts
		return wireCounts{head, wireTime(c.From), wireTime(c.To), c.Area, c.Category, c.N}, nil
	case e.Kind == KindContext && e.Context != nil:
		return e.Context.wire(head), nil
	}
	return nil, fmt.Errorf("encode event %s: no data for %s %s", e.Report, e.Kind, e.Verb)
}

func (in *Incident) wire(head wireHead) wireIncident {
	w := wireIncident{
		wireHead: head, Category: in.Category, Occurred: in.Occurred.wire(), Place: in.Place.wire(),
		PlaceType: in.PlaceType, Severity: in.Severity, Certainty: in.Certainty, Persons: in.Persons, Ongoing: in.Ongoing,
		Text: in.Text, MeasuresTaken: in.MeasuresTaken, PoliceReported: in.PoliceReported, Sharing: in.Sharing,
		Groups: in.Groups, Unit: in.Unit, Reporter: in.Reporter, Origin: in.Origin, Test: in.Test, Reference: in.Reference,
		Reviewed: in.Reviewed,
	}
	if in.Certainty == CertaintyObserved {
		w.Certainty = ""
	}
	if !in.ShareAfter.IsZero() {
		w.ShareAfter = wireTime(in.ShareAfter)
	}
	return w
}

func (c *Context) wire(head wireHead) wireContext {
	head.Kind = c.Kind
	w := wireContext{wireHead: head, Occurs: c.Occurs.wire(), Areas: c.Areas, Text: c.Text}
	if c.Place != nil {
		place := c.Place.wire()
		w.Place = &place
	}
	return w
}

func (i Interval) wire() wireInterval {
	w := wireInterval{From: wireTime(i.From)}
	if !i.To.IsZero() && !i.To.Equal(i.From) {
		w.To = wireTime(i.To)
	}
	return w
}

func (p Place) wire() wirePlace {
	w := wirePlace{Property: p.Property, Area: p.Area}
	if p.Point != nil {
		w.Lon, w.Lat = &p.Point.Lon, &p.Point.Lat
	}
	if p.Grid != nil {
		w.Easting, w.Northing = &p.Grid.Easting, &p.Grid.Northing
	}
	return w
}

// wireTime writes a time with its own offset; a zone whose offset has seconds (before there were time zones) as UTC.
func wireTime(t time.Time) string {
	if _, seconds := t.Zone(); seconds%60 != 0 {
		t = t.UTC()
	}
	return t.Round(time.Millisecond).Format("2006-01-02T15:04:05.999Z07:00")
}
