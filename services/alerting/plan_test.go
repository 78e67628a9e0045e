// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func flagID(n int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "flag %d", n)) }

// What somebody is told of, and when, is decided here and nowhere else.
func TestPlanOfMessages(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00+01:00")
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	one := func(flag, revision int) pending { return pending{flagID(flag), revision, false, ago(time.Minute)} }
	digest := func(flag, revision int) pending { return pending{flagID(flag), revision, true, ago(5 * time.Hour)} }
	told := func(kind string, before time.Duration, flag int) []carried {
		return []carried{{kind, []uuid.UUID{flagID(flag)}, ago(before)}}
	}
	for name, c := range map[string]struct {
		channel  string
		due      []pending
		lastHour []carried
		want     []string
	}{
		"nothing":                               {want: nil},
		"one flag is one message":               {due: []pending{one(1, 1)}, want: []string{"now 1.1"}},
		"revisions of a flag are one message":   {due: []pending{one(1, 2), one(1, 1)}, want: []string{"now 1.1 1.2"}},
		"two flags are two messages":            {due: []pending{one(1, 1), one(2, 1)}, want: []string{"now 1.1", "now 2.1"}},
		"a digest is one message":               {due: []pending{digest(1, 1), digest(2, 3), one(3, 1)}, want: []string{"digest 1.1 2.3", "now 3.1"}},
		"told a quarter of an hour ago: wait":   {due: []pending{one(1, 2)}, lastHour: told("now", 15*time.Minute, 1)},
		"told in the rest: wait":                {due: []pending{one(1, 2)}, lastHour: told("rest", 15*time.Minute, 1)},
		"told half an hour ago: tell":           {due: []pending{one(1, 2)}, lastHour: told("now", 30*time.Minute, 1), want: []string{"now 1.2"}},
		"another flag was told: tell":           {due: []pending{one(1, 2)}, lastHour: told("now", time.Minute, 2), want: []string{"now 1.2"}},
		"a digest does not silence what is new": {due: []pending{one(1, 2)}, lastHour: told("digest", time.Minute, 1), want: []string{"now 1.2"}},
		"the hour is full: all in one": {
			due: []pending{one(1, 1), one(2, 1)}, lastHour: slices.Repeat(told("now", time.Minute, 9), 30), want: []string{"rest 1.1 2.1"},
		},
		"the rest left a minute ago: wait": {
			due: []pending{one(1, 1)}, lastHour: append(slices.Repeat(told("now", time.Minute, 9), 30), told("rest", time.Minute, 8)...),
		},
		"the rest left two minutes ago: again": {
			due: []pending{one(1, 1)}, lastHour: append(slices.Repeat(told("now", time.Minute, 9), 30), told("rest", 2*time.Minute, 8)...), want: []string{"rest 1.1"},
		},
		"room for one": {
			due: []pending{one(1, 1), one(2, 1), one(3, 1)}, lastHour: slices.Repeat(told("now", time.Minute, 9), 29), want: []string{"now 1.1", "rest 2.1 3.1"},
		},
		"a digest takes one of the hour's places and always leaves": {
			due: []pending{one(1, 1), digest(3, 1)}, lastHour: slices.Repeat(told("now", time.Minute, 9), 30), want: []string{"digest 3.1", "rest 1.1"},
		},
		"a stream gets every revision": {
			channel: "nats", due: []pending{one(1, 1), one(1, 2)}, lastHour: slices.Repeat(told("now", time.Minute, 1), 60), want: []string{"now 1.1", "now 1.2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range plan(now, c.channel, c.due, c.lastHour) {
				line := p.Kind
				for _, item := range p.Items {
					for n := range 100 {
						if flagID(n) == item.Flag {
							line += fmt.Sprintf(" %d.%d", n, item.Revision)
						}
					}
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// R25: a storm reaches nobody as a storm. Ten thousand revisions of 200 flags in a minute are at most 60 messages in the hour, no flag is
// told twice in half an hour, and none waits longer than two minutes to be told first.
func TestStormIsBounded(t *testing.T) {
	start := at(t, "2026-11-23T12:00:00+01:00")
	var due []pending
	var sent []carried
	told := map[uuid.UUID][]time.Time{}
	for step := range 360 {
		now := start.Add(time.Duration(step) * 10 * time.Second)
		for i := range 1700 {
			if step < 6 {
				due = append(due, pending{flagID(i % 200), step*1700 + i + 1, false, now})
			}
		}
		for _, p := range plan(now, "mail", due, sent) {
			c := carried{Kind: p.Kind, CreatedAt: now}
			for _, item := range latest(p.Items) {
				c.Flags = append(c.Flags, item.Flag)
				told[item.Flag] = append(told[item.Flag], now)
			}
			sent = append(sent, c)
			due = slices.DeleteFunc(due, func(p pending) bool { return slices.Contains(c.Flags, p.Flag) })
		}
	}
	if len(sent) > 60 {
		t.Errorf("%d messages in an hour", len(sent))
	}
	if len(told) != 200 {
		t.Errorf("%d of 200 flags were told", len(told))
	}
	for id, times := range told {
		if wait := times[0].Sub(start); wait > 2*time.Minute {
			t.Errorf("flag %s waited %s", id, wait)
		}
		for i := 1; i < len(times); i++ {
			if gap := times[i].Sub(times[i-1]); gap < 30*time.Minute {
				t.Errorf("flag %s was told again after %s", id, gap)
			}
		}
	}
}

// A receiver that is away is not hammered, and is not waited for for ever.
func TestBackOffGrowsAndEnds(t *testing.T) {
	created := at(t, "2026-11-23T12:00:00+01:00")
	now := created
	var pauses []time.Duration
	for attempts := 1; ; attempts++ {
		next, ok := backOff(now, created, attempts, 0)
		if !ok {
			break
		}
		pauses = append(pauses, next.Sub(now))
		now = next
	}
	want := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 4 * time.Hour, 4 * time.Hour, 4 * time.Hour, 4 * time.Hour}
	if diff := cmp.Diff(want, pauses); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
	if next, _ := backOff(created, created, 1, 10*time.Minute); next.Sub(created) != 10*time.Minute {
		t.Errorf("Retry-After of 10 minutes gave %s", next.Sub(created))
	}
}
