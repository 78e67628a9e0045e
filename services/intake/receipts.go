// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"samsyn/events"
)

const (
	maxReceipts     = 1000
	defaultReceipts = 100
	maxWait         = 20 // seconds
	// A wake-up may be missed (it is a signal, not a message), so waiting readers also look by themselves.
	lookAgain = 2 * time.Second
)

type receiptsBody struct {
	Receipts []events.Receipt `json:"receipts"`
	Next     string           `json:"next"`
}

// listReceipts is GET /receipts: what an agency has not heard yet, oldest first, waiting for it if asked to.
func (s *Service) listReceipts(w http.ResponseWriter, r *http.Request, who grant) error {
	query := r.URL.Query()
	limit, err := number(query.Get("limit"), "limit", 1, maxReceipts, defaultReceipts)
	if err != nil {
		return err
	}
	wait, err := number(query.Get("wait"), "wait", 0, maxWait, 0)
	if err != nil {
		return err
	}
	var at cursor
	if sealed := query.Get("after"); sealed != "" {
		var ok bool
		if at, ok = openCursor(s.cursors, who, sealed); !ok {
			return badParameter("after", "är ingen markör som getts er. Utelämna den för att börja om från början.",
				"is no cursor that was given to you. Leave it out to begin again from the start.")
		}
	}
	receipts, at, err := s.waitForReceipts(r.Context(), who, at, limit, time.Duration(wait)*time.Second)
	if err != nil {
		return err
	}
	body := receiptsBody{Receipts: receipts, Next: query.Get("after")}
	if len(receipts) > 0 {
		body.Next = at.seal(s.cursors, who)
	}
	return writeJSON(w, http.StatusOK, body)
}

// waitForReceipts reads until there is something, or the time is over. It holds no connection to Postgres while it waits.
func (s *Service) waitForReceipts(ctx context.Context, who grant, at cursor, limit int, wait time.Duration) ([]events.Receipt, cursor, error) {
	receipts, at, err := s.store.receipts(ctx, who, at, limit)
	if err != nil || len(receipts) > 0 || wait == 0 {
		return receipts, at, err
	}
	done, err := s.limits.waiting(who)
	if err != nil {
		return nil, at, err
	}
	defer done()
	woken, stop := s.wakeUps(who)
	defer stop()
	over := time.NewTimer(wait)
	defer over.Stop()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		// First of all again: a receipt may have come between the first look and the wake-ups.
		receipts, at, err = s.store.receipts(ctx, who, at, limit)
		if err != nil || len(receipts) > 0 {
			return receipts, at, err
		}
		select {
		case <-woken:
		case <-look.C:
		case <-over.C:
			return receipts, at, nil
		case <-s.stopping:
			return receipts, at, nil
		case <-ctx.Done():
			return nil, at, ctx.Err()
		}
	}
}

// wakeUps hears each receipt of an agency go out. Without NATS nobody is woken and readers look by themselves.
func (s *Service) wakeUps(who grant) (woken <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	stop, err := s.bus.Subscribe(events.ReceiptSubject(who.municipality, who.agency), func(string, []byte) {
		select {
		case c <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return c, func() {}
	}
	return c, stop
}

// number reads a parameter between least and most.
func number(given, name string, least, most, otherwise int) (int, error) {
	if given == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < least || n > most {
		bounds := strconv.Itoa(least) + "-" + strconv.Itoa(most)
		return 0, badParameter(name, "ett heltal "+bounds, "a whole number "+bounds)
	}
	return n, nil
}
