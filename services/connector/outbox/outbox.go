// SPDX-License-Identifier: EUPL-1.2

// Package outbox is the durable memory of the agency's side: which files were taken in, which events they became, which of
// those are sent, what the answer was, and which version of a report was sent last.
//
// It promises that what a method returned without error survives the end of the process at any point and the loss of
// power: every change is a line with a checksum, appended and flushed before the method returns, and what a write left
// half done is found and cut off at the next start. A change that could not be written has not happened. It holds the
// events' bytes on disk and only their outline in memory, about 500 bytes each.
//
// It does not send, does not read files and decides nothing. One process may have a directory open; its lock is the
// caller's.
//
// When it fails: ErrDiskFull leaves everything as it was and the same call may be made again. *DamagedError says that the
// disk gave back other bytes than were written; nothing is guessed then. Any other error of a flush ends all writing until
// the outbox is opened again.
package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"samsyn/events"
)

// ErrDiskFull says that there is no room for what was to be written; nothing was changed.
var ErrDiskFull = errors.New("the disk is full")

// DamagedError says where an outbox is not what was written.
type DamagedError struct {
	Path   string
	Offset int64
}

// Error says where, and what can be done.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the outbox %s is damaged from byte %d on: move the file away and put the files of done/ that have no receipts back into in/; what was sent already counts once", e.Path, e.Offset)
}

// Key names one version of one report.
type Key struct {
	Kind     events.Kind     `json:"kind,omitempty"`
	Report   events.ReportID `json:"report,omitempty"`
	Revision int             `json:"revision,omitempty"`
}

// Skipped is the outcome of a row that the mapping says is not to be sent.
const Skipped events.Outcome = "skipped"

// Who gave an answer.
const (
	ByPlatform  = "platform"
	ByConnector = "connector"
)

// Answer is what became of a row.
type Answer struct {
	Outcome   events.Outcome `json:"outcome"`
	Final     bool           `json:"final"`
	By        string         `json:"by"`
	Receipt   string         `json:"receipt,omitempty"`
	StreamSeq uint64         `json:"stream_seq,omitempty"`
	Reasons   []Reason       `json:"reasons,omitempty"`
	Notes     []Reason       `json:"notes,omitempty"`
	Decided   time.Time      `json:"decided,omitzero"`
}

// Reason is a reason or note, with the column of a table that it is about.
type Reason struct {
	events.Explained
	Column string `json:"column,omitempty"`
}

// File is one file that was taken in.
type File struct {
	ID     int64     `json:"id"`
	Name   string    `json:"name"`
	SHA256 string    `json:"sha256"`
	Size   int64     `json:"size"`
	Taken  time.Time `json:"taken"`
	Ended  bool      `json:"ended,omitempty"` // all its rows are here
	Done   string    `json:"done,omitempty"`  // its name in done/, once ended
}

// Row is one row of a file, and the event it became.
type Row struct {
	ID   int64 `json:"id"`
	File int64 `json:"file"`
	Line int   `json:"line"`
	Key
	Verb    events.Verb `json:"verb,omitempty"`
	Content string      `json:"content,omitempty"` // of the event, in hex, as receipts say it
	Print   string      `json:"print,omitempty"`   // of what the row says, whenever it is read
	Time    time.Time   `json:"time,omitzero"`     // the event's
	Same    bool        `json:"same,omitempty"`    // sent before, with the same content: not sent for this row
	Sent    bool        `json:"sent,omitempty"`    // the platform has stored it
	Answer  *Answer     `json:"answer,omitempty"`

	place span // of its record in the journal
}

// NewRow is a row to be added. Body is the event to be sent; a row without one is not sent.
type NewRow struct {
	Row
	Body []byte
}

// Known is what was sent last of a report.
type Known struct {
	Key
	Content string         `json:"content"`
	Print   string         `json:"print"`
	Time    time.Time      `json:"time,omitzero"`
	Outcome events.Outcome `json:"outcome,omitempty"` // "" while there is no answer
	Answer  *Answer        `json:"answer,omitempty"`  // without reasons and notes once its file is forgotten
}

// Outbox is safe for concurrent use.
type Outbox struct {
	mu      sync.Mutex
	journal *journal
	state
}

// Open opens the outbox in dir and makes it when there is none. Errors: ErrDiskFull, *DamagedError.
func Open(dir string) (*Outbox, error) {
	o := &Outbox{state: newState()}
	var err error
	if o.journal, err = openJournal(dir, o.apply); err != nil {
		return nil, err
	}
	return o, nil
}

