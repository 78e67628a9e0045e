// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"samsyn/services/alerting/detect"
)

// bigTown has 579 areas in 10 districts and 10,000 incidents in 184 days, as San Francisco.
func bigTown(b testing.TB) (*town, time.Time) {
	f := frameRow{TimeZone: "America/Los_Angeles", HistoryFrom: time.Date(2012, 7, 1, 0, 0, 0, 0, time.UTC)}
	add := func(code, level, parent string) {
		f.Codes, f.Levels, f.Parents = append(f.Codes, code), append(f.Levels, level), append(f.Parents, parent)
	}
	for d := range 10 {
		add(fmt.Sprint("D", d), "district", "")
	}
	for a := range 579 {
		add(fmt.Sprint("A", a), "area", fmt.Sprint("D", a%10))
	}
	t, err := newTown("us-sf", f)
	if err != nil {
		b.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	categories := []string{"property_damage", "public_nuisance", "graffiti", "suspected_drug_dealing", "assault", "theft", "burglary"}
	var changes []changeRow
	for range 10_000 {
		a := dice.IntN(dice.IntN(579) + 1)
		changes = append(changes, changeRow{
			Batch: 1, District: fmt.Sprint("D", a%10), Area: fmt.Sprint("A", a), Category: categories[dice.IntN(len(categories))],
			Day: f.HistoryFrom.AddDate(0, 0, dice.IntN(184)), Incidents: 1,
		})
	}
	if _, err := t.fold(changes); err != nil {
		b.Fatal(err)
	}
	return t, time.Date(2012, 12, 31, 0, 0, 0, 0, t.zone)
}

// A midnight of a large town must not make those wait whose report comes in at that moment.
func BenchmarkMidnight(b *testing.B) {
	t, asOf := bigTown(b)
	for b.Loop() {
		t.decide(tickMidnight, asOf, nil, causes{})
	}
}

// What one new report costs.
func BenchmarkChangedCells(b *testing.B) {
	t, asOf := bigTown(b)
	change := []changeRow{{Batch: 2, District: "D3", Area: "A3", Category: "graffiti", Day: asOf.AddDate(0, 0, -1).UTC(), Incidents: 1}}
	for b.Loop() {
		cells, err := t.fold(change)
		if err != nil {
			b.Fatal(err)
		}
		t.decide(tickBatch, asOf, recent(cells, asOf), causes{})
	}
}

// A week of expectations for every cell.
func BenchmarkExpectedWeek(b *testing.B) {
	t, asOf := bigTown(b)
	cells := t.allCells()
	for b.Loop() {
		for _, c := range cells {
			t.detector.Expected(c, detect.DayOf(asOf), detect.DayOf(asOf))
		}
	}
}
