// SPDX-License-Identifier: EUPL-1.2

package pages_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkOverviewWithAMillionIncidents is the page of a municipality of 579 areas
// with ten years of incidents behind it; the goal is 50 ms. Loading takes a minute.
func BenchmarkOverviewWithAMillionIncidents(b *testing.B) {
	w := newTownFor(b)
	w.area(w.code, "municipality", "Provstad", "", 14, 56, 1)
	w.area("d", "district", "Distrikt", w.code, 14, 56, 1)
	for i := range 579 {
		w.area("x"+itoa(i), "area", "Område "+itoa(i), "d", 14+0.01*float64(i%30), 56+0.01*float64(i/30), 0.01)
	}
	w.exec(`UPDATE registry.municipality SET history_from = '2016-01-01'`)
	w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, 'polisen', 'Polisen', '2016-01-01', 1)`, w.code)
	w.exec(`CREATE TEMP TABLE happened AS SELECT i, date '2016-11-22' + (random() * 3650)::int AS day, 'x' || floor(random() * 579)::int AS area,
		(ARRAY['graffiti', 'theft', 'assault', 'burglary', 'littering', 'drug_litter'])[1 + floor(random() * 6)::int] AS category, floor(random() * 24)::int AS hour
		FROM generate_series(1, 1000000) i`)
	w.exec(`INSERT INTO correlator.count SELECT '0001', day, 'd', area, category, hour, count(*), count(*) FROM happened GROUP BY day, area, category, hour ORDER BY day`)
	w.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from, occurred_to,
		reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, test, day, hour, episode, lead, agencies, reports)
		SELECT '0001', 'polisen', 'r' || i, 1, 1, 'accepted', true, category, 'damage', 2, 'observed', day, day, day, day, 1, '', 'd', area, '', 'told', 'partners', false, day, hour,
		gen_random_uuid(), true, ARRAY['polisen'], 1 FROM happened ORDER BY day`)
	w.exec(`INSERT INTO correlator.head VALUES ('0001', 1)`)
	for i := range 579 {
		w.expect("area", "x"+itoa(i), "11-16", 1, 3, 0, 7)
	}
	w.exec(`ANALYZE`)
	b.ResetTimer()
	for range b.N {
		rec := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w.handler.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
}
