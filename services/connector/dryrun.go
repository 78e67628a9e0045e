// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

const checkAtOnce = 8

// CheckedRow is what would become of a row.
type CheckedRow struct {
	Line      int             `json:"line"`
	Report    events.ReportID `json:"report"`
	Revision  int             `json:"revision"`
	Outcome   events.Outcome  `json:"outcome"`
	Unchanged bool            `json:"unchanged"`
	By        string          `json:"by"`
	Reasons   []outbox.Reason `json:"reasons"`
}

// CheckedFile is what would become of a file.
type CheckedFile struct {
	FileResult
	Why  string       `json:"why,omitempty"` // why it would stay in in/
	List []CheckedRow `json:"list"`
}

// DryRun says what would become of the files in in/ if they were taken in now. The platform is asked about every row that
// would be sent; nothing is stored, there or here, and a connector that works on the folder is not disturbed.
func DryRun(ctx context.Context, dir string, way Way, config Config) ([]CheckedFile, error) {
	f, config := folder(dir), config.complete()
	box, err := outbox.Look(f.outbox())
	if err != nil {
		return nil, err
	}
	files, err := f.candidates()
	if err != nil {
		return nil, err
	}
	var all []CheckedFile
	for _, c := range files {
		body, err := f.read(c)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", c.name, err)
		}
		checked := CheckedFile{FileResult: FileResult{Name: c.name}, List: []CheckedRow{}}
		d := deciding{who: way.who, known: box.Known, again: config.Again, taken: config.Now()}
		rows, err := openFile(body, f, d)
		if err != nil {
			checked.Why = err.Error()
			all = append(all, checked)
			continue
		}
		if err := checked.check(ctx, way.platform, rows); err != nil {
			return nil, err
		}
		all = append(all, checked)
	}
	return all, nil
}

func (f *CheckedFile) check(ctx context.Context, asked platform, rows reader) error {
	made := make([]outbox.Row, rows.count())
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(checkAtOnce)
	for i := range made {
		row := rows.row(i)
		made[i] = row.Row
		if row.Body == nil {
			continue
		}
		group.Go(func() error {
			verdict, err := asked.check(ctx, row.Body)
			if err != nil {
				return err
			}
			answer := answered(verdict).Answer
			made[i].Answer = &answer
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	f.FileResult = resultOf(outbox.FileState{File: outbox.File{Name: f.Name}}, made)
	for _, row := range made {
		l := lineOf(row)
		f.List = append(f.List, CheckedRow{l.Line, l.Report, l.Revision, l.Outcome, l.Unchanged, l.By, l.Reasons})
	}
	return nil
}
