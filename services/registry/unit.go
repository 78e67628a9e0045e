// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"strings"

	"samsyn/events"
)

// SetUnits adds units to an agency and renames those it has. Errors:
// *UnknownError, *InvalidError.
func (s *Service) SetUnits(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, units []Unit) error {
	var p problems
	for _, u := range units {
		p.unless(unitForm.MatchString(u.Code), "unit %q: want 1-32 of a-z, 0-9 and -", u.Code)
		p.unless(strings.TrimSpace(u.Name) != "", "unit %s needs a name", u.Code)
	}
	if err := p.err(); err != nil {
		return err
	}
	return s.changeAgency(ctx, m, agency, func(st store, _ Agency) error { return st.putUnits(ctx, m, agency, units) })
}

// RemoveUnit takes a unit off an agency. Its reports stay; it is no longer
// expected to send any. Error: *UnknownError.
func (s *Service) RemoveUnit(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, unit string) error {
	return s.changeAgency(ctx, m, agency, func(st store, a Agency) error {
		removed, err := st.deleteUnit(ctx, m, agency, unit)
		if err != nil || removed {
			return err
		}
		unknown := &UnknownError{Noun: "unit", Code: unit, Remedy: "samsyn unit set"}
		for _, u := range a.Units {
			unknown.Known = append(unknown.Known, u.Code)
		}
		return unknown
	})
}

// changeAgency is change for what belongs to one agency, which must exist.
func (s *Service) changeAgency(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, fn func(store, Agency) error) error {
	return s.change(ctx, m, func(st store, _ Municipality) error {
		a, err := st.agency(ctx, m, agency)
		if err != nil {
			return err
		}
		return fn(st, a)
	})
}
