// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// The limits that bound a storm (trust.md R25): no recipient gets more than 30 + 30 messages an hour.
const (
	quietPerFlag   = 30 * time.Minute
	singlesPerHour = 30
	restEvery      = 2 * time.Minute
)

// pending is one notification that no message carries yet.
type pending struct {
	Flag     uuid.UUID
	Revision int
	Digest   bool
	DueAt    time.Time
}

// carried is a message of the last hour to the same recipient.
type carried struct {
	Kind      string
	Flags     []uuid.UUID
	CreatedAt time.Time
}

// parcel is one message to be: its items are carried by it, each flag at its highest revision.
type parcel struct {
	Kind  string // now, digest, rest
	Items []pending
}

// plan decides which messages a recipient gets now out of what is due. What it leaves out is decided again later.
//
// All of a digest is one message. Otherwise a flag is one message, in the order in which they came due, at most one each 30 minutes a
// flag. After 30 messages in an hour the rest goes together in one message each 2 minutes, so that nothing waits longer than that. A
// stream that an agency pulls at its own pace (channel nats) has no such limits and gets every revision.
func plan(now time.Time, channel string, due []pending, lastHour []carried) []parcel {
	if channel == "nats" {
		return everyRevision(due)
	}
	digest, flags := tellable(now, due, lastHour)
	left, lastRest := spent(lastHour)
	var parcels []parcel
	if len(digest) > 0 {
		parcels = append(parcels, parcel{"digest", digest})
		left--
	}
	rest := parcel{Kind: "rest"}
	for _, revisions := range flags {
		if left > 0 {
			parcels = append(parcels, parcel{"now", revisions})
			left--
			continue
		}
		rest.Items = append(rest.Items, revisions...)
	}
	if len(rest.Items) > 0 && now.Sub(lastRest) >= restEvery {
		parcels = append(parcels, rest)
	}
	return parcels
}

// tellable sorts out what may be told now: all of the digest, and each flag that was not told of a short while ago, with its revisions.
func tellable(now time.Time, due []pending, lastHour []carried) (digest []pending, flags [][]pending) {
	place := map[uuid.UUID]int{}
	for _, p := range byDue(due) {
		if p.Digest {
			digest = append(digest, p)
			continue
		}
		i, seen := place[p.Flag]
		if !seen {
			i = -1
			if !quiet(now, p.Flag, lastHour) {
				i = len(flags)
				flags = append(flags, nil)
			}
			place[p.Flag] = i
		}
		if i >= 0 {
			flags[i] = append(flags[i], p)
		}
	}
	return digest, flags
}

// spent counts how many single messages the hour has left, and says when the last message with the rest left.
func spent(lastHour []carried) (left int, lastRest time.Time) {
	left = singlesPerHour
	for _, c := range lastHour {
		if c.Kind != "rest" {
			left--
		} else if c.CreatedAt.After(lastRest) {
			lastRest = c.CreatedAt
		}
	}
	return left, lastRest
}

func everyRevision(due []pending) []parcel {
	parcels := make([]parcel, 0, len(due))
	for _, p := range byDue(due) {
		parcels = append(parcels, parcel{"now", []pending{p}})
	}
	return parcels
}

func byDue(due []pending) []pending {
	sorted := slices.Clone(due)
	slices.SortStableFunc(sorted, func(a, b pending) int {
		if c := a.DueAt.Compare(b.DueAt); c != 0 {
			return c
		}
		return a.Revision - b.Revision
	})
	return sorted
}

// quiet says whether a flag was told of less than 30 minutes ago; a digest does not count, it comes beside the rest.
func quiet(now time.Time, flag uuid.UUID, lastHour []carried) bool {
	for _, c := range lastHour {
		if c.Kind != "digest" && now.Sub(c.CreatedAt) < quietPerFlag && slices.Contains(c.Flags, flag) {
			return true
		}
	}
	return false
}

// latest keeps of each flag the highest revision, in the order of the items.
func latest(items []pending) []pending {
	best := map[uuid.UUID]pending{}
	for _, p := range items {
		if p.Revision > best[p.Flag].Revision {
			best[p.Flag] = p
		}
	}
	var out []pending
	for _, p := range items {
		if best[p.Flag] == p {
			out = append(out, p)
		}
	}
	return out
}

// How often a message is tried: after the first failure in a minute, then ever later, and no more when a day has passed.
const giveUpAfter = 24 * time.Hour

// backOff says when a message is tried again after attempts failures, the first of which was for one created at created. ok is false when it
// is given up. after is what the receiver asked for (Retry-After); it can only lengthen the pause.
func backOff(now, created time.Time, attempts int, after time.Duration) (next time.Time, ok bool) {
	pauses := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}
	pause := max(pauses[min(max(attempts, 1), len(pauses))-1], after)
	next = now.Add(pause)
	return next, next.Sub(created) <= giveUpAfter
}
