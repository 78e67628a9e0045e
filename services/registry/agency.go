// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/events/bus"
)

// Agency is an organisation that takes part, and what it may do.
type Agency struct {
	Municipality events.MunicipalityID `json:"municipality"`
	Code         events.AgencyID       `json:"code"`
	Name         string                `json:"name"`
	// Kind is one of Kinds.
	Kind string `json:"kind"`
	// StartedOn is the first local day of its reports, at midnight UTC.
	StartedOn time.Time `json:"started_on"`
	// Suspended is when it was shut out; nil when it is not.
	Suspended *time.Time `json:"suspended_at,omitempty"`
	// Sharing is who opens a report that does not say, one of Sharings.
	Sharing string `json:"sharing"`
	// Serious is the right to flag a place at once by an observed report of severity 4.
	Serious bool `json:"serious"`
	// TextAllowed says that its reports may carry free text.
	TextAllowed bool `json:"text_allowed"`
	// PerSecond is how many events it may send a second.
	PerSecond int `json:"per_second"`
	// MaxBytes is the room of its stream in bytes; 0 leaves it to the size of the store.
	MaxBytes int64  `json:"max_bytes"`
	Units    []Unit `json:"units"`
}

// Unit is a reporting unit of an agency: coverage is watched unit by unit.
type Unit struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Kinds are the kinds of agencies.
func Kinds() []string {
	return []string{"municipality", "police", "housing", "guard", "school", "association", "other"}
}

// Sharings are the answers to who opens a report, from the narrowest (contracts.md section 1).
func Sharings() []string { return []string{"withheld", "counts", "coordinators", "partners"} }

const defaultPerSecond = 200

var unitForm = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// withDefaults fills in what was left out.
func (a Agency) withDefaults(now time.Time) Agency {
	if a.Kind == "" {
		a.Kind = "other"
	}
	if a.Sharing == "" {
		a.Sharing = "partners"
	}
	if a.PerSecond == 0 {
		a.PerSecond = defaultPerSecond
	}
	if a.StartedOn.IsZero() {
		a.StartedOn = now.UTC().Truncate(24 * time.Hour)
	}
	return a
}

func (a Agency) check() error {
	var p problems
	p.unless(a.Code.Valid(), "agency %q: want 2-32 of a-z, 0-9 and -", a.Code)
	p.unless(strings.TrimSpace(a.Name) != "", "agency %s needs a name", a.Code)
	p.unless(slices.Contains(Kinds(), a.Kind), "kind %q: want one of %s", a.Kind, strings.Join(Kinds(), ", "))
	p.unless(slices.Contains(Sharings(), a.Sharing), "sharing %q: want one of %s", a.Sharing, strings.Join(Sharings(), ", "))
	p.unless(a.PerSecond > 0, "rate %d: want at least 1 event a second", a.PerSecond)
	p.unless(a.MaxBytes >= 0, "room of %d bytes: want 0 (a share of the store) or more", a.MaxBytes)
	seen := map[string]bool{}
	for _, u := range a.Units {
		p.unless(unitForm.MatchString(u.Code), "unit %q: want 1-32 of a-z, 0-9 and -", u.Code)
		p.unless(!seen[u.Code], "unit %q is named twice", u.Code)
		seen[u.Code] = true
	}
	return p.err()
}

// AddAgency adds an agency with its units: the row, the database login, the account
// and the streams on NATS. Kind, Sharing, PerSecond and StartedOn may be left out:
// other, partners, 200 a second, today.
//
// The row is written first and committed last, when NATS is done: an agency that is
// listed is whole. A failure leaves no row and no login; what it may leave on NATS
// are empty streams and an account without credentials, which the next attempt uses. Errors:
// *InvalidError, *UnknownError, *ExistsError, *bus.NoRoomError.
func (s *Service) AddAgency(ctx context.Context, a Agency) error {
	if s.operator == nil {
		return ErrNoOperator
	}
	a = a.withDefaults(s.config.Now())
	if err := a.check(); err != nil {
		return err
	}
	return s.change(ctx, a.Municipality, func(st store, _ Municipality) error {
		if err := st.insertAgency(ctx, a); err != nil {
			return err
		}
		if err := st.putUnits(ctx, a.Municipality, a.Code, a.Units); err != nil {
			return err
		}
		if err := st.openLogin(ctx, a.Municipality, a.Code, s.config.Password); err != nil {
			return err
		}
		return s.openNATS(ctx, a)
	})
}

