// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Pull takes up to most messages from a durable consumer, waiting at most wait for the first, and returns what came: nothing is not an error. It needs
// no right but the pull itself, so an agency reads its receipts and alerts with it (durable AgencyDurable). Answer with Acknowledge.
func (c *Conn) Pull(ctx context.Context, stream, durable string, most int, wait time.Duration) ([]Delivery, error) {
	subject := "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + durable
	inbox := c.nc.NewInbox()
	sub, err := c.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("pull from %s: %w", stream, err)
	}
	defer c.unsubscribe(sub)
	guarded, stop := c.denials.guard(ctx, subject)
	defer stop()
	// What is there comes at once; only an empty stream is waited for.
	got, err := c.pullOnce(guarded, sub, subject, pullRequest{Batch: most, NoWait: true})
	if err != nil || len(got) > 0 || wait <= 0 {
		return got, err
	}
	got, err = c.pullOnce(guarded, sub, subject, pullRequest{Batch: 1, Expires: wait})
	if err != nil || len(got) == 0 || most == 1 {
		return got, err
	}
	more, err := c.pullOnce(guarded, sub, subject, pullRequest{Batch: most - 1, NoWait: true})
	return append(got, more...), err
}

type pullRequest struct {
	Batch   int           `json:"batch"`
	Expires time.Duration `json:"expires,omitempty"`
	NoWait  bool          `json:"no_wait,omitempty"`
}

// pullGrace is how much longer than the server we wait for the end of a pull.
const pullGrace = 5 * time.Second

func (c *Conn) pullOnce(ctx context.Context, sub *nats.Subscription, subject string, req pullRequest) ([]Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, req.Expires+pullGrace)
	defer cancel()
	body, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("encode pull: %w", err)
	}
	if err := c.nc.PublishRequest(subject, sub.Subject, body); err != nil {
		return nil, publishError(ctx, subject, err)
	}
	var got []Delivery
	for len(got) < req.Batch {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return got, publishError(ctx, subject, err)
		}
		if status := m.Header.Get("Status"); status != "" {
			return got, pullEnd(subject, status, m.Header.Get("Description"))
		}
		d, err := c.pulled(m)
		if err != nil {
			return got, err
		}
		got = append(got, d)
	}
	return got, nil
}

// pullEnd translates the status that ends a pull. 404 and 408 only say that there is no more for now.
func pullEnd(subject, status, description string) error {
	switch status {
	case "404", "408":
		return nil
	case "503":
		return &PublishError{Subject: subject, Kind: ErrNoStream}
	default:
		return &PublishError{Subject: subject, Kind: ErrRefused, Cause: errors.New(status + " " + description)}
	}
}

func (c *Conn) pulled(m *nats.Msg) (Delivery, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Delivery{}, fmt.Errorf("read metadata: %w", err)
	}
	d := Delivery{
		Stream: meta.Stream, Subject: m.Subject, Seq: meta.Sequence.Stream, Stored: meta.Timestamp.UTC(),
		Redelivered: int(meta.NumDelivered) - 1, Body: m.Data, header: m.Header, msg: reply{c.nc, m.Reply},
	}
	d.identify()
	return d, nil
}

// Acknowledge answers for what Pull returned. Without it a delivery comes again after 30 seconds.
func (c *Conn) Acknowledge(ds []Delivery) error {
	var failures []error
	for _, d := range ds {
		if err := d.msg.Ack(); err != nil {
			failures = append(failures, fmt.Errorf("acknowledge %s %d: %w", d.Stream, d.Seq, err))
		}
	}
	if err := c.nc.FlushTimeout(dialTimeout); err != nil {
		failures = append(failures, fmt.Errorf("acknowledge: %w", err))
	}
	return errors.Join(failures...)
}

// reply settles by the acknowledgement protocol itself: the library's own needs rights that an agency does not have.
type reply struct {
	nc      *nats.Conn
	subject string
}

func (r reply) Ack() error        { return r.nc.Publish(r.subject, []byte("+ACK")) }
func (r reply) InProgress() error { return r.nc.Publish(r.subject, []byte("+WPI")) }
func (r reply) NakWithDelay(d time.Duration) error {
	return r.nc.Publish(r.subject, fmt.Appendf(nil, `-NAK {"delay": %d}`, d.Nanoseconds()))
}

func (r reply) TermWithReason(why string) error {
	return r.nc.Publish(r.subject, []byte("+TERM "+why))
}
