// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"samsyn/events"
)

// door is the platform's HTTP door as a script: it remembers what was posted, and lists a receipt for each.
type door struct {
	*site
	server *httptest.Server

	mu       sync.Mutex
	posts    []string // what reached it: reports, and the idempotency key
	next     []func(w http.ResponseWriter) bool
	receipts []events.Receipt
	quiet    bool // list no receipts
	checks   []string
	wrong    string // a cursor that is refused
}

func newDoor(t *testing.T) *door {
	d := &door{site: &site{t: t, dir: t.TempDir(), log: &lockedBuffer{}}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /samsyn/v1/incidents", d.take)
	mux.HandleFunc("GET /samsyn/v1/receipts", d.list)
	d.server = httptest.NewServer(mux)
	t.Cleanup(d.server.Close)
	return d
}

// answers makes the next requests be answered otherwise.
func (d *door) answers(status int, header, value, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next = append(d.next, func(w http.ResponseWriter) bool {
		if header != "" {
			w.Header().Set(header, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	})
}

func (d *door) take(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer sk_abc_def" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.URL.Query().Get("dry-run") == "true" {
		e, _ := events.Decode(body)
		d.checks = append(d.checks, string(e.Report))
		verdict := d.receipt(e)
		verdict.Notes = events.Explain([]events.Note{{Code: events.Duplicate}})
		_ = json.NewEncoder(w).Encode(verdict)
		return
	}
	var items []json.RawMessage
	_ = json.Unmarshal(body, &items)
	var results []map[string]any
	said := ""
	for i, item := range items {
		e, _ := events.Decode(item)
		said += fmt.Sprintf("%s:%d ", e.Report, e.Revision)
		state, reasons := "received", []events.Explained(nil)
		if strings.HasPrefix(string(e.Report), "BAD") {
			state, reasons = "refused", events.Explain([]events.Reason{{Code: events.PIIName, Path: "/data/text"}})
		} else {
			d.receipts = append(d.receipts, d.receipt(e))
		}
		results = append(results, map[string]any{"index": i, "report": e.Report, "state": state, "reasons": reasons})
	}
	key := ""
	if r.Header.Get("Idempotency-Key") != "" {
		key = "keyed"
	}
	d.posts = append(d.posts, said+key)
	if len(d.next) > 0 {
		answer := d.next[0]
		d.next = d.next[1:]
		answer(w)
		return
	}
	_ = json.NewEncoder(w).Encode(results)
}

func (d *door) receipt(e events.Event) events.Receipt {
	return events.Receipt{
		Kind: e.Kind, Report: e.Report, Revision: e.Revision, Content: events.ContentHex(e.Content), Outcome: events.Accepted, Final: true,
		Notes: events.Explain(nil), Reasons: events.Explain(nil), Decided: time.Now(),
	}
}

func (d *door) list(w http.ResponseWriter, r *http.Request) {
	after := r.URL.Query().Get("after")
	deadline := time.Now().Add(100 * time.Millisecond)
	for {
		d.mu.Lock()
		if after != "" && after == d.wrong {
			d.mu.Unlock()
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		from, _ := strconv.Atoi(after)
		page := map[string]any{"receipts": []events.Receipt{}, "next": after}
		news := !d.quiet && from < len(d.receipts)
		if news {
			page["receipts"], page["next"] = d.receipts[from:], strconv.Itoa(len(d.receipts))
		}
		d.mu.Unlock()
		if news || time.Now().After(deadline) {
			_ = json.NewEncoder(w).Encode(page)
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
}

func (d *door) posted() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.posts, "; ")
}

func (d *door) open(key string) *Service {
	d.t.Helper()
	log := slog.New(slog.NewTextHandler(d.log, nil))
	way, err := Reach(d.server.URL, "", key, log)
	must(d.t, err)
	c, err := Open(d.dir, way, log, d.config())
	must(d.t, err)
	d.t.Cleanup(func() {
		way.Close()
		_ = c.Close() // the test may have closed it
	})
	return c
}

func (d *door) once() Summary {
	d.t.Helper()
	c := d.open("sk_abc_def")
	must(d.t, c.Once(soon(d.t), 20*time.Second))
	sum := c.Summary()
	must(d.t, c.Close())
	return sum
}

// An agency with a key needs nothing else: it does not even say who it is.
func TestOverHTTP(t *testing.T) {
	d := newDoor(t)
	d.mapping(mappingYAML)
	d.drop("a.csv", csvHeader+"1;2026-06-30;14:05;Klotter;17,01;58,75;\n")
	d.drop("b.ndjson", incident("B", "")+"\n"+incident("BAD", "")+"\n"+incident("B", `,"revision":2`))
	d.once()
	equal(t, "table", d.outcomes("a.csv"), "2 1:1 accepted")
	equal(t, "lines", d.outcomes("b.ndjson"), "1 B:1 accepted\n2 BAD:1 refused pii_name\n3 B:2 accepted")
	if got := d.posted(); !strings.Contains(got, "BAD:1 ") || !strings.Contains(got, "keyed") || strings.Index(got, "B:2") < strings.Index(got, "B:1") {
		t.Errorf("posted %s", got)
	}
	// The cursor is kept: the next run asks from there.
	d.drop("c.ndjson", incident("C", ""))
	c := d.open("sk_abc_def")
	equal(t, "cursor", c.outbox.Cursor(), "3")
	must(t, c.Close())
	// A cursor that the platform does not know any more begins from the start.
	d.wrong = "3"
	d.once()
	equal(t, "after a wrong cursor", d.outcomes("c.ndjson"), "1 C:1 accepted")
}

// Whatever the door says, an event is kept until it is stored.
func TestHTTPTroubleIsWaitedOut(t *testing.T) {
	d := newDoor(t)
	d.answers(http.StatusServiceUnavailable, "Retry-After", "1", `{"code":"store_away","title":"..."}`)
	d.answers(http.StatusTooManyRequests, "Retry-After", "1", `{"code":"rate_limited"}`)
	d.answers(http.StatusBadGateway, "", "", `<html>`)
	d.answers(http.StatusOK, "", "", `[]`)
	d.answers(http.StatusFound, "Location", "http://elsewhere.example/", ``)
	d.drop("a.ndjson", incident("A", ""))
	d.once()
	equal(t, "outcomes", d.outcomes("a.ndjson"), "1 A:1 accepted")
}

func TestWrongKeyIsTold(t *testing.T) {
	d := newDoor(t)
	d.drop("a.ndjson", incident("A", ""))
	c := d.open("sk_wrong_one")
	must(t, c.Once(soon(t), time.Second))
	if sum := c.Summary(); !strings.Contains(sum.Trouble, string(shutOut)) || sum.Files[0].Unanswered != 1 {
		t.Errorf("%+v", sum)
	}
	must(t, c.Close())
	d.once()
	equal(t, "outcomes", d.outcomes("a.ndjson"), "1 A:1 accepted")
}

// The list of receipts names each event once. A connector that has read past it, in a folder that was lost since, asks.
func TestHTTPAsksWhatTheReceiptSaid(t *testing.T) {
	d := newDoor(t)
	d.quiet = true
	d.drop("a.ndjson", incident("A", ""))
	d.once()
	equal(t, "outcomes", d.outcomes("a.ndjson"), "1 A:1 accepted")
	equal(t, "asked", strings.Join(d.checks, " "), "A")
	equal(t, "posted", d.posted(), "A:1 keyed")
}

func TestReachSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ server, creds, key, want string }{
		{"samsyn.example.se", "", "k", "not an address"},
		{"ftp://samsyn.example.se", "", "k", "begins with neither"},
		{"http://samsyn.example.se", "", "k", "use https"},
		{"https://samsyn.example.se", "", "", "needs an API key"},
		{"nats://samsyn.example.se", "", "", "needs a credentials file"},
		{"nats://samsyn.example.se", "/nowhere", "", "no such file"},
		{"nats://samsyn.example.se", "http_test.go", "", "no credentials file"},
	} {
		if _, err := Reach(tt.server, tt.creds, tt.key, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.server, err, tt.want)
		}
	}
}
