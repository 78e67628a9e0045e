// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"golang.org/x/sync/semaphore"
)

// maxBatch is the server's limit for one atomic batch.
const maxBatch = 1000

// Headers of an atomic batch (NATS ADR-50); the client library has no call for it.
const (
	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"
)

// BatchError says which messages of a PublishBatch are not known to be stored. All others are.
type BatchError struct {
	Failed []int // indexes into the messages given, ascending
	Err    error // joined *PublishErrors, one for each failed part
}

// Error counts and names the causes.
func (e *BatchError) Error() string {
	return fmt.Sprintf("%d messages not published: %v", len(e.Failed), e.Err)
}

// Unwrap gives the causes.
func (e *BatchError) Unwrap() error { return e.Err }

// PublishBatch stores messages that can be sent again from Postgres: one atomic batch a stream and 1,000 messages, streams side by side. A batch
// that was partly stored before (after a crash between publishing and bookkeeping), or that the stream refuses for one of its messages, is sent again
// one by one: what is there is a duplicate, which is fine. Every message must have an ID. The error is a *BatchError that names what is not stored.
func (c *Conn) PublishBatch(ctx context.Context, messages []Message) error {
	var (
		mu     sync.Mutex
		wg     sync.WaitGroup
		failed []int
		causes []error
		lanes  = semaphore.NewWeighted(lanesInAll)
	)
	for _, s := range byStream(messages) {
		width := s.lanes()
		_ = lanes.Acquire(context.WithoutCancel(ctx), width) // what is under way ends by itself when ctx does
		wg.Go(func() {
			defer lanes.Release(width)
			bad, err := c.publishStream(ctx, messages, s)
			mu.Lock()
			defer mu.Unlock()
			failed, causes = append(failed, bad...), append(causes, err)
		})
	}
	wg.Wait()
	if err := errors.Join(causes...); err != nil {
		slices.Sort(failed)
		return &BatchError{Failed: failed, Err: err}
	}
	return nil
}

// Streams of one PublishBatch are written side by side, each in its lane, as each waits for the disk. A large batch takes the server 16 MB of
// buffers while it lasts and leaves room for one more.
const (
	lanesInAll = 8
	lanesLarge = 4
	largeBatch = 100
)

// outgoing is what goes to one stream: indexes into the messages, in order.
type outgoing struct {
	stream  string // "" when the messages must go one by one
	indexes []int
}

func (o outgoing) lanes() int64 {
	if len(o.indexes) < largeBatch {
		return 1
	}
	return lanesLarge
}

func byStream(messages []Message) []outgoing {
	var all []outgoing
	at := map[string]int{}
	for i, m := range messages {
		name := batchStreamOf(m.Subject)
		if _, ok := at[name]; !ok {
			at[name] = len(all)
			all = append(all, outgoing{stream: name})
		}
		all[at[name]].indexes = append(all[at[name]].indexes, i)
	}
	return all
}

// publishStream keeps the order within a stream: one batch after the other.
func (c *Conn) publishStream(ctx context.Context, messages []Message, s outgoing) (bad []int, err error) {
	var causes []error
	for part := range slices.Chunk(s.indexes, maxBatch) {
		failed, err := c.publishPart(ctx, messages, s.stream, part)
		bad, causes = append(bad, failed...), append(causes, err)
	}
	return bad, errors.Join(causes...)
}

func (c *Conn) publishPart(ctx context.Context, messages []Message, stream string, indexes []int) (bad []int, err error) {
	if stream == "" || len(indexes) == 1 {
		return c.publishSingles(ctx, messages, indexes)
	}
	err = c.publishAtomic(ctx, messages, indexes)
	if errors.Is(err, ErrRefused) || errors.Is(err, ErrTooLarge) {
		// 10201: some were stored before; 10210: too many batches are open; anything else is the fault of single messages.
		return c.publishSingles(ctx, messages, indexes)
	}
	if err != nil {
		return indexes, err
	}
	return nil, nil
}

func (c *Conn) publishSingles(ctx context.Context, messages []Message, indexes []int) (bad []int, err error) {
	singles := make([]Message, len(indexes))
	for at, i := range indexes {
		singles[at] = messages[i]
	}
	var causes []error
	for at, result := range c.PublishEach(ctx, singles) {
		if result.Err != nil {
			bad = append(bad, indexes[at])
			causes = append(causes, result.Err)
		}
	}
	return bad, errors.Join(causes...)
}

// publishAtomic stores all or none. Only the last message asks for an answer, and it speaks for the whole batch.
func (c *Conn) publishAtomic(ctx context.Context, messages []Message, indexes []int) error {
	wires := make([]*nats.Msg, len(indexes))
	for at, i := range indexes {
		msg, err := messages[i].wire()
		if err != nil {
			return err
		}
		wires[at] = msg
	}
	subject := wires[len(wires)-1].Subject
	ctx, stop := c.patience(ctx, subject)
	defer stop()
	id := nuid.Next()
	for at, msg := range wires[:len(wires)-1] {
		msg.Header.Set(headerBatchID, id)
		msg.Header.Set(headerBatchSequence, strconv.Itoa(at+1))
		if err := c.nc.PublishMsg(msg); err != nil {
			return publishError(ctx, msg.Subject, err)
		}
	}
	last := wires[len(wires)-1]
	last.Header.Set(headerBatchID, id)
	last.Header.Set(headerBatchSequence, strconv.Itoa(len(wires)))
	last.Header.Set(headerBatchCommit, "1")
	answer, err := c.nc.RequestMsgWithContext(ctx, last)
	if err != nil {
		return publishError(ctx, subject, err)
	}
	return publishError(ctx, subject, committed(answer.Data, len(wires)))
}

func committed(answer []byte, count int) error {
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Count int                 `json:"count"`
	}
	if err := json.Unmarshal(answer, &ack); err != nil {
		return fmt.Errorf("read the batch's acknowledgement: %w", err)
	}
	if ack.Error != nil {
		return ack.Error
	}
	if ack.Count != count {
		return fmt.Errorf("batch of %d acknowledged as %d", count, ack.Count)
	}
	return nil
}
