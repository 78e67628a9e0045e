// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // an agency's machine may have no time zones, and its tables have local times

	"samsyn/events"
	"samsyn/services/connector"
)

type connectCommand struct {
	Dir string `arg:"" help:"The folder: files are dropped in DIR/in, receipts come in DIR/done."`

	Server  string `env:"SAMSYN_CONNECT_SERVER" placeholder:"URL" help:"Where Samsyn is: nats://host:4222 with a credentials file, or https://host with a key."`
	Creds   string `env:"SAMSYN_CONNECT_CREDS" placeholder:"FILE" help:"Credentials file for NATS. Without it, the one *.creds in DIR."`
	KeyFile string `env:"SAMSYN_CONNECT_KEY_FILE" placeholder:"FILE" help:"File that holds the API key, for HTTP. The key may also be in SAMSYN_CONNECT_KEY."`

	Init   string        `placeholder:"FILE" help:"Look at a table and write DIR/mapping.yaml as a proposal. Nothing is sent."`
	DryRun bool          `help:"Say what would become of the files in DIR/in. Nothing is stored."`
	Once   bool          `help:"Send what is there, wait for its receipts, and end."`
	Wait   time.Duration `default:"2m" help:"With --once: how long receipts are waited for (${default})."`
	Settle time.Duration `default:"2s" help:"How long a file must lie unchanged before it is read (${default})."`
	Resend bool          `help:"Send also what was accepted before, for an installation that has lost it."`
}

// Help shows an example.
func (connectCommand) Help() string {
	return `Runs at the agency. Takes in files from DIR/in: events as JSON, one a line (complete, or just their data), and tables
(CSV in any common encoding and separator) by DIR/mapping.yaml. Keeps every event in DIR/outbox until its receipt, and
writes NAME.receipts.csv and .ndjson beside the file in DIR/done. May be ended and started at any time.
With --once it exits 0 only when every row has its receipt and none was refused.

Example: samsyn connect ./samsyn --init export.csv
         samsyn connect ./samsyn --server nats://samsyn.example.se:4222 --creds bostad.creds --dry-run
         samsyn connect ./samsyn --server nats://samsyn.example.se:4222 --creds bostad.creds`
}

// Run proposes, checks, or connects.
func (c connectCommand) Run(ctx context.Context, p *program) error {
	if c.Init != "" {
		return c.propose(p)
	}
	way, err := c.reach(p)
	if err != nil {
		return &usageError{err}
	}
	defer way.Close()
	config := connector.Config{Settle: c.Settle, Again: c.Resend, Progress: p.connectProgress}
	if c.DryRun {
		return c.check(ctx, p, way, config)
	}
	s, err := connector.Open(c.Dir, way, p.log, config)
	if err != nil {
		return err
	}
	if c.Once {
		err = s.Once(ctx, c.Wait)
	} else {
		p.say("Watching %s. Ctrl-C ends it.", filepath.Join(c.Dir, "in"))
		err = s.Run(ctx)
	}
	p.progressEnds()
	sum := s.Summary()
	err = errors.Join(err, p.writeConnected(sum), s.Close())
	if c.Once && err == nil {
		err = verdictOn(sum)
	}
	return err
}

func (c connectCommand) propose(p *program) error {
	file, err := os.ReadFile(c.Init)
	if err != nil {
		return wrongUse("read the table: %w", err)
	}
	path, err := connector.Propose(c.Dir, file, filepath.Base(c.Init), time.Now())
	if errors.Is(err, fs.ErrExist) {
		return wrongUse("%w: move it away for a new proposal", err)
	}
	if err != nil {
		return inFile(c.Init, err)
	}
	p.say("Wrote a proposal. Read it through, then try it: samsyn connect %s --dry-run, with the file in %s.", c.Dir, filepath.Join(c.Dir, "in"))
	return p.write(map[string]string{"mapping": path}, table{header: []string{path}})
}

// reach finds out where Samsyn is and as whom, from what is given and from what lies in the folder.
func (c connectCommand) reach(p *program) (connector.Way, error) {
	key := os.Getenv("SAMSYN_CONNECT_KEY")
	if c.KeyFile != "" {
		var err error
		if key, err = connector.ReadKey(c.KeyFile); err != nil {
			return connector.Way{}, err
		}
	}
	creds := c.Creds
	if creds == "" && key == "" {
		found, err := filepath.Glob(filepath.Join(c.Dir, "*.creds"))
		if err == nil && len(found) == 1 {
			creds = found[0]
		}
	}
	if creds == "" && key == "" {
		return connector.Way{}, fmt.Errorf("give --creds (or put the one .creds file into %s), or --key-file: whoever runs Samsyn issues them", c.Dir)
	}
	if c.Server == "" {
		return connector.Way{}, errors.New("give --server: nats://host:4222 for a credentials file, https://host for a key")
	}
	return connector.Reach(c.Server, creds, key, p.log)
}

