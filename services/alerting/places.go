// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/pg"
)

// Place is a flagged place as lists, commands and the API show it.
type Place struct {
	Municipality string    `json:"municipality"`
	ID           uuid.UUID `json:"id"`
	Revision     int       `json:"revision"`
	Kind         string    `json:"kind"`  // serious, rise, cluster, repeat
	Grade        string    `json:"grade"` // alert, watch
	State        string    `json:"state"` // open, cleared
	Level        string    `json:"level"`
	Area         string    `json:"area"` // that leads
	// LeadSince is since when it shows there, on the municipality's clock.
	LeadSince *time.Time      `json:"lead_since,omitempty"`
	Areas     []string        `json:"areas"`
	Parts     json.RawMessage `json:"parts"`
	Group     string          `json:"group"` // empty: all
	Category  string          `json:"category,omitempty"`
	// From and To are local days, both in the window.
	From     string  `json:"from"`
	To       string  `json:"to"`
	Observed int     `json:"observed"`
	Expected float64 `json:"expected"`
	Low      int     `json:"low"`
	High     int     `json:"high"`
	// RecurrenceDays is 0 where no such rate is claimed.
	RecurrenceDays float64     `json:"recurrence_days,omitempty"`
	LnR            float64     `json:"ln_r"`
	Margin         float64     `json:"margin"`
	New            bool        `json:"new"`
	Agencies       []string    `json:"agencies"`
	Reason         events.Text `json:"reason"`
	OpenedAt       time.Time   `json:"opened_at"`
	OpenedAsOf     time.Time   `json:"opened_as_of"`
	UpdatedAt      time.Time   `json:"updated_at"`
	UpdatedAsOf    time.Time   `json:"updated_as_of"`
	ClearedAsOf    *time.Time  `json:"cleared_as_of,omitempty"`
}

// utc puts the times into UTC, whatever zone the machine is in.
func (p *Place) utc() {
	for _, t := range []*time.Time{&p.OpenedAt, &p.OpenedAsOf, &p.UpdatedAt, &p.UpdatedAsOf, p.ClearedAsOf, p.LeadSince} {
		if t != nil {
			*t = t.UTC()
		}
	}
}

// Places lists the flagged places of a municipality as v may see them, with cleared also those that no longer are: open ones first, very
// serious ones before others, then by how far above the limit they are.
func (s *Service) Places(ctx context.Context, v pg.Viewer, m events.MunicipalityID, cleared bool) ([]Place, error) {
	q := placeQuery{Municipality: string(m), State: stateOpen, Limit: 100_000}
	if cleared {
		q.State = ""
	}
	places, _, err := s.store.places(ctx, v, q)
	return places, err
}

// CaughtUp says whether a municipality is looked at up to the correlator's last batch and to the last midnight of its clock, and everything
// that was decided is published. Who plays old events waits for it.
func (s *Service) CaughtUp(ctx context.Context, m events.MunicipalityID, now time.Time) (bool, error) {
	return s.store.caughtUp(ctx, m, now)
}

// Delivery is one line of the list of what was sent, or could not be.
type Delivery struct {
	Municipality string     `json:"municipality"`
	Message      uuid.UUID  `json:"message"`
	Channel      string     `json:"channel"`
	Recipient    string     `json:"recipient"`
	Kind         string     `json:"kind"`  // now, digest, rest
	State        string     `json:"state"` // waiting, due, retried, sent, failed
	Flags        int        `json:"flags"`
	Attempts     int        `json:"attempts"`
	Error        string     `json:"error,omitempty"`
	CreatedAt    time.Time  `json:"created_at"`
	NextAt       *time.Time `json:"next_at,omitempty"`
	EndedAt      *time.Time `json:"ended_at,omitempty"`
}

// Deliveries lists messages of the last 30 days, newest first, at most limit. With undelivered only those that failed at least once and have
// not arrived. An empty municipality is all of them.
func (s *Service) Deliveries(ctx context.Context, m events.MunicipalityID, undelivered bool, limit int, now time.Time) ([]Delivery, error) {
	return s.store.deliveries(ctx, m, undelivered, limit, now)
}

// Retry makes every message of a municipality that was given up or waits for its next attempt due now, and says how many they are.
func (s *Service) Retry(ctx context.Context, m events.MunicipalityID, now time.Time) (int, error) {
	return s.store.retry(ctx, m, now)
}
