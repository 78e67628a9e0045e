// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
)

// incident is what everyone inside the agreement may know of one: what its count says, and whose it is. Where exactly it
// was and what its reports say is opened as the viewer's agency.
type incident struct {
	Episode        uuid.UUID
	Agency, Report string // its lead report
	Category       string
	Day            time.Time // at midnight UTC
	Hour           int       // -1: not known to two hours
	// For the spread over hours, never shown of an incident that is not opened.
	OccurredFrom, OccurredTo time.Time
	District, Area, Origin   string
	Agencies                 []string
	Reports                  int
}

// filter is a selection with what only the list of incidents asks for.
type filter struct {
	selection
	agency   string
	noArea   bool
	hourFrom int // below -1: every hour; -1: not known
	hourUpTo int // not included
	weekday  int // ISO; 0: every day
	after    *cursor
}

// cursor is the last incident of the page before.
type cursor struct {
	day     time.Time
	hour    int
	episode uuid.UUID
}

const incidentColumns = `i.episode, i.agency, i.report, i.category, i.day, i.hour, i.occurred_from, i.occurred_to, i.district, i.area, i.origin, i.agencies, i.reports`

const selectIncidents = `-- pages: incidents, latest day first
SELECT ` + incidentColumns + `
  FROM contract.incident i
 WHERE i.municipality = $1 AND i.day >= $2 AND i.day < $3 AND i.category = ANY ($4) AND ($5 = '' OR i.area = $5) AND ($6 = '' OR i.district = $6)
   AND (NOT $7 OR i.area = '') AND ($8 = '' OR i.agencies @> ARRAY[$8]) AND ($9 < -1 OR i.hour >= $9 AND i.hour < $10)
   AND ($11 = 0 OR extract(isodow FROM i.day) = $11)
   AND i.day <= $12 AND (i.day < $12 OR (i.hour, i.episode) < ($13, $14))
 ORDER BY i.day DESC, i.hour DESC, i.episode DESC LIMIT $15`

// readIncidents is a page of incidents, latest day first.
func (s store) readIncidents(ctx context.Context, f filter, most int) ([]incident, error) {
	after := cursor{day: f.through, hour: 24}
	if f.after != nil {
		after = *f.after
	}
	return collect[incident](ctx, s.tx, "incidents", selectIncidents, s.municipality, f.from, f.through, f.categories, f.area, f.district,
		f.noArea, f.agency, f.hourFrom, f.hourUpTo, f.weekday, after.day, after.hour, after.episode, most)
}

const (
	// Whom the sum does not tell apart is left to the counts, which are few.
	selectCounted = `-- pages: how many incidents, by the counts
SELECT coalesce(sum(incidents), 0)::int FROM contract.count
 WHERE municipality = $1 AND day >= $2 AND day < $3 AND category = ANY ($4) AND ($5 = '' OR area = $5) AND ($6 = '' OR district = $6)
   AND (NOT $7 OR area = '') AND ($8 < -1 OR hour >= $8 AND hour < $9) AND ($10 = 0 OR extract(isodow FROM day) = $10)`

	selectSeen = `-- pages: how many incidents an agency sees
SELECT count(*)::int FROM contract.incident i
 WHERE i.municipality = $1 AND i.day >= $2 AND i.day < $3 AND i.category = ANY ($4) AND ($5 = '' OR i.area = $5) AND ($6 = '' OR i.district = $6)
   AND (NOT $7 OR i.area = '') AND ($8 < -1 OR i.hour >= $8 AND i.hour < $9) AND ($10 = 0 OR extract(isodow FROM i.day) = $10)
   AND i.agencies @> ARRAY[$11]`
)

// countIncidents is how many a filter holds, whatever page is shown.
func (s store) countIncidents(ctx context.Context, f filter) (n int, err error) {
	sql := selectCounted
	args := []any{s.municipality, f.from, f.through, f.categories, f.area, f.district, f.noArea, f.hourFrom, f.hourUpTo, f.weekday}
	if f.agency != "" {
		sql, args = selectSeen, append(args, f.agency)
	}
	if err := s.tx.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count incidents: %w", err)
	}
	return n, nil
}

const selectFlagIncidents = `-- pages: incidents of the reports behind a flag
SELECT ` + incidentColumns + `
  FROM contract.flag_report f
  JOIN contract.report r ON r.municipality = $1 AND r.agency = f.agency AND r.report = f.report
  JOIN contract.incident i ON i.municipality = $1 AND i.agency = r.agency AND i.report = r.report
 WHERE f.municipality = $1 AND f.flag = $2 ORDER BY i.day DESC, i.hour DESC, i.episode DESC`

// readFlagIncidents are the incidents whose lead report stands behind a flag.
func (s store) readFlagIncidents(ctx context.Context, id uuid.UUID) ([]incident, error) {
	return collect[incident](ctx, s.tx, "incidents of a flag", selectFlagIncidents, s.municipality, id)
}

// reportKey names a report of an incident.
type reportKey struct {
	Episode        uuid.UUID
	Agency, Report string
}

const selectLinked = `-- pages: reports of incidents that several tell of
SELECT episode, agency, report FROM contract.linked WHERE municipality = $1 AND episode = ANY ($2) AND counted`

// reportKeys are the keys of all reports of incidents.
func (s store) reportKeys(ctx context.Context, all []incident) ([]reportKey, error) {
	var keys []reportKey
	var several []uuid.UUID
	for _, i := range all {
		if i.Reports > 1 {
			several = append(several, i.Episode)
			continue
		}
		keys = append(keys, reportKey{i.Episode, i.Agency, i.Report})
	}
	if len(several) == 0 {
		return keys, nil
	}
	more, err := collect[reportKey](ctx, s.tx, "linked reports", selectLinked, s.municipality, several)
	return append(keys, more...), err
}

// report is what somebody may open of a report.
type report struct {
	Episode                  uuid.UUID
	Agency, Report, Unit     string
	Category                 string
	OccurredFrom, OccurredTo time.Time
	Exactness                int
	PlaceType, Area          string
	Lead                     bool
	Text                     string
}

// The policies of the login and of the viewer decide which rows there are; what they hide is not there.
const selectOpened = `-- pages: reports that the viewer may open
SELECT r.episode, r.agency, r.report, r.unit, r.category, r.occurred_from, r.occurred_to, r.exactness, r.place_type, r.area, r.lead,
       coalesce(contract.report_text(r.municipality, r.agency, r.report), '') AS text
  FROM unnest($2::text[], $3::text[]) AS k (agency, report)
  JOIN contract.report r ON r.municipality = $1 AND r.agency = k.agency AND r.report = k.report
 WHERE r.counted AND r.state = 'accepted' ORDER BY r.episode, r.lead DESC, r.agency, r.report`

// readOpened reads as the viewer through the door of an agency. On an error there is nothing.
func readOpened(ctx context.Context, door pg.Beginner, v pg.Viewer, keys []reportKey) (out []report, err error) {
	agencies, reports := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		agencies[i], reports[i] = k.Agency, k.Report
	}
	err = pg.InTx(ctx, door, v, func(tx pgx.Tx) (err error) {
		out, err = collect[report](ctx, tx, "reports", selectOpened, v.Municipality, agencies, reports)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
