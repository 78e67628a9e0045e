// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"bytes"
	"time"

	"samsyn/events"
	"samsyn/services/connector/outbox"
	"samsyn/services/connector/table"
)

// reader makes rows of a file, in order from 0 on. The same file makes the same rows, save where what was sent before, or
// the mapping, has changed between.
type reader interface {
	count() int
	row(i int) outbox.NewRow
}

// deciding is what is known when rows are decided about.
type deciding struct {
	who   identity
	known func(events.Kind, events.ReportID) (outbox.Known, bool)
	again bool      // send also what was answered
	taken time.Time // when the file was taken in
}

// answeredWell says that there is no use in sending the same again: it is on its way, or was taken in. What was refused is
// tried again: something may have been mended on the other side.
func (d *deciding) answeredWell(last outbox.Known) bool {
	return !d.again && last.Outcome != events.Refused
}

// tableReader makes rows of a table. A report that was sent before and says something else now is sent as the next
// revision; one that says the same is not sent.
type tableReader struct {
	table *table.Table
	deciding
	hashes map[string]int
	met    map[events.ReportID]outbox.Row // in this file
}

func newTableReader(t *table.Table, d deciding) *tableReader {
	return &tableReader{table: t, deciding: d, hashes: map[string]int{}, met: map[events.ReportID]outbox.Row{}}
}

func (r *tableReader) count() int { return r.table.Len() }

func (r *tableReader) row(i int) outbox.NewRow {
	row := r.table.Row(i, r.hashes)
	k := outbox.Key{Kind: events.KindIncident, Report: row.Report}
	switch {
	case row.Skip:
		return skipped(row.Line, r.taken)
	case len(row.Problems) > 0:
		return refusal(row.Line, k, r.blame(row.Problems), r.taken)
	}
	print, reasons := r.printOf(row)
	earlier, twice := r.met[row.Report]
	switch {
	case twice && earlier.Print == print && len(reasons) == 0:
		return outbox.NewRow{Row: outbox.Row{Line: row.Line, Key: earlier.Key, Content: earlier.Content, Print: print, Same: true, Answer: earlier.Answer}}
	case twice:
		reasons = append(reasons, events.Reason{Code: ReportTwice, Path: "/data/report"})
	}
	if len(reasons) > 0 {
		return refusal(row.Line, k, explain(reasons, r.table.Column), r.taken)
	}
	out := r.version(row, print)
	if out.Answer == nil || out.Answer.By == outbox.ByPlatform {
		r.met[row.Report] = out.Row
	}
	return out
}

// version decides which revision of its report a row is.
func (r *tableReader) version(row table.Row, print string) outbox.NewRow {
	revision, at := 1, r.reported(row)
	if last, known := r.known(events.KindIncident, row.Report); known {
		switch {
		case last.Print == print && r.answeredWell(last):
			return unchanged(row.Line, last)
		case last.Print == print:
			// The very same event again: also a day that was not over then ends where it ended then.
			revision, at = last.Revision, last.Time
		case last.Outcome == events.Refused:
			revision = last.Revision
		default:
			revision = last.Revision + 1
		}
	}
	j := r.judge(row.Report, revision, row.Until(at), at)
	if len(j.reasons) > 0 {
		return refusal(row.Line, key(j.event), explain(j.reasons, r.table.Column), r.taken)
	}
	return j.toSend(row.Line, print)
}

// printOf is what a row says, whenever it is read and whichever revision it becomes; the reasons are why it cannot be said.
func (r *tableReader) printOf(row table.Row) (string, []events.Reason) {
	j := r.judge(row.Report, 1, row.Incident, row.Incident.Occurred.To)
	return printOf(j.event.Content), j.reasons
}

func (r *tableReader) judge(report events.ReportID, revision int, in events.Incident, at time.Time) judged {
	verb := events.Reported
	if revision > 1 {
		verb = events.Corrected
	}
	e := events.Event{
		Municipality: r.who.municipality, Agency: r.who.agency, Verb: verb, Kind: events.KindIncident,
		Report: report, Revision: revision, Time: at, Incident: &in,
	}
	body, err := events.Encode(e)
	if err != nil {
		return judged{event: e, reasons: []events.Reason{{Code: events.NumberRange}}}
	}
	if !r.who.known() {
		// With an API key the platform knows whose it is, and this side does not.
		body = bytes.Replace(body, []byte(`"source":"urn:samsyn::",`), nil, 1)
	}
	return judge(body, r.who)
}

// reported is when the report was made, as far as the table says and it can be: not after the file was read.
func (r *tableReader) reported(row table.Row) time.Time {
	if row.Reported.IsZero() || row.Reported.After(r.taken) {
		return r.taken
	}
	return row.Reported
}

func (r *tableReader) blame(problems []table.Problem) []outbox.Reason {
	found := make([]events.Reason, len(problems))
	for i, p := range problems {
		found[i] = p.Reason
	}
	out := explain(found, nil)
	for i := range out {
		out[i].Column = problems[i].Column
	}
	return out
}

// fileRefusal is the one row of a file that cannot be read.
type fileRefusal struct {
	line  int
	code  events.Code
	taken time.Time
}

func (fileRefusal) count() int { return 1 }

func (f fileRefusal) row(int) outbox.NewRow {
	return refusal(f.line, outbox.Key{}, explain([]events.Reason{{Code: f.code}}, nil), f.taken)
}
