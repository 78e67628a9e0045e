// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
)

// item is one event of a batch under the key it is stored by. Items number the events of a batch.
type item struct {
	number int32
	key    key
	*verdict
}

func eventColumns(items []item) []any {
	n := len(items)
	agency, kind, report, revision := make([]string, n), make([]string, n), make([]string, n), make([]int32, n)
	number, verb, id := make([]int32, n), make([]string, n), make([]string, n)
	saidKind, saidReport, saidRevision := make([]string, n), make([]string, n), make([]int32, n)
	content, outcome, reasons, notes := make([][]byte, n), make([]string, n), make([]*string, n), make([]*string, n)
	seq, stored := make([]int64, n), make([]time.Time, n)
	category, severity, district, area := make([]*string, n), make([]*int16, n), make([]*string, n), make([]*string, n)
	lon, lat, exactness := make([]*float64, n), make([]*float64, n), make([]*int16, n)
	sum, body := make([][]byte, n), make([][]byte, n)
	for i, it := range items {
		agency[i], kind[i], report[i], revision[i] = string(it.agency), it.key.kind, it.key.report, it.key.revision
		number[i], verb[i], id[i] = it.number, string(it.verb), it.event.ID
		saidKind[i], saidReport[i], saidRevision[i] = string(it.event.Kind), string(it.event.Report), int32(it.event.Revision)
		content[i], outcome[i], reasons[i], notes[i] = it.event.Content[:], string(it.outcome), list(it.reasons), list(it.notes)
		seq[i], stored[i], sum[i], body[i] = int64(it.seq), it.stored, it.sha[:], it.body
		if it.outcome != events.Accepted || it.event.Withdrawal != nil {
			continue
		}
		read := &it.reading
		level, exact := int16(read.severity), int16(read.place.exactness)
		category[i], severity[i], exactness[i] = &read.category, &level, &exact
		district[i], area[i] = &read.place.district, &read.place.area
		if read.place.located() {
			lon[i], lat[i] = &read.place.lon, &read.place.lat
		}
	}
	return []any{
		agency, kind, report, revision, number, verb, id, saidKind, saidReport, saidRevision, content, outcome, reasons, notes, seq, stored,
		category, severity, district, area, lon, lat, exactness, sum, body,
	}
}

// list writes reasons or notes as the store keeps them: codes, paths and spans, without sentences.
func list(reasons []events.Reason) *string {
	if len(reasons) == 0 {
		return nil
	}
	text, err := json.Marshal(reasons)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	s := string(text)
	return &s
}

const upsertReports = `-- correlator: reports as they stand now
INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty,
    occurred_from, occurred_to, reported_at, stored_at, lon, lat, exactness, place_type, district, area, unit, origin, sharing,
    groups, share_after, test, reference, reporter, day, hour, cell, episode, lead, agencies, reports)
SELECT $1, q.agency, q.report, q.revision, q.batch, q.state, q.counted, q.category, q.grp, q.severity, q.certainty,
    q.occurred_from, q.occurred_to, q.reported_at, q.stored_at, q.lon, q.lat, q.exactness, q.place_type, q.district, q.area, q.unit,
    q.origin, q.sharing, string_to_array(q.groups, ','), q.share_after, q.test, q.reference, q.reporter, q.day, q.hour, q.cell,
    q.episode, q.lead, string_to_array(q.agencies, ','), q.reports
  FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::bool[], $8::text[], $9::text[], $10::int2[], $11::text[],
              $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::float8[], $17::float8[], $18::int2[],
              $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::timestamptz[], $27::bool[],
              $28::text[], $29::text[], $30::date[], $31::int2[], $32::bigint[], $33::uuid[], $34::bool[], $35::text[], $36::int[])
    AS q (agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from, occurred_to, reported_at,
          stored_at, lon, lat, exactness, place_type, district, area, unit, origin, sharing, groups, share_after, test, reference,
          reporter, day, hour, cell, episode, lead, agencies, reports)
ON CONFLICT (municipality, agency, report) DO UPDATE SET
    revision = excluded.revision, batch = excluded.batch, state = excluded.state, counted = excluded.counted,
    category = excluded.category, grp = excluded.grp, severity = excluded.severity, certainty = excluded.certainty,
    occurred_from = excluded.occurred_from, occurred_to = excluded.occurred_to, reported_at = excluded.reported_at,
    stored_at = excluded.stored_at, lon = excluded.lon, lat = excluded.lat, exactness = excluded.exactness,
    place_type = excluded.place_type, district = excluded.district, area = excluded.area, unit = excluded.unit, origin = excluded.origin,
    sharing = excluded.sharing, groups = excluded.groups, share_after = excluded.share_after, test = excluded.test,
    reference = excluded.reference, reporter = excluded.reporter, day = excluded.day, hour = excluded.hour, cell = excluded.cell,
    episode = excluded.episode, lead = excluded.lead, agencies = excluded.agencies, reports = excluded.reports`