func (c connectCommand) check(ctx context.Context, p *program, way connector.Way, config connector.Config) error {
	files, err := connector.DryRun(ctx, c.Dir, way, config)
	if errors.Is(err, fs.ErrNotExist) {
		return wrongUse("there is no folder %s to look into", filepath.Join(c.Dir, "in"))
	}
	if err != nil {
		return err
	}
	t := table{header: []string{"file", "line", "report", "outcome", "codes", "column"}}
	var failed []string
	for _, f := range files {
		if f.Why != "" {
			failed = append(failed, f.Name+": "+f.Why)
		}
		if f.Refused > 0 {
			failed = append(failed, fmt.Sprintf("%s: %d of %d rows would be refused", f.Name, f.Refused, f.Rows))
		}
		for _, row := range f.List {
			if row.Outcome == events.Accepted && len(row.Reasons) == 0 {
				continue
			}
			var codes, columns []string
			for _, r := range row.Reasons {
				codes, columns = append(codes, string(r.Code)), append(columns, r.Column)
			}
			t.add(f.Name, strconv.Itoa(row.Line), string(row.Report), string(row.Outcome), strings.Join(codes, " "), strings.Join(columns, " "))
		}
		p.say("%s: %d rows: %d would be accepted (%d of them are known), %d quarantined, %d refused, %d skipped.",
			clean(f.Name), f.Rows, f.Accepted, f.Unchanged, f.Quarantined, f.Refused, f.Skipped)
	}
	err = p.write(map[string]any{"files": list(files)}, t)
	if err == nil && len(failed) > 0 {
		err = errors.New(strings.Join(failed, "\n"))
	}
	return err
}

// connectProgress shows what is on its way.
func (p *program) connectProgress(s connector.Status) {
	text := fmt.Sprintf("%d to send, %d wait for a receipt, %d for a person", s.Unsent, s.Unanswered, s.Waiting)
	if s.Trouble != "" {
		text += ": " + s.Trouble
	}
	p.progress("%s", text)
}

func (p *program) writeConnected(sum connector.Summary) error {
	t := table{header: []string{"file", "rows", "accepted", "quarantined", "refused", "dropped", "skipped", "unchanged", "unanswered"}}
	for _, f := range sum.Files {
		cells := []string{f.Name}
		for _, n := range []int{f.Rows, f.Accepted, f.Quarantined, f.Refused, f.Dropped, f.Skipped, f.Unchanged, f.Unanswered} {
			cells = append(cells, strconv.Itoa(n))
		}
		t.add(cells...)
	}
	var lines []string
	for _, w := range sum.Waiting {
		lines = append(lines, fmt.Sprintf("waits for a person: %s line %d, report %s: %v", w.File, w.Line, w.Report, w.Codes))
	}
	for _, f := range sum.Stuck {
		lines = append(lines, fmt.Sprintf("stays in in/: %s: %s", f.Name, f.Why))
	}
	p.sayAll(lines)
	return p.write(sum, t)
}

// verdictOn says why a run did not do all that it was to do; nil: it did.
func verdictOn(sum connector.Summary) error {
	refused, unanswered := 0, 0
	for _, f := range sum.Files {
		refused, unanswered = refused+f.Refused, unanswered+f.Unanswered
	}
	var why []string
	if refused > 0 {
		why = append(why, fmt.Sprintf("%d rows were refused: the .receipts.csv files in done/ say why", refused))
	}
	if unanswered > 0 {
		why = append(why, fmt.Sprintf("%d rows have no receipt yet: they are kept, and go on with the next start", unanswered))
	}
	if len(sum.Stuck) > 0 {
		why = append(why, fmt.Sprintf("%d files stay in in/", len(sum.Stuck)))
	}
	if len(why) == 0 {
		return nil
	}
	if sum.Trouble != "" {
		why = append(why, sum.Trouble)
	}
	return errors.New(strings.Join(why, "; "))
}
