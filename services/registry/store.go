// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"samsyn/events"
	"samsyn/internal/pg"
)

// store is the registry's SQL in one transaction.
type store struct{ tx pgx.Tx }

func (s *Service) tx(ctx context.Context, fn func(store) error) error {
	return pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error { return fn(store{tx}) })
}

const uniqueViolation = "23505"

func violates(err error, sqlState string) bool {
	found, ok := errors.AsType[*pgconn.PgError](err)
	return ok && found.Code == sqlState
}

const insertMunicipality = `-- registry: add a municipality
INSERT INTO registry.municipality (municipality, name, time_zone, epsg, history_from, clock, as_of, made_up, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

func (st store) insertMunicipality(ctx context.Context, m Municipality, now time.Time) error {
	_, err := st.tx.Exec(ctx, insertMunicipality, m.Code, m.Name, m.TimeZone, m.EPSG, m.HistoryFrom, m.Clock, m.AsOf, m.MadeUp, now)
	if violates(err, uniqueViolation) {
		return &ExistsError{Noun: "municipality", Code: string(m.Code), Remedy: "samsyn municipality set changes it"}
	}
	if err != nil {
		return fmt.Errorf("add municipality %s: %w", m.Code, err)
	}
	return nil
}

type municipalityRow struct {
	Municipality, Name, TimeZone, Clock string
	EPSG                                int
	HistoryFrom                         time.Time
	AsOf                                *time.Time
	MadeUp                              bool
	Version                             int64
}

func (r municipalityRow) municipality() Municipality {
	return Municipality{
		Code: events.MunicipalityID(r.Municipality), Name: r.Name, TimeZone: r.TimeZone, EPSG: r.EPSG,
		HistoryFrom: r.HistoryFrom, Clock: Clock(r.Clock), AsOf: r.AsOf, MadeUp: r.MadeUp, Version: r.Version,
	}
}

const selectMunicipalities = `-- registry: municipalities
SELECT municipality, name, time_zone, epsg, history_from, clock, as_of, made_up, version
  FROM registry.municipality ORDER BY municipality`

func (st store) municipalities(ctx context.Context) ([]Municipality, error) {
	rows, err := st.tx.Query(ctx, selectMunicipalities)
	if err != nil {
		return nil, fmt.Errorf("read municipalities: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[municipalityRow])
	if err != nil {
		return nil, fmt.Errorf("read municipalities: %w", err)
	}
	all := make([]Municipality, len(found))
	for i, r := range found {
		all[i] = r.municipality()
	}
	return all, nil
}

// municipality finds one, or names those there are.
func (st store) municipality(ctx context.Context, m events.MunicipalityID) (Municipality, error) {
	all, err := st.municipalities(ctx)
	if err != nil {
		return Municipality{}, err
	}
	unknown := &UnknownError{Noun: "municipality", Code: string(m), Remedy: "samsyn municipality add"}
	for _, row := range all {
		if row.Code == m {
			return row, nil
		}
		unknown.Known = append(unknown.Known, string(row.Code))
	}
	return Municipality{}, unknown
}

const lockMunicipality = `-- registry: changes of a municipality follow each other
SELECT 1 FROM registry.municipality WHERE municipality = $1 FOR UPDATE`

// lockMunicipality locks before it reads, so that what it reads is still so.
func (st store) lockMunicipality(ctx context.Context, m events.MunicipalityID) (Municipality, error) {
	if _, err := st.tx.Exec(ctx, lockMunicipality, m); err != nil {
		return Municipality{}, fmt.Errorf("lock municipality %s: %w", m, err)
	}
	return st.municipality(ctx, m)
}

const updateMunicipality = `-- registry: change the settings of a municipality
UPDATE registry.municipality
   SET name = $2, time_zone = $3, epsg = $4, history_from = $5, clock = $6, as_of = $7, made_up = $8
 WHERE municipality = $1`

func (st store) updateMunicipality(ctx context.Context, m Municipality) error {
	_, err := st.tx.Exec(ctx, updateMunicipality, m.Code, m.Name, m.TimeZone, m.EPSG, m.HistoryFrom, m.Clock, m.AsOf, m.MadeUp)
	if err != nil {
		return fmt.Errorf("change municipality %s: %w", m.Code, err)
	}
	return nil
}

const raiseVersion = `-- registry: readers reload when this moves
UPDATE registry.municipality SET version = version + 1 WHERE municipality = $1 RETURNING version`

func (st store) raiseVersion(ctx context.Context, m events.MunicipalityID) (version int64, err error) {
	if err := st.tx.QueryRow(ctx, raiseVersion, m).Scan(&version); err != nil {
		return 0, fmt.Errorf("raise version of %s: %w", m, err)
	}
	return version, nil
}
