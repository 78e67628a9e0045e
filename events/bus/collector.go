// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

const (
	turn = 32 // most deliveries of one stream in one turn
	// resumesAtOnce bounds how many streams go through their start at the same time, after a reconnect for instance.
	resumesAtOnce = 8
)

// Position is how far a reader's database has come in a stream: the sequence of a message that is committed with everything before it, and the
// SHA-256 of its body, by which a stream that was replaced is recognised.
type Position struct {
	Seq    uint64
	SHA256 [32]byte
}

// CollectorConfig says who reads and what the reader knows.
type CollectorConfig struct {
	// Durable is the name of the consumer, the same in every instance of the service.
	Durable string
	// Position returns the stored position of a stream; false when there is none. nil when the reader keeps none: then the consumer's own ack floor
	// counts, which is enough for events that can be sent again. It must be a prefix: while a delivery waits for its Retry, none behind it may become
	// the position, or the delivery is skipped when the consumer is lost.
	Position func(ctx context.Context, stream string) (Position, bool, error)
	// OnRegressed is called when a stream ends before the position or holds something else there: raise the alarm and forget the position. The stream
	// is read again from its first message and identity decides what is new. It must not call the collector.
	OnRegressed func(stream string)
	Logger      *slog.Logger
}

// Collector reads many streams as one. Each stream has an iterator that fills a small channel; Next goes round the channels and takes at most 32
// from each in a turn, so that a backlog in one stream does not delay the others. Not calling Next stops the fetching. Of several instances with the
// same durable one is the active reader of a stream (a pinned priority group); when it falls silent for 10 seconds, or another is started, another may
// take over. Two may overlap for a moment: identity and the database's locks, not this, keep a report from counting twice.
type Collector struct {
	conn *Conn
	cfg  CollectorConfig
	log  *slog.Logger

	ctx    context.Context // ends with Close; readers live inside it
	cancel context.CancelFunc
	wake   chan struct{}
	resume chan struct{} // slots
	forget func()
	deaf   func() // ends the subscription to advisories; nil when there is none yet

	mu       sync.Mutex
	readers  []*reader
	byStream map[string]*reader
	next     int // whose turn is first
}

