// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

const (
	httpBase = "/samsyn/v1"

	postWait   = 90 * time.Second
	receiptHop = 20 // seconds that the platform may keep us waiting for a receipt
	mostItems  = 500
	mostBytes  = 4 << 20
	mostAnswer = 64 << 20
	postAgain  = 5 // the turn from which on an event is posted again; with pauses of 15 s, doubled, after four minutes
)

// httpPlatform reaches Samsyn by its API.
type httpPlatform struct {
	base, key string
	client    *http.Client
}

func newHTTPPlatform(base, key string) *httpPlatform {
	return &httpPlatform{base: base, key: key, client: &http.Client{
		// A redirect would carry the key to somewhere that was not meant.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// send posts the events as arrays. Of those that are stored and have no receipt the platform is asked what the receipt
// says: its list names each event once, and a connector whose folder was lost may have read past it. As long as the
// platform has come no further than to store them there is nothing to do; when that lasts they are posted again.
func (h *httpPlatform) send(ctx context.Context, batch []outgoing) ([]delivery, error) {
	deliveries := make([]delivery, len(batch))
	var open []int
	behind := false
	for i, o := range batch {
		if o.turn > 0 && !behind {
			answer, err := h.known(ctx, o)
			if err != nil {
				return deliveries, err
			}
			deliveries[i] = delivery{stored: answer != nil, answer: answer}
			behind = answer == nil // what was stored later is not known either
		}
		switch {
		case o.turn > 0 && o.turn < postAgain:
			deliveries[i].stored = true
		case deliveries[i].answer == nil:
			open = append(open, i)
		}
	}
	for len(open) > 0 {
		n := fitting(batch, open)
		if err := h.post(ctx, batch, open[:n], deliveries); err != nil {
			return deliveries, err
		}
		open = open[n:]
	}
	return deliveries, nil
}

// known asks about an event that was sent before. nil: the platform does not know it yet. What it would refuse now it has
// refused: that depends on nothing but the event. That nobody can judge it now (it may be held) stands in nobody's way.
func (h *httpPlatform) known(ctx context.Context, o outgoing) (*outbox.Answered, error) {
	verdict, err := h.check(ctx, o.Body)
	if t := troubleOf(err); err != nil && t.kind != away {
		return nil, t
	}
	known := verdict.Outcome == events.Refused ||
		slices.ContainsFunc(verdict.Notes, func(n events.Explained) bool { return n.Code == events.Duplicate })
	if err != nil || !known {
		return nil, nil
	}
	a := answered(verdict)
	return &a, nil
}

// fitting says how many of the next ones go into one array.
func fitting(batch []outgoing, open []int) int {
	size := 0
	for n, i := range open {
		if size += len(batch[i].Body) + 1; n == mostItems || n > 0 && size > mostBytes {
			return n
		}
	}
	return len(open)
}

// result is the platform's answer to one of an array.
type result struct {
	Index   int                `json:"index"`
	State   string             `json:"state"`
	Reasons []events.Explained `json:"reasons"`
}

func (h *httpPlatform) post(ctx context.Context, batch []outgoing, which []int, to []delivery) error {
	bodies := make([][]byte, len(which))
	for n, i := range which {
		bodies[n] = batch[i].Body
	}
	array := append(append([]byte{'['}, bytes.Join(bodies, []byte{','})...), ']')
	var results []result
	again := slices.ContainsFunc(which, func(i int) bool { return batch[i].turn > 0 })
	if err := h.call(ctx, http.MethodPost, "/incidents", array, idempotencyKey(array, again), &results); err != nil {
		return err
	}
	for _, r := range results {
		if r.Index < 0 || r.Index >= len(which) {
			continue
		}
		o, d := batch[which[r.Index]], &to[which[r.Index]]
		switch r.State {
		case "received", "duplicate":
			d.stored = true
		case "refused":
			d.answer = &outbox.Answered{Key: o.Key, Content: o.Content, Answer: outbox.Answer{
				Outcome: events.Refused, Final: true, By: outbox.ByPlatform, Reasons: reasons(r.Reasons), Decided: time.Now().UTC(),
			}}
			d.stored = true
		}
	}
	if slices.ContainsFunc(which, func(i int) bool { return !to[i].stored }) {
		return &trouble{kind: away, err: errors.New("some events got no answer")}
	}
	return nil
}

// idempotencyKey lets an attempt whose answer was lost be made again. What was stored before and is sent for the sake of
// its receipt must reach the platform anew: then there is none.
func idempotencyKey(body []byte, resent bool) string {
	if resent {
		return ""
	}
	sum := sha256.Sum256(body)
	return "connect-" + hex.EncodeToString(sum[:16])
}

func (h *httpPlatform) receive(ctx context.Context, from string, take func([]events.Receipt, *string) error) error {
	for {
		query := url.Values{"limit": {"1000"}, "wait": {strconv.Itoa(receiptHop)}}
		if from != "" {
			query.Set("after", from)
		}
		var page struct {
			Receipts []events.Receipt `json:"receipts"`
			Next     string           `json:"next"`
		}
		err := h.call(ctx, http.MethodGet, "/receipts?"+query.Encode(), nil, "", &page)
		var status *statusError
		if errors.As(err, &status) && status.code == http.StatusBadRequest && from != "" {
			// A cursor of another installation: from the beginning.
			from = ""
			if err := take(nil, &from); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := take(page.Receipts, &page.Next); err != nil {
			return err
		}
		from = page.Next
	}
}

func (h *httpPlatform) check(ctx context.Context, body []byte) (events.Receipt, error) {
	var verdict events.Receipt
	err := h.call(ctx, http.MethodPost, "/incidents?dry-run=true", body, "", &verdict)
	return verdict, err
}

// statusError is an answer that is not what was asked for.
type statusError struct {
	code   int
	detail string
}

// Error names the status and what the platform said.
func (e *statusError) Error() string {
	return fmt.Sprintf("answered %d %s", e.code, e.detail)
}

// call makes one request and reads the answer. Errors are *trouble.
func (h *httpPlatform) call(ctx context.Context, method, path string, body []byte, key string, to any) error {
	ctx, cancel := context.WithTimeout(ctx, postWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, h.base+httpBase+path, bytes.NewReader(body))
	if err != nil {
		return &trouble{kind: away, err: err}
	}
	request.Header.Set("Authorization", "Bearer "+h.key)
	if body != nil {
		request.Header.Set("Content-Type", "application/cloudevents+json")
		if body[0] == '[' {
			request.Header.Set("Content-Type", "application/cloudevents-batch+json")
		}
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := h.client.Do(request)
	if err != nil {
		return &trouble{kind: away, err: err}
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return &trouble{kind: away, err: fmt.Errorf("read the answer: %w", err)}
	}
	if answer.StatusCode != http.StatusOK {
		return httpTrouble(answer, text)
	}
	if err := json.Unmarshal(text, to); err != nil {
		return &trouble{kind: away, err: fmt.Errorf("read the answer: %w", err)}
	}
	return nil
}

func httpTrouble(answer *http.Response, text []byte) *trouble {
	var problem struct {
		Code  string `json:"code"`
		Title string `json:"title"`
	}
	_ = json.Unmarshal(text, &problem) // a proxy's page says nothing more
	t := &trouble{kind: away, err: &statusError{answer.StatusCode, problem.Code + " " + problem.Title}}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		t.after = time.Duration(seconds) * time.Second
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		t.kind = shutOut
	case http.StatusTooManyRequests:
		t.kind = slow
	case http.StatusServiceUnavailable:
		if problem.Code == string(events.StreamFull) {
			t.kind = noRoom
		}
	}
	return t
}
