// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	prefetch      = 256 // per stream, held by the client library
	buffered      = 256 // per stream, ahead of the collector: four streams with a backlog fill a batch of 1,000
	pullExpiry    = 4 * time.Second
	pinTTL        = 10 * time.Second // a reader that asks for nothing so long loses the stream to another instance
	ackWait       = 30 * time.Second
	maxAckPending = 1000
	priorityGroup = "reader"
	headerPin     = "Nats-Pin-Id"

	leaveWait     = 2 * time.Second
	interruptions = 3 // in a row that are followed at once
	retryFirst    = 100 * time.Millisecond
	retryLongest  = 10 * time.Second
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

	mu   sync.Mutex
	owed map[uint64]struct{} // handed out and not settled
}

func newReader(k *Collector, stream string) *reader {
	ctx, cancel := context.WithCancel(k.ctx)
	return &reader{
		k: k, stream: stream, ctx: ctx, cancel: cancel, done: make(chan struct{}),
		ch: make(chan Delivery, buffered), again: make(chan struct{}, 1), owed: map[uint64]struct{}{},
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

// run makes passes until the reader is stopped. open was called once already. An interruption is followed by the next pass at once, unless it
// happens again and again with nothing read in between.
func (r *reader) run() {
	defer close(r.done)
	failures := 0
	for open := false; ; open = true {
		handed, err := r.pass(open)
		if r.ctx.Err() != nil {
			r.release()
			return
		}
		if handed > 0 {
			failures = 0
		}
		failures++
		if errors.Is(err, errInterrupted) && failures <= interruptions {
			r.k.log.Debug("reading starts again", "stream", r.stream, "expected", r.expected, "pin", r.pin)
			continue
		}
		r.k.log.Warn("reading interrupted", "stream", r.stream, "error", err, "failures", failures)
		if !r.wait(backOff(failures)) {
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

// pass reads until it is interrupted and says how many it handed on. The iterator that closes while the reader lives is an error like any other.
func (r *reader) pass(open bool) (handed int, err error) {
	if open {
		if err := r.open(r.ctx, false); err != nil {
			return 0, err
		}
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
		return 0, fmt.Errorf("open iterator: %w", err)
	}
	defer r.leave(iterator)
	for ; ; handed++ {
		m, err := iterator.Next(jetstream.NextContext(ctx))
		if cause := context.Cause(ctx); cause != nil {
			r.notePin(m)
			return handed, cause
		}
		if err != nil {
			return handed, fmt.Errorf("next message: %w", err)
		}
		if err := r.hand(ctx, m); err != nil {
			return handed, err
		}
	}
}

// leave ends an iterator and waits until the server knows. A request that it still believed in could be pinned and given messages that nobody reads,
// and the stream would stand still until the pin lapses. What came too late is not handed on; the next pass begins before it.
func (r *reader) leave(iterator jetstream.MessagesContext) {
	if r.ctx.Err() != nil {
		iterator.Stop()
		return
	}
	iterator.Drain()
	deadline := time.Now().Add(leaveWait)
	for {
		m, err := iterator.Next(jetstream.NextMaxWait(max(time.Until(deadline), time.Millisecond)))
		if err != nil {
			return
		}
		r.notePin(m)
	}
}

func (r *reader) notePin(m jetstream.Msg) {
	if m != nil {
		r.pin = m.Headers().Get(headerPin)
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
	d.header.Del(headerPin) // the server's, not the sender's
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

// take moves up to n deliveries to the batch.
func (r *reader) take(batch []Delivery, n int) []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range n {
		select {
		case d := <-r.ch:
			r.owed[d.Seq] = struct{}{}
			batch = append(batch, d)
		default:
			return batch
		}
	}
	return batch
}

func (r *reader) settled(seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.owed, seq)
}

// rewound forgets what was fetched and what is owed: after a reset all of it comes again, in order.
func (r *reader) rewound() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.ch) > 0 {
		<-r.ch
	}
	clear(r.owed)
}

// unpinned: the stream has no active reader at the moment. Who holds nothing of it looks whether somebody left something.
func (r *reader) unpinned() {
	r.mu.Lock()
	holding := len(r.owed) + len(r.ch)
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
