// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

const insertAgency = `-- registry: add an agency
INSERT INTO registry.agency (municipality, agency, name, kind, started_on, sharing, serious, text_allowed, per_second, max_bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

func (st store) insertAgency(ctx context.Context, a Agency) error {
	_, err := st.tx.Exec(ctx, insertAgency, a.Municipality, a.Code, a.Name, a.Kind, a.StartedOn, a.Sharing, a.Serious, a.TextAllowed, a.PerSecond, a.MaxBytes)
	if violates(err, uniqueViolation) {
		return &ExistsError{Noun: "agency", Code: string(a.Code), Remedy: "samsyn agency set changes it"}
	}
	if err != nil {
		return fmt.Errorf("add agency %s: %w", a.Code, err)
	}
	return nil
}

const updateAgency = `-- registry: change what an agency may do
UPDATE registry.agency
   SET name = $3, kind = $4, started_on = $5, sharing = $6, serious = $7, text_allowed = $8, per_second = $9, max_bytes = $10
 WHERE municipality = $1 AND agency = $2`

func (st store) updateAgency(ctx context.Context, a Agency) error {
	_, err := st.tx.Exec(ctx, updateAgency, a.Municipality, a.Code, a.Name, a.Kind, a.StartedOn, a.Sharing, a.Serious, a.TextAllowed, a.PerSecond, a.MaxBytes)
	if err != nil {
		return fmt.Errorf("change agency %s: %w", a.Code, err)
	}
	return nil
}

const setSuspended = `-- registry: shut an agency out, the first time counts; null lets it in
UPDATE registry.agency SET suspended_at = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE coalesce(suspended_at, $3) END
 WHERE municipality = $1 AND agency = $2`

func (st store) setSuspended(ctx context.Context, m events.MunicipalityID, a events.AgencyID, at *time.Time) error {
	if _, err := st.tx.Exec(ctx, setSuspended, m, a, at); err != nil {
		return fmt.Errorf("set suspension of %s: %w", a, err)
	}
	return nil
}

const selectAgencies = `-- registry: agencies with their units; '' means of every municipality
SELECT a.municipality, a.agency, a.name, a.kind, a.started_on, a.suspended_at, a.sharing, a.serious, a.text_allowed, a.per_second, a.max_bytes,
       coalesce(array_agg(u.unit ORDER BY u.unit) FILTER (WHERE u.unit IS NOT NULL), '{}') AS units,
       coalesce(array_agg(u.name ORDER BY u.unit) FILTER (WHERE u.unit IS NOT NULL), '{}') AS unit_names
  FROM registry.agency a LEFT JOIN registry.unit u USING (municipality, agency)
 WHERE $1 IN ('', a.municipality)
 GROUP BY a.municipality, a.agency
 ORDER BY a.municipality, a.agency`

type agencyRow struct {
	Municipality, Agency, Name, Kind, Sharing string
	StartedOn                                 time.Time
	SuspendedAt                               *time.Time
	Serious, TextAllowed                      bool
	PerSecond                                 int
	MaxBytes                                  int64
	Units, UnitNames                          []string
}

func (r agencyRow) agency() Agency {
	a := Agency{
		Municipality: events.MunicipalityID(r.Municipality), Code: events.AgencyID(r.Agency), Name: r.Name, Kind: r.Kind,
		StartedOn: r.StartedOn, Suspended: r.SuspendedAt, Sharing: r.Sharing, Serious: r.Serious, TextAllowed: r.TextAllowed,
		PerSecond: r.PerSecond, MaxBytes: r.MaxBytes, Units: make([]Unit, len(r.Units)),
	}
	for i := range r.Units {
		a.Units[i] = Unit{Code: r.Units[i], Name: r.UnitNames[i]}
	}
	return a
}

func (st store) agencies(ctx context.Context, m events.MunicipalityID) ([]Agency, error) {
	rows, err := st.tx.Query(ctx, selectAgencies, m)
	if err != nil {
		return nil, fmt.Errorf("read agencies: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[agencyRow])
	if err != nil {
		return nil, fmt.Errorf("read agencies: %w", err)
	}
	all := make([]Agency, len(found))
	for i, r := range found {
		all[i] = r.agency()
	}
	return all, nil
}

// agency finds one, or names those there are.
func (st store) agency(ctx context.Context, m events.MunicipalityID, code events.AgencyID) (Agency, error) {
	all, err := st.agencies(ctx, m)
	if err != nil {
		return Agency{}, err
	}
	unknown := &UnknownError{Noun: "agency", Code: string(code), Remedy: "samsyn agency add"}
	for _, a := range all {
		if a.Code == code {
			return a, nil
		}
		unknown.Known = append(unknown.Known, string(a.Code))
	}
	return Agency{}, unknown
}

const (
	loginName = `-- registry: the login role of an agency
SELECT registry.login_name($1, $2)`
	makeLogin = `-- registry: make or open the login of an agency
SELECT registry.make_login($1, $2, $3)`
	closeLogin = `-- registry: close the login of an agency
SELECT registry.close_login($1, $2)`
	endSessions = `-- registry: end the sessions of an agency
