// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	prefetch      = 256 // per stream, held by the client library
	buffered      = 64  // per stream, ahead of the collector
	pullExpiry    = 4 * time.Second
	pinTTL        = 10 * time.Second // a reader that asks for nothing so long loses the stream to another instance
	ackWait       = 30 * time.Second
	maxAckPending = 1000
	priorityGroup = "reader"
	headerPin     = "Nats-Pin-Id"

	retryFirst   = 100 * time.Millisecond
	retryLongest = 10 * time.Second
)

// errInterrupted ends one pass of a reader: somebody else read in between, or the connection came back. The next pass starts at once.
var errInterrupted = errors.New("start again")

// reader brings one stream to its collector. It makes passes: stand where the position says, then iterate until something interrupts.
type reader struct {
	k      *Collector
	stream string
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	ch     chan Delivery
	again  chan struct{}

	// Only the pass uses these.
	handle   jetstream.Stream
	consumer jetstream.Consumer // kept over passes: it remembers that this instance is the pinned one
	expected uint64             // the consumer sequence of the next delivery, if nobody else reads
	pin      string             // what the server calls this instance, as its latest delivery said

	mu     sync.Mutex
	handed map[uint64]struct{} // in the latest batch, and not done yet
	owed   map[uint64]struct{} // in an earlier batch, and not done yet
}

func newReader(k *Collector, stream string) *reader {
	ctx, cancel := context.WithCancel(k.ctx)
	return &reader{
		k: k, stream: stream, ctx: ctx, cancel: cancel, done: make(chan struct{}),
		ch: make(chan Delivery, buffered), again: make(chan struct{}, 1), handed: map[uint64]struct{}{}, owed: map[uint64]struct{}{},
	}
}

func (r *reader) stop() {
	r.cancel()
	<-r.done
}

func (r *reader) restart() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// run makes passes until the reader is stopped. open was called once already.
func (r *reader) run() {
	defer close(r.done)
	opened, failures := true, 0
	for {
		err := r.pass(&opened)
		if r.ctx.Err() != nil {
			r.release()
			return
		}
		if opened && errors.Is(err, errInterrupted) {
			failures = 0
		} else {
			failures++
			r.k.log.Warn("reading interrupted", "stream", r.stream, "error", err, "failures", failures)
		}
		opened = false
		if failures > 0 && !r.wait(backOff(failures)) {
			return
		}
	}
}

func backOff(failures int) time.Duration {
	delay := min(retryFirst<<min(failures-1, 10), retryLongest)
	return delay/2 + rand.N(delay/2)
}

func (r *reader) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.ctx.Done():
		return false
	}
}

// pass reads until it is interrupted. The iterator that closes while the reader lives is an error like any other.
func (r *reader) pass(opened *bool) error {
	if !*opened {
		if err := r.open(r.ctx, false); err != nil {
			return err
		}
		*opened = true
	}
	ctx, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-r.again:
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	iterator, err := r.consumer.Messages(jetstream.PullMaxMessages(prefetch), jetstream.PullExpiry(pullExpiry), jetstream.PullPriorityGroup(priorityGroup))
	if err != nil {
		return fmt.Errorf("open iterator: %w", err)
	}
	defer iterator.Stop()
	for {
		m, err := iterator.Next(jetstream.NextContext(ctx))
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err != nil {
			return fmt.Errorf("next message: %w", err)
		}
		if err := r.hand(ctx, m); err != nil {
			return err
		}
	}
}

// hand passes one message on. Consumer sequences count every delivery to anybody, so a gap means that another instance read in between (or that the
// connection lost some): what it left unfinished must come first.
func (r *reader) hand(ctx context.Context, m jetstream.Msg) error {
	d, meta, err := deliveryOf(m)
	if err != nil {
		return err
	}
	r.pin = d.Header(headerPin)
	if meta.Sequence.Consumer != r.expected {
		return errInterrupted
	}
	r.expected++
	select {
	case r.ch <- d:
		r.k.signal()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// beginBatch: what the batch before left unsettled is owed from now on.
func (r *reader) beginBatch() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for seq := range r.handed {
		r.owed[seq] = struct{}{}
	}
	clear(r.handed)
}

// take moves up to n deliveries to the batch.
func (r *reader) take(batch []Delivery, n int) []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range n {
		select {
		case d := <-r.ch:
			delete(r.owed, d.Seq)
			d.Prefix = r.oldestOwed() > d.Seq
			r.handed[d.Seq] = struct{}{}
			batch = append(batch, d)
		default:
			return batch
		}
	}
	return batch
}

func (r *reader) oldestOwed() uint64 {
	oldest := uint64(math.MaxUint64)
	for seq := range r.owed {
		oldest = min(oldest, seq)
	}
	return oldest
}

func (r *reader) settled(seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.handed, seq)
	delete(r.owed, seq)
}

// rewound forgets what was fetched and what is owed: after a reset all of it comes again, in order.
func (r *reader) rewound() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.ch) > 0 {
		<-r.ch
	}
	clear(r.handed)
	clear(r.owed)
}

// unpinned: the stream has no active reader at the moment. Who holds nothing of it looks whether somebody left something.
func (r *reader) unpinned() {
	r.mu.Lock()
	holding := len(r.handed) + len(r.owed) + len(r.ch)
	r.mu.Unlock()
	if holding == 0 {
		r.restart()
	}
}

// release lets another instance take over at once, if this one is the active reader.
func (r *reader) release() {
	if r.pin == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), time.Second)
	defer cancel()
	info, err := r.consumer.Info(ctx)
	if err == nil && pinned(info) == r.pin {
		err = r.handle.UnpinConsumer(ctx, r.k.cfg.Durable, priorityGroup)
	}
	if err != nil {
		r.k.log.Debug("release", "stream", r.stream, "error", err)
	}
}
