// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The ways in which a publish or a connection can end other than well. Test with errors.Is.
var (
	// ErrStreamFull says that the stream, or the store under it, takes no more; nothing old was dropped and the event was not stored.
	ErrStreamFull = errors.New("stream full")
	// ErrTooLarge says that the body is over MaxBody, or body and headers over what the stream or the account takes.
	ErrTooLarge = errors.New("message too large")
	// ErrNotPermitted says that these credentials may not do this, or may not connect.
	ErrNotPermitted = errors.New("not permitted")
	// ErrNoStream says that no stream (or nobody, for a request) listens on the subject.
	ErrNoStream = errors.New("no stream listens on the subject")
	// ErrNoAnswer says that no acknowledgement came: the event may be stored or not, so send it again with the same ID.
	ErrNoAnswer = errors.New("no acknowledgement")
	// ErrStalled says that too many publishes waited for their acknowledgement for too long; the event was not sent.
	ErrStalled = errors.New("publishing stalled")
	// ErrRefused says that the stream refused the message for another reason, named in the PublishError's Code.
	ErrRefused = errors.New("refused by the stream")
	// ErrNotDurable says that the server may acknowledge before it has written to disk.
	ErrNotDurable = errors.New("not durable")
	// ErrServerTooOld says that the server is older than MinServer.
	ErrServerTooOld = errors.New("server too old")
	// ErrClosed says that the connection or the collector was closed by its owner.
	ErrClosed = errors.New("closed")
)

// PublishError tells which message was not acknowledged and why. It wraps one of the Err values above and, where there is one, the cause.
type PublishError struct {
	Subject string
	Code    int // the server's JetStream error code, 0 if it gave none
	Kind    error
	Cause   error
}

// Error names the subject, the kind and the cause.
func (e *PublishError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("publish %s: %v", e.Subject, e.Kind)
	}
	return fmt.Sprintf("publish %s: %v: %v", e.Subject, e.Kind, e.Cause)
}

// Unwrap gives the kind and the cause.
func (e *PublishError) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// Codes of JetStream that have a meaning here; the client library names only some of them.
const (
	codeInsufficientResources = 10023
	codeAccountResources      = 10002
	codeStorageResources      = 10047
	codeStreamStoreFailed     = 10077 // maximum messages or bytes exceeded
	codeMessageTooLarge       = 10054
	codeWrongStream           = 10060 // the expected stream header names another
)

// publishError translates what the client library said about one publish. nil stays nil.
func publishError(ctx context.Context, subject string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrNotPermitted) {
		return &PublishError{Subject: subject, Kind: ErrNotPermitted, Cause: nil}
	}
	code, kind := kindOf(err)
	return &PublishError{Subject: subject, Code: code, Kind: kind, Cause: err}
}

func kindOf(err error) (code int, kind error) {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		switch code = int(api.ErrorCode); code {
		case codeStreamStoreFailed, codeInsufficientResources, codeAccountResources, codeStorageResources:
			return code, ErrStreamFull
		case codeMessageTooLarge:
			return code, ErrTooLarge
		default:
			return code, ErrRefused
		}
	}
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return 0, ErrTooLarge
	case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, nats.ErrNoResponders):
		return 0, ErrNoStream
	case errors.Is(err, nats.ErrPermissionViolation):
		return 0, ErrNotPermitted
	case errors.Is(err, jetstream.ErrTooManyStalledMsgs):
		return 0, ErrStalled
	default:
		// Timeouts, a lost connection, a cancelled context: whether the event is stored is not known.
		return 0, ErrNoAnswer
	}
}
