// SPDX-License-Identifier: EUPL-1.2

package outbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// journal is one file of lines, each a checksum (CRC-32C, eight hex digits), a blank and a JSON array of records. A line is
// what was written and flushed at once: lines are only ever added, and only the last one can be half written. A file of a
// higher generation replaces those before it as a whole.
type journal struct {
	dir        string
	generation int
	file       *os.File
	size       int64 // what is known to be good
	base       int64 // the size when this generation began
	broken     error // set once nothing more may be written
}

const (
	journalSuffix = ".log"
	unfinished    = ".new"
	prefixLength  = 9 // eight digits and a blank
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// span is where a record stands in the journal.
type span struct {
	at     int64
	length int
	sum    uint32
}

// frame makes the line of records that are written together, and says where each stands when the line begins at start.
func frame(start int64, records [][]byte) (line []byte, spans []span) {
	payload := append([]byte{'['}, bytes.Join(records, []byte{','})...)
	payload = append(payload, ']')
	line = fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(payload, castagnoli), payload)
	return line, spansOf(start, records)
}

func spansOf(start int64, records [][]byte) []span {
	spans := make([]span, len(records))
	at := start + prefixLength + 1
	for i, r := range records {
		spans[i] = span{at, len(r), crc32.Checksum(r, castagnoli)}
		at += int64(len(r)) + 1
	}
	return spans
}

// unframe returns the records of a line that is whole.
func unframe(line []byte) (records [][]byte, ok bool) {
	if len(line) <= prefixLength || line[len(line)-1] != '\n' || line[prefixLength-1] != ' ' {
		return nil, false
	}
	sum, err := strconv.ParseUint(string(line[:prefixLength-1]), 16, 32)
	payload := line[prefixLength : len(line)-1]
	if err != nil || sum != uint64(crc32.Checksum(payload, castagnoli)) {
		return nil, false
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(payload, &raw); err != nil {
		return nil, false
	}
	records = make([][]byte, len(raw))
	for i := range raw {
		records[i] = raw[i]
	}
	return records, true
}

// openJournal opens the last generation in dir and calls each for its records. What a write left half done at the end is
// cut off; damage before the end is *DamagedError.
func openJournal(dir string, each func(record []byte, at span) error) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the outbox: %w", Full(err))
	}
	generation, err := tidy(dir)
	if err != nil {
		return nil, err
	}
	j := &journal{dir: dir, generation: max(generation, 1)}
	j.file, err = os.OpenFile(j.path(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", Full(err))
	}
	if err := errors.Join(j.replay(each), syncDir(dir)); err != nil {
		return nil, errors.Join(err, j.file.Close())
	}
	return j, nil
}

func (j *journal) path() string { return journalPath(j.dir, j.generation) }

func journalPath(dir string, generation int) string {
	return filepath.Join(dir, fmt.Sprintf("%08d%s", generation, journalSuffix))
}

// tidy finds the last generation, 0 when there is none, and removes what it replaced and what never became one.
func tidy(dir string) (last int, err error) {
	generations, half, err := list(dir)
	if err != nil || len(generations) == 0 {
		return 0, err
	}
	last = slices.Max(generations)
	for _, g := range generations {
		if g != last {
			half = append(half, journalPath(dir, g))
		}
	}
	for _, path := range half {
		if err := os.Remove(path); err != nil {
			return 0, fmt.Errorf("tidy the outbox: %w", err)
		}
	}
	return last, nil
}

func list(dir string) (generations []int, half []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("read the outbox: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), unfinished) {
			half = append(half, filepath.Join(dir, e.Name()))
		}
		if g, err := strconv.Atoi(strings.TrimSuffix(e.Name(), journalSuffix)); err == nil && strings.HasSuffix(e.Name(), journalSuffix) {
			generations = append(generations, g)
		}
	}
	return generations, half, nil
}

