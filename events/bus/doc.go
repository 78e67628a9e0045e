// SPDX-License-Identifier: EUPL-1.2

// Package bus carries events over NATS JetStream, and is where everything that is particular to JetStream stays.
//
// What it is for. One table says which streams there are ([Conn.EnsurePlatform], [Conn.EnsureAgency], [Conn.Drift]); three ways to write
// ([Conn.Publish], [Conn.PublishEach], [Conn.PublishBatch]); one way to read ([Collector]); one way to answer for what was read (a [Verdict] a message,
// [Collector.Settle]); and the accounts of the agencies ([Operator]).
//
// What it promises. A publish that returns without error is on the server's disk (with sync_interval always, see [Conn.Durability]). Every other end
// of a publish is one of the typed errors of this package; none is silent. What was read and not settled as [Done] is delivered again, to this reader
// or the one that takes over. A stream that went backwards is reported and read again from its start. An agency reaches its own subjects and no others.
//
// What it does not do. It decides nothing about an event, does not know whether one is new (identity in Postgres does) and keeps no state of its own:
// the reading position belongs to the reader's database.
//
// What happens when it fails. A lost connection is taken up again for as long as the [Conn] lives; publishes meanwhile end in [ErrNoAnswer], readers go
// through their start again. A consumer or a stream that disappears is an error that is logged and retried with back-off, never a quiet end.
package bus
