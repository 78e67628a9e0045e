// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// bookmark is what a reader knows, and what the stream and the consumer say, when reading begins or goes on after somebody else.
type bookmark struct {
	kept     bool     // the reader keeps positions at all
	known    bool     // and has one
	position Position // of the reader's database
	last     uint64   // last sequence of the stream
	there    evidence // what the stream holds at the position

	fresh   bool   // the consumer never delivered and was never reset
	floor   uint64 // everything up to here was acknowledged
	pending int    // delivered and not acknowledged
}

type evidence int

const (
	gone  evidence = iota // nothing there: erased or expired, which is lawful
	same                  // the message of the position
	other                 // another message: this is not the stream that was read
)

// start is where reading begins.
type start struct {
	reset     bool
	seq       uint64
	regressed bool
}

// resumeAt decides where to read from. It never goes beyond the last sequence + 1, because the server would skip what comes next without a word.
func resumeAt(b bookmark) start {
	switch {
	case b.known && (b.last < b.position.Seq || b.there == other):
		// The stream lost its end or is another one. Nothing is skipped; identity decides what is new.
		return start{reset: true, seq: 1, regressed: true}
	case b.floor > b.last:
		return start{reset: true, seq: 1}
	case b.kept && !b.known:
		return start{reset: !b.fresh, seq: 1}
	case b.known && b.fresh:
		// The consumer was lost. Position and rows were committed together, and the position is a prefix.
		return start{reset: true, seq: b.position.Seq + 1}
	case b.known && b.floor > b.position.Seq:
		// The database was restored from a backup.
		return start{reset: true, seq: b.position.Seq + 1}
	case b.pending > 0:
		// A reader died: what it left comes at once and not after the acknowledgement wait.
		return start{reset: true, seq: b.floor + 1}
	default:
		return start{}
	}
}

// open puts the consumer where reading must begin. first is set when the reader is added: then the instance that has the stream, and may
// be dead, loses it at once, instead of when its pin lapses. If it is alive the two ask again, and either may get it.
func (r *reader) open(ctx context.Context, first bool) error {
	select {
	case r.k.resume <- struct{}{}:
		defer func() { <-r.k.resume }()
	case <-ctx.Done():
		return ctx.Err()
	}
	handle, err := r.k.conn.js.Stream(ctx, r.stream)
	if err != nil {
		return fmt.Errorf("look at stream: %w", err)
	}
	consumer, err := handle.CreateOrUpdateConsumer(ctx, r.consumerConfig())
	if err != nil {
		return fmt.Errorf("create consumer: %w", err)
	}
	r.handle = handle
	if r.consumer == nil || r.consumer.CachedInfo().Created != consumer.CachedInfo().Created {
		r.consumer = consumer
	}
	pin := pinned(consumer.CachedInfo())
	switch elsewhere := pin != "" && pin != r.pin; {
	case elsewhere && first:
		if err := handle.UnpinConsumer(ctx, r.k.cfg.Durable, priorityGroup); err != nil {
			return fmt.Errorf("take over: %w", err)
		}
	case elsewhere:
		r.expected = 0 // standby: the first delivery that comes here brings the reader back to open
		return nil
	}
	mark, err := r.bookmark(ctx, handle, consumer.CachedInfo())
	if err != nil {
		return err
	}
	return r.goTo(ctx, mark, resumeAt(mark), consumer.CachedInfo())
}

func (r *reader) goTo(ctx context.Context, mark bookmark, at start, info *jetstream.ConsumerInfo) error {
	if at.regressed {
		r.k.log.Error("stream regressed", "stream", r.stream, "position", mark.position.Seq, "last", mark.last)
	}
	r.expected = info.Delivered.Consumer + 1
	if at.reset {
		if _, err := r.handle.ResetConsumerToSequence(ctx, r.k.cfg.Durable, at.seq); err != nil {
			return fmt.Errorf("reset consumer to %d: %w", at.seq, err)
		}
		r.rewound()
		r.expected = 1
	}
	// After the reset: if it failed, the position must still be there at the next try.
	if at.regressed && r.k.cfg.OnRegressed != nil {
		r.k.cfg.OnRegressed(r.stream)
	}
	return nil
}

// pinned names the active reader, "" when there is none.
func pinned(info *jetstream.ConsumerInfo) string {
	for _, group := range info.PriorityGroups {
		if group.PinnedClientID != "" {
			return group.PinnedClientID
		}
	}
	return ""
}

// consumerConfig: deliveries are unlimited, because what an agency sent is never given up; back-off is the reader's verdict, not the consumer's.
func (r *reader) consumerConfig() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: r.k.cfg.Durable, DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: ackWait, MaxDeliver: -1, MaxAckPending: maxAckPending, ReplayPolicy: jetstream.ReplayInstantPolicy,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{priorityGroup}, PinnedTTL: pinTTL,
	}
}

func (r *reader) bookmark(ctx context.Context, handle jetstream.Stream, info *jetstream.ConsumerInfo) (bookmark, error) {
	b := bookmark{
		kept: r.k.cfg.Position != nil, last: handle.CachedInfo().State.LastSeq,
		fresh: info.Delivered.Consumer == 0 && info.AckFloor.Stream == 0,
		floor: info.AckFloor.Stream, pending: info.NumAckPending,
	}
	if !b.kept {
		return b, nil
	}
	var err error
	if b.position, b.known, err = r.k.cfg.Position(ctx, r.stream); err != nil {
		return b, fmt.Errorf("read position: %w", err)
	}
	if !b.known || b.position.Seq > b.last {
		return b, nil
	}
	message, err := handle.GetMsg(ctx, b.position.Seq)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		b.there = gone
	case err != nil:
		return b, fmt.Errorf("look at the position: %w", err)
	case sha256.Sum256(message.Data) == b.position.SHA256:
		b.there = same
	default:
		b.there = other
	}
	return b, nil
}
