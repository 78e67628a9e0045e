// SPDX-License-Identifier: EUPL-1.2

package outbox

import (
	"slices"

	"samsyn/events"
)

// Cursor is how far receipts have been read; "" is the beginning.
func (o *Outbox) Cursor() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cursor
}

// Known says what was sent last of a report.
func (o *Outbox) Known(kind events.Kind, report events.ReportID) (Known, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.known[reportKey{kind, report}]
	if k == nil {
		return Known{}, false
	}
	return *k, true
}

// Outgoing is a row and its event.
type Outgoing struct {
	Row
	Body []byte
}

// Due returns rows that are to be sent, oldest first, at most most of them. Of the rows that the platform has stored and
// not answered only those are taken that again approves of. Of one report no version is taken while an earlier one is not
// stored, so that versions are stored in their order.
func (o *Outbox) Due(most int, again func(Row) bool) ([]Outgoing, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = slices.DeleteFunc(o.open, func(row *Row) bool { return row.Answer != nil })
	var due []Outgoing
	blocked := map[reportKey]bool{}
	for _, row := range o.open {
		key := reportKey{row.Kind, row.Report}
		if blocked[key] || row.Sent && !again(*row) {
			continue
		}
		blocked[key] = true
		body, err := o.body(row)
		if err != nil {
			return nil, err
		}
		if due = append(due, Outgoing{*row, []byte(body)}); len(due) == most {
			break
		}
	}
	return due, nil
}

// FileState is a file and how far it has come.
type FileState struct {
	File
	Rows       int
	Unanswered int
	Waiting    int // answered, and not for good: a person must decide
}

// Files returns the files that are not forgotten, in the order in which they were taken in.
func (o *Outbox) Files() []FileState {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]FileState, len(o.order))
	for i, id := range o.order {
		f := o.files[id]
		all[i] = FileState{File: f.File, Rows: len(f.rows)}
		for _, row := range f.rows {
			switch {
			case row.Answer == nil:
				all[i].Unanswered++
			case !row.Answer.Final:
				all[i].Waiting++
			}
		}
	}
	return all
}

// Rows returns the rows of a file, in its order.
func (o *Outbox) Rows(file int64) []Row {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.files[file]
	if f == nil {
		return nil
	}
	all := make([]Row, len(f.rows))
	for i, row := range f.rows {
		all[i] = *row
	}
	return all
}

// Backlog counts the rows without an answer: those that are not stored by the platform yet, and those that are.
func (o *Outbox) Backlog() (unsent, unanswered int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, row := range o.rows {
		switch {
		case row.Answer != nil:
		case row.Sent || row.Same:
			unanswered++
		default:
			unsent++
		}
	}
	return unsent, unanswered
}
