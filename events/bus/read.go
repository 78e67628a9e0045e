// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"samsyn/events"
)

// StreamState is how much a stream holds.
type StreamState struct {
	First, Last uint64 // sequences; Last is kept when messages go
	Messages    uint64
	Bytes       uint64
	MaxBytes    int64
	Created     time.Time
}

// StreamState asks for the state of a stream. ErrNoStream when there is none.
func (c *Conn) StreamState(ctx context.Context, stream string) (StreamState, error) {
	s, err := c.js.Stream(ctx, stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return StreamState{}, fmt.Errorf("stream %s: %w", stream, ErrNoStream)
	}
	if err != nil {
		return StreamState{}, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	info := s.CachedInfo()
	return StreamState{
		First: info.State.FirstSeq, Last: info.State.LastSeq, Messages: info.State.Msgs, Bytes: info.State.Bytes,
		MaxBytes: info.Config.MaxBytes, Created: info.Created,
	}, nil
}

// Lag is how far a reader is behind.
type Lag struct {
	Pending    uint64 // stored and not delivered yet
	Unsettled  int    // delivered and not settled
	AckedUntil uint64 // everything up to this sequence is settled
}

// Lag asks how far a durable is behind in a stream. The zero Lag with ErrNoStream when stream or durable do not exist.
func (c *Conn) Lag(ctx context.Context, stream, durable string) (Lag, error) {
	consumer, err := c.js.Consumer(ctx, stream, durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return Lag{}, fmt.Errorf("consumer %s of %s: %w", durable, stream, ErrNoStream)
	}
	if err != nil {
		return Lag{}, fmt.Errorf("look at consumer %s of %s: %w", durable, stream, err)
	}
	info := consumer.CachedInfo()
	return Lag{Pending: info.NumPending, Unsettled: info.NumAckPending, AckedUntil: info.AckFloor.Stream}, nil
}

// IncidentStreams names the incident streams that exist, sorted.
func (c *Conn) IncidentStreams(ctx context.Context) ([]string, error) {
	found := map[string]jetstream.StreamConfig{}
	list := c.js.ListStreams(ctx)
	for info := range list.Info() {
		if _, _, ok := events.ParseIncidentStream(info.Config.Name); ok {
			found[info.Config.Name] = info.Config
		}
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("list streams: %w", err)
	}
	return sortedNames(found), nil
}

// Stored is a message as it lies in a stream.
type Stored struct {
	Subject string
	Seq     uint64
	At      time.Time
	Body    []byte
	header  nats.Header
}

// Header returns the first value of a header, "" when there is none.
func (s Stored) Header(name string) string { return s.header.Get(name) }

// Read hands the messages of a stream from a sequence on to each, in order and by sequence, until each returns an error, which Read returns, or the
// last sequence that was there when it began. Sequences that hold nothing are passed over. Nothing is consumed or acknowledged.
func (c *Conn) Read(ctx context.Context, stream string, from uint64, each func(Stored) error) error {
	s, err := c.js.Stream(ctx, stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("stream %s: %w", stream, ErrNoStream)
	}
	if err != nil {
		return fmt.Errorf("look at stream %s: %w", stream, err)
	}
	state := s.CachedInfo().State
	for seq := max(from, state.FirstSeq); seq <= state.LastSeq && state.Msgs > 0; seq++ {
		m, err := s.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s %d: %w", stream, seq, err)
		}
		if err := each(Stored{Subject: m.Subject, Seq: m.Sequence, At: m.Time.UTC(), Body: m.Data, header: m.Header}); err != nil {
			return err
		}
	}
	return nil
}

// DeadEvent is one derived event that no reader could handle.
type DeadEvent struct {
	Seq     uint64    // in DEADLETTER
	At      time.Time // when it was given up
	Why     string
	Reader  string // the durable that gave it up
	Stream  string // where it came from
	FromSeq uint64 // its sequence there
	Subject string
	Body    []byte
}

// DeadLetters lists what was given up and is still kept (30 days), oldest first.
func (c *Conn) DeadLetters(ctx context.Context) ([]DeadEvent, error) {
	var all []DeadEvent
	err := c.Read(ctx, events.StreamDeadletter, 1, func(s Stored) error {
		from, err := strconv.ParseUint(s.Header(headerSeq), 10, 64)
		if err != nil {
			return fmt.Errorf("read dead letter %d: %w", s.Seq, err)
		}
		all = append(all, DeadEvent{
			Seq: s.Seq, At: s.At, Why: s.Header(headerWhy), Reader: s.Header(headerReader),
			Stream: s.Header(headerStream), FromSeq: from, Subject: s.Header(headerSubject), Body: s.Body,
		})
		return nil
	})
	return all, err
}
