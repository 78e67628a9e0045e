// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
)

// seeds is how many orders of arrival each run tries.
const seeds = 200

// The order of arrival, repetitions and the cut of batches do not matter: two hundred orders of one
// night's events give one picture.
func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	w := newTown(t)
	s := w.service()
	night := someNight()
	want := ""
	for seed := range uint64(seeds) {
		m := events.MunicipalityID(fmt.Sprintf("t%03d", seed))
		w.play(s, m, night, seed)
		got := w.picture(m)
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("order %d gives another picture:\n%s\nwant\n%s", seed, got, want)
		}
	}
}

// someNight is a night that three agencies see: duplicates of each other, corrections that move a
// report, withdrawals, a correction of what was quarantined, references, and what no one else sees.
func someNight() []told {
	var night []told
	at := func(minute int) string {
		return `occurred={"from":"` + reportedAt.Add(time.Duration(minute-300)*time.Minute).Format(time.RFC3339) + `"}`
	}
	for i := range 6 {
		place := fmt.Sprintf(`place={"lon":%.4f,"lat":56.875}`, 14.802+float64(i)*0.0005)
		for n, a := range []string{"bostad", "kommun", "polis"} {
			night = append(night, report1(a, fmt.Sprintf("%c-%d", a[0], i), place+";"+at(i*40+n*7)))
		}
	}
	// A row of reports, each within reach of the next: who is whose best candidate depends on who is
	// behind it, over the edges of the cells in which the store looks them up.
	r, lon := rand.New(rand.NewPCG(1, 1)), 14.80
	for i := range 48 {
		lon += 0.0003 + r.Float64()*0.0009
		place := fmt.Sprintf(`place={"lon":%.5f,"lat":56.892}`, lon)
		night = append(night, report1([]string{"bostad", "kommun", "polis"}[r.IntN(3)], fmt.Sprintf("row-%d", i), place+";"+at(60+r.IntN(3)*60)))
	}
	return append(night,
		corrected("bostad", "b-1", 2, `place={"lon":14.815,"lat":56.875};`+at(90)),
		corrected("bostad", "b-1", 3, `place={"lon":14.8025,"lat":56.875};severity=4;`+at(95)),
		withdrawn("kommun", "k-2", 2),
		withdrawn("polis", "p-9", 2),
		report1("polis", "p-9", at(10)),
		report1("polis", "q-1", `reference="K-77";place={"lon":14.8021,"lat":56.885};`+at(5)),
		report1("polis", "q-2", `reference="K-77";place={"lon":14.8081,"lat":56.885};`+at(200)),
		report1("bostad", "r-1", `place={"lon":15.5,"lat":56.875};`+at(1)),
		corrected("bostad", "r-1", 2, `place={"lon":14.809,"lat":56.879};`+at(1)),
		report1("kommun", "t-1", `test=true;`+at(3)),
		report1("kommun", "w-1", `sharing="withheld";`+at(3)),
	)
}

// play books a night as it would arrive in one order: shuffled, three in ten twice, in batches of 1 to 9.
func (w *town) play(s *Service, m events.MunicipalityID, night []told, seed uint64) {
	w.t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	ref := *w.ref
	ref.municipality = m
	var order []told
	for _, e := range night {
		e.body = bytes.ReplaceAll(e.body, []byte("urn:samsyn:0780:"), []byte("urn:samsyn:"+string(m)+":"))
		order = append(order, e)
		if r.IntN(10) < 3 {
			order = append(order, e)
		}
	}
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for len(order) > 0 {
		n := min(1+r.IntN(9), len(order))
		verdicts := make([]verdict, n)
		for i, e := range order[:n] {
			verdicts[i] = s.judgeOne(&ref, arrival{municipality: m, agency: e.agency, verb: e.verb, stored: reportedAt.Add(time.Hour), body: e.body})
		}
		err := s.transact(w.t.Context(), &ref, func(ctx context.Context, tx pgx.Tx, b *booking) error { return b.book(ctx, tx, verdicts) })
		if err != nil {
			w.t.Fatal(err)
		}
		order = order[n:]
	}
}

// picture is everything that follows from a municipality's events, as text, without what says when it came.
func (w *town) picture(m events.MunicipalityID) string {
	w.t.Helper()
	return w.text(`SELECT concat_ws(E'\n',
    (SELECT string_agg(concat_ws(' ', r.agency, r.report, r.revision, r.state, r.counted, r.category, r.severity, r.area, r.day, r.hour, r.lead,
                                 r.agencies, r.reports, 'with', l.agency, l.report), E'\n' ORDER BY r.agency, r.report)
       FROM correlator.report r LEFT JOIN correlator.report l ON l.municipality = r.municipality AND l.episode = r.episode AND l.lead
      WHERE r.municipality = $1),
    (SELECT string_agg(concat_ws(' ', day, district, area, category, hour, incidents, reports), E'\n' ORDER BY day, district, area, category, hour)
       FROM correlator.count WHERE municipality = $1),
    (SELECT string_agg(concat_ws(' ', agency, report, revision, state), E'\n' ORDER BY agency, report) FROM correlator.quarantine WHERE municipality = $1),
    (SELECT string_agg(concat_ws(' ', agency, unit, events), E'\n' ORDER BY agency, unit) FROM correlator.source WHERE municipality = $1))`, string(m))
}
