// SPDX-License-Identifier: EUPL-1.2

// Package correlator turns what agencies sent into one picture of places.
//
// What it is for: it reads every agency's stream and decides each event once: is it an event, is it
// new, where did it happen, does it hold personal data, which other reports tell of the same
// incident, which counts does it move. What it decided goes to Postgres in one transaction a batch,
// with the journal of changed counts that alerting follows, and then, from rows of that transaction,
// to the sender as a receipt and to CORRELATED.
//
// What it promises: every acknowledged event becomes exactly one of accepted, quarantined, refused
// or held, whatever dies when, and however often it is sent. The order of arrival does not matter.
// Counts equal a recount from the stored bytes ([Service.Verify]), and everything that follows from
// the bytes and the recorded decisions can be made anew ([Service.Rebuild]).
//
// What it does not do: it flags nothing, tells nobody but the sender, and never changes what an
// agency sent. Who the sender is, the stream says, never the body.
//
// When it fails: an error of ours pauses the reading and never counts against an event; an event
// that cannot be decided because of a bug is held, listed for the operator and tried again, while
// its neighbours pass.
//
// Read it in this order: correlator.go (read, judge, commit, send), judge.go, place.go, screen.go,
// booking.go (identify, apply), link.go, count.go, outgoing.go, quarantine.go.
package correlator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

// Durable is the name of the correlator's consumer on every incident stream.
const Durable = "correlator"

// Service is the correlator.
type Service struct {
	config     Config
	store      *store
	conn       *bus.Conn
	log        *slog.Logger
	metrics    *metrics
	references references
	collector  *bus.Collector
	breaker    breaker
	// decided counts the events of this run, and grown says that the planner should hear of it.
	decided int
	grown   chan struct{}
}

// New makes a correlator on a pool that logs in as samsyn_correlator and a connection to the
// PLATFORM account.
func New(pool *pgxpool.Pool, conn *bus.Conn, log *slog.Logger, registerer prometheus.Registerer, config Config) (*Service, error) {
	config, err := config.validated()
	if err != nil {
		return nil, err
	}
	s := &Service{config: config, store: &store{pool}, conn: conn, log: log, metrics: newMetrics(registerer), grown: make(chan struct{}, 1)}
	s.references.store = s.store
	return s, nil
}

// Run reads until ctx ends. Three stages overlap: while one batch is committed, the next is read
// and judged, and the one before is sent. Batches of a stream are committed in the order in which
// they were read. Told to stop, it finishes what it has in its hands and returns nil.
func (s *Service) Run(ctx context.Context) error {
	s.collector = s.conn.NewCollector(bus.CollectorConfig{
		Durable: Durable, Position: s.position, OnRegressed: s.onRegressed, Logger: s.log,
	})
	defer s.collector.Close()
	if err := s.untilReady(ctx, s.follow); err != nil {
		return stopped(ctx, err)
	}
	stop, err := s.respond(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := s.untilReady(ctx, s.sendLeftovers); err != nil {
		return stopped(ctx, err)
	}
	judged, sent := make(chan work, 1), make(chan work, sendWaiting)
	working, cancel := detached(ctx)
	defer cancel()
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() error { defer close(judged); return s.read(reading, judged) })
	group.Go(func() error { defer close(sent); return s.commitAll(working, judged, sent) })
	group.Go(func() error { return s.sendAll(working, sent) })
	group.Go(func() error { return s.watch(reading) })
	group.Go(func() error { return s.retryHeld(reading) })
	group.Go(func() error { return s.refreshStatistics(reading) })
	return stopped(ctx, group.Wait())
}

// detached gives work in flight its own time after ctx ends.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(stopWithin, cancel) })
	return working, func() { stop(); cancel() }
}

func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, bus.ErrClosed)) {
		return nil
	}
	return err
}

// work is one batch of one municipality on its way through the stages.
type work struct {
	municipality events.MunicipalityID
	ref          *reference
	deliveries   []bus.Delivery
	verdicts     []verdict
	batch        int64
	outgoing     []bus.Message
	// more: the streams held at least a full batch, so another follows.
	more bool
}

