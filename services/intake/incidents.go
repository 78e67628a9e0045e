// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/web"
)

// The forms in which events come, by content type.
const (
	typeJSON  = "application/json"
	typeEvent = "application/cloudevents+json"
	typeArray = "application/cloudevents-batch+json"
	typeLines = "application/x-ndjson"

	charset = "; charset=utf-8"
)

// received is the answer to one event.
type receivedBody struct {
	Report    events.ReportID `json:"report"`
	Revision  int             `json:"revision"`
	State     state           `json:"state"`
	StreamSeq uint64          `json:"stream_seq"`
}

// result is the answer to one of many.
type result struct {
	Index     int                `json:"index"`
	Report    events.ReportID    `json:"report,omitempty"`
	Revision  int                `json:"revision,omitempty"`
	State     state              `json:"state"`
	StreamSeq uint64             `json:"stream_seq,omitempty"`
	Reasons   []events.Explained `json:"reasons,omitempty"`
}

func (it item) result(index int, r bus.Result) result {
	out := result{Index: index, Report: it.event.Report, Revision: it.event.Revision, State: it.state(r), StreamSeq: r.Ack.Seq}
	if len(it.reasons) > 0 {
		out.State, out.Reasons = refused, events.Explain(it.reasons)
	}
	return out
}

// sendIncidents is POST /incidents: one event, an array, or lines.
func (s *Service) sendIncidents(w http.ResponseWriter, r *http.Request, who grant) error {
	dry, err := dryRun(r)
	if err != nil {
		return err
	}
	form, err := contentType(r, typeJSON, typeEvent, typeArray, typeLines)
	if err != nil {
		return err
	}
	switch form {
	case typeLines:
		return s.sendLines(w, r, who, dry)
	case typeArray:
		return s.sendArray(w, r, who, dry)
	}
	body, err := readBody(w, r, events.MaxBody)
	if err != nil {
		return err
	}
	return s.sendOne(w, r, who, admit(who, body, s.now()), dry)
}

// sendOne answers for one admitted or refused event: 202 when it is durable.
func (s *Service) sendOne(w http.ResponseWriter, r *http.Request, who grant, it item, dry bool) error {
	if dry {
		verdict, err := s.check(r.Context(), who, it)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, verdict)
	}
	stored := s.publish(r.Context(), who, []item{it})[0]
	switch {
	case len(it.reasons) > 0:
		return refusal(it.reasons)
	case stored.Err != nil:
		return stored.Err
	}
	return writeJSON(w, http.StatusAccepted, receivedBody{it.event.Report, it.event.Revision, it.state(stored), stored.Ack.Seq})
}

// sendArray answers 200 with one result an item. Where one of them could not be stored the whole is answered by 503: sent
// again, those that were stored are duplicates.
func (s *Service) sendArray(w http.ResponseWriter, r *http.Request, who grant, dry bool) error {
	if _, here := r.Body.(memoryBody); !here {
		done, err := s.limits.array(r.Context().Done())
		if err != nil {
			return err
		}
		defer done()
	}
	body, err := readBody(w, r, maxArrayBytes)
	if err != nil {
		return err
	}
	parts, err := split(body)
	if err != nil {
		return err
	}
	now := s.now()
	s.limits.spend(who, len(parts)-1, now)
	items := make([]item, len(parts))
	for i, part := range parts {
		items[i] = admit(who, part, now)
	}
	if dry {
		verdicts, err := s.checkEach(r.Context(), who, items, 0)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, verdicts)
	}
	results := make([]result, len(items))
	for i, stored := range s.publish(r.Context(), who, items) {
		if stored.Err != nil {
			return stored.Err
		}
		results[i] = items[i].result(i, stored)
	}
	return writeJSON(w, http.StatusOK, results)
}

// publish stores what was admitted and counts every item by what became of it. A refused item has the zero Result.
func (s *Service) publish(ctx context.Context, who grant, items []item) []bus.Result {
	var messages []bus.Message
	var places []int
	for i, it := range items {
		if len(it.reasons) == 0 {
			messages, places = append(messages, it.message(who)), append(places, i)
		}
	}
	results := make([]bus.Result, len(items))
	if len(messages) > 0 {
		for i, stored := range s.bus.PublishEach(ctx, messages) {
			results[places[i]] = stored
		}
	}
	for i, it := range items {
		s.metrics.event(it.state(results[i]))
	}
	return results
}

// dryRun reads the parameter of that name; standing alone it is true.
func dryRun(r *http.Request) (bool, error) {
	values, given := r.URL.Query()["dry-run"]
	if !given {
		return false, nil
	}
	switch values[0] {
	case "true", "":
		return true, nil
	case "false":
		return false, nil
	}
	return false, badParameter("dry-run", "true eller false", "true or false")
}

// contentType finds which of the allowed types the body has. What is compressed is not taken: it would have to be unpacked
// before its size is known.
func contentType(r *http.Request, allowed ...string) (string, error) {
	encoding := r.Header.Get("Content-Encoding")
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (encoding == "" || encoding == "identity") {
		for _, a := range allowed {
			if given == a {
				return a, nil
			}
		}
	}
	accepted := allowed[0]
	for _, a := range allowed[1:] {
		accepted += ", " + a
	}
	return "", web.Problem{
		Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Header: map[string]string{"Accept-Post": accepted},
		Title:  text("Innehållstypen går inte att ta emot.", "The content type cannot be taken."),
		Detail: text("Sätt Content-Type till något av "+accepted+", utan Content-Encoding.", "Set Content-Type to one of "+accepted+", without Content-Encoding."),
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeJSON+charset)
	w.WriteHeader(status)
	// The reader may be gone; what was done is done and can be asked for again.
	_, _ = w.Write(body)
	return nil
}
