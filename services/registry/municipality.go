// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/internal/geo"
)

// Clock says what time it is in a municipality.
type Clock string

// The clocks.
const (
	// ClockWall is the time of the world.
	ClockWall Clock = "wall"
	// ClockReplay stands still and is moved by whoever plays old events, with SetAsOf.
	ClockReplay Clock = "replay"
)

// Municipality is a municipality and the settings that belong to it.
type Municipality struct {
	Code events.MunicipalityID `json:"code"`
	Name string                `json:"name"`
	// TimeZone names the zone of its days and weeks (IANA).
	TimeZone string `json:"time_zone"`
	// EPSG is the projected system that its agencies may send coordinates in.
	EPSG int `json:"epsg"`
	// HistoryFrom is the first local day of which events are taken, at midnight UTC.
	HistoryFrom time.Time `json:"history_from"`
	Clock       Clock     `json:"clock"`
	// AsOf is the time on a replay clock; nil on the wall clock.
	AsOf *time.Time `json:"as_of,omitempty"`
	// MadeUp says that its events are invented; every page says so too.
	MadeUp bool `json:"made_up"`
	// Version rises with every change of anything the registry holds of it.
	Version int64 `json:"version"`
}

// check lists what is wrong with the settings.
func (m Municipality) check() error {
	var p problems
	p.unless(m.Code.Valid(), "municipality %q: want the four-digit code, or abroad 2-16 of a-z, 0-9 and -", m.Code)
	p.unless(strings.TrimSpace(m.Name) != "", "municipality %s needs a name", m.Code)
	_, err := time.LoadLocation(m.TimeZone)
	p.unless(err == nil && m.TimeZone != "" && m.TimeZone != "Local", "time zone %q: want an IANA name such as Europe/Stockholm", m.TimeZone)
	_, err = geo.ProjectionOf(m.EPSG)
	p.unless(err == nil, "projected system EPSG:%d: want 3006 (SWEREF 99 TM) or a UTM zone 326xx, 327xx", m.EPSG)
	p.unless(!m.HistoryFrom.IsZero(), "municipality %s needs the first day of its history", m.Code)
	p.unless(m.Clock == ClockWall || m.Clock == ClockReplay, "clock %q: want wall or replay", m.Clock)
	p.unless((m.Clock == ClockReplay) == (m.AsOf != nil), "a replay clock needs a time to stand at, the wall clock has none")
	return p.err()
}

// AddMunicipality adds a municipality. TimeZone, EPSG and Clock may be left out:
// Europe/Stockholm, SWEREF 99 TM and the wall clock. Errors: *InvalidError,
// *ExistsError.
func (s *Service) AddMunicipality(ctx context.Context, m Municipality) error {
	if m.TimeZone == "" {
		m.TimeZone = "Europe/Stockholm"
	}
	if m.EPSG == 0 {
		m.EPSG = geo.SWEREF99TM
	}
	if m.Clock == "" {
		m.Clock = ClockWall
	}
	if err := m.check(); err != nil {
		return err
	}
	err := s.tx(ctx, func(st store) error { return st.insertMunicipality(ctx, m, s.config.Now()) })
	if err != nil {
		return err
	}
	s.signal(m.Code, 1)
	return nil
}

// Municipalities lists every municipality by code.
func (s *Service) Municipalities(ctx context.Context) (all []Municipality, err error) {
	err = s.tx(ctx, func(st store) error {
		all, err = st.municipalities(ctx)
		return err
	})
	return all, err
}

// MunicipalityOf returns one municipality, or an *UnknownError that names those
// there are.
func (s *Service) MunicipalityOf(ctx context.Context, m events.MunicipalityID) (found Municipality, err error) {
	err = s.tx(ctx, func(st store) error {
		found, err = st.municipality(ctx, m)
		return err
	})
	return found, err
}

// SetMunicipality changes the settings of a municipality: set gets them as they
// are and changes what it will; Code and Version stay. Errors: *UnknownError,
// *InvalidError.
func (s *Service) SetMunicipality(ctx context.Context, m events.MunicipalityID, set func(*Municipality)) error {
	return s.change(ctx, m, func(st store, row Municipality) error {
		stood := row.AsOf
		set(&row)
		row.Code = m
		if row.Clock == ClockWall && row.AsOf == stood {
			row.AsOf = nil // the replay is over
		}
		if err := row.check(); err != nil {
			return err
		}
		return st.updateMunicipality(ctx, row)
	})
}

// SetAsOf moves the replay clock of a municipality forward. Moving it back is an
// *InvalidError, as is moving the wall clock: SetMunicipality can do both, and then
// what was decided at later times stays decided.
func (s *Service) SetAsOf(ctx context.Context, m events.MunicipalityID, asOf time.Time) error {
	return s.change(ctx, m, func(st store, row Municipality) error {
		if row.Clock != ClockReplay {
			return &InvalidError{[]string{fmt.Sprintf("municipality %s is on the wall clock; "+
				"set a replay clock first (samsyn municipality set %s --clock replay --as-of TIME)", m, m)}}
		}
		if asOf.Before(*row.AsOf) {
			return &InvalidError{[]string{fmt.Sprintf("the replay clock of %s stands at %s and does not go back to %s", m,
				row.AsOf.Format(time.RFC3339), asOf.Format(time.RFC3339))}}
		}
		row.AsOf = &asOf
		return st.updateMunicipality(ctx, row)
	})
}
