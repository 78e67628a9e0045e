// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

const (
	selectSetting = `-- alerting: what a municipality decided about what it sends
SELECT coalesce(s.place_names, false) AS place_names, coalesce(extract(epoch FROM s.digest_at), 25200)::bigint AS digest_seconds,
       m.name, m.made_up, m.clock, m.time_zone
  FROM contract.municipality m LEFT JOIN alerting.setting s USING (municipality) WHERE m.municipality = $1`

	upsertSetting = `-- alerting: a municipality decides about what it sends
INSERT INTO alerting.setting (municipality, place_names) VALUES ($1, $2)
ON CONFLICT (municipality) DO UPDATE SET place_names = excluded.place_names`

	selectAreaNames = `-- alerting: names and parents of areas
SELECT code, name, coalesce(parent, '') AS parent FROM contract.area WHERE municipality = $1`

	// Of a replay the stream's clock says nothing: last_at is the municipality's own there. An association without units that never
	// reported is not missed: it owns actions.
	selectSilent = `-- alerting: who was heard of in the week before
SELECT a.name, coalesce(max(greatest(s.last_at, s.nothing_to)) >= $2, false) AS heard
  FROM contract.agency a LEFT JOIN contract.source_status s USING (municipality, agency)
 WHERE a.municipality = $1 AND a.suspended_at IS NULL
   AND (a.kind <> 'association' OR s.last_at IS NOT NULL OR EXISTS (SELECT FROM contract.unit u WHERE (u.municipality, u.agency) = ($1, a.agency)))
 GROUP BY a.agency, a.name ORDER BY a.name`

	selectOpen = `-- alerting: open flags as they were last told
SELECT e.body FROM alerting.flag f
  JOIN alerting.flag_event e ON (e.municipality, e.flag, e.revision) = (f.municipality, f.id, f.revision)
 WHERE f.municipality = $1 AND f.state = 'open'
 ORDER BY f.margin DESC, f.id`

	selectUndelivered = `-- alerting: what has failed and not arrived
SELECT channel, CASE state WHEN 'due' THEN 'retried' ELSE state END AS state, count(*)::int AS n
  FROM alerting.message
 WHERE state = 'due' AND attempts > 0 OR state = 'failed' AND ended_at > $1
 GROUP BY 1, 2`

	selectAgencies = `-- alerting: agencies that hear of flags
SELECT agency FROM contract.agency WHERE municipality = $1 AND suspended_at IS NULL ORDER BY agency`
)

type settingRow struct {
	PlaceNames    bool
	DigestSeconds int64
	Name          string
	MadeUp        bool
	Clock         string
	TimeZone      string
}

type areaRow struct{ Code, Name, Parent string }

// scene loads what a mail says about its municipality.
func (s store) scene(ctx context.Context, m events.MunicipalityID) (sc scene, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		set, zone, err := setting(ctx, tx, m)
		if err != nil {
			return err
		}
		sc = scene{
			Name: set.Name, MadeUp: set.MadeUp, Replay: set.Clock == "replay", PlaceNames: set.PlaceNames, Zone: zone,
			Areas: map[events.AreaCode]string{}, Parent: map[events.AreaCode]events.AreaCode{},
		}
		areas, err := collect[areaRow](ctx, tx, selectAreaNames, m)
		if err != nil {
			return err
		}
		for _, a := range areas {
			sc.Areas[events.AreaCode(a.Code)], sc.Parent[events.AreaCode(a.Code)] = a.Name, events.AreaCode(a.Parent)
		}
		if sc.Ongoing, err = openFlags(ctx, tx, m); err != nil {
			return err
		}
		return heard(ctx, tx, m, &sc)
	})
	if err != nil {
		return sc, fmt.Errorf("read what a mail says of %s: %w", m, err)
	}
	return sc, nil
}

// heard counts the agencies that reported, or said that there is nothing to report, in the seven days before the latest flag.
func heard(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, sc *scene) error {
	var asOf time.Time
	for _, f := range sc.Ongoing {
		if f.AsOf.After(asOf) {
			asOf = f.AsOf
		}
	}
	type agencyRow struct {
		Name  string
		Heard bool
	}
	rows, err := collect[agencyRow](ctx, tx, selectSilent, m, asOf.AddDate(0, 0, -7))
	if err != nil {
		return err
	}
	sc.Agencies = len(rows)
	for _, r := range rows {
		if !r.Heard {
			sc.Silent = append(sc.Silent, r.Name)
		}
	}
	return nil
}

