// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"samsyn/internal/sheet"
	"samsyn/services/connector/outbox"
	"samsyn/services/connector/table"
)

const (
	// MaxFile is the largest file that is taken in, in bytes.
	MaxFile = 256 << 20

	rowsAtOnce  = 100 // into the outbox with one flush
	lookAtLeast = 20 * time.Millisecond
	lookAtMost  = time.Second
	roomAgain   = 10 * time.Second
)

// watch is what the taking in remembers of the files in in/.
type watch map[string]*seen

// seen is how a file looked, and since when it looks so.
type seen struct {
	look
	since time.Time
	stuck bool
	on    string // the mapping that did not do
}

// stuckError says that a file stays in in/ until somebody has mended something.
type stuckError struct{ why error }

func (e *stuckError) Error() string { return e.why.Error() }

// take watches the folder and takes in what lies still there. A folder is looked at, not listened to: on a network drive
// nobody tells of changes.
func (s *Service) take(ctx context.Context) error {
	w := watch{}
	for {
		pause := min(max(s.config.Settle/4, lookAtLeast), lookAtMost)
		left, err := s.lookAround(ctx, w)
		if errors.Is(err, outbox.ErrDiskFull) && !s.once {
			pause = roomAgain
		} else if err != nil {
			return err
		}
		s.trouble("folder", err)
		if s.once && left == 0 {
			close(s.taken)
			return nil
		}
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// lookAround takes in every file that has settled, the oldest first, and says how many have not.
func (s *Service) lookAround(ctx context.Context, w watch) (left int, err error) {
	files, err := s.folder.candidates()
	if err != nil {
		return 0, err
	}
	w.keep(files, s.told)
	if err := s.endOrphans(files); err != nil {
		return 0, err
	}
	mapping := s.mappingStamp()
	for _, f := range files {
		if ctx.Err() != nil {
			return left, nil
		}
		switch w.ready(f, mapping, s.config.Now(), s.config.Settle) {
		case unsettled:
			left++
			continue
		case stuck:
			continue
		}
		err := s.takeFile(ctx, f)
		var why *stuckError
		switch {
		case errors.Is(err, errChanged), errors.Is(err, fs.ErrNotExist):
			delete(w, f.name)
			left++
		case errors.As(err, &why):
			w[f.name].stuck, w[f.name].on = true, mapping
			if s.told.stays(f.name, why.Error()) {
				s.log.Warn("file waits in in/", "file", f.name, "why", why)
			}
		case err != nil:
			return left, err
		default:
			s.told.left(f.name)
		}
	}
	return left, nil
}

// keep forgets files that are gone.
func (w watch) keep(files []candidate, t *told) {
	here := map[string]bool{}
	for _, f := range files {
		here[f.name] = true
	}
	for name := range w {
		if !here[name] {
			delete(w, name)
			t.left(name)
		}
	}
}

type readiness int

const (
	settled readiness = iota
	unsettled
	stuck
)

// ready says whether a file has looked the same for long enough, by our own clock: that of a network drive may be another.
func (w watch) ready(f candidate, mapping string, now time.Time, settle time.Duration) readiness {
	before := w[f.name]
	switch {
	case before == nil || before.look != f.look:
		w[f.name] = &seen{look: f.look, since: now}
		return unsettled
	case before.stuck && before.on == mapping:
		return stuck
	case now.Sub(before.since) < settle:
		return unsettled
	}
	return settled
}

// mappingStamp changes when the mapping does.
func (s *Service) mappingStamp() string {
	info, err := os.Stat(s.folder.mapping())
	if err != nil {
		return ""
	}
	return fmt.Sprint(lookOf(info))
}

// takeFile puts the rows of a file into the outbox, and then the file into done/. It may be broken off anywhere: the next
// time it goes on where the outbox ends.
func (s *Service) takeFile(ctx context.Context, c candidate) error {
	body, err := s.folder.read(c)
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errChanged), errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return &stuckError{err}
	}
	if err != nil && !errors.Is(err, errTooLarge) {
		return err
	}
	hash, taken := hashOf(body), s.config.Now()
	if begun, found := s.begun(c.name, hash); found && begun.Ended {
		return s.folder.move(c, begun.Done) // all of it was here when the last run ended
	} else if found {
		taken = begun.Taken
	}
	rows, err := s.open(body, err != nil, taken)
	if err != nil {
		return err
	}
	f, have, err := s.outbox.Begin(c.name, hash, c.size, taken)
	if err != nil {
		return err
	}
	s.log.Info("file is taken in", "file", c.name, "rows", rows.count(), "from", have)
	if err := s.takeRows(ctx, f, rows, have); err != nil || ctx.Err() != nil {
		return err
	}
	done := s.folder.free(c.name, s.promised())
	if err := s.outbox.End(f.ID, done); err != nil {
		return err
	}
	s.answered.ring()
	return s.folder.move(c, done)
}

