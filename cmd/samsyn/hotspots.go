// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"samsyn/internal/pg"
	"samsyn/services/alerting"
	"samsyn/services/review/position"
)

type hotspotsCommand struct {
	inMunicipality
	All bool `help:"Also those that are over."`
}

// Help shows an example.
func (hotspotsCommand) Help() string {
	return `Open places first, very serious ones before others, then by how far above the limit they are.

position says how a place stands in the review: act, watch, dismiss, hand_over, or returned where a watch is over.

Example: samsyn hotspots -m 0780 --all`
}

// flaggedPlace is a flagged place and how it stands in the review: act, watch, dismiss, hand_over, returned, or empty.
type flaggedPlace struct {
	alerting.Place
	Position string `json:"position,omitempty"`
}

// Run lists them.
func (c hotspotsCommand) Run(ctx context.Context, p *program) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		s, err := in.alertingFor(ctx, p, c.inMunicipality)
		if err != nil {
			return err
		}
		places, err := s.Places(ctx, pg.System, c.Municipality, c.All)
		if err != nil {
			return away(ctx, err)
		}
		pool, err := in.Pool(ctx, pg.RoleReview, 1)
		if err != nil {
			return err
		}
		states, err := position.States(ctx, pool, pg.System, string(c.Municipality))
		if err != nil {
			return away(ctx, err)
		}
		t := table{header: []string{"id", "state", "position", "grade", "kind", "where", "group", "window", "observed", "expected", "agencies", "since", "why"}}
		shown := make([]flaggedPlace, len(places))
		for i, h := range places {
			shown[i] = flaggedPlace{h, states[h.ID]}
			t.add(h.ID.String(), h.State, states[h.ID], h.Grade, h.Kind, h.Level+" "+strings.Join(h.Areas, " "), h.Group, h.From+" - "+h.To, strconv.Itoa(h.Observed),
				strconv.FormatFloat(h.Expected, 'f', 1, 64), strings.Join(h.Agencies, " "), h.OpenedAsOf.Format(time.RFC3339), h.Reason.SV)
		}
		return p.write(map[string]any{"hotspots": list(shown)}, t)
	})
}

// withAlerting opens the installation for a command about what is flagged in a municipality, and who hears of it.
func withAlerting(ctx context.Context, p *program, m inMunicipality, fn func(context.Context, *alerting.Service) error) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		s, err := in.alertingFor(ctx, p, m)
		if err != nil {
			return err
		}
		return away(ctx, fn(ctx, s))
	})
}

// alertingFor is alerting for a command about one municipality, which must be there, or about all.
func (in *installation) alertingFor(ctx context.Context, p *program, m inMunicipality) (*alerting.Service, error) {
	r, err := in.Registry(ctx)
	if err != nil {
		return nil, err
	}
	if m.Municipality != "" {
		if _, err := r.MunicipalityOf(ctx, m.Municipality); err != nil {
			return nil, away(ctx, err)
		}
	}
	config, err := in.alertingConfig(p.settings, p.settings.PublicURL)
	if err != nil {
		return nil, err
	}
	return in.alerting(ctx, config)
}
