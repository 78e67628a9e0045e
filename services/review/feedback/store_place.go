// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"time"

	"github.com/google/uuid"

	"samsyn/schemas"
)

// A report is part of a flagged place if it stands behind the flag, or tells of an incident of the flag's group there, from the first day
// that the flag is about to the day on which the position was taken. What stands behind a flag is as of its latest revision, and a flag
// that grows little has none: who reported an hour after it was flagged is to hear as well. Nothing more comes to be part of a serious
// flag: it is about the incidents that it names.
const decidedPlaces = `-- feedback: flagged places with a position, and from when to when it is about them
SELECT p.flag, f.level, f.area, f.grp, f.window_from AS first,
       greatest(f.window_to, (p.decided_at AT TIME ZONE m.time_zone)::date) AS last
  FROM contract.flag_position p
  JOIN contract.municipality m ON m.municipality = p.municipality
  JOIN contract.flag f ON f.municipality = p.municipality AND f.id = p.flag AND f.kind <> 'serious'
 WHERE p.municipality = $1`

const (
	selectPlaceKeys = `-- feedback: the reports that are part of a flagged place, in order
WITH place AS (
` + decidedPlaces + ` AND p.flag = $2),
incident AS (
  SELECT i.episode, i.agency, i.report, i.reports
    FROM place JOIN contract.incident i ON i.municipality = $1 AND i.day BETWEEN place.first AND place.last
         AND (i.grp = place.grp OR place.grp = '' AND i.grp = ANY ($6))
         AND CASE place.level WHEN 'area' THEN i.area = place.area WHEN 'district' THEN i.district = place.area ELSE true END)
SELECT agency, report FROM (
  SELECT agency, report FROM contract.flag_report WHERE municipality = $1 AND flag = $2
  UNION
  SELECT agency, report FROM incident
  UNION
  SELECT l.agency, l.report FROM incident i JOIN contract.linked l ON l.municipality = $1 AND l.episode = i.episode AND l.counted WHERE i.reports > 1) k
 WHERE (agency, report) > ($3, $4)
 ORDER BY agency, report LIMIT $5`

	// Where and when it was is what counts of the incident: that of the report which leads it.
	selectDecisions = `-- feedback: what was decided of the places that they are part of
WITH place AS MATERIALIZED (
` + decidedPlaces + `),
told AS (
  SELECT k.agency, k.report, coalesce(h.day, r.day) AS day, coalesce(h.grp, r.grp) AS grp, coalesce(h.area, r.area) AS area, coalesce(h.district, r.district) AS district
    FROM unnest($2::text[], $3::text[]) AS k (agency, report)
    JOIN LATERAL (SELECT * FROM contract.report r WHERE (r.municipality, r.agency, r.report) = ($1, k.agency, k.report) AND r.counted LIMIT 1) r ON true
    LEFT JOIN LATERAL (
         SELECT h.day, h.grp, h.area, h.district
           FROM contract.linked l
           JOIN contract.report h ON (h.municipality, h.agency, h.report) = ($1, l.agency, l.report)
          WHERE l.municipality = $1 AND l.episode = r.episode AND l.lead AND NOT r.lead LIMIT 1) h ON true),
part AS (
  SELECT r.agency, r.report, r.flag
    FROM contract.flag_report r JOIN unnest($2::text[], $3::text[]) AS k (agency, report) ON (r.agency, r.report) = (k.agency, k.report)
   WHERE r.municipality = $1
  UNION
  SELECT t.agency, t.report, place.flag
    FROM told t JOIN place ON t.day BETWEEN place.first AND place.last
         AND (t.grp = place.grp OR place.grp = '' AND t.grp = ANY ($4))
         AND CASE place.level WHEN 'area' THEN t.area = place.area WHEN 'district' THEN t.district = place.area ELSE true END)
SELECT part.agency, part.report, p.flag, p.kind, p.until_week, p.decided_at, coalesce(a.measure, '') AS measure, coalesce(a.state, '') AS action_state, a.done_on
  FROM part
  JOIN contract.flag_position p ON p.municipality = $1 AND p.flag = part.flag
  LEFT JOIN contract.action a ON (a.municipality, a.action) = (p.municipality, p.action)`
)

type decisionRow struct {
	Agency, Report       string
	Flag                 uuid.UUID
	Kind                 string
	UntilWeek            *time.Time
	DecidedAt            time.Time
	Measure, ActionState string
	DoneOn               *time.Time
}

// detectedGroups are the groups that a flag of all groups together is about.
func detectedGroups() (codes []string) {
	_, groups := schemas.Categories()
	for _, g := range groups {
		if g.Detected {
			codes = append(codes, g.Code)
		}
	}
	return codes
}
