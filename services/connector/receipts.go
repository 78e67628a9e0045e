// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

// What stands behind a file's name in done/.
const (
	receiptsLines = ".receipts.ndjson"
	receiptsCSV   = ".receipts.csv"
)

// receiptLine is what became of one row, for programs.
type receiptLine struct {
	Line      int             `json:"line"`
	Kind      events.Kind     `json:"kind,omitempty"`
	Report    events.ReportID `json:"report,omitempty"`
	Revision  int             `json:"revision,omitempty"`
	Outcome   events.Outcome  `json:"outcome"` // waiting: no receipt yet
	Final     bool            `json:"final"`
	Unchanged bool            `json:"unchanged,omitempty"`
	By        string          `json:"by,omitempty"` // platform or connector
	Receipt   string          `json:"receipt,omitempty"`
	StreamSeq uint64          `json:"stream_seq,omitempty"`
	Reasons   []outbox.Reason `json:"reasons"`
	Notes     []outbox.Reason `json:"notes"`
	Decided   time.Time       `json:"decided,omitzero"`
}

const waiting events.Outcome = "waiting"

func lineOf(row outbox.Row) receiptLine {
	l := receiptLine{
		Line: row.Line, Kind: row.Kind, Report: row.Report, Revision: row.Revision, Outcome: waiting, Unchanged: row.Same,
		Reasons: []outbox.Reason{}, Notes: []outbox.Reason{},
	}
	if a := row.Answer; a != nil {
		l.Outcome, l.Final, l.By, l.Receipt, l.StreamSeq, l.Decided = a.Outcome, a.Final, a.By, a.Receipt, a.StreamSeq, a.Decided
		l.Reasons, l.Notes = append(l.Reasons, a.Reasons...), append(l.Notes, a.Notes...)
	}
	return l
}

// writeReceipts writes both forms beside the file.
func (s *Service) writeReceipts(f outbox.FileState, rows []outbox.Row) error {
	var lines, cells bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	cells.WriteString("\uFEFF") // as Excel in Swedish opens it
	table := csv.NewWriter(&cells)
	table.Comma, table.UseCRLF = ';', true
	err := table.Write([]string{"rad", "rapport", "revision", "utfall", "koder", "kolumner", "meddelanden", "kvitto", "avgjord"})
	for _, row := range rows {
		l := lineOf(row)
		err = errors.Join(err, encoder.Encode(l), table.Write(l.cells()))
	}
	table.Flush()
	path := filepath.Join(s.folder.done(), f.Done)
	return errors.Join(err, table.Error(), replace(path+receiptsLines, lines.Bytes()), replace(path+receiptsCSV, cells.Bytes()))
}

var outcomesSV = map[events.Outcome]string{
	events.Accepted: "mottagen", events.Quarantined: "i karantän, väntar på er", events.Refused: "avvisad", events.Dropped: "struken",
	outbox.Skipped: "skickas inte", waiting: "väntar på kvitto",
}

// cells writes the line for people.
func (l receiptLine) cells() []string {
	outcome := outcomesSV[l.Outcome]
	if outcome == "" {
		outcome = string(l.Outcome)
	}
	if l.Unchanged {
		outcome += " (oförändrad, skickad tidigare)"
	}
	var codes, columns, texts []string
	for _, r := range append(append([]outbox.Reason{}, l.Reasons...), l.Notes...) {
		codes = append(codes, string(r.Code))
		texts = append(texts, r.Message.SV+where(r))
		if r.Column != "" {
			columns = append(columns, r.Column)
		}
	}
	revision, decided := "", ""
	if l.Revision > 0 {
		revision = strconv.Itoa(l.Revision)
	}
	if !l.Decided.IsZero() {
		decided = l.Decided.Local().Format(time.DateTime)
	}
	line := ""
	if l.Line > 0 {
		line = strconv.Itoa(l.Line)
	}
	out := []string{
		line, string(l.Report), revision, outcome, strings.Join(codes, " "), strings.Join(columns, ", "), strings.Join(texts, " "), l.Receipt, decided,
	}
	for i := range out {
		out[i] = harmless(out[i])
	}
	return out
}

// where says at which characters of a text personal data stands, never what stands there.
func where(r outbox.Reason) string {
	if r.Span == nil {
		return ""
	}
	return " (" + r.Path + ", tecken " + strconv.Itoa(r.Span.Start+1) + "-" + strconv.Itoa(r.Span.End) + ")"
}

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