// moveEnded moves the files whose taking in was broken off between its end and the move, before anything is forgotten.
func (s *Service) moveEnded() error {
	here, err := s.folder.candidates()
	if err != nil {
		return err
	}
	for _, f := range s.outbox.Files() {
		if !f.Ended || exists(filepath.Join(s.folder.done(), f.Done)) {
			continue
		}
		i := slices.IndexFunc(here, func(c candidate) bool { return c.name == f.Name && c.size == f.Size })
		if i < 0 {
			continue
		}
		body, err := s.folder.read(here[i])
		if err != nil || hashOf(body) != f.SHA256 {
			continue // another file by now: it is looked at when it has settled
		}
		if err := s.folder.move(here[i], f.Done); err != nil {
			return err
		}
	}
	return nil
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// begun finds a file whose taking in was broken off: before its end, or before it was moved.
func (s *Service) begun(name, hash string) (outbox.File, bool) {
	for _, f := range s.outbox.Files() {
		if f.Name == name && f.SHA256 == hash && !(f.Ended && exists(filepath.Join(s.folder.done(), f.Done))) {
			return f.File, true
		}
	}
	return outbox.File{}, false
}

// endOrphans ends the taking in of files that were broken off and are gone, or are others by now: what of them is here is
// sent and answered all the same.
func (s *Service) endOrphans(files []candidate) error {
	for _, f := range s.outbox.Files() {
		here := slices.ContainsFunc(files, func(c candidate) bool { return c.name == f.Name && c.size == f.Size })
		if f.Ended || here {
			continue
		}
		s.log.Warn("file is gone or changed since its taking in was broken off", "file", f.Name, "rows", f.Rows)
		if err := s.outbox.End(f.ID, s.folder.free(f.Name, s.promised())); err != nil {
			return err
		}
	}
	return nil
}

// takeRows adds those that are not there yet. Rows are read from the first on all the same: what a file says twice is found
// that way.
func (s *Service) takeRows(ctx context.Context, f outbox.File, rows reader, have int) error {
	var ready []outbox.NewRow
	for i := range rows.count() {
		row := rows.row(i)
		row.File = f.ID
		if i >= have {
			ready = append(ready, row)
		}
		if len(ready) < rowsAtOnce && i+1 < rows.count() {
			continue
		}
		if err := s.outbox.Add(ready...); err != nil {
			return err
		}
		ready = ready[:0]
		s.unsent.ring()
		if ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// promised lists the names in done/ that files will have.
func (s *Service) promised() []string {
	var names []string
	for _, f := range s.outbox.Files() {
		if f.Ended {
			names = append(names, f.Done)
		}
	}
	return names
}

func (s *Service) open(body []byte, tooLarge bool, taken time.Time) (reader, error) {
	if tooLarge {
		return fileRefusal{0, FileTooLarge, taken}, nil
	}
	return openFile(body, s.folder, deciding{who: s.way.who, known: s.outbox.Known, again: s.config.Again, taken: taken})
}

// openFile finds out what a file is. Errors: *stuckError, when it is a table and the mapping does not fit.
func openFile(body []byte, dir folder, d deciding) (reader, error) {
	if looksLikeJSON(body) {
		return &lineReader{splitLines(body), d}, nil
	}
	if kind := sheet.Looks(body); kind != "" || len(body) == 0 {
		return fileRefusal{0, FileUnreadable, d.taken}, nil
	}
	m, err := readMapping(dir)
	if err != nil {
		return nil, &stuckError{err}
	}
	t, err := table.Open(body, m)
	var bad *sheet.Error
	if errors.As(err, &bad) {
		return fileRefusal{bad.Line, FileUnreadable, d.taken}, nil
	}
	if err != nil {
		return nil, &stuckError{fmt.Errorf("%w: mend %s", err, dir.mapping())}
	}
	return newTableReader(t, d), nil
}

func readMapping(dir folder) (table.Mapping, error) {
	text, err := os.ReadFile(dir.mapping())
	if errors.Is(err, fs.ErrNotExist) {
		return table.Mapping{}, fmt.Errorf("it is a table and there is no mapping: samsyn connect %s --init FILE writes one", string(dir))
	}
	if err != nil {
		return table.Mapping{}, fmt.Errorf("read the mapping: %w", err)
	}
	m, err := table.ParseMapping(text)
	if err != nil {
		return table.Mapping{}, fmt.Errorf("%s: %w", dir.mapping(), err)
	}
	return m, nil
}

// Propose writes a mapping for tables like this one into a folder, and returns its path. One that is there is not
// overwritten: fs.ErrExist. Errors of the file: *sheet.Error.
func Propose(dir string, file []byte, name string, now time.Time) (string, error) {
	f := folder(dir)
	text, err := table.Propose(file, name, now)
	if err != nil {
		return "", err
	}
	if err := f.make(); err != nil {
		return "", err
	}
	if exists(f.mapping()) {
		return "", fmt.Errorf("%s: %w", f.mapping(), fs.ErrExist)
	}
	return f.mapping(), replace(f.mapping(), text)
}
