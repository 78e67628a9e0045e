// SPDX-License-Identifier: EUPL-1.2

package synth_test

import (
	"bytes"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/synth"
)

func load(t testing.TB, town synth.Town, n int) synth.Load {
	t.Helper()
	return synth.Load{
		Municipality: town.Municipality, Agencies: []events.AgencyID{"kommunen", "polisen", "bostad"}, Areas: town.Areas, Events: n,
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC),
		Pairs: 0.1, Twice: 0.02, Corrected: 0.02, Withdrawn: 0.01,
	}
}

// A bench that measures refusals measures nothing: all of a stream is accepted by the
// decoder, in order, and its shares are what was asked for.
func TestStreamIsWhatWasAskedFor(t *testing.T) {
	town := grid(t)
	stream, err := synth.Stream(7, load(t, town, 10_000))
	if err != nil {
		t.Fatal(err)
	}
	var before time.Time
	verbs := map[events.Verb]int{}
	first := map[events.ReportID][]byte{}
	twice, n := 0, 0
	for item := range stream {
		n++
		e, reasons := events.Decode(item.Body)
		if len(reasons) > 0 {
			t.Fatalf("%s: %v", item.Body, reasons)
		}
		if e.Verb != item.Verb || e.Agency != item.Agency || item.At.Before(before) {
			t.Fatalf("%s: sent by %s as %s at %v", item.Body, item.Agency, item.Verb, item.At)
		}
		before = item.At
		if bytes.Equal(first[e.Report], item.Body) {
			twice++
			continue
		}
		first[e.Report] = item.Body
		verbs[e.Verb]++
	}
	if n != 10_000 {
		t.Errorf("%d events, want 10000", n)
	}
	between := func(what string, got, low, high int) {
		if got < low || got > high {
			t.Errorf("%d %s, want %d-%d", got, what, low, high)
		}
	}
	between("sent twice", twice, 130, 270)
	between("corrected", verbs[events.Corrected], 130, 270)
	between("withdrawn", verbs[events.Withdrawn], 50, 150)
}

// Two runs of a bench compare programs only if they drain the same stream.
func TestStreamIsTheSameForTheSameSeed(t *testing.T) {
	town := grid(t)
	collect := func(seed uint64) []byte {
		stream, err := synth.Stream(seed, load(t, town, 200))
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		for item := range stream {
			all = append(all, item.Body...)
		}
		return all
	}
	if !bytes.Equal(collect(1), collect(1)) {
		t.Error("the same seed gave two streams")
	}
	if bytes.Equal(collect(1), collect(2)) {
		t.Error("two seeds gave the same stream")
	}
}

// A stream nobody can send is an error at once, not an empty bench.
func TestLoadWithoutAgenciesIsAnError(t *testing.T) {
	l := load(t, grid(t), 10)
	l.Agencies = nil
	if _, err := synth.Stream(1, l); err == nil {
		t.Error("no error")
	}
}

func BenchmarkStream(b *testing.B) {
	town := synth.Town{Municipality: "0001", Areas: gridAreas()}
	stream, err := synth.Stream(7, load(b, town, b.N))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	bytes := 0
	for item := range stream {
		bytes += len(item.Body)
	}
	b.SetBytes(int64(bytes / max(1, b.N)))
}