// Look reads the outbox in dir as it is, also while another process has it open. Nothing can be changed in it.
func Look(dir string) (*Outbox, error) {
	o := &Outbox{state: newState(), journal: &journal{broken: errReadOnly}}
	generations, _, err := list(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(generations) == 0 {
		return o, nil
	}
	if err != nil {
		return nil, err
	}
	last := 0
	for _, g := range generations {
		last = max(last, g)
	}
	f, err := os.Open(journalPath(dir, last))
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := readLines(f, o.apply); err != nil {
		return nil, err
	}
	return o, nil
}

var errReadOnly = errors.New("the outbox is open for reading only")

// Close ends it. Nothing has to be flushed: that was done at every change.
func (o *Outbox) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.journal.file == nil {
		return nil
	}
	return o.journal.file.Close()
}

// Begin notes that a file is being taken in. When its taking in was begun before and not ended, under the same name and
// with the same bytes, that one is continued, and rows says how many of its rows are here.
func (o *Outbox) Begin(name, sha256 string, size int64, taken time.Time) (f File, rows int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, known := range o.files {
		if !known.Ended && known.Name == name && known.SHA256 == sha256 {
			return known.File, len(known.rows), nil
		}
	}
	f = File{ID: o.nextFile, Name: name, SHA256: sha256, Size: size, Taken: taken}
	err = o.write(record{Type: typeFile, File: &f})
	return f, 0, err
}

// Add adds rows to a file, in its order.
func (o *Outbox) Add(rows ...NewRow) error {
	if len(rows) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	records := make([]record, len(rows))
	for i := range rows {
		row := rows[i].Row
		row.ID = o.nextRow + int64(i)
		records[i] = record{Type: typeRow, Row: &row, Body: string(rows[i].Body)}
	}
	return o.write(records...)
}

// End notes that all rows of a file are here, and its name in done/.
func (o *Outbox) End(file int64, done string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.write(record{Type: typeEnd, ID: file, Done: done})
}

// Sent notes that the platform has stored these rows' events.
func (o *Outbox) Sent(rows ...int64) error {
	if len(rows) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.write(record{Type: typeSent, Rows: rows})
}

// Answered is an answer and the version of the report that it is about.
type Answered struct {
	Key
	Content string `json:"content"`
	Answer
}

// Answer notes answers, and how far receipts have been read (nil: no news of that). An answer to what nobody here asked,
// or to what has its final answer, is passed over. It returns how many rows were answered.
func (o *Outbox) Answer(answers []Answered, cursor *string) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var records []record
	n := 0
	for i := range answers {
		if rows := o.unanswered(&answers[i]); rows > 0 {
			n += rows
			records = append(records, record{Type: typeAnswer, Answer: &answers[i]})
		}
	}
	if cursor != nil && *cursor != o.cursor {
		records = append(records, record{Type: typeCursor, Cursor: *cursor})
	}
	if len(records) == 0 {
		return 0, nil
	}
	return n, o.write(records...)
}

// Forget lets go of a file whose rows all have their final answer. What was sent last of each report stays known.
func (o *Outbox) Forget(file int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.write(record{Type: typeForget, ID: file}); err != nil {
		return err
	}
	if o.journal.size > 2*o.journal.base+compactFrom {
		return o.compact()
	}
	return nil
}

const compactFrom = 1 << 20

// write makes changes durable, and then true.
func (o *Outbox) write(records ...record) error {
	encoded := make([][]byte, len(records))
	for i, r := range records {
		var err error
		if encoded[i], err = json.Marshal(r); err != nil {
			return fmt.Errorf("encode for the outbox: %w", err)
		}
	}
	places, err := o.journal.append(encoded)
	if err != nil {
		return err
	}
	for i, r := range records {
		if err := o.change(r, places[i]); err != nil {
			return err
		}
	}
	return nil
}

// compact writes what counts into a new journal. While it cannot, the old one goes on.
func (o *Outbox) compact() error {
	places := map[*Row]span{}
	next, err := o.journal.replace(func(add func([]byte) (span, error)) error {
		return o.snapshot(func(r record, row *Row) (err error) {
			if row != nil {
				if r.Body, err = o.body(row); err != nil {
					return err
				}
			}
			encoded, err := json.Marshal(r)
			if err != nil {
				return fmt.Errorf("encode for the outbox: %w", err)
			}
			place, err := add(encoded)
			if row != nil {
				places[row] = place
			}
			return err
		})
	})
	if next == nil {
		return err
	}
	for row, place := range places {
		row.place = place
	}
	o.journal = next
	return err
}

// body reads the event of a row from the journal.
func (o *Outbox) body(row *Row) (string, error) {
	encoded, err := o.journal.read(row.place)
	if err != nil {
		return "", err
	}
	var r record
	if err := json.Unmarshal(encoded, &r); err != nil {
		return "", fmt.Errorf("read the outbox: %w", err)
	}
	return r.Body, nil
}
