// SPDX-License-Identifier: EUPL-1.2

// Package connector is the agency's side of Samsyn: a folder in, receipts out. It runs where the agency's systems are and
// knows nothing of the platform but an address and a credential.
//
//	DIR/in/             files are dropped here: events as JSON, one a line, or a table
//	DIR/mapping.yaml    what the columns of the tables mean (package table)
//	DIR/outbox/         what is on its way (package outbox)
//	DIR/done/NAME       a file that was taken in, and beside it
//	DIR/done/NAME.receipts.ndjson, NAME.receipts.csv   what became of each of its rows
//
// It promises that a row of a file that was taken in is answered for: it is sent until the platform has stored it, asked
// about again, with growing pauses, until there is a receipt, and listed while it waits for a person. That holds when the
// process is killed at any point, when the disk is full, when the platform is away for days and when the credentials are
// shut out: nothing is lost, and what is sent twice counts once. Versions of one report are sent in their order. Personal
// data that is found does not leave: the row is refused here, with its place and not its words.
//
// It does not change what an agency wrote, does not judge what only the platform can, and holds no lock on its files but
// the one that keeps a second connector out of DIR.
//
// When it fails: trouble with the platform is waited out and told; a full disk stops the taking in until there is room; an
// outbox that cannot be trusted ends [Service.Run] with an error that says what to do.
package connector

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

// Config says how a connector runs. Times have defaults.
type Config struct {
	Settle      time.Duration // how long a file must lie unchanged before it is read; 2 s
	ResendAfter time.Duration // first pause before what has no receipt is asked about again, doubled each time up to 6 h; 3 min, over HTTP 15 s
	Again       bool          // send also what was accepted before, for a platform that has lost it
	Now         func() time.Time
	Progress    func(Status) // called when something has changed; nil: nobody looks
}

func (c Config) complete() Config {
	if c.Settle == 0 {
		c.Settle = 2 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Progress == nil {
		c.Progress = func(Status) {}
	}
	return c
}

// Service is one connector on one folder.
type Service struct {
	folder folder
	config Config
	log    *slog.Logger
	lock   *os.File
	outbox *outbox.Outbox
	way    Way

	unsent   bell // there may be something to send
	answered bell // something of a file has changed
	told     *told

	// once says that the taking in ends when nothing is left to take.
	once  bool
	taken chan struct{} // closed then
}

// bell wakes one waiter; more than one before it wakes are one.
type bell chan struct{}

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// Open opens the connector of a folder and makes the folder when there is none. way is how the platform is reached; the
// caller closes it after the Service. Errors: *InUseError, outbox.ErrDiskFull, *outbox.DamagedError.
func Open(dir string, way Way, log *slog.Logger, config Config) (*Service, error) {
	s := &Service{
		folder: folder(dir), config: config.complete(), log: log, way: way,
		unsent: make(bell, 1), answered: make(bell, 1), told: newTold(), taken: make(chan struct{}),
	}
	if s.config.ResendAfter == 0 {
		s.config.ResendAfter = way.again
	}
	if err := s.folder.make(); err != nil {
		return nil, err
	}
	var err error
	if s.lock, err = lock(dir); err != nil {
		return nil, err
	}
	if s.outbox, err = outbox.Open(s.folder.outbox()); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	return s, nil
}

// Close gives the folder free.
func (s *Service) Close() error { return errors.Join(s.outbox.Close(), s.lock.Close()) }

// Run works until ctx ends, and then returns nil. Any other end is an error: the outbox cannot be trusted or the folder
// cannot be reached.
func (s *Service) Run(ctx context.Context) error {
	if err := s.moveEnded(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range []func(context.Context) error{s.take, s.send, s.receive, s.finish} {
		group.Go(func() error { return part(ctx) })
	}
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Once takes in what is in the folder, sends it, and waits for the receipts, at most so long after everything was taken in.
func (s *Service) Once(ctx context.Context, wait time.Duration) error {
	s.once = true
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-s.taken:
	}
	patience := time.NewTimer(wait)
	defer patience.Stop()
	const look = 100 * time.Millisecond
	for again := time.NewTicker(look); ; {
		if unsent, unanswered := s.outbox.Backlog(); unsent+unanswered == 0 {
			break
		}
		select {
		case err := <-ended:
			return err
		case <-again.C:
			continue
		case <-patience.C:
		}
		break
	}
	stop()
	return errors.Join(<-ended, s.write(true))
}

// Status is how far a connector has come.
type Status struct {
	Unsent     int // events that the platform has not stored
	Unanswered int // events that it has stored, and rows like them, without a receipt
	Waiting    int // rows in quarantine: a person must decide
	Trouble    string
}

// FileResult is what became of one file.
type FileResult struct {
	Name        string `json:"name"`
	Rows        int    `json:"rows"`
	Accepted    int    `json:"accepted"`
	Quarantined int    `json:"quarantined"`
	Refused     int    `json:"refused"`
	Dropped     int    `json:"dropped"`
	Skipped     int    `json:"skipped"`
	Unchanged   int    `json:"unchanged"` // of the others: known from before, so not sent again
	Unanswered  int    `json:"unanswered"`
}

// WaitingRow is a row that waits for a person.
type WaitingRow struct {
	File   string          `json:"file"`
	Line   int             `json:"line"`
	Report events.ReportID `json:"report"`
	Codes  []events.Code   `json:"codes"`
}

// StuckFile is a file that stays in in/, and why.
type StuckFile struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Summary is what a connector has done since it was opened.
type Summary struct {
	Files   []FileResult `json:"files"`
	Waiting []WaitingRow `json:"waiting"`
	Stuck   []StuckFile  `json:"stuck"`
	Trouble string       `json:"trouble,omitempty"`
}

// Summary may be asked for at any time before Close.
func (s *Service) Summary() Summary {
	sum := s.told.summary()
	for _, f := range s.outbox.Files() {
		if f.Waiting == 0 {
			continue
		}
		for _, row := range s.outbox.Rows(f.ID) {
			if row.Answer != nil && !row.Answer.Final {
				sum.Waiting = append(sum.Waiting, WaitingRow{f.Name, row.Line, row.Report, codesOf(row.Answer.Reasons)})
			}
		}
	}
	return sum
}

func codesOf(reasons []outbox.Reason) []events.Code {
	codes := make([]events.Code, len(reasons))
	for i, r := range reasons {
		codes[i] = r.Code
	}
	return codes
}