// openNATS is idempotent. The streams come first: the account's path is proved on them.
func (s *Service) openNATS(ctx context.Context, a Agency) error {
	if err := s.conn.EnsureAgency(ctx, a.Municipality, a.Code, bus.Quota{MaxBytes: a.MaxBytes}); err != nil {
		return fmt.Errorf("streams of %s: %w", a.Code, err)
	}
	if err := s.operator.AddAgency(ctx, a.Municipality, a.Code); err != nil {
		return fmt.Errorf("account of %s on NATS: %w", a.Code, err)
	}
	return nil
}

// SetAgency changes what an agency may do: set gets it as it is and changes what it
// will; municipality, code, units and suspension stay. Errors: *UnknownError,
// *InvalidError, *bus.NoRoomError.
func (s *Service) SetAgency(ctx context.Context, m events.MunicipalityID, code events.AgencyID, set func(*Agency)) error {
	return s.change(ctx, m, func(st store, _ Municipality) error {
		was, err := st.agency(ctx, m, code)
		if err != nil {
			return err
		}
		a := was
		set(&a)
		a.Municipality, a.Code, a.Units, a.Suspended = m, code, was.Units, was.Suspended
		if err := a.check(); err != nil {
			return err
		}
		if err := st.updateAgency(ctx, a); err != nil {
			return err
		}
		if a.MaxBytes == was.MaxBytes {
			return nil
		}
		return s.conn.EnsureAgency(ctx, m, code, bus.Quota{MaxBytes: a.MaxBytes})
	})
}

// Agencies lists the agencies of a municipality with their units, by code; with ""
// those of every municipality. Error: *UnknownError.
func (s *Service) Agencies(ctx context.Context, m events.MunicipalityID) (all []Agency, err error) {
	err = s.tx(ctx, func(st store) error {
		if m != "" {
			if _, err := st.municipality(ctx, m); err != nil {
				return err
			}
		}
		all, err = st.agencies(ctx, m)
		return err
	})
	return all, err
}

// AgencyOf returns one agency. Error: *UnknownError, for the municipality or the agency.
func (s *Service) AgencyOf(ctx context.Context, m events.MunicipalityID, code events.AgencyID) (a Agency, err error) {
	err = s.tx(ctx, func(st store) error {
		if _, err := st.municipality(ctx, m); err != nil {
			return err
		}
		a, err = st.agency(ctx, m, code)
		return err
	})
	return a, err
}

// StillOpenError says that a suspended agency can still publish on NATS, because
// the account could not be closed. The API and the database are closed.
type StillOpenError struct {
	Agency events.AgencyID
	Cause  error
}

// Error says what is open and what to do.
func (e *StillOpenError) Error() string {
	return fmt.Sprintf("the API and the database are closed to %s, but its account on NATS is still open (%s): run the command again", e.Agency, e.Cause)
}

// Unwrap returns the cause.
func (e *StillOpenError) Unwrap() error { return e.Cause }

