// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

// ballast makes a body of about 650 bytes, as an event has.
func ballast(i int) []byte {
	return fmt.Appendf(nil, `{"report":"R%08d","text":"%s"}`, i, strings.Repeat("x", 610))
}

// BenchmarkCollector reads and settles events of 40 streams through one collector, batches of 500. One operation is one event.
func BenchmarkCollector(b *testing.B) {
	env := testenv.NATS(b)
	const streams = 40
	k := env.Conn.NewCollector(bus.CollectorConfig{Durable: "correlator"})
	defer k.Close()
	js := admin(b, env)
	var names []string
	for i := range streams {
		a := events.AgencyID(fmt.Sprintf("agency%03d", i))
		wantNoError(b, "ensure", env.Conn.EnsureAgency(soon(b), nykoping, a, bus.Quota{}))
		names = append(names, events.IncidentStream(nykoping, a))
		prefill(b, js, a, (b.N+streams-1)/streams)
	}
	for _, name := range names {
		wantNoError(b, "add", k.Add(soon(b), name))
	}
	b.ReportAllocs()
	b.ResetTimer()
	verdicts := make([]bus.Verdict, 500)
	for read := 0; read < b.N; {
		ds, err := k.Next(context.Background(), 500)
		wantNoError(b, "next", err)
		wantNoError(b, "settle", k.Settle(context.Background(), ds, verdicts[:len(ds)]))
		read += len(ds)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// prefill writes without waiting for each: the server's flush is not what is measured.
func prefill(b *testing.B, js jetstream.JetStream, a events.AgencyID, n int) {
	b.Helper()
	for i := range n {
		_, err := js.PublishMsgAsync(&nats.Msg{Subject: reported(a), Data: ballast(i)}, jetstream.WithStallWait(30*time.Second))
		wantNoError(b, "prefill", err)
	}
	<-js.PublishAsyncComplete()
}

// BenchmarkPublishBatch sends 500 receipts of 20 agencies and 500 derived events a batch, as a correlator does. One operation is one message.
func BenchmarkPublishBatch(b *testing.B) {
	for _, size := range []int{2, 100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			env := testenv.NATS(b)
			for i := range 20 {
				wantNoError(b, "ensure", env.Conn.EnsureAgency(soon(b), nykoping, events.AgencyID(fmt.Sprintf("agency%03d", i)), bus.Quota{}))
			}
			b.ResetTimer()
			for sent := 0; sent < b.N; sent += size {
				messages := make([]bus.Message, size)
				for i := range messages {
					subject := events.CorrelatedSubject(nykoping, "a1")
					if i%2 == 0 {
						subject = events.ReceiptSubject(nykoping, events.AgencyID(fmt.Sprintf("agency%03d", i%20)))
					}
					messages[i] = bus.Message{Subject: subject, ID: fmt.Sprint(sent, "-", i), Body: ballast(i)}
				}
				wantNoError(b, "publish", env.Conn.PublishBatch(context.Background(), messages))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkPublishEach stores events of one agency one by one, 256 in flight: one flush each.
func BenchmarkPublishEach(b *testing.B) {
	env := testenv.NATS(b)
	env.AddAgency(nykoping, bostad)
	messages := make([]bus.Message, b.N)
	for i := range messages {
		messages[i] = bus.Message{Subject: reported(bostad), Body: ballast(i)}
	}
	b.ResetTimer()
	for _, r := range env.Conn.PublishEach(context.Background(), messages) {
		wantNoError(b, "publish", r.Err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