func reportArgs(m events.MunicipalityID, rows []*report) []any {
	n := len(rows)
	agency, name, revision, batch := make([]string, n), make([]string, n), make([]int32, n), make([]int64, n)
	state, counted, category, grp := make([]string, n), make([]bool, n), make([]string, n), make([]string, n)
	severity, certainty := make([]int16, n), make([]string, n)
	from, to, reported, stored := make([]time.Time, n), make([]time.Time, n), make([]time.Time, n), make([]time.Time, n)
	lon, lat, exactness := make([]*float64, n), make([]*float64, n), make([]int16, n)
	placeType, district, area, unit := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	origin, sharing, groups, after := make([]string, n), make([]string, n), make([]*string, n), make([]*time.Time, n)
	test, reference, reporter := make([]bool, n), make([]*string, n), make([]*string, n)
	day, hour, cell := make([]time.Time, n), make([]int16, n), make([]*int64, n)
	episode, lead, agencies, reports := make([][16]byte, n), make([]bool, n), make([]string, n), make([]int32, n)
	for i, r := range rows {
		agency[i], name[i], revision[i], batch[i] = r.Agency, r.Report, r.Revision, r.Batch
		state[i], counted[i], category[i], grp[i] = r.State, r.Counted, r.Category, r.Grp
		severity[i], certainty[i] = r.Severity, r.Certainty
		from[i], to[i], reported[i], stored[i] = r.OccurredFrom, r.OccurredTo, r.ReportedAt, r.StoredAt
		lon[i], lat[i], exactness[i] = r.Lon, r.Lat, r.Exactness
		placeType[i], district[i], area[i], unit[i] = r.PlaceType, r.District, r.Area, r.Unit
		origin[i], sharing[i], groups[i], after[i] = r.Origin, r.Sharing, optional(strings.Join(r.Groups, ",")), r.ShareAfter
		test[i], reference[i], reporter[i] = r.Test, r.Reference, r.Reporter
		day[i], hour[i], cell[i] = r.Day, r.Hour, r.Cell
		episode[i], lead[i], agencies[i], reports[i] = r.Episode, r.Lead, strings.Join(r.Agencies, ","), r.Reports
	}
	return []any{
		string(m), agency, name, revision, batch, state, counted, category, grp, severity, certainty, from, to, reported, stored,
		lon, lat, exactness, placeType, district, area, unit, origin, sharing, groups, after, test, reference, reporter,
		day, hour, cell, episode, lead, agencies, reports,
	}
}

const raiseCounts = `-- correlator: raise counts
INSERT INTO correlator.count (municipality, day, district, area, category, hour, incidents, reports)
SELECT $1, q.day, q.district, q.area, q.category, q.hour, q.incidents, q.reports
  FROM unnest($2::date[], $3::text[], $4::text[], $5::text[], $6::int2[], $7::int[], $8::int[])
    AS q (day, district, area, category, hour, incidents, reports)
ON CONFLICT (municipality, day, district, area, category, hour)
  DO UPDATE SET incidents = count.incidents + excluded.incidents, reports = count.reports + excluded.reports`

// What is lowered stands there already. A cell that would fall below nothing fails on the table's
// CHECK: a count that was moved twice is an error to be seen, not a number to be shown.
const lowerCounts = `-- correlator: lower counts
UPDATE correlator.count c SET incidents = c.incidents + q.incidents, reports = c.reports + q.reports
  FROM unnest($2::date[], $3::text[], $4::text[], $5::text[], $6::int2[], $7::int[], $8::int[])
    AS q (day, district, area, category, hour, incidents, reports)
 WHERE (c.municipality, c.day, c.district, c.area, c.category, c.hour) = ($1, q.day, q.district, q.area, q.category, q.hour)`

