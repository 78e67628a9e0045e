// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/geo"
	"samsyn/internal/pg"
	"samsyn/schemas"
)

// references holds the latest reference of each municipality.
type references struct {
	store *store
	mu    sync.Mutex
	held  map[events.MunicipalityID]*reference
}

// errNoMunicipality says that the registry has no such municipality.
var errNoMunicipality = errors.New("the registry has no such municipality")

// get returns the reference of a municipality, and loads it the first time.
func (r *references) get(ctx context.Context, m events.MunicipalityID) (*reference, error) {
	r.mu.Lock()
	ref := r.held[m]
	r.mu.Unlock()
	if ref != nil {
		return ref, nil
	}
	return r.reload(ctx, m)
}

func (r *references) reload(ctx context.Context, m events.MunicipalityID) (*reference, error) {
	ref, err := r.store.reference(ctx, m)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = map[events.MunicipalityID]*reference{}
	}
	if now := r.held[m]; now == nil || now.version <= ref.version {
		r.held[m] = ref
	}
	return r.held[m], nil
}

// stale says whether the registry has moved on from what is held.
func (r *references) stale(m events.MunicipalityID, version int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held[m] == nil || r.held[m].version < version
}

// referenceFor returns the reference that a batch is judged by. An agency that it does not know is
// newer than it: the registry makes the row before the stream.
func (s *Service) referenceFor(ctx context.Context, deliveries []bus.Delivery) (ref *reference, err error) {
	m := deliveries[0].Municipality
	err = s.patiently(ctx, func() error {
		if ref, err = s.references.get(ctx, m); err != nil {
			return err
		}
		for _, d := range deliveries {
			if _, known := ref.agencies[d.Agency]; !known {
				ref, err = s.references.reload(ctx, m)
				return err
			}
		}
		return nil
	})
	return ref, err
}

const readVersions = `-- correlator: municipalities and their versions
SELECT municipality, version FROM contract.municipality`

const readAgencies = `-- correlator: agencies
SELECT municipality, agency FROM contract.agency`