// replay reads everything and finds the end of what is good.
func (j *journal) replay(each func(record []byte, at span) error) error {
	good, err := readLines(j.file, each)
	var damage *DamagedError
	if errors.As(err, &damage) {
		damage.Path = j.path()
	}
	if err != nil {
		return err
	}
	j.size, j.base = good, good
	if err := j.file.Truncate(good); err != nil {
		return fmt.Errorf("cut off what was half written in the outbox: %w", err)
	}
	if _, err := j.file.Seek(good, io.SeekStart); err != nil {
		return fmt.Errorf("open the outbox: %w", err)
	}
	return nil
}

// readLines calls each for the records of the whole lines and says where those end.
func readLines(from io.Reader, each func(record []byte, at span) error) (good int64, err error) {
	in := bufio.NewReaderSize(from, 1<<20)
	torn := false
	for at := int64(0); ; {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return good, fmt.Errorf("read the outbox: %w", err)
		}
		records, ok := unframe(line)
		switch {
		case ok && torn:
			return good, &DamagedError{Offset: good}
		case ok:
			for i, place := range spansOf(at, records) {
				if err := each(records[i], place); err != nil {
					return good, err
				}
			}
			good = at + int64(len(line))
		case len(bytes.TrimSpace(line)) > 0:
			torn = true
		}
		at += int64(len(line))
		if err != nil {
			return good, nil
		}
	}
}

// append writes records, all or none, and returns when they are on disk, and where each stands.
func (j *journal) append(records [][]byte) ([]span, error) {
	if j.broken != nil {
		return nil, j.broken
	}
	line, spans := frame(j.size, records)
	if _, err := j.file.Write(line); err != nil {
		return nil, j.takeBack(fmt.Errorf("write to the outbox %s: %w", j.path(), Full(err)))
	}
	if err := j.file.Sync(); err != nil {
		// The kernel may have dropped what it could not write: only reading the file again tells what is there.
		j.broken = fmt.Errorf("the outbox %s could not be flushed to disk and must be opened again: %w", j.path(), Full(err))
		return nil, j.broken
	}
	j.size += int64(len(line))
	return spans, nil
}

// takeBack removes the beginning of a write that failed, so that the next one stands behind what is good.
func (j *journal) takeBack(cause error) error {
	err := j.file.Truncate(j.size)
	if err == nil {
		_, err = j.file.Seek(j.size, io.SeekStart)
	}
	if err != nil {
		j.broken = errors.Join(cause, err)
		return j.broken
	}
	return cause
}

// read returns a record that was written before.
func (j *journal) read(at span) ([]byte, error) {
	record := make([]byte, at.length)
	if _, err := j.file.ReadAt(record, at.at); err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	if crc32.Checksum(record, castagnoli) != at.sum {
		return nil, &DamagedError{Path: j.path(), Offset: at.at}
	}
	return record, nil
}

// replace begins a new generation with the records that write gives, and returns when it stands in place of this one.
func (j *journal) replace(write func(add func(record []byte) (span, error)) error) (*journal, error) {
	next := &journal{dir: j.dir, generation: j.generation + 1}
	temporary := next.path() + unfinished
	f, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("compact the outbox: %w", Full(err))
	}
	next.file = f
	out := bufio.NewWriterSize(f, 1<<20)
	err = write(func(record []byte) (span, error) {
		line, spans := frame(next.size, [][]byte{record})
		n, err := out.Write(line)
		next.size += int64(n)
		return spans[0], err
	})
	if err := errors.Join(err, out.Flush(), f.Sync()); err != nil {
		return nil, errors.Join(fmt.Errorf("compact the outbox: %w", Full(err)), f.Close(), os.Remove(temporary))
	}
	if err := os.Rename(temporary, next.path()); err != nil {
		return nil, errors.Join(fmt.Errorf("compact the outbox: %w", err), f.Close(), os.Remove(temporary))
	}
	next.base = next.size
	// From here on the new one counts; if the old one stays, the next start removes it.
	return next, errors.Join(syncDir(j.dir), j.file.Close(), os.Remove(j.path()))
}

func syncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return fmt.Errorf("flush %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("flush %s: %w", dir, err)
	}
	return nil
}

// Full marks the errors that mean that there is no room as ErrDiskFull.
func Full(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}
