// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/testenv"
)

// hook is an agency's system.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
}

func newHook(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *hook {
	t.Helper()
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		h.bodies, h.heads = append(h.bodies, string(body)), append(h.heads, r.Header)
		h.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

// taken is what came so far.
func (h *hook) taken() (bodies []string, heads []http.Header) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.bodies), slices.Clone(h.heads)
}

func (h *hook) count() int {
	bodies, _ := h.taken()
	return len(bodies)
}

func (w *world) withWebhooks() {
	w.service = w.newService(Config{Webhook: Webhook{Loopback: true, Secret: []byte("0123456789abcdef"), Timeout: 300 * time.Millisecond}})
}

// An agency's system hears at once, can tell that it is us, and is told of its own reports only.
func TestWebhookIsSignedAndNamesOwnReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.withWebhooks()
	h := newHook(t, func(http.ResponseWriter, *http.Request) {})
	s := w.subscribe(Subscription{Channel: "webhook", Recipient: h.URL + "/in", Agency: "polis"})
	w.history("2026-11-20")
	w.burst("D1A2", "2026-11-20", 9)
	w.look("2026-11-20T21:00:00+01:00")
	w.deliver("webhook", "2026-11-20T21:00:01+01:00")
	bodies, heads := h.taken()
	if len(bodies) != 1 {
		t.Fatalf("%d requests; deliveries %v", len(bodies), w.deliveries("webhook"))
	}
	head, body := heads[0], []byte(bodies[0])
	spot, typ, err := events.DecodeHotspot(body)
	if err != nil || typ != events.TypeHotspotFlagged || spot.Observed != 9 || head.Get("Content-Type") != "application/cloudevents+json" {
		t.Errorf("%s, %v: %s", typ, err, body)
	}
	for _, r := range spot.Reports {
		if r.Agency != "polis" {
			t.Errorf("polis is told of %v", r)
		}
	}
	if len(spot.Reports) != 3 {
		t.Errorf("polis has 3 of the 9 reports and is told of %d", len(spot.Reports))
	}
	sent := at(t, "2026-11-20T21:00:01+01:00")
	if want := sign(head.Get("webhook-id"), sent, body, secretOf(t, s.WebhookSecret)); head.Get("webhook-signature") != want {
		t.Errorf("signature %q, want %q", head.Get("webhook-signature"), want)
	}
	// After a rotation both the old and the new secret hold.
	next, err := w.service.Rotate(t.Context(), vaxjo, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.commit(seen{report: "x1", agency: "skola", severity: 4, day: "2026-11-20", area: "D2A1"})
	w.commit(seen{report: "x2", severity: 4, day: "2026-11-20", area: "D2A1"})
	w.look("2026-11-20T21:05:00+01:00")
	w.deliver("webhook", "2026-11-20T21:05:01+01:00")
	sent = at(t, "2026-11-20T21:05:01+01:00")
	bodies, heads = h.taken()
	if want := sign(heads[1].Get("webhook-id"), sent, []byte(bodies[1]), secretOf(t, next), secretOf(t, s.WebhookSecret)); heads[1].Get("webhook-signature") != want {
		t.Errorf("signatures %q, want %q", heads[1].Get("webhook-signature"), want)
	}
}

// F41: a receiver that fails is tried again, when it says so or we think so; nobody is followed elsewhere; a body without end ends.
func TestWebhookFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		want   string
		again  time.Duration
	}{
		"500":                {status(http.StatusInternalServerError, ""), "now retried 1 answered 500", time.Minute},
		"404":                {status(http.StatusNotFound, ""), "now retried 1 answered 404", time.Minute},
		"429 in seconds":     {status(http.StatusTooManyRequests, "600"), "now retried 1 answered 429", 10 * time.Minute},
		"429 without a wish": {status(http.StatusTooManyRequests, ""), "now retried 1 answered 429", time.Minute},
		"429 for ever":       {status(http.StatusTooManyRequests, "99999999"), "now retried 1 answered 429", 4 * time.Hour},
		"410":                {status(http.StatusGone, ""), "now failed 1 answered 410", 0},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "now retried 1 answered 307", time.Minute},
		"slow":                 {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "now retried 1 no answer", time.Minute},
		"hangs up":             {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "now retried 1 no answer", time.Minute},
		"endless body":         {endless, "now sent 1", 0},
		"ten megabytes":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 10<<20)) }, "now sent 1", 0},
		"headers without end":  {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "now retried 1 no answer", time.Minute},
		"as it should be: 204": {status(http.StatusNoContent, ""), "now sent 1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testenv.NATS(t).Conn)
			w.withWebhooks()
			h := newHook(t, c.answer)
			w.subscribe(Subscription{Channel: "webhook", Recipient: h.URL, Agency: "polis"})
			w.commit(aShooting)
			w.look("2026-11-20T21:00:00+01:00")
			w.deliver("webhook", "2026-11-20T21:00:01+01:00")
			list, err := w.service.Deliveries(t.Context(), vaxjo, false, 10, at(t, "2026-11-20T22:00:00+01:00"))
			if err != nil {
				t.Fatal(err)
			}
			var got Delivery
			for _, d := range list {
				if d.Channel == "webhook" {
					got = d
				}
			}
			line := strings.TrimSpace(fmt.Sprintf("%s %s %d %s", got.Kind, got.State, got.Attempts, got.Error))
			if !strings.HasPrefix(line, c.want) || strings.Contains(got.Error, h.URL) {
				t.Errorf("delivery %q, want %q", line, c.want)
			}
			if c.again > 0 && !got.NextAt.Equal(at(t, "2026-11-20T21:00:01+01:00").Add(c.again)) {
				t.Errorf("again at %s", got.NextAt)
			}
			if n := h.count(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// status answers with a status, and a wish when to come again.
func status(code int, retryAfter string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := w.Write(make([]byte, 1<<12)); err != nil {
			return
		}
	}
}
