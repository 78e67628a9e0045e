// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Message is one event on its way out.
type Message struct {
	Subject string
	ID      string // Nats-Msg-Id: the same ID within 2 minutes is stored once; "" means no check
	Body    []byte // at most MaxBody bytes
	Header  map[string]string
}

// Ack is the stream's word that a message is stored.
type Ack struct {
	Stream    string
	Seq       uint64
	Duplicate bool // the ID was there already; Seq is that of the first
}

// Result is the outcome of one message of PublishEach: Ack when Err is nil.
type Result struct {
	Ack Ack
	Err error
}

func (m Message) wire() (*nats.Msg, error) {
	if len(m.Body) > MaxBody {
		return nil, &PublishError{Subject: m.Subject, Kind: ErrTooLarge, Cause: fmt.Errorf("%d bytes, %d are allowed", len(m.Body), MaxBody)}
	}
	msg := &nats.Msg{Subject: m.Subject, Data: m.Body, Header: nats.Header{}}
	for name, value := range m.Header {
		msg.Header.Set(name, value)
	}
	if m.ID != "" {
		msg.Header.Set(jetstream.MsgIDHeader, m.ID)
	}
	return msg, nil
}

// patience gives a caller without a deadline one of 10 seconds, and ends early with ErrNotPermitted.
func (c *Conn) patience(ctx context.Context, subject string) (patient context.Context, stop func()) {
	cancel := func() {}
	if _, has := ctx.Deadline(); !has {
		ctx, cancel = context.WithTimeout(ctx, publishWait)
	}
	guarded, stopGuard := c.denials.guard(ctx, subject)
	return guarded, func() { stopGuard(); cancel() }
}

// Publish stores one message and waits for the stream's acknowledgement, 10 seconds unless ctx has a deadline. Errors are *PublishError.
func (c *Conn) Publish(ctx context.Context, m Message) (Ack, error) {
	msg, err := m.wire()
	if err != nil {
		return Ack{}, err
	}
	ctx, stop := c.patience(ctx, m.Subject)
	defer stop()
	ack, err := c.js.PublishMsg(ctx, msg)
	if err != nil {
		return Ack{}, publishError(ctx, m.Subject, err)
	}
	return ackOf(ack), nil
}

func ackOf(a *jetstream.PubAck) Ack {
	return Ack{Stream: a.Stream, Seq: a.Sequence, Duplicate: a.Duplicate}
}

// PublishEach stores messages that succeed or fail one by one: at most 256 are in flight on this connection, and when none of them is acknowledged
// for 30 seconds the next is not sent (ErrStalled). There is one Result a message, in order. When ctx ends, what is not acknowledged is ErrNoAnswer.
func (c *Conn) PublishEach(ctx context.Context, messages []Message) []Result {
	results := make([]Result, len(messages))
	sent := make(chan flight, inFlight)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for f := range sent {
			results[f.index] = f.land()
			<-c.slots
		}
	}()
	for i, m := range messages {
		f, err := c.send(ctx, i, m)
		if err != nil {
			results[i].Err = err
			continue
		}
		sent <- f
	}
	close(sent)
	<-done
	return results
}

// flight is a message that was sent and is not acknowledged yet.
type flight struct {
	index   int
	subject string
	future  jetstream.PubAckFuture
	denied  context.Context
	stop    func()
}

func (c *Conn) send(ctx context.Context, i int, m Message) (flight, error) {
	msg, err := m.wire()
	if err != nil {
		return flight{}, err
	}
	if err := c.slot(ctx); err != nil {
		return flight{}, &PublishError{Subject: m.Subject, Kind: err, Cause: ctx.Err()}
	}
	denied, stop := c.denials.guard(ctx, m.Subject)
	future, err := c.js.PublishMsgAsync(msg, jetstream.WithStallWait(stall(ctx)))
	if err != nil {
		stop()
		<-c.slots
		return flight{}, publishError(ctx, m.Subject, err)
	}
	return flight{index: i, subject: m.Subject, future: future, denied: denied, stop: stop}, nil
}

func (c *Conn) slot(ctx context.Context) error {
	if ctx.Err() != nil {
		return ErrStalled // not sent, whatever the reason
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	patience := time.NewTimer(stallWait)
	defer patience.Stop()
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-patience.C:
		return ErrStalled
	case <-ctx.Done():
		return ErrStalled
	}
}

// stall is how long a publish may wait for those before it: not longer than the caller.
func stall(ctx context.Context) time.Duration {
	if deadline, has := ctx.Deadline(); has {
		return max(min(time.Until(deadline), stallWait), time.Millisecond)
	}
	return stallWait
}

func (f flight) land() Result {
	defer f.stop()
	select {
	case ack := <-f.future.Ok(): // before looking at the context: what is known to be stored is stored
		return Result{Ack: ackOf(ack)}
	default:
	}
	select {
	case ack := <-f.future.Ok():
		return Result{Ack: ackOf(ack)}
	case err := <-f.future.Err():
		return Result{Err: publishError(f.denied, f.subject, err)}
	case <-f.denied.Done():
		return Result{Err: publishError(f.denied, f.subject, context.Cause(f.denied))}
	}
}
