// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

// Verification says what was looked at, how many of each, and what is wrong.
type Verification struct {
	Checked  map[string]int64 `json:"checked"`
	Problems []string         `json:"problems"`
}

// mostProblems bounds the list: what is wrong a thousand times is wrong in one way.
const mostProblems = 200

func (v *Verification) problem(format string, args ...any) {
	if len(v.Problems) < mostProblems {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify recounts everything from the stored bytes and compares: every acknowledged event is exactly
// one of accepted, quarantined, refused, held; reports, incidents, counts, notices, sources and
// quarantine are what the events make them; the journal adds up to the counts; and every message of
// every stream up to its position is known. It writes nothing and may run beside everything else.
func (s *Service) Verify(ctx context.Context, progress func(municipality string, events int64)) (Verification, error) {
	out := Verification{Checked: map[string]int64{}, Problems: []string{}}
	err := pg.InTx(ctx, s.store.pool, pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "-- correlator: one snapshot for all comparisons\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
			return fmt.Errorf("begin verification: %w", err)
		}
		rows, err := tx.Query(ctx, readVersions)
		if err != nil {
			return fmt.Errorf("read municipalities: %w", err)
		}
		var version int64
		var m string
		var all []string
		if _, err := pgx.ForEachRow(rows, []any{&m, &version}, func() error { all = append(all, m); return nil }); err != nil {
			return fmt.Errorf("read municipalities: %w", err)
		}
		for _, m := range all {
			if err := s.verifyOne(ctx, tx, events.MunicipalityID(m), &out, progress); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func (s *Service) verifyOne(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, out *Verification, progress func(string, int64)) error {
	ref, err := s.store.reference(ctx, m)
	if err != nil {
		return err
	}
	should, err := s.recount(ctx, tx, ref, func(n int64) { progress(string(m), n) })
	if err != nil {
		return err
	}
	for outcome, n := range should.events {
		out.Checked[outcome] += n
	}
	for _, p := range should.problems {
		out.problem("%s", p)
	}
	for _, compare := range []func(context.Context, pgx.Tx, *recounted, *Verification) error{
		s.compareReports, s.compareCounts, s.compareNotices, s.compareSources, s.compareQuarantine, s.compareStreams,
	} {
		if err := compare(ctx, tx, should, out); err != nil {
			return err
		}
	}
	return nil
}

const readReports = `-- correlator: every report of a municipality
SELECT ` + reportColumns + ` FROM correlator.report r WHERE r.municipality = $1`

func (s *Service) compareReports(ctx context.Context, tx pgx.Tx, should *recounted, out *Verification) error {
	rows, err := tx.Query(ctx, readReports, string(should.ref.municipality))
	if err != nil {
		return fmt.Errorf("read reports: %w", err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		is, err := pgx.RowToAddrOfStructByPos[report](rows)
		if err != nil {
			return fmt.Errorf("read report: %w", err)
		}
		seen++
		out.Checked["reports"]++
		e := should.near.entries[is.key()]
		switch {
		case e == nil:
			out.problem("report %s/%s %s: no event says it", should.ref.municipality, is.Agency, is.Report)
		case is.difference(e.after) != "":
			out.problem("report %s/%s %s: %s", should.ref.municipality, is.Agency, is.Report, is.difference(e.after))
		}
	}
	if seen < len(should.near.entries) {
		out.problem("%s: %d reports follow from the events, %d are stored", should.ref.municipality, len(should.near.entries), seen)
	}
	return rows.Err()
}

// difference names the first field in which a stored report is not what it should be. The batch is
// when it came, not what it is. Rows of the store have times in another zone than decoded ones.
func (r *report) difference(should *report) string {
	a, b := r.comparable(), should.comparable()
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if x.Type().Field(i).IsExported() && !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return fmt.Sprintf("%s is %v, the events say %v", x.Type().Field(i).Name, reflect.Indirect(x.Field(i)), reflect.Indirect(y.Field(i)))
		}
	}
	return ""
}

func (r *report) comparable() report {
	c := *r
	c.Batch, c.OccurredFrom, c.OccurredTo, c.ReportedAt = 0, c.OccurredFrom.UTC(), c.OccurredTo.UTC(), c.ReportedAt.UTC()
	c.StoredAt, c.Day = c.StoredAt.UTC().Truncate(1000), c.Day.UTC()
	if len(c.Groups) == 0 {
		c.Groups = nil
	}
	if c.ShareAfter != nil {
		at := c.ShareAfter.UTC()
		c.ShareAfter = &at
	}
	return c
}

const compareCounts = `-- correlator: counts as stored, and as their journal adds up
SELECT coalesce(c.day, j.day), coalesce(c.district, j.district), coalesce(c.area, j.area), coalesce(c.category, j.category),
       coalesce(c.hour, j.hour), coalesce(c.incidents, 0), coalesce(c.reports, 0), coalesce(j.incidents, 0), coalesce(j.reports, 0)
  FROM (SELECT day, district, area, category, hour, incidents, reports FROM correlator.count WHERE municipality = $1) c
  FULL JOIN (SELECT day, district, area, category, hour, sum(incidents)::int AS incidents, sum(reports)::int AS reports
               FROM contract.count_change WHERE municipality = $1 GROUP BY 1, 2, 3, 4, 5) j USING (day, district, area, category, hour)`

func (s *Service) compareCounts(ctx context.Context, tx pgx.Tx, should *recounted, out *Verification) error {
	rows, err := tx.Query(ctx, compareCounts, string(should.ref.municipality))
	if err != nil {
		return fmt.Errorf("read counts: %w", err)
	}
	left := counts{}
	for k, t := range should.counts {
		left[k] = t
	}
	var k countKey
	var is, journal tally
	_, err = pgx.ForEachRow(rows, []any{&k.day, &k.district, &k.area, &k.category, &k.hour, &is.incidents, &is.reports, &journal.incidents, &journal.reports}, func() error {
		out.Checked["counts"]++
		k.day = k.day.UTC()
		want := left[k]
		delete(left, k)
		if is != want {
			out.problem("count %s %s: %d incidents and %d reports are stored, the events say %d and %d", should.ref.municipality, k, is.incidents, is.reports, want.incidents, want.reports)
		}
		if journal != want {
			out.problem("journal %s %s: adds up to %d incidents and %d reports, the events say %d and %d", should.ref.municipality, k, journal.incidents, journal.reports, want.incidents, want.reports)
		}
		return nil
	})
	for k, t := range left {
		if t != (tally{}) {
			out.problem("count %s %s: is missing, the events say %d incidents and %d reports", should.ref.municipality, k, t.incidents, t.reports)
		}
	}
	return err
}

// String names the cell in problems.
func (k countKey) String() string {
	return fmt.Sprintf("%s %s/%s %s hour %d", k.day.Format("2006-01-02"), k.district, k.area, k.category, k.hour)
}

const readNotices = `-- correlator: notices of a municipality
SELECT agency, kind, report, revision, state FROM correlator.notice WHERE municipality = $1`

func (s *Service) compareNotices(ctx context.Context, tx pgx.Tx, should *recounted, out *Verification) error {
	type fact struct {
		revision int32
		state    string
	}
	want := map[key]fact{}
	for _, n := range should.notices {
		k := key{n.agency, n.key.kind, n.key.report, 0}
		if f, ok := want[k]; !ok || f.revision < n.key.revision {
			want[k] = fact{n.key.revision, n.state()}
		}
	}
	rows, err := tx.Query(ctx, readNotices, string(should.ref.municipality))
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	var k key
	var is fact
	_, err = pgx.ForEachRow(rows, []any{&k.agency, &k.kind, &k.report, &is.revision, &is.state}, func() error {
		out.Checked["notices"]++
		if f, ok := want[k]; !ok || f != is {
			out.problem("notice %s/%s %s %s: is %v, the events say %v", should.ref.municipality, k.agency, k.kind, k.report, is, f)
		}
		delete(want, k)
		return nil
	})
	for k := range want {
		out.problem("notice %s/%s %s %s: is missing", should.ref.municipality, k.agency, k.kind, k.report)
	}
	return err
}

const readSources = `-- correlator: how often each unit was heard
SELECT agency, unit, events FROM correlator.source WHERE municipality = $1`

func (s *Service) compareSources(ctx context.Context, tx pgx.Tx, should *recounted, out *Verification) error {
	rows, err := tx.Query(ctx, readSources, string(should.ref.municipality))
	if err != nil {
		return fmt.Errorf("read sources: %w", err)
	}
	var k sourceKey
	var n int64
	seen := 0
	_, err = pgx.ForEachRow(rows, []any{&k.agency, &k.unit, &n}, func() error {
		seen++
		out.Checked["sources"]++
		if want := should.sources[k]; want == nil || want.events != n {
			out.problem("source %s/%s %q: heard %d times is stored, the events say otherwise", should.ref.municipality, k.agency, k.unit, n)
		}
		return nil
	})
	if err == nil && seen != len(should.sources) {
		out.problem("%s: %d units were heard, %d are stored", should.ref.municipality, len(should.sources), seen)
	}
	return err
}

const readQuarantine = `-- correlator: quarantine of a municipality
SELECT agency, kind, report, revision, state FROM correlator.quarantine WHERE municipality = $1`

func (s *Service) compareQuarantine(ctx context.Context, tx pgx.Tx, should *recounted, out *Verification) error {
	rows, err := tx.Query(ctx, readQuarantine, string(should.ref.municipality))
	if err != nil {
		return fmt.Errorf("read quarantine: %w", err)
	}
	var k key
	var state string
	seen := 0
	_, err = pgx.ForEachRow(rows, []any{&k.agency, &k.kind, &k.report, &k.revision, &state}, func() error {
		seen++
		out.Checked["quarantine"]++
		if want := should.quarantine[k]; want != state {
			out.problem("quarantine %s/%s %s %s:%d: is %s, decisions say %s", should.ref.municipality, k.agency, k.kind, k.report, k.revision, state, want)
		}
		return nil
	})
	if err == nil && seen != len(should.quarantine) {
		out.problem("%s: %d events are quarantined by their verdicts, %d are listed", should.ref.municipality, len(should.quarantine), seen)
	}
	return err
}

const readHeld = `-- correlator: hashes of held events
SELECT sha256 FROM correlator.held WHERE municipality = $1`

const readPositions = `-- correlator: how far the streams of a municipality are read
SELECT agency, seq FROM correlator.position WHERE municipality = $1`

// compareStreams looks for every message that a stream holds up to its position. A message whose
// bytes are not stored must be the same event as a stored one, sent again in other words.
func (s *Service) compareStreams(ctx context.Context, tx pgx.Tx, should *recounted, out *Verification) error {
	rows, err := tx.Query(ctx, readHeld, string(should.ref.municipality))
	if err != nil {
		return fmt.Errorf("read held events: %w", err)
	}
	var sum []byte
	if _, err := pgx.ForEachRow(rows, []any{&sum}, func() error {
		out.Checked["held"]++
		should.hashes[[32]byte(sum)] = true
		return nil
	}); err != nil {
		return fmt.Errorf("read held events: %w", err)
	}
	rows, err = tx.Query(ctx, readPositions, string(should.ref.municipality))
	if err != nil {
		return fmt.Errorf("read positions: %w", err)
	}
	type position struct {
		Agency string
		Seq    int64
	}
	positions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[position])
	if err != nil {
		return fmt.Errorf("read positions: %w", err)
	}
	for _, p := range positions {
		if err := s.compareStream(ctx, should, events.AgencyID(p.Agency), uint64(p.Seq), out); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) compareStream(ctx context.Context, should *recounted, a events.AgencyID, until uint64, out *Verification) error {
	stream := events.IncidentStream(should.ref.municipality, a)
	errEnd := errors.New("position reached")
	err := s.conn.Read(ctx, stream, 1, func(m bus.Stored) error {
		if m.Seq > until {
			return errEnd
		}
		out.Checked["stream_messages"]++
		if should.hashes[sumOf(m.Body)] {
			return nil
		}
		e, _ := events.Decode(m.Body)
		if !should.contents[contentKey{key{a, string(e.Kind), string(e.Report), int32(e.Revision)}, e.Content}] {
			out.problem("stream %s message %d: acknowledged and nowhere stored", stream, m.Seq)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnd) {
		return fmt.Errorf("read stream %s: %w", stream, err)
	}
	return nil
}
