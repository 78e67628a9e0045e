// SPDX-License-Identifier: EUPL-1.2

package link_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"samsyn/services/correlator/link"
)

var friday = time.Date(2026, 11, 20, 21, 0, 0, 0, time.UTC)

func seen(agency, report string, x float64, after time.Duration) link.Report {
	return link.Report{
		Key: link.Key{Agency: agency, Report: report}, Category: "broken_window", Group: "damage", Located: true,
		X: x, From: friday.Add(after), To: friday.Add(after + 30*time.Minute), Reported: friday.Add(after + time.Hour), Exactness: 4,
	}
}

func keys(episodes []link.Episode) [][]string {
	var all [][]string
	for _, e := range episodes {
		var one []string
		for _, r := range e.Reports {
			one = append(one, r.Key.Agency+"/"+r.Key.Report)
		}
		all = append(all, one)
	}
	return all
}

func TestEpisodes(t *testing.T) {
	withReference := func(r link.Report, reference string) link.Report { r.Reference = reference; return r }
	inCategory := func(r link.Report, category, group string) link.Report {
		r.Category, r.Group = category, group
		return r
	}
	lasting := func(r link.Report, d time.Duration) link.Report { r.To = r.From.Add(d); return r }
	tests := []struct {
		promise string
		reports []link.Report
		want    [][]string
	}{
		{
			"one smashed window seen by three agencies is one incident",
			[]link.Report{seen("bostad", "b1", 0, 0), seen("kommun", "k1", 30, time.Hour), seen("polis", "p1", 60, 2*time.Hour)},
			[][]string{{"bostad/b1", "kommun/k1", "polis/p1"}},
		},
		{
			"farther than 75 metres is another place",
			[]link.Report{seen("bostad", "b1", 0, 0), seen("polis", "p1", 75.1, 0)},
			[][]string{{"bostad/b1"}, {"polis/p1"}},
		},
		{
			"more than 24 hours together is another time",
			[]link.Report{seen("bostad", "b1", 0, 0), seen("polis", "p1", 0, 23*time.Hour+31*time.Minute)},
			[][]string{{"bostad/b1"}, {"polis/p1"}},
		},
		{
			"an interval of days links by nothing but a reference",
			[]link.Report{lasting(seen("bostad", "b1", 0, 0), 72*time.Hour), seen("polis", "p1", 0, time.Hour)},
			[][]string{{"bostad/b1"}, {"polis/p1"}},
		},
		{
			"an incompatible category is another incident",
			[]link.Report{seen("bostad", "b1", 0, 0), inCategory(seen("polis", "p1", 0, 0), "assault", "violence")},
			[][]string{{"bostad/b1"}, {"polis/p1"}},
		},
		{
			"a window broken by a burglar is one incident",
			[]link.Report{seen("bostad", "b1", 0, 0), inCategory(seen("polis", "p1", 0, 0), "burglary", "property_crime")},
			[][]string{{"bostad/b1", "polis/p1"}},
		},
		{
			"two reports of one agency stay two, and the other agency's joins the nearer",
			[]link.Report{seen("bostad", "b1", 0, 0), seen("bostad", "b2", 0, 5*time.Hour), seen("polis", "p1", 0, 4*time.Hour)},
			[][]string{{"bostad/b1"}, {"bostad/b2", "polis/p1"}},
		},
		{
			"an equal reference links within one agency wherever and whenever",
			[]link.Report{withReference(seen("polis", "p1", 0, 0), "K-1"), withReference(seen("polis", "p2", 9000, 700*time.Hour), "K-1"), withReference(seen("polis", "p3", 0, 0), "K-2")},
			[][]string{{"polis/p1", "polis/p2"}, {"polis/p3"}},
		},
		{
			"an equal reference of another agency means nothing",
			[]link.Report{withReference(seen("polis", "p1", 0, 0), "1"), withReference(seen("bostad", "b1", 9000, 0), "1")},
			[][]string{{"bostad/b1"}, {"polis/p1"}},
		},
		{
			"a chain never brings two reports of one agency together",
			[]link.Report{seen("bostad", "b1", 0, 0), seen("kommun", "k1", 70, 0), seen("polis", "p1", 140, 0), seen("bostad", "b2", 210, 0)},
			[][]string{{"bostad/b1", "kommun/k1"}, {"bostad/b2", "polis/p1"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.promise, func(t *testing.T) {
			g := link.NewGraph()
			g.Add(tt.reports...)
			if diff := cmp.Diff(tt.want, keys(g.Episodes("0780", nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The lead decides where and when an incident is counted.
func TestLeadIsTheMostExactThenTheShortest(t *testing.T) {
	area := seen("bostad", "b1", 0, 0)
	area.Exactness = 2
	long := seen("kommun", "k1", 0, 0)
	long.To = long.From.Add(2 * time.Hour)
	short := seen("polis", "p1", 0, time.Hour)
	if got := link.Lead([]link.Report{area, long, short}); got.Key != short.Key {
		t.Errorf("lead is %v", got.Key)
	}
}

// Joining later must not change an identity that stands in a sent mail.
func TestIdentityIsThatOfTheFirstReported(t *testing.T) {
	first, later := seen("polis", "p1", 0, 0), seen("bostad", "b1", 0, time.Hour)
	if link.ID("0780", []link.Report{first}) != link.ID("0780", []link.Report{later, first}) {
		t.Error("a report that joined later changed the identity of the episode")
	}
}

func town(t *rapid.T) []link.Report {
	n := rapid.IntRange(0, 40).Draw(t, "reports")
	reports := make([]link.Report, n)
	for i := range reports {
		agency := rapid.SampledFrom([]string{"bostad", "kommun", "polis"}).Draw(t, "agency")
		r := seen(agency, fmt.Sprint("r", i), float64(rapid.IntRange(0, 400).Draw(t, "x")), time.Duration(rapid.IntRange(0, 90).Draw(t, "h"))*time.Hour)
		r.Y = float64(rapid.IntRange(0, 80).Draw(t, "y"))
		if rapid.IntRange(0, 3).Draw(t, "referred") == 0 {
			r.Reference = fmt.Sprint("K", rapid.IntRange(0, 4).Draw(t, "reference"))
		}
		reports[i] = r
	}
	return reports
}

// The order of arrival does not matter.
func TestEpisodesDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := town(t)
		g := link.NewGraph()
		g.Add(reports...)
		want := g.Episodes("0780", nil)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		r.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
		g = link.NewGraph()
		g.Add(reports...)
		if diff := cmp.Diff(want, g.Episodes("0780", nil)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whatever is linked, no episode holds two incidents of one agency, and none is lost.
func TestEpisodesPartitionTheReports(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := town(t)
		g := link.NewGraph()
		g.Add(reports...)
		var all []string
		for _, e := range g.Episodes("0780", nil) {
			references := map[string]string{}
			for _, r := range e.Reports {
				all = append(all, r.Key.Report)
				if other, ok := references[r.Key.Agency]; ok && (other != r.Reference || r.Reference == "") {
					t.Fatalf("episode %v holds two incidents of %s", keys([]link.Episode{e}), r.Key.Agency)
				}
				references[r.Key.Agency] = r.Reference
			}
		}
		slices.Sort(all)
		if len(all) != len(reports) || len(slices.Compact(all)) != len(reports) {
			t.Fatalf("%d reports became %d", len(reports), len(all))
		}
	})
}

// The correlator never holds a whole town: a part that is closed under Mates and Best must give the same episodes.
func TestClosedPartGivesTheSameEpisodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := town(t)
		if len(reports) == 0 {
			return
		}
		whole := link.NewGraph()
		whole.Add(reports...)
		part := map[link.Key]bool{}
		work := []link.Report{rapid.SampledFrom(reports).Draw(t, "start")}
		for len(work) > 0 {
			r := work[0]
			work = work[1:]
			if !part[r.Key] {
				part[r.Key] = true
				work = append(append(work, whole.Mates(r)...), whole.Best(r)...)
			}
		}
		want := slices.DeleteFunc(whole.Episodes("0780", nil), func(e link.Episode) bool { return !part[e.Lead.Key] })
		if diff := cmp.Diff(want, whole.Episodes("0780", part)); diff != "" {
			t.Fatal(diff)
		}
	})
}
