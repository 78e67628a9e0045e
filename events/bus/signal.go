// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
)

const respondersAtOnce = 16

// Signal says something that may be missed: at most once, to whoever listens now. For wake-ups, never for what must arrive.
func (c *Conn) Signal(subject string, body []byte) error {
	if err := c.nc.Publish(subject, body); err != nil {
		return fmt.Errorf("signal %s: %w", subject, err)
	}
	return nil
}

// Subscribe calls handle for each signal on subject (wildcards allowed), one after the other, until stop is called.
func (c *Conn) Subscribe(subject string, handle func(subject string, body []byte)) (stop func(), err error) {
	sub, err := c.nc.Subscribe(subject, func(m *nats.Msg) { handle(m.Subject, m.Data) })
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	// The server must know before the caller goes on, or a signal sent next is missed.
	if err := c.nc.FlushTimeout(dialTimeout); err != nil {
		return nil, errors.Join(fmt.Errorf("subscribe to %s: %w", subject, err), sub.Unsubscribe())
	}
	return func() { c.unsubscribe(sub) }, nil
}

// Request asks whoever responds on subject and waits for the answer until ctx ends. ErrNoStream: nobody is there; ErrNotPermitted; ErrNoAnswer.
func (c *Conn) Request(ctx context.Context, subject string, body []byte) ([]byte, error) {
	ctx, stop := c.patience(ctx, subject)
	defer stop()
	answer, err := c.nc.RequestWithContext(ctx, subject, body)
	if err != nil {
		return nil, publishError(ctx, subject, err)
	}
	return answer.Data, nil
}

// Respond answers requests on subject (wildcards allowed), at most 16 at once, until stop is called. Of several instances that respond under the
// same queue name one gets each request. handle must return within the time its askers wait.
func (c *Conn) Respond(subject, queue string, handle func(subject string, body []byte) []byte) (stop func(), err error) {
	slots := make(chan struct{}, respondersAtOnce)
	sub, err := c.nc.QueueSubscribe(subject, queue, func(m *nats.Msg) {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			if err := m.Respond(handle(m.Subject, m.Data)); err != nil {
				c.log.Warn("answer not sent", "subject", m.Subject, "error", err)
			}
		}()
	})
	if err != nil {
		return nil, fmt.Errorf("respond on %s: %w", subject, err)
	}
	if err := c.nc.FlushTimeout(dialTimeout); err != nil {
		return nil, errors.Join(fmt.Errorf("respond on %s: %w", subject, err), sub.Unsubscribe())
	}
	quiet := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(quiet) })
	return func() {
		if err := sub.Drain(); err != nil {
			return // the connection is gone and the subscription with it
		}
		<-quiet
		for range respondersAtOnce {
			slots <- struct{}{} // wait for those at work
		}
	}, nil
}

func (c *Conn) unsubscribe(sub *nats.Subscription) {
	if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) && !errors.Is(err, nats.ErrBadSubscription) {
		c.log.Warn("unsubscribe", "subject", sub.Subject, "error", err)
	}
}
