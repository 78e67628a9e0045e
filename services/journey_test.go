// SPDX-License-Identifier: EUPL-1.2

// Package services_test follows one incident through all services in one process, on real Postgres
// and NATS, in the words of those who depend on it.
package services_test

import (
	"testing"
	"time"

	"samsyn/events"
)

// On Friday evening a caretaker, a guard and a police officer report one smashed entrance, each by
// their own door. It is one incident with three sources; each hears what became of the report.
func TestOneIncidentThreeSources(t *testing.T) {
	j := newJourney(t)
	friday := j.Now().Add(-2 * time.Hour)

	j.ReportByHTTP("bostad", report{ID: "felanmalan-17", Category: "broken_window", At: friday, Place: j.Square("norr")})
	j.ReportByNATS("kommun", report{ID: "vakt-4", Category: "property_damage", At: friday.Add(20 * time.Minute), Place: j.Near(j.Square("norr"), 30)})
	j.ReportByNATS("polis", report{ID: "K-881", Category: "broken_window", At: friday.Add(50 * time.Minute), Place: j.Near(j.Square("norr"), 50)})

	j.WantReceipt("bostad", "felanmalan-17", events.Accepted)
	j.WantReceipt("kommun", "vakt-4", events.Accepted)
	j.WantReceipt("polis", "K-881", events.Accepted)
	j.WantIncidents("norr", 1)
	j.WantSeenBy("norr", "bostad", "kommun", "polis")
	j.WantVerified()
}

// A place that was calm for half a year has seven smashed panes in an evening: it is flagged with
// the number, what was expected and who saw it, and every agency's system hears. The evening's
// reports are taken back one after the other, and the flag ends.
func TestARiseIsFlaggedToldAndRevised(t *testing.T) {
	j := newJourney(t)
	for week := 26; week > 5; week-- {
		for n, area := range []string{"norr", "soder", "oster"} {
			j.ReportByNATS("polis", report{ID: j.ID("old"), Category: "graffiti", At: j.Now().AddDate(0, 0, -7*week+2*n), Place: j.Square(area)})
		}
	}
	j.Settled()
	var evening []string
	for n := range 7 {
		id := j.ID("ruta")
		evening = append(evening, id)
		j.ReportByNATS("bostad", report{ID: id, Category: "broken_window", At: j.Now().Add(-time.Duration(n+1) * 7 * time.Minute), Place: j.Near(j.Square("soder"), float64(100*n))})
	}
	flag := j.WantHotspot("soder", "rise", "damage")
	if flag.Observed < 4 || flag.Observed > 7 || flag.Expected >= 2 || len(flag.Agencies) != 1 {
		t.Errorf("flagged with %d against %.1f by %v", flag.Observed, flag.Expected, flag.Agencies)
	}
	j.WantAlerted("bostad", flag)
	j.WantAlerted("polis", flag)
	for _, id := range evening {
		j.Withdraw("bostad", id)
	}
	j.WantCleared(flag)
	j.WantVerified()
}

// A shooting flags its place at once, whatever is usual there, and is in the mail at once.
func TestAShootingFlagsAtOnce(t *testing.T) {
	j := newJourney(t)
	j.Subscribe("samordnare@vaxjo.example.org")
	j.ReportByNATS("polis", report{ID: "K-1", Category: "shooting_explosion", At: j.Now().Add(-time.Minute), Place: j.Square("oster")})
	flag := j.WantHotspot("oster", "serious", "")
	j.WantMailed("samordnare@vaxjo.example.org", flag)
	j.WantVerified()
}

// A sender's mistake is answered with its reason, and nothing of it is counted.
func TestAMistakeIsAnsweredWithItsReason(t *testing.T) {
	j := newJourney(t)
	j.ReportByNATS("bostad", report{ID: "b-1", Category: "graffiti", At: j.Now().Add(-time.Hour), Place: j.Square("norr"), Text: "Ring 850709-9805"})
	j.WantReason("bostad", "b-1", events.Quarantined, events.PIIPersonnummer)
	j.ReportByNATS("bostad", report{ID: "b-2", Category: "graffiti", At: j.Now().Add(-time.Hour), Place: place{13.0, 55.6}})
	j.WantReason("bostad", "b-2", events.Quarantined, events.OutsideMunicipality)
	j.WantHTTPRefusal("bostad", report{ID: "b-3", Category: "graffiti", At: j.Now().Add(-time.Hour), Place: j.Square("norr"), Text: "Ring 850709-9805"}, events.PIIPersonnummer)
	j.WantIncidents("norr", 0)
	j.WantVerified()
}