func setting(ctx context.Context, tx pgx.Tx, m events.MunicipalityID) (settingRow, *time.Location, error) {
	rows, err := tx.Query(ctx, selectSetting, m)
	if err != nil {
		return settingRow{}, nil, err
	}
	set, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[settingRow])
	if err != nil {
		return set, nil, err
	}
	zone, err := time.LoadLocation(set.TimeZone)
	return set, zone, err
}

func openFlags(ctx context.Context, tx pgx.Tx, m events.MunicipalityID) ([]Flag, error) {
	return flagBodies(ctx, tx, selectOpen, m)
}

// flagBodies reads revisions of flags.
func flagBodies(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]Flag, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Flag, err error) {
		var body []byte
		if err := row.Scan(&body); err != nil {
			return f, err
		}
		err = json.Unmarshal(body, &f)
		return f, err
	})
}

// queue asks for everyone who may have to be told of a municipality's flags. finish puts the answers together.
func (a *audience) queue(batch *pgx.Batch, m events.MunicipalityID, now time.Time) (finish func() error) {
	type agencyRow struct{ Agency events.AgencyID }
	var set settingRow
	var agencies []agencyRow
	var areas []areaRow
	*a = audience{Municipality: m, Parent: map[events.AreaCode]events.AreaCode{}}
	one(batch, &set, selectSetting, m)
	many(batch, &a.Subscriptions, selectSubscriptions, m)
	many(batch, &agencies, selectAgencies, m)
	many(batch, &areas, selectAreaNames, m)
	return func() error {
		zone, err := time.LoadLocation(set.TimeZone)
		if err != nil {
			return err
		}
		a.NextDigest = nextDigest(now, zone, time.Duration(set.DigestSeconds)*time.Second)
		for _, row := range agencies {
			a.Agencies = append(a.Agencies, row.Agency)
		}
		for _, area := range areas {
			a.Parent[events.AreaCode(area.Code)] = events.AreaCode(area.Parent)
		}
		return nil
	}
}

func (s store) setPlaceNames(ctx context.Context, m events.MunicipalityID, allowed bool) error {
	return pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, upsertSetting, m, allowed)
		return err
	})
}

// knownRow says which of a subscription's codes exist.
type knownRow struct{ Municipality, Area, Agency bool }

const (
	selectKnown = `-- alerting: do these codes exist
SELECT EXISTS (SELECT FROM contract.municipality WHERE municipality = $1) AS municipality,
       $2 = $1 OR EXISTS (SELECT FROM contract.area WHERE municipality = $1 AND code = $2 AND retired_at IS NULL) AS area,
       $3 = '' AND $4 = 'mail' OR EXISTS (SELECT FROM contract.agency WHERE municipality = $1 AND agency = $3) AS agency`

	rotateSecret = `-- alerting: a webhook's next secret
UPDATE alerting.subscription SET secret = secret + 1
 WHERE municipality = $1 AND id = $2 AND channel = 'webhook' AND ended_at IS NULL RETURNING secret`
)

func (s store) known(ctx context.Context, n Subscription) (k knownRow, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectKnown, string(n.Municipality), string(n.Area), string(n.Agency), n.Channel)
		if err != nil {
			return err
		}
		k, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[knownRow])
		return err
	})
	if err != nil {
		return k, fmt.Errorf("look up %s: %w", n.Municipality, err)
	}
	return k, nil
}

func (s store) rotate(ctx context.Context, m events.MunicipalityID, id uuid.UUID) (version int, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, rotateSecret, m, id).Scan(&version)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoSubscription
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("rotate secret of %s: %w", id, err)
	}
	return version, nil
}

// undeliveredRow counts messages of a channel: retried, or failed in the last 30 days.
type undeliveredRow struct {
	Channel string
	State   string
	N       int
}

func (s store) undelivered(ctx context.Context, now time.Time) (rows []undeliveredRow, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		rows, err = collect[undeliveredRow](ctx, tx, selectUndelivered, now.AddDate(0, 0, -30))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count undelivered messages: %w", err)
	}
	return rows, nil
}