// NewCollector makes a collector without streams. Close ends it.
func (c *Conn) NewCollector(cfg CollectorConfig) *Collector {
	if cfg.Logger == nil {
		cfg.Logger = c.log
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &Collector{
		conn: c, cfg: cfg, log: cfg.Logger.With("durable", cfg.Durable), ctx: ctx, cancel: cancel,
		wake: make(chan struct{}, 1), resume: make(chan struct{}, resumesAtOnce), byStream: map[string]*reader{},
	}
	k.forget = c.whenReconnected(k.restartAll)
	return k
}

// Add starts reading a stream from where it was left and returns when the way is clear: the consumer exists and stands where it should. The error is
// that of the first try; afterwards the reader goes on by itself until Remove or Close. Adding a stream twice does nothing.
func (k *Collector) Add(ctx context.Context, stream string) error {
	if k.ctx.Err() != nil {
		return ErrClosed
	}
	if k.find(stream) != nil {
		return nil
	}
	if err := k.listen(); err != nil {
		return err
	}
	r := newReader(k, stream)
	if err := r.open(ctx, true); err != nil {
		r.cancel()
		return fmt.Errorf("read stream %s: %w", stream, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.ctx.Err() != nil:
		r.cancel()
		return ErrClosed
	case k.byStream[stream] != nil:
		r.cancel()
		return nil
	}
	k.readers = append(k.readers[:len(k.readers):len(k.readers)], r) // take may be looking at the old ones
	k.byStream[stream] = r
	go r.run()
	return nil
}

// subjectUnpinned is where the server says that a stream has lost its active reader: JetStream's advisory, with stream and consumer as last words.
const subjectUnpinned = "$JS.EVENT.ADVISORY.CONSUMER.UNPINNED."

// listen hears when an active reader falls silent or leaves. Without it a standby would notice only with the next event, or after 30 seconds.
func (k *Collector) listen() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.deaf != nil {
		return nil
	}
	stop, err := k.conn.Subscribe(subjectUnpinned+"*."+k.cfg.Durable, func(subject string, _ []byte) {
		stream, _, _ := strings.Cut(strings.TrimPrefix(subject, subjectUnpinned), ".")
		if r := k.find(stream); r != nil {
			r.unpinned()
		}
	})
	if err != nil {
		return fmt.Errorf("listen for take-overs: %w", err)
	}
	k.deaf = stop
	return nil
}

func (k *Collector) find(stream string) *reader {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.byStream[stream]
}

// Remove stops reading a stream. What was fetched and not settled goes to whoever reads it next.
func (k *Collector) Remove(stream string) {
	k.mu.Lock()
	gone := k.byStream[stream]
	delete(k.byStream, stream)
	k.readers = slices.DeleteFunc(slices.Clone(k.readers), func(r *reader) bool { return r == gone })
	k.mu.Unlock()
	if gone != nil {
		gone.stop()
	}
}

// Close stops reading. What was fetched and not settled is delivered again at the next start. It returns when all readers have ended.
func (k *Collector) Close() {
	k.forget()
	k.mu.Lock()
	readers, deaf := k.readers, k.deaf
	k.readers, k.byStream, k.deaf = nil, nil, nil
	k.cancel()
	k.mu.Unlock()
	if deaf != nil {
		deaf()
	}
	for _, r := range readers {
		r.stop()
	}
}

// Next returns at least one delivery and at most max, taking turns over the streams; it does not wait for more than it finds. It returns an error
// only when ctx ends or the collector is closed. One goroutine calls it.
func (k *Collector) Next(ctx context.Context, most int) ([]Delivery, error) {
	for {
		if batch := k.take(most); len(batch) > 0 {
			return batch, nil
		}
		select {
		case <-k.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-k.ctx.Done():
			return nil, ErrClosed
		}
	}
}

// take goes round until it has enough or nothing is left. The first turn goes to another stream each time.
func (k *Collector) take(most int) []Delivery {
	k.mu.Lock()
	readers, first := k.readers, k.next
	k.next++
	k.mu.Unlock()
	if len(readers) == 0 {
		return nil
	}
	var batch []Delivery
	for more := true; more && len(batch) < most; {
		more = false
		for i := range readers {
			before := len(batch)
			batch = readers[(first+i)%len(readers)].take(batch, min(turn, most-len(batch)))
			more = more || len(batch) > before
		}
	}
	return batch
}

// Settle tells the broker what became of each delivery, after the reader's commit. A Retry comes again after its delay, alone. The error joins what
// could not be told: those deliveries come again by themselves, so log it and go on.
func (k *Collector) Settle(ctx context.Context, ds []Delivery, vs []Verdict) error {
	if len(ds) != len(vs) {
		return fmt.Errorf("settle %d deliveries with %d verdicts", len(ds), len(vs))
	}
	var failures []error
	for i, d := range ds {
		finished, err := k.conn.settle(ctx, k.cfg.Durable, d, vs[i])
		if err != nil {
			failures = append(failures, fmt.Errorf("settle %s %d: %w", d.Stream, d.Seq, err))
		}
		if finished {
			if r := k.find(d.Stream); r != nil {
				r.settled(d.Seq)
			}
		}
	}
	return errors.Join(failures...)
}

// InProgress asks the broker for another 30 seconds for each delivery. For batches that take long; without it they are delivered again meanwhile.
func (k *Collector) InProgress(ds []Delivery) error {
	var failures []error
	for _, d := range ds {
		if err := d.msg.InProgress(); err != nil {
			failures = append(failures, fmt.Errorf("prolong %s %d: %w", d.Stream, d.Seq, err))
		}
	}
	return errors.Join(failures...)
}

func (k *Collector) signal() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *Collector) restartAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.readers {
		r.restart()
	}
}
