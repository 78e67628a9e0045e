// SPDX-License-Identifier: EUPL-1.2

package situation_test

import (
	"strconv"
	"testing"
	"time"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// BenchmarkFreezeOverAHundredThousandReports compiles and stores reports of a municipality of 579 areas with a hundred
// thousand reports: spread over two years, and all of them in the week itself. The goal is 5 s.
func BenchmarkFreezeOverAHundredThousandReports(b *testing.B) {
	for name, days := range map[string]int{"two years": 730, "one week": 7} {
		b.Run(name, func(b *testing.B) {
			w := crowded(b, 100_000, days)
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				w.exec(`TRUNCATE review.situation, review.situation_basis, review.situation_words`)
				b.StartTimer()
				began := time.Now()
				s, _, err := w.service.Freeze(b.Context(), pg.System, code, week47, "")
				if err != nil {
					b.Fatal(err)
				}
				if took := time.Since(began); took > 5*time.Second {
					b.Errorf("took %s", took)
				}
				b.ReportMetric(float64(len(s.Body)), "body-bytes")
				b.ReportMetric(float64(s.Report.Basis.Reports), "reports-behind")
			}
		})
	}
}

// crowded is a municipality of 579 areas with so many reports over so many days up to the end of week 47; each tenth incident
// is told of twice, each fifth has an uncertain time.
func crowded(t testing.TB, reports, days int) *town {
	w := newTown(t)
	w.area(code, "municipality", "Provstad", "", 14, 56, 1)
	w.area("d", "district", "Distrikt", code, 14, 56, 1)
	for i := range 579 {
		w.area(itoa("x", i), "area", itoa("Område ", i), "d", 14+0.01*float64(i%30), 56+0.01*float64(i/30), 0.01)
	}
	w.exec(`UPDATE registry.municipality SET history_from = '2024-01-01'`)
	for i := range 12 {
		w.agency(itoa("ag", i), itoa("Organisation ", i), "2024-01-01", "u1", "u2")
	}
	w.exec(`CREATE TEMP TABLE happened AS
		SELECT i, i % 10 <> 0 AS lead, md5((i - (i % 10 = 0)::int)::text)::uuid AS episode, i % 10 IN (0, 9) AS twice,
		       'x' || floor(random() * 579)::int AS area, (ARRAY['graffiti', 'theft', 'assault', 'burglary', 'littering', 'drug_litter'])[1 + floor(random() * 6)::int] AS category,
		       timestamptz '2026-11-22 22:59:00+00' - random() * make_interval(days => $1::int) AS at, CASE WHEN random() < 0.2 THEN interval '11 hours' ELSE interval '20 minutes' END AS long
		  FROM generate_series(1, $2::int) i`, days, reports)
	w.exec(`UPDATE happened h SET area = l.area, category = l.category, at = l.at, long = l.long FROM happened l WHERE NOT h.lead AND l.i = h.i - 1`)
	w.exec(`INSERT INTO correlator.count SELECT $1, (at AT TIME ZONE 'Europe/Stockholm')::date, 'd', area, category, -1, count(*) FILTER (WHERE lead), count(*) FROM happened GROUP BY 2, 4, 5`, code)
	w.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from, occurred_to,
		reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, test, day, hour, episode, lead, agencies, reports)
		SELECT $1, 'ag' || i % 12, 'r' || i, 1, 1, 'accepted', true, category, 'damage', 2, 'observed', at, at + long, at, at, 1, '', 'd', area, 'u' || 1 + i % 2, 'told', 'partners', false,
		(at AT TIME ZONE 'Europe/Stockholm')::date, -1, episode, lead, ARRAY['ag' || i % 12], CASE WHEN twice THEN 2 ELSE 1 END FROM happened`, code)
	w.exec(`INSERT INTO correlator.head VALUES ($1, 1)`, code)
	w.exec(`INSERT INTO alerting.expected (municipality, week, level, area, grp, shape, rate, exposure, expected, low, high)
		SELECT $1, date '2026-11-16' - 7 * n, CASE WHEN area = $1 THEN 'municipality' ELSE 'area' END, area, g, 20, 2, ARRAY[1, 1, 1, 1, 1, 1, 1]::float8[], 10, 5, 16
		  FROM (SELECT code AS area FROM registry.area WHERE code <> 'd') a, unnest(ARRAY['', 'damage', 'violence']) g, generate_series(0, 51) n`, code)
	w.exec(`ANALYZE`)
	w.now = web.Week{Year: 2026, Number: 48}.Monday(w.zone).Add(12 * time.Hour)
	return w
}

func itoa(before string, n int) string { return before + strconv.Itoa(n) }