SELECT registry.end_sessions($1, $2)`
)

// openLogin makes or opens the login of an agency. The server is given a verifier,
// so that no password stands in its log.
func (st store) openLogin(ctx context.Context, m events.MunicipalityID, a events.AgencyID, password func(login string) string) error {
	var login string
	if err := st.tx.QueryRow(ctx, loginName, m, a).Scan(&login); err != nil {
		return fmt.Errorf("name the login of %s: %w", a, err)
	}
	verifier := ""
	if secret := password(login); secret != "" {
		verifier = pg.Verifier(secret)
	}
	if _, err := st.tx.Exec(ctx, makeLogin, m, a, verifier); err != nil {
		return fmt.Errorf("open the login of %s: %w", a, err)
	}
	return nil
}

func (st store) closeLogin(ctx context.Context, m events.MunicipalityID, a events.AgencyID) error {
	if _, err := st.tx.Exec(ctx, closeLogin, m, a); err != nil {
		return fmt.Errorf("close the login of %s: %w", a, err)
	}
	return nil
}

func (st store) endSessions(ctx context.Context, m events.MunicipalityID, a events.AgencyID) error {
	if _, err := st.tx.Exec(ctx, endSessions, m, a); err != nil {
		return fmt.Errorf("end the sessions of %s: %w", a, err)
	}
	return nil
}

const putUnits = `-- registry: add units, or rename those of the same code
INSERT INTO registry.unit (municipality, agency, unit, name)
SELECT $1, $2, u.unit, u.name FROM unnest($3::text[], $4::text[]) AS u (unit, name)
ON CONFLICT (municipality, agency, unit) DO UPDATE SET name = excluded.name`

func (st store) putUnits(ctx context.Context, m events.MunicipalityID, a events.AgencyID, units []Unit) error {
	var codes, names []string
	for _, u := range units {
		codes, names = append(codes, u.Code), append(names, cmp.Or(u.Name, u.Code))
	}
	if _, err := st.tx.Exec(ctx, putUnits, m, a, codes, names); err != nil {
		return fmt.Errorf("write units of %s: %w", a, err)
	}
	return nil
}

const deleteUnit = `-- registry: a unit that reports no more
DELETE FROM registry.unit WHERE municipality = $1 AND agency = $2 AND unit = $3`

func (st store) deleteUnit(ctx context.Context, m events.MunicipalityID, a events.AgencyID, unit string) (bool, error) {
	tag, err := st.tx.Exec(ctx, deleteUnit, m, a, unit)
	if err != nil {
		return false, fmt.Errorf("remove unit %s of %s: %w", unit, a, err)
	}
	return tag.RowsAffected() > 0, nil
}

const insertKey = `-- registry: a new key, of which the hash is stored
INSERT INTO registry.agency_key (municipality, agency, prefix, secret_hash, label, created_at) VALUES ($1, $2, $3, $4, $5, $6)`

func (st store) insertKey(ctx context.Context, m events.MunicipalityID, a events.AgencyID, k Key, hash []byte) error {
	if _, err := st.tx.Exec(ctx, insertKey, m, a, k.Prefix, hash, k.Label, k.CreatedAt); err != nil {
		return fmt.Errorf("store key of %s: %w", a, err)
	}
	return nil
}

const selectKeys = `-- registry: keys of an agency
SELECT prefix, label, created_at, last_used_at, revoked_at FROM registry.agency_key
 WHERE municipality = $1 AND agency = $2 ORDER BY created_at, prefix`

func (st store) keys(ctx context.Context, m events.MunicipalityID, a events.AgencyID) ([]Key, error) {
	rows, err := st.tx.Query(ctx, selectKeys, m, a)
	if err != nil {
		return nil, fmt.Errorf("read keys of %s: %w", a, err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowToStructByName[Key])
	if err != nil {
		return nil, fmt.Errorf("read keys of %s: %w", a, err)
	}
	return keys, nil
}

const revokeKey = `-- registry: end a key; the first time counts
UPDATE registry.agency_key SET revoked_at = coalesce(revoked_at, $4) WHERE municipality = $1 AND agency = $2 AND prefix = $3`

func (st store) revokeKey(ctx context.Context, m events.MunicipalityID, a events.AgencyID, prefix string, now time.Time) (bool, error) {
	tag, err := st.tx.Exec(ctx, revokeKey, m, a, prefix, now)
	if err != nil {
		return false, fmt.Errorf("revoke key %s of %s: %w", prefix, a, err)
	}
	return tag.RowsAffected() > 0, nil
}

const putMappings = `-- registry: what an agency's own codes stand for
INSERT INTO registry.mapping (municipality, agency, code, category)
SELECT $1, $2, u.code, u.category FROM unnest($3::text[], $4::text[]) AS u (code, category)
ON CONFLICT (municipality, agency, code) DO UPDATE SET category = excluded.category`

func (st store) putMappings(ctx context.Context, m events.MunicipalityID, a events.AgencyID, mappings []Mapping) error {
	var codes, categories []string
	for _, x := range mappings {
		codes, categories = append(codes, x.Code), append(categories, x.Category)
	}
	if _, err := st.tx.Exec(ctx, putMappings, m, a, codes, categories); err != nil {
		return fmt.Errorf("write mappings of %s: %w", a, err)
	}
	return nil
}

const selectMappings = `-- registry: mappings of an agency
SELECT code, category FROM registry.mapping WHERE municipality = $1 AND agency = $2 ORDER BY code`

func (st store) mappings(ctx context.Context, m events.MunicipalityID, a events.AgencyID) ([]Mapping, error) {
	rows, err := st.tx.Query(ctx, selectMappings, m, a)
	if err != nil {
		return nil, fmt.Errorf("read mappings of %s: %w", a, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Mapping])
	if err != nil {
		return nil, fmt.Errorf("read mappings of %s: %w", a, err)
	}
	return all, nil
}

const deleteMappings = `-- registry: mappings that hold no more; null means all of the agency
DELETE FROM registry.mapping WHERE municipality = $1 AND agency = $2 AND ($3::text[] IS NULL OR code = ANY ($3))`

func (st store) deleteMappings(ctx context.Context, m events.MunicipalityID, a events.AgencyID, codes []string) error {
	if _, err := st.tx.Exec(ctx, deleteMappings, m, a, codes); err != nil {
		return fmt.Errorf("remove mappings of %s: %w", a, err)
	}
	return nil
}
