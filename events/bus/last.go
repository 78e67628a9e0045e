// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Last is the sequence of the newest message that a stream has stored, 0 when it never had one. Whoever has read so far has read all there was when
// the question was asked. ErrNoStream: there is no such stream; ErrNoAnswer: the server did not say.
func (c *Conn) Last(ctx context.Context, stream string) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	handle, err := c.js.Stream(ctx, stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return 0, fmt.Errorf("ask for the end of stream %s: %w", stream, ErrNoStream)
	case err != nil:
		return 0, fmt.Errorf("ask for the end of stream %s: %w: %w", stream, ErrNoAnswer, err)
	}
	return handle.CachedInfo().State.LastSeq, nil
}
