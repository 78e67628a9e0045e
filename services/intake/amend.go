// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"samsyn/events"
	"samsyn/events/bus"
)

// correctIncident is POST /incidents/{report}/corrections: the body is the whole new data.
func (s *Service) correctIncident(w http.ResponseWriter, r *http.Request, who grant) error {
	dry, err := dryRun(r)
	if err != nil {
		return err
	}
	report := events.ReportID(r.PathValue("report"))
	if !report.Valid() {
		return unknownReport()
	}
	if _, err := contentType(r, typeJSON); err != nil {
		return err
	}
	sent, err := readBody(w, r, events.MaxBody)
	if err != nil {
		return err
	}
	data := bytes.TrimPrefix(sent, byteOrderMark)
	o := sketchData(data)
	if !o.read || o.trailing {
		return refusal(unreadableData(sent))
	}
	if o.report.said && o.reportID != string(report) {
		return refusal([]events.Reason{{Code: events.OutOfRange, Path: "/data/report"}})
	}
	next, err := s.nextRevision(r.Context(), who, o.kind, report, !o.revision.said)
	if err != nil {
		return err
	}
	var additions []addition
	if !o.report.said {
		additions = append(additions, addition{o.report, "report", `"` + string(report) + `"`})
	}
	if !o.revision.said {
		additions = append(additions, addition{o.revision, "revision", strconv.Itoa(next)})
	}
	return s.amend(w, r, who, events.TypeIncidentCorrected, sent, insert(data, o.inside, o.empty, additions), dry)
}

// unreadableData lets the gate say what is wrong with a body that is not one JSON object.
func unreadableData(sent []byte) []events.Reason {
	_, reasons := events.Decode(sent)
	var gate []events.Reason
	for _, r := range reasons {
		if unreadable(r.Code) || r.Code == events.TooLarge {
			gate = append(gate, r)
		}
	}
	if len(gate) == 0 {
		return []events.Reason{{Code: events.JSONSyntax}}
	}
	return gate
}

// withdrawIncident is DELETE /incidents/{report}: with the next revision.
func (s *Service) withdrawIncident(w http.ResponseWriter, r *http.Request, who grant) error {
	dry, err := dryRun(r)
	if err != nil {
		return err
	}
	report := events.ReportID(r.PathValue("report"))
	if !report.Valid() {
		return unknownReport()
	}
	query := r.URL.Query()
	kind := events.Kind(query.Get("kind"))
	switch kind {
	case "":
		kind = events.KindIncident
	case events.KindIncident, events.KindNothing, events.KindCounts, events.KindContext:
	default:
		return badParameter("kind", "incident, nothing, counts eller context", "incident, nothing, counts or context")
	}
	reason := query.Get("reason")
	if !utf8.ValidString(reason) {
		return badParameter("reason", "är inte UTF-8", "is not UTF-8")
	}
	next, err := s.nextRevision(r.Context(), who, kind, report, true)
	if err != nil {
		return err
	}
	data, err := json.Marshal(withdrawalData{report, next, kind, reason})
	if err != nil {
		return err
	}
	return s.amend(w, r, who, events.TypeIncidentWithdrawn, data, data, dry)
}

type withdrawalData struct {
	Report   events.ReportID `json:"report"`
	Revision int             `json:"revision"`
	Kind     events.Kind     `json:"kind"`
	Reason   string          `json:"reason,omitempty"`
}

// amend sends an event made here from its data.
func (s *Service) amend(w http.ResponseWriter, r *http.Request, who grant, typ string, sent, data []byte, dry bool) error {
	event := append(append([]byte(`{"type":"`+typ+`","data":`), data...), '}')
	it := admitAs(who, sent, event, s.now())
	for i := range it.reasons {
		it.reasons[i].Offset = 0 // it counts in what was made here, which the sender never saw
	}
	return s.sendOne(w, r, who, it, dry)
}

const (
	// What was received a moment ago is usually read within milliseconds.
	readWait = 2 * time.Second
	readPoll = 25 * time.Millisecond
)

// nextRevision is the revision that follows all the platform knows of a report. A report is unknown (404) only when
// everything this agency has sent is read and it is not among it. While the correlator is behind, or away, that cannot be
// said: a sender who names the revision is let through, because an event waits for nothing; one who needs the next revision
// is asked to come again.
func (s *Service) nextRevision(ctx context.Context, who grant, kind events.Kind, report events.ReportID, needed bool) (int, error) {
	stream, err := s.bus.StreamState(ctx, events.IncidentStream(who.municipality, who.agency))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", bus.ErrNoAnswer, err)
	}
	end := stream.Last
	patience := time.NewTimer(readWait)
	defer patience.Stop()
	poll := time.NewTicker(readPoll)
	defer poll.Stop()
	for {
		h, err := s.store.history(ctx, who, kind, report)
		switch {
		case err != nil:
			return 0, err
		case h.revision > 0 && (!needed || h.read >= end):
			return h.revision + 1, nil
		case h.read >= end:
			return 0, unknownReport()
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-patience.C:
			if needed {
				return 0, errBehind
			}
			return 0, nil
		}
	}
}
