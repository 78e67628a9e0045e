// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"samsyn/events"
)

// NoRoomError says that a stream cannot reserve its size, because the sum of all must fit the server's store.
type NoRoomError struct {
	Stream   string
	Wants    int64 // bytes
	Reserved int64 // bytes, by other streams
	Store    int64 // bytes in all, 0 if the server does not tell
}

// Error says what is missing and what to do.
func (e *NoRoomError) Error() string {
	store := "the store"
	if e.Store > 0 {
		store = fmt.Sprintf("the store of %s", size(e.Store))
	}
	return fmt.Sprintf("stream %s wants to reserve %s, other streams reserve %s, and %s does not hold both: give the server a larger max_file_store, or the agency a smaller quota",
		e.Stream, size(e.Wants), size(e.Reserved), store)
}

// Unwrap lets callers ask for ErrStreamFull.
func (e *NoRoomError) Unwrap() error { return ErrStreamFull }

func size(bytes int64) string { return strconv.FormatInt(bytes/mib, 10) + " MiB" }

// EnsurePlatform creates the platform's streams where they are missing and brings those of an older topology up to date. A stream that somebody
// changed by hand is left as it is: Drift names it. Safe to repeat and to run from several instances at once.
func (c *Conn) EnsurePlatform(ctx context.Context) error {
	return c.ensure(ctx, platformStreams())
}

// EnsureAgency does the same for the three streams of one agency, and sets their sizes when q names one that differs.
func (c *Conn) EnsureAgency(ctx context.Context, m events.MunicipalityID, a events.AgencyID, q Quota) error {
	if !m.Valid() || !a.Valid() {
		return fmt.Errorf("ensure streams of %q in %q: not a municipality and an agency", a, m)
	}
	return c.ensure(ctx, agencyStreams(m, a, q))
}

func (c *Conn) ensure(ctx context.Context, wanted []stream) error {
	store := c.store(ctx)
	for _, s := range wanted {
		if err := c.ensureStream(ctx, s, store); err != nil {
			return err
		}
		if s.durable == "" {
			continue
		}
		if _, err := c.js.CreateOrUpdateConsumer(ctx, s.name, agencyConsumer()); err != nil {
			return fmt.Errorf("ensure consumer %s of %s: %w", s.durable, s.name, err)
		}
	}
	return nil
}

func (c *Conn) ensureStream(ctx context.Context, s stream, store int64) error {
	found, err := c.js.Stream(ctx, s.name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		cfg := s.config(s.size(store), c.replicas)
		if err := c.roomFor(ctx, s.name, cfg.MaxBytes, 0, store); err != nil {
			return err
		}
		_, err = c.js.CreateStream(ctx, cfg)
		return c.ensured(ctx, s.name, cfg.MaxBytes, store, err)
	}
	if err != nil {
		return fmt.Errorf("ensure stream %s: %w", s.name, err)
	}
	have := found.CachedInfo().Config
	meant := s.maxBytes
	if meant == 0 {
		meant = notedMaxBytes(have)
	}
	if have.Metadata[noteTopology] == topologyVersion && notedMaxBytes(have) == meant {
		return nil
	}
	cfg := s.config(meant, c.replicas)
	cfg.FirstSeq = have.FirstSeq
	cfg.Metadata = mergeNotes(have.Metadata, cfg.Metadata)
	if err := c.roomFor(ctx, s.name, cfg.MaxBytes, have.MaxBytes, store); err != nil {
		return err
	}
	_, err = c.js.UpdateStream(ctx, cfg)
	return c.ensured(ctx, s.name, cfg.MaxBytes, store, err)
}

// roomFor answers before the server does, with numbers. already is what the stream itself reserves now.
func (c *Conn) roomFor(ctx context.Context, name string, wants, already, store int64) error {
	if store <= 0 {
		return nil
	}
	reserved, err := c.reserved(ctx)
	if err != nil {
		return err
	}
	if others := reserved - already; wants > store-others {
		return &NoRoomError{Stream: name, Wants: wants, Reserved: others, Store: store}
	}
	return nil
}

func (c *Conn) reserved(ctx context.Context) (int64, error) {
	account, err := c.js.AccountInfo(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask for the account's streams: %w", err)
	}
	return int64(account.ReservedStore), nil
}

func (c *Conn) ensured(ctx context.Context, name string, wants, store int64, err error) error {
	if err == nil {
		return nil
	}
	if _, kind := kindOf(err); errors.Is(kind, ErrStreamFull) {
		reserved, rerr := c.reserved(ctx)
		if rerr != nil {
			return errors.Join(err, rerr)
		}
		return &NoRoomError{Stream: name, Wants: wants, Reserved: reserved, Store: store}
	}
	return fmt.Errorf("ensure stream %s: %w", name, err)
}

func notes(maxBytes int64) map[string]string {
	return map[string]string{noteTopology: topologyVersion, noteMaxBytes: strconv.FormatInt(maxBytes, 10)}
}

// notedMaxBytes is the size that the stream was given by us; without a note, the size it has.
func notedMaxBytes(cfg jetstream.StreamConfig) int64 {
	n, err := strconv.ParseInt(cfg.Metadata[noteMaxBytes], 10, 64)
	if err != nil {
		return cfg.MaxBytes
	}
	return n
}

func mergeNotes(have, ours map[string]string) map[string]string {
	merged := maps.Clone(have)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, ours)
	return merged
}
