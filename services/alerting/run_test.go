// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/mail"
	"samsyn/internal/mail/mailtest"
	"samsyn/internal/testenv"
)

// overheard is what was published on a subject.
type overheard struct {
	mu     sync.Mutex
	bodies [][]byte
	come   chan struct{}
}

func (w *world) listen(subject string) *overheard {
	w.t.Helper()
	h := &overheard{come: make(chan struct{}, 1000)}
	stop, err := w.conn.Subscribe(subject, func(_ string, body []byte) {
		h.mu.Lock()
		h.bodies = append(h.bodies, slices.Clone(body))
		h.mu.Unlock()
		h.come <- struct{}{}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(stop)
	return h
}

// next waits for one more.
func (h *overheard) next(t *testing.T) events.Hotspot {
	t.Helper()
	select {
	case <-h.come:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	spot, _, err := events.DecodeHotspot(h.bodies[len(h.bodies)-1])
	if err != nil {
		t.Fatal(err)
	}
	return spot
}

// start runs the service until the test ends.
func (w *world) start() (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.service.Run(ctx) }()
	return func() {
		w.t.Helper()
		cancel()
		select {
		case err := <-done:
			if err != nil {
				w.t.Errorf("stopped with %v", err)
			}
		case <-time.After(10 * time.Second):
			w.t.Error("did not stop within 10 s")
		}
	}
}

// The whole of it as it runs: a committed batch becomes a flag on HOTSPOTS and an alert at an agency, which is told of its own reports,
// and a mail, without anybody asking; and told to stop it stops.
func TestRunFlagsPublishesAndDelivers(t *testing.T) {
	nats := testenv.NATS(t)
	w, server := newWorld(t, nats.Conn), mailtest.New(t)
	for _, agency := range []events.AgencyID{"bostad", "polis", "skola"} {
		nats.AddAgency(vaxjo, agency)
	}
	w.service = w.newService(Config{SMTP: server.SMTP(mail.TLSNone)})
	w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
	hotspots, alerts := w.listen("hotspot.0780.>"), w.listen("alert.0780.polis")
	today := time.Now().In(w.zone)
	w.exec(w.registry, `UPDATE registry.municipality SET history_from = $1`, today.AddDate(0, 0, -200).Format(time.DateOnly))
	stop := w.start()
	defer stop()
	var took []time.Duration
	for n := range 20 {
		began := time.Now()
		w.commit(seen{
			report: fmt.Sprint("s", n), agency: []string{"polis", "bostad", "skola"}[n%3], category: "shooting_explosion", severity: 4,
			area: fmt.Sprintf("D1A%d", n%4+1), day: today.Format(time.DateOnly),
		})
		if err := w.conn.Signal(events.CommittedSubject(vaxjo), nil); err != nil {
			t.Fatal(err)
		}
		spot := hotspots.next(t)
		took = append(took, time.Since(began))
		if spot.Kind != events.KindSerious || len(spot.Reports) < 1 {
			t.Fatalf("hotspot %+v", spot)
		}
		alert := alerts.next(t)
		for _, r := range alert.Reports {
			if r.Agency != "polis" {
				t.Errorf("polis is told of %v", r)
			}
		}
	}
	slices.Sort(took)
	t.Logf("from the commit of a batch to the flag: median %s, slowest %s", took[len(took)/2], took[len(took)-1])
	// Half of the poll: it is the wake-up that does it.
	if took[len(took)/2] > pollEvery/2 {
		t.Errorf("a flag takes %s", took[len(took)/2])
	}
	deadline := time.After(20 * time.Second)
	for n := range 15 {
		select {
		case <-server.Came():
		case <-deadline:
			t.Fatalf("%d mails; deliveries %v", n, w.deliveries("mail"))
		}
	}
}
