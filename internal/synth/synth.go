// SPDX-License-Identifier: EUPL-1.2

// Package synth makes up worlds: a town with its agencies and half a year of
// events for the demo (World), and plain streams of events for benches (Stream).
//
// It promises that the same arguments give the same bytes on every machine; that a
// day that has passed stays the same tomorrow, save for the told story, which is
// always about the days before now; that no text holds anything about a person;
// and that every text says that it is made up.
//
// It does not publish, place, link or count, and it is no model of crime: rates and
// hours are plausible, no more. Nothing may be concluded from them.
//
// It fails only on arguments that make no world (no areas, a shape without ground)
// and names them.
package synth

import (
	"cmp"
	"slices"
	"time"

	"samsyn/events"
)

// Item is one message that an agency sends. Body is an event as the contract has it,
// or deliberately none.
type Item struct {
	At     time.Time // when it is sent
	Agency events.AgencyID
	Verb   events.Verb // the last word of the subject it is sent on
	Body   []byte
}

// inOrder sorts by the time of sending, then by agency; what is equal stays in the order in
// which it was made.
func inOrder(items []Item) []Item {
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Agency, b.Agency))
	})
	return items
}
