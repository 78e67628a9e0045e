// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"samsyn/events"
	"samsyn/events/bus"
)

const (
	connectWait = 5 * time.Second
	sendWait    = time.Minute
	checkWait   = 10 * time.Second
	pullWait    = 20 * time.Second
	pullAtOnce  = 256
	heardAtOnce = 1024
)

// natsPlatform reaches Samsyn by the agency's own account. What is heard on the receipt subject is quick and may be
// missed; what was missed is pulled from the durable consumer, which other systems of the agency may be reading from too.
type natsPlatform struct {
	url, creds string
	who        identity
	log        *slog.Logger

	mu   sync.Mutex
	conn *bus.Conn
}

// connection returns one that is up. One that is not is given up for a new attempt, which is told why: a connection that
// was let in once and is shut out now only ever says that it is away.
func (n *natsPlatform) connection(ctx context.Context) (*bus.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn != nil && n.conn.Connected() {
		return n.conn, nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	conn, err := bus.Connect(ctx, bus.Config{URL: n.url, Creds: n.creds, Name: "samsyn connect", Logger: quiet(n.log)})
	if err != nil {
		return nil, natsTrouble(err)
	}
	if n.conn != nil {
		n.conn.Close()
	}
	n.conn = conn
	return conn, nil
}

// quiet leaves what the connection says about itself to those who debug: trouble is told once, by the parts that have it.
func quiet(log *slog.Logger) *slog.Logger {
	if log.Enabled(context.Background(), slog.LevelDebug) {
		return log
	}
	return slog.New(slog.DiscardHandler)
}

func (n *natsPlatform) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn != nil {
		n.conn.Close()
	}
}

func natsTrouble(err error) *trouble {
	t := &trouble{kind: away, err: err}
	switch {
	case errors.Is(err, bus.ErrNotPermitted):
		t.kind = shutOut
	case errors.Is(err, bus.ErrStreamFull):
		t.kind = noRoom
	}
	return t
}

func (n *natsPlatform) send(ctx context.Context, batch []outgoing) ([]delivery, error) {
	conn, err := n.connection(ctx)
	if err != nil {
		return make([]delivery, len(batch)), err
	}
	messages := make([]bus.Message, len(batch))
	for i, o := range batch {
		messages[i] = bus.Message{
			Subject: events.IncidentSubject(n.who.municipality, n.who.agency, o.Verb), ID: messageID(o), Body: o.Body,
		}
	}
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	deliveries := make([]delivery, len(batch))
	var first error
	for i, r := range conn.PublishEach(ctx, messages) {
		deliveries[i].stored = r.Err == nil
		if r.Err != nil && first == nil {
			first = natsTrouble(r.Err)
		}
	}
	return deliveries, first
}

// messageID is as the contract says: within two minutes the stream itself knows the same bytes again.
func messageID(o outgoing) string {
	sum := sha256.Sum256(o.Body)
	return string(o.Report) + ":" + strconv.Itoa(o.Revision) + ":" + hex.EncodeToString(sum[:8])
}

func (n *natsPlatform) receive(ctx context.Context, _ string, take func([]events.Receipt, *string) error) error {
	conn, err := n.connection(ctx)
	if err != nil {
		return err
	}
	heard := make(chan []byte, heardAtOnce)
	stop, err := conn.Subscribe(events.ReceiptSubject(n.who.municipality, n.who.agency), func(_ string, body []byte) {
		select {
		case heard <- body:
		default: // it is pulled
		}
	})
	if err != nil {
		return natsTrouble(err)
	}
	defer stop()
	if err := take(nil, nil); err != nil { // it is reached
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.listen(ctx, heard, take) })
	group.Go(func() error { return n.pull(ctx, conn, take) })
	return group.Wait()
}

// listen takes what is heard, as much at once as is there.
func (n *natsPlatform) listen(ctx context.Context, heard <-chan []byte, take func([]events.Receipt, *string) error) error {
	for {
		var bodies [][]byte
		select {
		case body := <-heard:
			bodies = append(bodies, body)
		case <-ctx.Done():
			return ctx.Err()
		}
		for len(heard) > 0 {
			bodies = append(bodies, <-heard)
		}
		if err := take(n.receipts(bodies), nil); err != nil {
			return err
		}
	}
}

// pull takes what waits in the stream, and lets go of it when it is kept.
func (n *natsPlatform) pull(ctx context.Context, conn *bus.Conn, take func([]events.Receipt, *string) error) error {
	stream := events.ReceiptStream(n.who.municipality, n.who.agency)
	for {
		deliveries, err := conn.Pull(ctx, stream, bus.AgencyDurable, pullAtOnce, pullWait)
		if len(deliveries) == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return natsTrouble(err)
			}
			continue
		}
		bodies := make([][]byte, len(deliveries))
		for i, d := range deliveries {
			bodies[i] = d.Body
		}
		if err := take(n.receipts(bodies), nil); err != nil {
			return err
		}
		if err := conn.Acknowledge(deliveries); err != nil {
			return natsTrouble(err)
		}
	}
}

// receipts reads those among what came; other types on the same subject are for other readers.
func (n *natsPlatform) receipts(bodies [][]byte) []events.Receipt {
	var all []events.Receipt
	for _, body := range bodies {
		r, err := events.DecodeReceipt(body)
		switch {
		case err == nil:
			all = append(all, r)
		case !errors.Is(err, events.ErrOtherType):
			n.log.Warn("receipt cannot be read", "error", err)
		}
	}
	return all
}

func (n *natsPlatform) check(ctx context.Context, body []byte) (events.Receipt, error) {
	conn, err := n.connection(ctx)
	if err != nil {
		return events.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkWait)
	defer cancel()
	answer, err := conn.Request(ctx, events.CheckSubject(n.who.municipality, n.who.agency), body)
	if err != nil {
		return events.Receipt{}, natsTrouble(err)
	}
	var verdict events.Receipt
	if err := json.Unmarshal(answer, &verdict); err != nil {
		return events.Receipt{}, &trouble{kind: away, err: fmt.Errorf("read the verdict: %w", err)}
	}
	return verdict, nil
}
