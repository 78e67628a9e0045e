// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
)

// Only a whole, right key opens the door, and a wrong one learns nothing about which part was wrong.
func TestOnlyARightKeyOpens(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ik-right")
	prefix, secret, _ := strings.Cut(strings.TrimPrefix(c.key, "sk_"), "_")
	var first []byte
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Bearer x", "Basic " + c.key, "Bearer sk_" + prefix, "Bearer sk_" + prefix + "_", "Bearer sk_" + prefix + "_wrong",
		"Bearer sk_zzzzzzzzzzzz_" + secret, "Bearer sk__" + secret, "Bearer sk_" + strings.ToUpper(prefix) + "_" + secret,
		"Bearer " + c.key + "x", "Bearer sk_' OR 1=1--_x", "Bearer sk_" + prefix + "_" + strings.Repeat("a", 300),
	} {
		wrong := caller{door: d}
		a := wrong.send(incident("F-1"), map[string]string{"Authorization": header}).is(401, "unauthorized")
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%q: no WWW-Authenticate", header)
		}
		var p problemAnswer
		a.into(&p)
		if said := []byte(p.Title + p.Detail); first == nil {
			first = said
		} else if string(first) != string(said) {
			t.Errorf("%q is told more than others: %s", header, said)
		}
	}
	c.send(incident("F-1"), map[string]string{"Authorization": "bearer " + c.key}).is(202, "")
	if strings.Contains(d.log.String(), secret) {
		t.Error("the log holds a secret")
	}
}

// A revoked key and a suspended agency end with the next request.
func TestRevokedAndSuspendedEndAtOnce(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ik-ends")
	c.send(incident("F-1")).is(202, "")
	d.exec(pg.RoleRegistry, `UPDATE registry.agency SET suspended_at = now() WHERE agency = 'ik-ends'`)
	c.send(incident("F-2")).is(403, events.AgencySuspended)
	c.do("GET", "/receipts", "", "").is(403, events.AgencySuspended)
	d.exec(pg.RoleRegistry, `UPDATE registry.agency SET suspended_at = NULL WHERE agency = 'ik-ends'`)
	c.send(incident("F-2")).is(202, "")
	d.exec(pg.RoleRegistry, `UPDATE registry.agency_key SET revoked_at = now() WHERE agency = 'ik-ends'`)
	c.send(incident("F-3")).is(401, "unauthorized")
	if n := len(c.stored()); n != 2 {
		t.Errorf("%d stored", n)
	}
}

// Two agencies may have keys with the same prefix: the secret says which.
func TestSecretDecidesBetweenEqualPrefixes(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	a, b := d.agency("ik-one"), d.agency("ik-two")
	prefix, _, _ := strings.Cut(strings.TrimPrefix(a.key, "sk_"), "_")
	d.exec(pg.RoleRegistry, `UPDATE registry.agency_key SET prefix = $1 WHERE agency = 'ik-two'`, prefix)
	_, secret, _ := strings.Cut(strings.TrimPrefix(b.key, "sk_"), "_")
	b.key = "sk_" + prefix + "_" + secret
	a.send(incident("F-1")).is(202, "")
	b.send(incident("F-1")).is(202, "")
	if len(a.stored()) != 1 || len(b.stored()) != 1 {
		t.Errorf("%d and %d stored", len(a.stored()), len(b.stored()))
	}
}

// An operator revokes what is not used: the date of last use must be true to the minute.
func TestLastUseOfAKeyIsNoted(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("ik-used")
	lastUsed := func() (at time.Time) {
		if err := d.pool(pg.RoleRegistry).QueryRow(t.Context(), `SELECT last_used_at FROM registry.agency_key WHERE agency = 'ik-used'`).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	c.send(incident("F-1")).is(202, "")
	if at := lastUsed(); !at.Equal(d.now) {
		t.Errorf("noted %s", at)
	}
	d.advance(61 * time.Second)
	c.send(incident("F-2")).is(202, "")
	if at := lastUsed(); !at.Equal(d.now) {
		t.Errorf("noted %s, want %s", at, d.now)
	}
}

// An agency that sends too fast is told when to come again, and nobody else notices.
func TestRateIsPerAgency(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c, other := d.agency("ik-fast"), d.agency("ik-slow")
	d.exec(pg.RoleRegistry, `UPDATE registry.agency SET per_second = 2 WHERE agency = 'ik-fast'`)
	for i := range burstSeconds * 2 {
		c.send(incident(fmt.Sprintf("F-%d", i))).is(202, "")
	}
	if a := c.send(incident("F-9")).is(429, events.RateLimited); a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	other.send(incident("F-1")).is(202, "")
	d.advance(time.Second)
	c.send(incident("F-9")).is(202, "")
	if n := len(c.stored()); n != 5 {
		t.Errorf("%d stored", n)
	}
}

// An array larger than the bucket is let in, and paid for by the requests after it.
func TestArrayIsPaidForAfterwards(t *testing.T) {
	t.Parallel()
	l, now := newLimits(), time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	who := grant{agency: "a", perSecond: 10}
	if err := l.take(who, now); err != nil {
		t.Fatal(err)
	}
	l.spend(who, 99, now)
	for _, test := range []struct {
		after time.Duration
		in    bool
	}{{0, false}, {8 * time.Second, false}, {8200 * time.Millisecond, true}} {
		if err := l.take(who, now.Add(test.after)); (err == nil) != test.in {
			t.Errorf("after %s: %v", test.after, err)
		}
	}
}

// An agency has a bounded number of long answers, and gets each back.
func TestLongAnswersAreBounded(t *testing.T) {
	t.Parallel()
	l, who := newLimits(), grant{agency: "a", perSecond: 1}
	var done []func()
	for range streamsAtOnce {
		end, err := l.stream(who)
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, end)
	}
	if _, err := l.stream(who); err == nil {
		t.Error("one more was let in")
	}
	done[0]()
	if _, err := l.stream(who); err != nil {
		t.Errorf("not given back: %v", err)
	}
}

// A key is believed without Postgres for an hour, only with its own secret, and not after it was found wrong.
func TestKeysAreBelievedForAnHour(t *testing.T) {
	t.Parallel()
	ring, now := newKeyring(), time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	right, _ := parseKey("Bearer sk_aaaaaaaa_secret")
	wrong, _ := parseKey("Bearer sk_aaaaaaaa_guess")
	who := grant{agency: "a", prefix: "aaaaaaaa"}
	if _, ok := ring.recall(right, now); ok {
		t.Error("believed before it was seen")
	}
	ring.remember(right, who, now)
	ring.forget(wrong)
	for _, test := range []struct {
		key   key
		after time.Duration
		ok    bool
	}{{right, time.Hour, true}, {right, time.Hour + 1, false}, {wrong, 0, false}} {
		if got, ok := ring.recall(test.key, now.Add(test.after)); ok != test.ok || ok && got != who {
			t.Errorf("after %s: %v", test.after, ok)
		}
	}
	ring.forget(right)
	if _, ok := ring.recall(right, now); ok {
		t.Error("believed after it was found wrong")
	}
}
