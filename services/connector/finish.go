// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

// How soon, at the most, the receipts of a file that still lacks some are written anew, and progress is told.
const (
	writeAgain = 5 * time.Second
	tellAgain  = 200 * time.Millisecond
)

// finish writes what became of the files as it is known, and lets go of those that are finished.
func (s *Service) finish(ctx context.Context) error {
	last := time.Time{}
	for {
		s.config.Progress(s.status())
		took := time.Now()
		err := s.write(took.Sub(last) >= writeAgain)
		if err != nil && !errors.Is(err, outbox.ErrDiskFull) {
			return err
		}
		s.trouble("receipt files", err)
		if took.Sub(last) >= writeAgain {
			last = time.Now()
		}
		select {
		case <-s.answered:
			// What comes together is told together.
			if !sleep(ctx, tellAgain) {
				return nil
			}
		case <-time.After(writeAgain):
		case <-ctx.Done():
			return nil
		}
	}
}

// write writes the receipts of the files that have news, and with partly also of those that still lack some.
func (s *Service) write(partly bool) error {
	for _, f := range s.outbox.Files() {
		if !f.Ended || f.Unanswered > 0 && !partly {
			continue
		}
		rows := s.outbox.Rows(f.ID)
		result := resultOf(f, rows)
		if s.told.news(f.ID, result) {
			if err := s.writeReceipts(f, rows); err != nil {
				return fmt.Errorf("write the receipts of %s: %w", f.Name, outbox.Full(err))
			}
			s.told.file(f.ID, result)
			if f.Unanswered == 0 {
				s.log.Info("file is answered", "file", f.Name, "rows", result.Rows, "accepted", result.Accepted,
					"quarantined", result.Quarantined, "refused", result.Refused)
			}
		}
		if f.Unanswered > 0 || f.Waiting > 0 {
			continue
		}
		if err := s.letGo(f); err != nil {
			return err
		}
	}
	return nil
}

// letGo forgets a finished file. One that somebody went on writing to after it was taken in is taken in again: the rows
// that are known are not sent twice.
func (s *Service) letGo(f outbox.FileState) error {
	if info, err := os.Lstat(filepath.Join(s.folder.done(), f.Done)); err == nil && info.Size() != f.Size {
		s.log.Warn("file was written to after it was taken in; it is taken in again", "file", f.Name)
		if err := s.folder.giveBack(f.Done); err != nil {
			return fmt.Errorf("put %s back into in/: %w", f.Done, err)
		}
	}
	return s.outbox.Forget(f.ID)
}

// resultOf counts what became of a file's rows.
func resultOf(f outbox.FileState, rows []outbox.Row) FileResult {
	r := FileResult{Name: f.Name, Rows: len(rows)}
	for _, row := range rows {
		if row.Same {
			r.Unchanged++
		}
		if row.Answer == nil {
			r.Unanswered++
			continue
		}
		switch row.Answer.Outcome {
		case events.Accepted:
			r.Accepted++
		case events.Quarantined:
			r.Quarantined++
		case events.Refused:
			r.Refused++
		case events.Dropped:
			r.Dropped++
		case outbox.Skipped:
			r.Skipped++
		}
	}
	return r
}

func (s *Service) status() Status {
	st := Status{Trouble: s.told.summary().Trouble}
	st.Unsent, st.Unanswered = s.outbox.Backlog()
	for _, f := range s.outbox.Files() {
		st.Waiting += f.Waiting
	}
	return st
}
