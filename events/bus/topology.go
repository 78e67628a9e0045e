// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"samsyn/events"
)

const (
	// MaxBody is the largest event in bytes (contracts.md section 1). One byte more is refused by Publish with ErrTooLarge.
	MaxBody = 65_536
	// MaxMessage is what the server takes, body and headers together: an event of exactly MaxBody always fits with the headers of any client.
	MaxMessage = MaxBody + 4_096

	day             = 24 * time.Hour
	year            = 365 * day
	duplicateWindow = 2 * time.Minute
	mib             = 1 << 20
)

// AgencyDurable is the consumer from which an agency pulls what it missed on its receipts and alerts streams.
const AgencyDurable = "agency"

// stream is one row of the topology. Sizes are a share of the store, because MaxBytes reserves: the sum of all must fit max_file_store.
type stream struct {
	name     string
	subjects []string
	keep     time.Duration
	atomic   bool // batches: for what only the platform writes, since staged batches bypass the limits of an agency
	durable  string

	share    int64 // of the store: 1/share, within least and most
	least    int64 // bytes
	most     int64 // bytes
	maxBytes int64 // an explicit size; 0 means by share
	firstSeq uint64
}

// platformStreams is the topology of what the platform alone writes.
func platformStreams() []stream {
	return []stream{
		{name: events.StreamCorrelated, subjects: []string{"correlated.>"}, keep: 30 * day, atomic: true, share: 8, least: 16 * mib, most: 2048 * mib},
		{name: events.StreamHotspots, subjects: []string{"hotspot.>"}, keep: 2 * year, atomic: true, share: 32, least: 8 * mib, most: 256 * mib},
		{name: events.StreamDecisions, subjects: []string{"decision.>"}, keep: 2 * year, atomic: true, share: 64, least: 4 * mib, most: 64 * mib},
		{name: events.StreamSummaries, subjects: []string{"summary.>"}, keep: 10 * year, atomic: true, share: 128, least: 4 * mib, most: 16 * mib},
		{name: events.StreamDeadletter, subjects: []string{"deadletter.>"}, keep: 30 * day, share: 64, least: 4 * mib, most: 64 * mib},
	}
}

// Quota is the room of one agency.
type Quota struct {
	// MaxBytes is the size of its incidents stream, and of its receipts stream (a receipt is about as large as an event). 0 means what the stream has,
	// or for a new one 1/256 of the store, between 24 and 128 MiB: 128 MiB hold about 150,000 events.
	MaxBytes int64
	// FirstSeq is the number of the first event of a stream that replaces a lost one: its last position + 1, so that numbers never go back. 0 means 1.
	FirstSeq uint64
}

// agencyStreams is the topology of one agency.
func agencyStreams(m events.MunicipalityID, a events.AgencyID, q Quota) []stream {
	return []stream{
		{
			name: events.IncidentStream(m, a), subjects: events.IncidentSubjects(m, a), keep: 90 * day,
			share: 256, least: 24 * mib, most: 128 * mib, maxBytes: q.MaxBytes, firstSeq: q.FirstSeq,
		},
		{
			name: events.ReceiptStream(m, a), subjects: []string{events.ReceiptSubject(m, a)}, keep: 30 * day, atomic: true, durable: AgencyDurable,
			share: 256, least: 24 * mib, most: 128 * mib, maxBytes: q.MaxBytes,
		},
		{
			name: events.AlertStream(m, a), subjects: []string{events.AlertSubject(m, a)}, keep: 30 * day, atomic: true, durable: AgencyDurable,
			share: 2048, least: 2 * mib, most: 16 * mib,
		},
	}
}

// size is the stream's MaxBytes in a store of so many bytes; 0 means that the store's size is not known.
func (s stream) size(store int64) int64 {
	if s.maxBytes > 0 {
		return s.maxBytes
	}
	if store <= 0 {
		return s.most
	}
	return min(max(store/s.share, s.least), s.most)
}

// Our notes in a stream's metadata: which version of the topology made it and how large it was meant to be, so that a change made by hand is seen.
const (
	noteTopology    = "samsyn_topology"
	noteMaxBytes    = "samsyn_max_bytes"
	topologyVersion = "1"
)

// config spells out every field whose default could surprise. Roll-up, TTL, markers, schedules, counters and fast batches stay off: each lets a
// writer remove or move what is stored, or go round the limits. DenyDelete stays off because it cannot be undone and lawful erasure needs deletion.
func (s stream) config(maxBytes int64, replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: s.name, Subjects: s.subjects,
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxBytes: maxBytes, MaxMsgSize: MaxMessage, MaxAge: s.keep, MaxMsgs: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1,
		Duplicates: duplicateWindow, Replicas: replicas, FirstSeq: s.firstSeq,
		DenyPurge: true, DenyDelete: false, AllowAtomicPublish: s.atomic,
		Metadata: notes(maxBytes),
	}
}

// agencyConsumer is the durable from which an agency pulls.
func agencyConsumer() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: AgencyDurable, DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: 30 * time.Second, MaxDeliver: -1, MaxAckPending: 1000, ReplayPolicy: jetstream.ReplayInstantPolicy,
	}
}

// streamOf names the stream that takes a subject; "" when none does, or when only singles may go there.
func batchStreamOf(subject string) string {
	first, rest, _ := strings.Cut(subject, ".")
	m, a, _ := strings.Cut(rest, ".")
	switch first {
	case "receipt":
		return events.ReceiptStream(events.MunicipalityID(m), events.AgencyID(a))
	case "alert":
		return events.AlertStream(events.MunicipalityID(m), events.AgencyID(a))
	case "correlated":
		return events.StreamCorrelated
	case "hotspot":
		return events.StreamHotspots
	case "decision":
		return events.StreamDecisions
	case "summary":
		return events.StreamSummaries
	default:
		return ""
	}
}
