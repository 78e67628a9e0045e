// SPDX-License-Identifier: EUPL-1.2

package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"samsyn/events"
)

// The types of record, in the order in which a file meets them.
const (
	typeFile   = "file"
	typeRow    = "row"
	typeEnd    = "end"
	typeSent   = "sent"
	typeAnswer = "answer"
	typeForget = "forget"
	typeCursor = "cursor"
	typeKnown  = "known" // in a journal that replaces another
	typeSerial = "serial"
)

// record is one line of the journal.
type record struct {
	Type   string    `json:"t"`
	File   *File     `json:"file,omitempty"`
	Row    *Row      `json:"row,omitempty"`
	Body   string    `json:"body,omitempty"`
	ID     int64     `json:"id,omitempty"`
	Done   string    `json:"done,omitempty"`
	Rows   []int64   `json:"rows,omitempty"`
	Answer *Answered `json:"answer,omitempty"`
	Cursor string    `json:"cursor,omitempty"`
	Known  *Known    `json:"known,omitempty"`
}

// state is what the records amount to.
type state struct {
	files    map[int64]*fileState
	order    []int64        // of files
	rows     map[int64]*Row // of all files
	open     []*Row         // rows with an event, oldest first; those that are answered are taken out in passing
	asked    map[Key][]*Row // rows that a receipt may be about
	known    map[reportKey]*Known
	cursor   string
	nextFile int64
	nextRow  int64
}

type fileState struct {
	File
	rows []*Row
}

// reportKey names a report, whatever its version.
type reportKey struct {
	kind   events.Kind
	report events.ReportID
}

func newState() state {
	return state{files: map[int64]*fileState{}, rows: map[int64]*Row{}, asked: map[Key][]*Row{}, known: map[reportKey]*Known{}, nextFile: 1, nextRow: 1}
}

// apply reads one record back.
func (s *state) apply(encoded []byte, place span) error {
	var r record
	if err := json.Unmarshal(encoded, &r); err != nil {
		return fmt.Errorf("read the outbox: %w", err)
	}
	return s.change(r, place)
}

var errUnknownRecord = errors.New("the outbox was written by a newer version of samsyn")

// change makes one record true.
func (s *state) change(r record, place span) error {
	switch r.Type {
	case typeFile:
		s.files[r.File.ID] = &fileState{File: *r.File}
		s.order = append(s.order, r.File.ID)
		s.nextFile = max(s.nextFile, r.File.ID+1)
	case typeRow:
		r.Row.place = place
		s.addRow(r.Row)
	case typeEnd:
		if f := s.files[r.ID]; f != nil {
			f.Ended, f.Done = true, r.Done
		}
	case typeSent:
		for _, id := range r.Rows {
			if row := s.rows[id]; row != nil {
				row.Sent = true
			}
		}
	case typeAnswer:
		s.answer(r.Answer)
	case typeForget:
		s.forget(r.ID)
	case typeCursor:
		s.cursor = r.Cursor
	case typeKnown:
		s.known[reportKey{r.Known.Kind, r.Known.Report}] = r.Known
	case typeSerial:
		s.nextRow = max(s.nextRow, r.ID)
	default:
		return fmt.Errorf("record %q: %w", r.Type, errUnknownRecord)
	}
	return nil
}

func (s *state) addRow(row *Row) {
	f := s.files[row.File]
	if f == nil {
		return
	}
	f.rows = append(f.rows, row)
	s.rows[row.ID] = row
	s.nextRow = max(s.nextRow, row.ID+1)
	if row.Answer != nil && row.Answer.By == ByConnector {
		return
	}
	s.asked[row.Key] = append(s.asked[row.Key], row)
	if row.Same {
		return
	}
	s.remember(row)
	if row.Answer == nil {
		s.open = append(s.open, row)
	}
}

// remember keeps the highest version of a report; of a version that was refused, the later attempt.
func (s *state) remember(row *Row) {
	key := reportKey{row.Kind, row.Report}
	if last := s.known[key]; last != nil && last.Revision > row.Revision {
		return
	}
	k := &Known{Key: row.Key, Content: row.Content, Print: row.Print, Time: row.Time, Answer: row.Answer}
	if row.Answer != nil {
		k.Outcome = row.Answer.Outcome
	}
	s.known[key] = k
}

// unanswered counts the rows that an answer is about and that have no final one yet. The same answer once more is no news.
func (s *state) unanswered(a *Answered) int {
	n := 0
	for _, row := range s.asked[a.Key] {
		if row.takes(a) {
			n++
		}
	}
	return n
}

func (r *Row) takes(a *Answered) bool {
	return r.Content == a.Content && (r.Answer == nil || !r.Answer.Final && r.Answer.Outcome != a.Outcome)
}

func (s *state) answer(a *Answered) {
	for _, row := range s.asked[a.Key] {
		if row.takes(a) {
			row.Answer, row.Sent = &a.Answer, true
		}
	}
	if k := s.known[reportKey{a.Kind, a.Report}]; k != nil && k.Revision == a.Revision && k.Content == a.Content {
		k.Outcome, k.Answer = a.Outcome, &a.Answer
	}
}

func (s *state) forget(file int64) {
	f := s.files[file]
	if f == nil {
		return
	}
	for _, row := range f.rows {
		delete(s.rows, row.ID)
		others := slices.DeleteFunc(s.asked[row.Key], func(r *Row) bool { return r == row })
		if s.asked[row.Key] = others; len(others) == 0 {
			delete(s.asked, row.Key)
		}
		if k := s.known[reportKey{row.Kind, row.Report}]; k != nil && k.Answer != nil {
			short := *k.Answer
			short.Reasons, short.Notes = nil, nil
			k.Answer = &short
		}
	}
	delete(s.files, file)
	s.open = slices.DeleteFunc(s.open, func(r *Row) bool { return r.File == file })
	s.order = slices.DeleteFunc(s.order, func(id int64) bool { return id == file })
}

// snapshot gives the records that make this state, with the row of each that has one.
func (s *state) snapshot(add func(r record, row *Row) error) error {
	first := []record{{Type: typeSerial, ID: s.nextRow}}
	if s.cursor != "" {
		first = append(first, record{Type: typeCursor, Cursor: s.cursor})
	}
	for _, r := range first {
		if err := add(r, nil); err != nil {
			return err
		}
	}
	for _, id := range s.order {
		if err := add(record{Type: typeFile, File: &s.files[id].File}, nil); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.rows)) {
		if err := add(record{Type: typeRow, Row: s.rows[id]}, s.rows[id]); err != nil {
			return err
		}
	}
	// After the rows: what is known of a report may be a later version than any row here.
	for _, k := range s.known {
		if err := add(record{Type: typeKnown, Known: k}, nil); err != nil {
			return err
		}
	}
	return nil
}
