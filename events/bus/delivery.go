// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"samsyn/events"
)

// Delivery is one stored message handed to a reader, who owes a verdict for it.
type Delivery struct {
	Stream string
	// Municipality, Agency and Verb are set for incident streams: who sent it is said by the stream, never by the body.
	Municipality events.MunicipalityID
	Agency       events.AgencyID
	Verb         events.Verb
	Subject      string
	Seq          uint64    // in the stream
	Stored       time.Time // when the stream took it, UTC
	Redelivered  int       // how often it was handed out before
	Body         []byte    // the reader may keep it

	header nats.Header
	msg    settler
}

// settler is what a reader can answer to the stream. A jetstream.Msg is one, and so is what Pull returns.
type settler interface {
	Ack() error
	NakWithDelay(delay time.Duration) error
	InProgress() error
	TermWithReason(reason string) error
}

// Header returns the first value of a header, "" when there is none.
func (d Delivery) Header(name string) string { return d.header.Get(name) }

// HeaderNames lists the names of all headers that the sender set, sorted.
func (d Delivery) HeaderNames() []string { return slices.Sorted(maps.Keys(d.header)) }

func deliveryOf(m jetstream.Msg) (Delivery, *jetstream.MsgMetadata, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Delivery{}, nil, fmt.Errorf("read metadata: %w", err)
	}
	d := Delivery{
		Stream: meta.Stream, Subject: m.Subject(), Seq: meta.Sequence.Stream, Stored: meta.Timestamp.UTC(),
		Redelivered: int(meta.NumDelivered) - 1, Body: m.Data(), header: m.Headers(), msg: m,
	}
	d.identify()
	return d, meta, nil
}

func (d *Delivery) identify() {
	m, a, ok := events.ParseIncidentStream(d.Stream)
	if !ok {
		return
	}
	d.Municipality, d.Agency = m, a
	if _, _, verb, ok := events.ParseIncidentSubject(d.Subject); ok {
		d.Verb = verb
	}
}

// Verdict is all that a reader says to the broker about one delivery. The zero value is Done.
type Verdict struct {
	kind  verdictKind
	after time.Duration
	why   string
}

type verdictKind int

const (
	done verdictKind = iota
	retry
	deadLetter
)

// Done is the verdict for what is committed: it will not come again.
var Done = Verdict{}

// Retry asks for the delivery again after a while.
func Retry(after time.Duration) Verdict { return Verdict{kind: retry, after: after} }

// DeadLetter gives up one of our own derived events: it moves to DEADLETTER with the reason. What an agency sent is never given up: there the
// verdict counts as Retry(30 s) and Settle says so.
func DeadLetter(why string) Verdict { return Verdict{kind: deadLetter, why: why} }

const giveBackAfter = 30 * time.Second

// ErrNeverDeadLetter says that a reader tried to give up what an agency sent.
var ErrNeverDeadLetter = errors.New("an agency's event is never a dead letter")

// settle answers for one delivery. finished says that it will not come again.
func (c *Conn) settle(ctx context.Context, durable string, d Delivery, v Verdict) (finished bool, err error) {
	switch v.kind {
	case done:
		return true, d.msg.Ack()
	case retry:
		return false, d.msg.NakWithDelay(v.after)
	}
	if d.Agency != "" {
		return false, errors.Join(ErrNeverDeadLetter, d.msg.NakWithDelay(giveBackAfter))
	}
	if err := c.bury(ctx, durable, d, v.why); err != nil {
		return false, errors.Join(err, d.msg.NakWithDelay(giveBackAfter))
	}
	return true, d.msg.TermWithReason(oneLine(v.why))
}

// Headers of a dead letter.
const (
	headerWhy     = "Samsyn-Why"
	headerStream  = "Samsyn-Stream"
	headerSeq     = "Samsyn-Seq"
	headerSubject = "Samsyn-Subject"
	headerReader  = "Samsyn-Reader"
)

func (c *Conn) bury(ctx context.Context, durable string, d Delivery, why string) error {
	_, err := c.Publish(ctx, Message{
		Subject: "deadletter." + d.Stream,
		ID:      fmt.Sprintf("%s:%d:%s", d.Stream, d.Seq, durable),
		Body:    d.Body,
		Header: map[string]string{
			headerWhy: oneLine(why), headerStream: d.Stream, headerSeq: strconv.FormatUint(d.Seq, 10), headerSubject: d.Subject, headerReader: durable,
		},
	})
	return err
}

// oneLine fits a reason into a header or a status line.
func oneLine(why string) string {
	why = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, why)
	const most = 1000
	if len(why) > most {
		why = strings.ToValidUTF8(why[:most], "")
	}
	return strings.TrimSpace(why)
}