// SuspendAgency shuts an agency out at once: the API by the row, the database by
// closing its login and ending its sessions, NATS by revoking its account. What can
// be closed is closed: when NATS cannot be reached the rest is committed all the
// same and the error is a *StillOpenError. Suspending twice closes what is still
// open and keeps the first time. Other error: *UnknownError.
func (s *Service) SuspendAgency(ctx context.Context, m events.MunicipalityID, code events.AgencyID) error {
	if s.operator == nil {
		return ErrNoOperator
	}
	err := s.change(ctx, m, func(st store, _ Municipality) error {
		if _, err := st.agency(ctx, m, code); err != nil {
			return err
		}
		now := s.config.Now()
		return errors.Join(st.setSuspended(ctx, m, code, &now), st.closeLogin(ctx, m, code))
	})
	if err != nil {
		return err
	}
	// After the commit: a session ended before it could come straight back.
	ended := s.tx(ctx, func(st store) error { return st.endSessions(ctx, m, code) })
	if err := s.operator.Suspend(ctx, m, code); err != nil {
		return errors.Join(&StillOpenError{Agency: code, Cause: err}, ended)
	}
	return ended
}

// ResumeAgency lets a suspended agency in again. NATS is opened before the commit,
// so that a listed agency is whole; when the commit fails NATS is closed again.
// Resuming an agency that is not suspended opens what is closed. Error:
// *UnknownError.
func (s *Service) ResumeAgency(ctx context.Context, m events.MunicipalityID, code events.AgencyID) error {
	if s.operator == nil {
		return ErrNoOperator
	}
	opened := false
	err := s.change(ctx, m, func(st store, _ Municipality) error {
		a, err := st.agency(ctx, m, code)
		if err != nil {
			return err
		}
		if err := errors.Join(st.setSuspended(ctx, m, code, nil), st.openLogin(ctx, m, code, s.config.Password)); err != nil {
			return err
		}
		if err := s.openNATS(ctx, a); err != nil {
			return err
		}
		opened = a.Suspended != nil
		return s.operator.Resume(ctx, m, code)
	})
	if err == nil || !opened {
		return err
	}
	return errors.Join(err, s.operator.Suspend(context.WithoutCancel(ctx), m, code))
}

// Reconcile makes the database's logins and NATS agree with what is registered: a
// login, streams and an account for every agency, closed for those suspended. It is
// run at start, after a restore of either side for instance, and changes nothing
// that is right. An agency that fails does not keep the others waiting; all errors
// are returned.
func (s *Service) Reconcile(ctx context.Context) error {
	if s.operator == nil {
		return ErrNoOperator
	}
	all, err := s.Agencies(ctx, "")
	if err != nil {
		return err
	}
	accounts, err := s.operator.Agencies()
	if err != nil {
		return fmt.Errorf("list accounts on NATS: %w", err)
	}
	failed := []error{s.reconcileLogins(ctx, all)}
	for _, a := range all {
		i := slices.IndexFunc(accounts, func(x bus.AgencyAccount) bool { return x.Municipality == a.Municipality && x.Agency == a.Code })
		if i < 0 {
			failed = append(failed, s.openNATS(ctx, a))
		} else {
			failed = append(failed, s.conn.EnsureAgency(ctx, a.Municipality, a.Code, bus.Quota{MaxBytes: a.MaxBytes}))
		}
		switch closed := i >= 0 && accounts[i].Suspended; {
		case a.Suspended != nil && !closed:
			failed = append(failed, s.operator.Suspend(ctx, a.Municipality, a.Code))
		case a.Suspended == nil && closed:
			failed = append(failed, s.operator.Resume(ctx, a.Municipality, a.Code))
		}
	}
	return errors.Join(failed...)
}

// reconcileLogins makes the logins again: they belong to the cluster, and the backup
// of a database does not hold them.
func (s *Service) reconcileLogins(ctx context.Context, all []Agency) error {
	return s.tx(ctx, func(st store) error {
		for _, a := range all {
			if err := st.openLogin(ctx, a.Municipality, a.Code, s.config.Password); err != nil {
				return err
			}
			if a.Suspended == nil {
				continue
			}
			if err := st.closeLogin(ctx, a.Municipality, a.Code); err != nil {
				return err
			}
		}
		return nil
	})
}