// read takes what the streams hold, fairly, and judges it.
func (s *Service) read(ctx context.Context, judged chan<- work) error {
	for {
		deliveries, err := s.collector.Next(ctx, s.config.BatchSize)
		if err != nil {
			return err
		}
		for m, part := range byMunicipality(deliveries) {
			began, w := time.Now(), work{municipality: m, deliveries: part, more: len(deliveries) == s.config.BatchSize}
			if w.ref, err = s.referenceFor(ctx, part); err != nil {
				return err
			}
			s.judgeAll(&w)
			s.metrics.took(stageJudge, began)
			select {
			case judged <- w:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func byMunicipality(deliveries []bus.Delivery) map[events.MunicipalityID][]bus.Delivery {
	parts := map[events.MunicipalityID][]bus.Delivery{}
	for _, d := range deliveries {
		parts[d.Municipality] = append(parts[d.Municipality], d)
	}
	return parts
}

// judgeAll judges a batch on a few goroutines; each verdict depends on its own message only.
func (s *Service) judgeAll(w *work) {
	w.verdicts = make([]verdict, len(w.deliveries))
	var group sync.WaitGroup
	share := (len(w.deliveries) + s.config.Workers - 1) / s.config.Workers
	for low := 0; low < len(w.deliveries); low += share {
		group.Go(func() {
			for i := low; i < min(low+share, len(w.deliveries)); i++ {
				w.verdicts[i] = s.judgeOne(w.ref, arrivalOf(w.deliveries[i]))
			}
		})
	}
	group.Wait()
}

func arrivalOf(d bus.Delivery) arrival {
	return arrival{municipality: d.Municipality, agency: d.Agency, verb: d.Verb, seq: d.Seq, stored: d.Stored, body: d.Body, headers: d.HeaderNames()}
}

// commitAll commits batch after batch. Nothing passes a batch that waits for a part that is away.
func (s *Service) commitAll(ctx context.Context, judged <-chan work, sent chan<- work) error {
	for w := range judged {
		s.metrics.batch.Observe(float64(len(w.deliveries)))
		if err := s.settleBatch(ctx, w, sent); err != nil {
			return err
		}
	}
	return nil
}

// settleBatch commits a batch, or its halves where it cannot be committed as a whole, so that one
// event that cannot be stored keeps no other from being stored. Errors of ours are waited out.
func (s *Service) settleBatch(ctx context.Context, w work, sent chan<- work) error {
	err := s.patiently(ctx, func() error { return s.commitWork(ctx, &w) })
	switch {
	case err == nil:
		sent <- w
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case len(w.deliveries) == 1:
		return s.holdOne(ctx, w, err, sent)
	}
	half := len(w.deliveries) / 2
	first, second := w, w
	first.deliveries, first.verdicts = w.deliveries[:half], w.verdicts[:half]
	second.deliveries, second.verdicts = w.deliveries[half:], w.verdicts[half:]
	if err := s.settleBatch(ctx, first, sent); err != nil {
		return err
	}
	return s.settleBatch(ctx, second, sent)
}

// commitWork decides and stores a batch in one transaction.
func (s *Service) commitWork(ctx context.Context, w *work) error {
	began := time.Now()
	for i := range w.verdicts {
		if w.verdicts[i].outcome == events.Held {
			return errHeld
		}
	}
	if err := s.beforeCommit(ctx, w); err != nil {
		return err
	}
	var booked *booking
	err := s.transact(ctx, w.ref, func(ctx context.Context, tx pgx.Tx, b *booking) error {
		booked = b
		return b.book(ctx, tx, append([]verdict(nil), w.verdicts...))
	})
	if err != nil {
		return err
	}
	w.batch, w.outgoing = booked.batch, booked.outgoing
	s.metrics.took(stageCommit, began)
	s.wakeReaders(w.municipality)
	s.count(booked)
	s.grew(len(w.deliveries))
	return nil
}

// wakeReaders tells those who follow the journal that it grew, before what it says is sent; they look by themselves if they miss this.
func (s *Service) wakeReaders(m events.MunicipalityID) {
	if err := s.conn.Signal(events.CommittedSubject(m), nil); err != nil {
		s.log.Debug("readers not woken", "municipality", m, "error", err)
	}
}

// errHeld says that judging an event of the batch failed.
var errHeld = errors.New("an event of the batch could not be judged")

// transact runs one booking in one transaction. A panic in it is an error like any other: the batch
// is tried in halves and the event that causes it is held.
func (s *Service) transact(ctx context.Context, ref *reference, fn func(context.Context, pgx.Tx, *booking) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while booking: %v", p)
		}
	}()
	return pg.InTx(ctx, s.store.pool, pg.System, func(tx pgx.Tx) error {
		return fn(ctx, tx, newBooking(s.store, ref, time.Now()))
	})
}

// commit runs one booking of a municipality and sends what it says.
func (s *Service) commit(ctx context.Context, m events.MunicipalityID, fn func(context.Context, pgx.Tx, *booking) error) error {
	ref, err := s.references.get(ctx, m)
	if err != nil {
		return err
	}
	var booked *booking
	err = s.transact(ctx, ref, func(ctx context.Context, tx pgx.Tx, b *booking) error {
		booked = b
		return fn(ctx, tx, b)
	})
	if err != nil {
		return err
	}
	s.wakeReaders(m)
	s.count(booked)
	return s.send(ctx, work{municipality: m, batch: booked.batch, outgoing: booked.outgoing})
}

func (s *Service) count(b *booking) {
	for outcome, n := range b.outcomes {
		s.metrics.events.WithLabelValues(string(outcome)).Add(float64(n))
	}
}

// sendAll acknowledges and sends what was committed. It waits for the broker as long as it takes; what is not sent stays in its row.
func (s *Service) sendAll(ctx context.Context, sent <-chan work) error {
	for w := range sent {
		began := time.Now()
		together := s.gather(ctx, w, sent)
		if err := s.patiently(ctx, func() error { return s.send(ctx, together...) }); err != nil {
			return err
		}
		s.metrics.took(stageSend, began)
	}
	return nil
}

// gather takes what waits behind a batch and acknowledges it: the broker writes one large batch much faster than many small ones.
// Where more is surely coming it waits for that a little.
func (s *Service) gather(ctx context.Context, w work, sent <-chan work) []work {
	var together []work
	enough := time.NewTimer(sendLinger)
	defer enough.Stop()
	for size, ok := 0, true; ok; {
		more := w.more
		size += len(w.deliveries)
		s.acknowledge(ctx, &w)
		if together = append(together, w); size >= s.config.BatchSize*sendTogether {
			break
		}
		w, ok = behind(more, sent, enough.C)
	}
	return together
}

// behind is the batch behind another, if there is one, or if there will be and it comes in time.
func behind(more bool, sent <-chan work, enough <-chan time.Time) (w work, ok bool) {
	if !more {
		select {
		case w, ok = <-sent:
		default:
		}
		return w, ok
	}
	select {
	case w, ok = <-sent:
	case <-enough:
	}
	return w, ok
}

// acknowledge tells the broker that a batch is stored. What it says need not be sent for that: it lies in a row of the same
// transaction. What it was made of is let go.
func (s *Service) acknowledge(ctx context.Context, w *work) {
	if err := s.collector.Settle(ctx, w.deliveries, make([]bus.Verdict, len(w.deliveries))); err != nil {
		s.log.Warn("acknowledgement not sent, the events come again and are known", "municipality", w.municipality, "error", err)
	}
	w.deliveries, w.verdicts = nil, nil
}

// patiently repeats what fails because a part of ours is away, at most every five seconds.
func (s *Service) patiently(ctx context.Context, try func() error) error {
	pause := firstPause
	for {
		err := try()
		if err == nil || ctx.Err() != nil || !ours(err) {
			s.metrics.paused.Set(0)
			return err
		}
		s.metrics.paused.Set(1)
		s.log.Warn("waiting for a part that is away", "error", err, "pause", pause)
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, longestPause)
	}
}

// ours says that an error is no event's fault: the database, the broker or the disk is away, or more
// events fail than events can be to blame for.
func ours(err error) bool {
	return pg.Class(err) == pg.Infrastructure || errors.Is(err, errAway) || errors.Is(err, errBreaker) ||
		errors.Is(err, errNotHeld)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Service) position(ctx context.Context, stream string) (bus.Position, bool, error) {
	m, a, ok := events.ParseIncidentStream(stream)
	if !ok {
		return bus.Position{}, false, fmt.Errorf("stream %s is not an agency's", stream)
	}
	return s.store.position(ctx, m, a)
}

// onRegressed forgets the position of a stream that went backwards: it is read again from its first
// message, and identity decides what is new.
func (s *Service) onRegressed(stream string) {
	s.metrics.regress.Inc()
	s.log.Error("stream_regressed: a stream ends before its position or holds other content there; reading it again from its beginning", "stream", stream)
	m, a, _ := events.ParseIncidentStream(stream)
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if err := s.store.forgetPosition(ctx, m, a); err != nil {
		s.log.Error("position not forgotten", "stream", stream, "error", err)
	}
}
