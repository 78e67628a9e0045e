// SPDX-License-Identifier: EUPL-1.2

// Package events is the vocabulary that every part of Samsyn shares, and the place to start reading. It says what an
// agency may send ([Event], [Incident], [Nothing], [Counts], [Context], [Withdrawal]), reads it strictly ([Decode]), names
// everything that can be wrong with it ([Code]), says where it travels ([IncidentSubject] and the table above it) and what
// the platform answers ([Receipt], [IncidentAccepted], [Hotspot], [Decision]).
//
// # The journey of an incident
//
// A caretaker in Nyköping finds a smashed entrance. This is what happens, top to bottom; each step names the folder that
// does it.
//
//  1. The housing company's system writes an event: CloudEvents 1.0 in JSON, type samsyn.incident.reported.v1, like
//     testdata/golden/v1/incident-reported-full.json. Its schema is
//     schemas/events/samsyn.incident.reported.v1.schema.json. It is about a place, never a person.
//
//  2. It is sent: over NATS on [IncidentSubject], with a credential that can publish nowhere else; by HTTP, a form or a
//     file to [samsyn/services/intake], which publishes for the agency; or by [samsyn/services/connector], which
//     watches a folder on the agency's side and keeps each event until its receipt.
//
//  3. It is stored in the agency's own stream, [IncidentStream], before the sender hears that it is:
//     [samsyn/events/bus] holds the topology, publishing, reading and settling. From here on nothing may be lost. The
//     stream says whose event it is; the body is only compared with it ([Event.Mismatch]).
//
//  4. [samsyn/services/correlator] reads it. [Decode] gives an [Event] and its reasons. What is wrong in itself is
//     refused; what its sender must decide is quarantined; what only the clock, the registry or the other reports can
//     tell is judged there: place, screen, link, count. All of it is one transaction, keyed by (municipality, agency,
//     kind, report, revision), so that the same event twice is one event, and a correction that comes first waits for
//     nothing.
//
//  5. The sender hears what became of it, on [ReceiptSubject]: a [Receipt] with every reason, its place in the event
//     and a sentence in Swedish and English. Everyone inside hears an [IncidentAccepted] on [CorrelatedSubject].
//
//  6. [samsyn/services/alerting] detects, flags, routes and delivers: where an area has more incidents than its own
//     past leads one to expect, or one very serious one, a [Hotspot] goes out on [HotspotSubject], with the reason in
//     words, and to each agency it concerns on [AlertSubject].
//
//  7. [samsyn/services/review] carries it through the week: a position on each flagged place (act, watch, dismiss, hand
//     over), the situation report that freezes at the deadline, the meeting, actions and their effect. What is decided goes out
//     on [DecisionSubject]; the caretaker hears what came of the report, on a page, by mail, or as a [Feedback] on
//     [ReceiptSubject].
//
//  8. All along, [samsyn/services/registry] says who may do what where (municipalities, areas, agencies, agreements),
//     and [samsyn/services/access] who may look.
//
// # What it promises
//
// A released version decodes for ever, to the same (testdata/golden). Decoder and JSON Schema accept and refuse the same,
// save the few things that a schema cannot say, which agree_test.go and schema_test.go list and prove. The bad input that
// has been seen or thought of stands in package [samsyn/events/corpus] with what becomes of it.
//
// It does no I/O, keeps no state, knows no clock and no municipality. It does not decide whether an event counts. When it
// fails it says so in reasons with paths, and never by panicking.
//
// # Reading on
//
// subjects.go (every subject and stream in the order of the journey), event.go and incident.go (what is said), decode.go
// (envelope), gate.go (strict JSON), decode_data.go (each field), codes.go and messages.go (every reason), envelope.go
// (what goes out). Then services/correlator.
package events