// follow brings references and streams up to what the registry says.
func (s *Service) follow(ctx context.Context) error {
	rows, err := s.store.pool.Query(ctx, readVersions)
	if err != nil {
		return fmt.Errorf("read municipalities: %w", err)
	}
	var m string
	var version int64
	stale := []events.MunicipalityID{}
	if _, err := pgx.ForEachRow(rows, []any{&m, &version}, func() error {
		if s.references.stale(events.MunicipalityID(m), version) {
			stale = append(stale, events.MunicipalityID(m))
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read municipalities: %w", err)
	}
	for _, m := range stale {
		if _, err := s.references.reload(ctx, m); err != nil {
			return err
		}
	}
	return s.followStreams(ctx)
}

func (s *Service) followStreams(ctx context.Context) error {
	rows, err := s.store.pool.Query(ctx, readAgencies)
	if err != nil {
		return fmt.Errorf("read agencies: %w", err)
	}
	type row struct{ Municipality, Agency string }
	agencies, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return fmt.Errorf("read agencies: %w", err)
	}
	for _, a := range agencies {
		stream := events.IncidentStream(events.MunicipalityID(a.Municipality), events.AgencyID(a.Agency))
		if err := s.collector.Add(ctx, stream); err != nil {
			if errors.Is(err, bus.ErrNoStream) {
				s.log.Warn("agency has no stream yet", "stream", stream)
				continue
			}
			return fmt.Errorf("%w: %w", errAway, err)
		}
	}
	return nil
}

// watch follows the registry: at its signal, and every few seconds in case the signal was missed. On
// the way it measures how far behind the streams we are.
func (s *Service) watch(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	stop, err := s.conn.Subscribe("registry.*.changed", func(string, []byte) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	tick := time.NewTicker(referenceEvery)
	defer tick.Stop()
	for {
		if err := s.measureLag(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("lag not measured", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-tick.C:
		}
		if err := s.follow(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("registry not followed", "error", err)
		}
	}
}

// untilReady repeats a part of the start until it succeeds: parts may start in any order.
func (s *Service) untilReady(ctx context.Context, part func(context.Context) error) error {
	return s.patiently(ctx, func() error { return part(ctx) })
}

const readMunicipality = `-- correlator: a municipality as of now
SELECT version, time_zone, epsg, history_from, clock FROM contract.municipality WHERE municipality = $1`

const readAreas = `-- correlator: areas in use
SELECT code, level, coalesce(parent, ''), geometry FROM contract.area WHERE municipality = $1 AND retired_at IS NULL`

const readAgreements = `-- correlator: what each agency agreed to
SELECT agency, sharing, text_allowed FROM contract.agency WHERE municipality = $1`

const readGroups = `-- correlator: the groups of the agreement
SELECT grp FROM contract.agreement_group WHERE municipality = $1`

const readMappings = `-- correlator: the agencies' own codes
SELECT agency, code, category FROM contract.mapping WHERE municipality = $1`

const readProperties = `-- correlator: the agencies' registers
SELECT agency, property, address, lon, lat FROM contract.property WHERE municipality = $1`

// reference reads everything about a municipality in one transaction, so that it is of one version.
func (s *store) reference(ctx context.Context, m events.MunicipalityID) (*reference, error) {
	ref := &reference{
		municipality: m, agencies: map[events.AgencyID]agency{}, mappings: map[events.AgencyID]map[string]string{},
		groups: map[string]bool{}, properties: map[events.AgencyID]map[string]orb.Point{}, categories: map[string]schemas.Category{},
	}
	categories, _ := schemas.Categories()
	for _, c := range categories {
		ref.categories[c.Code] = c
	}
	err := pg.InTx(ctx, s.pool, pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "-- correlator: one snapshot\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
			return err
		}
		for _, read := range []func(context.Context, pgx.Tx) error{
			ref.readMunicipality, ref.readAreas, ref.readAgreements, ref.readGroups, ref.readMappings, ref.readProperties,
		} {
			if err := read(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load reference of %s: %w", m, err)
	}
	return ref, nil
}

func (ref *reference) readMunicipality(ctx context.Context, tx pgx.Tx) error {
	var zone, clock string
	var epsg int
	var history time.Time
	err := tx.QueryRow(ctx, readMunicipality, string(ref.municipality)).Scan(&ref.version, &zone, &epsg, &history, &clock)
	if errors.Is(err, pgx.ErrNoRows) {
		return errNoMunicipality
	}
	if err != nil {
		return err
	}
	if ref.zone, err = time.LoadLocation(zone); err != nil {
		return fmt.Errorf("time zone: %w", err)
	}
	if ref.projection, err = geo.ProjectionOf(epsg); err != nil {
		return err
	}
	ref.history = time.Date(history.Year(), history.Month(), history.Day(), 0, 0, 0, 0, ref.zone)
	ref.replayed = clock == "replay"
	return nil
}

func (ref *reference) readAreas(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, readAreas, string(ref.municipality))
	if err != nil {
		return err
	}
	var areas []geo.Area
	var code, level, parent string
	var geometry []byte
	if _, err := pgx.ForEachRow(rows, []any{&code, &level, &parent, &geometry}, func() error {
		shape, err := geo.ReadShape(geometry)
		if err != nil {
			return fmt.Errorf("area %s: %w", code, err)
		}
		areas = append(areas, geo.Area{Code: strings.Clone(code), Level: geo.Level(level), Parent: parent, Geometry: shape})
		return nil
	}); err != nil {
		return err
	}
	ref.areas, err = geo.NewIndex(areas)
	return err
}

func (ref *reference) readAgreements(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, readAgreements, string(ref.municipality))
	if err != nil {
		return err
	}
	var name, sharing string
	var text bool
	_, err = pgx.ForEachRow(rows, []any{&name, &sharing, &text}, func() error {
		ref.agencies[events.AgencyID(name)] = agency{sharing: sharing, textAllowed: text}
		return nil
	})
	return err
}

func (ref *reference) readGroups(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, readGroups, string(ref.municipality))
	if err != nil {
		return err
	}
	codes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, code := range codes {
		ref.groups[code] = true
	}
	return err
}

func (ref *reference) readMappings(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, readMappings, string(ref.municipality))
	if err != nil {
		return err
	}
	var name, code, category string
	_, err = pgx.ForEachRow(rows, []any{&name, &code, &category}, func() error {
		a := events.AgencyID(name)
		if ref.mappings[a] == nil {
			ref.mappings[a] = map[string]string{}
		}
		ref.mappings[a][code] = category
		return nil
	})
	return err
}

func (ref *reference) readProperties(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, readProperties, string(ref.municipality))
	if err != nil {
		return err
	}
	var name, property, address string
	var lon, lat float64
	_, err = pgx.ForEachRow(rows, []any{&name, &property, &address, &lon, &lat}, func() error {
		a := events.AgencyID(name)
		if ref.properties[a] == nil {
			ref.properties[a] = map[string]orb.Point{}
		}
		register := ref.properties[a]
		register[strings.ToLower(property)] = orb.Point{lon, lat}
		// A key wins over an address that reads the same.
		if low := strings.ToLower(address); low != "" {
			if _, taken := register[low]; !taken {
				register[low] = orb.Point{lon, lat}
			}
		}
		return nil
	})
	return err
}