const dropEmptyCounts = `-- correlator: cells that hold nothing any more
DELETE FROM correlator.count c
 USING unnest($2::date[], $3::text[], $4::text[], $5::text[], $6::int2[]) AS q (day, district, area, category, hour)
 WHERE (c.municipality, c.day, c.district, c.area, c.category, c.hour) = ($1, q.day, q.district, q.area, q.category, q.hour)
   AND c.incidents = 0 AND c.reports = 0`

const insertBatch = `-- correlator: the journal of the batch
INSERT INTO correlator.batch (municipality, batch, committed_at, reference_version, days, districts, areas, categories, hours, incidents, reports)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

const upsertNotices = `-- correlator: nothing to report, weekly figures, context
INSERT INTO correlator.notice (municipality, agency, kind, report, revision, batch, state, starts, ends, unit, areas, category, n, context, text)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
ON CONFLICT (municipality, agency, kind, report) DO UPDATE SET
    revision = excluded.revision, batch = excluded.batch, state = excluded.state, starts = excluded.starts, ends = excluded.ends,
    unit = excluded.unit, areas = excluded.areas, category = excluded.category, n = excluded.n, context = excluded.context, text = excluded.text
  WHERE notice.revision < excluded.revision`

const heard = `-- correlator: when each unit was last heard
INSERT INTO correlator.source AS s (municipality, agency, unit, events, first_at, last_at, nothing_to)
SELECT $1, q.agency, q.unit, q.events, q.first_at, q.last_at, q.nothing_to
  FROM unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
    AS q (agency, unit, events, first_at, last_at, nothing_to)
ON CONFLICT (municipality, agency, unit) DO UPDATE SET events = s.events + excluded.events,
    first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at),
    nothing_to = greatest(s.nothing_to, excluded.nothing_to)`

// The position never moves back here: a message read again after a restart does not undo what is
// known. A stream that went backwards has its position deleted first.
const movePositions = `-- correlator: how far each stream is read
INSERT INTO correlator.position AS p (municipality, agency, seq, sha256, stored_at)
SELECT $1, q.agency, q.seq, q.sha256, q.stored_at
  FROM unnest($2::text[], $3::bigint[], $4::bytea[], $5::timestamptz[]) AS q (agency, seq, sha256, stored_at)
ON CONFLICT (municipality, agency) DO UPDATE SET seq = excluded.seq, sha256 = excluded.sha256, stored_at = excluded.stored_at
  WHERE p.seq < excluded.seq`

const insertOutgoing = `-- correlator: what is to be sent
INSERT INTO correlator.outgoing (municipality, batch, part, messages) VALUES ($1, $2, 0, $3)`

// write puts everything a batch decided into one round trip, but what it says.
func (s *store) write(ctx context.Context, tx pgx.Tx, b *booking) error {
	m := string(b.ref.municipality)
	q := &pgx.Batch{}
	if len(b.reports) > 0 {
		q.Queue(upsertReports, reportArgs(b.ref.municipality, b.reports)...)
	}
	up, down, all := b.counts.columns()
	if len(up.days) > 0 {
		q.Queue(raiseCounts, append([]any{m}, up.args()...)...)
	}
	if len(down.days) > 0 {
		q.Queue(lowerCounts, append([]any{m}, down.args()...)...)
		q.Queue(dropEmptyCounts, append([]any{m}, down.args()[:5]...)...)
	}
	q.Queue(insertBatch, append([]any{m, b.batch, b.now, b.ref.version}, all.args()...)...)
	for _, n := range b.notices {
		q.Queue(upsertNotices, append([]any{m}, n.columns()...)...)
	}
	b.queueSources(q, m)
	b.queuePositions(q, m)
	if err := tx.SendBatch(ctx, q).Close(); err != nil {
		return fmt.Errorf("write batch %d of %s: %w", b.batch, m, err)
	}
	return nil
}

func (s *store) writeOutgoing(ctx context.Context, tx pgx.Tx, b *booking) error {
	if _, err := tx.Exec(ctx, insertOutgoing, string(b.ref.municipality), b.batch, b.packed); err != nil {
		return fmt.Errorf("write what batch %d of %s says: %w", b.batch, b.ref.municipality, err)
	}
	return nil
}
