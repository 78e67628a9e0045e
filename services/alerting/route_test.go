// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"samsyn/events"
)

// Who is told of what is a promise to people: nobody hears twice, nobody who should hear is left out, a watch wakes nobody.
func TestRoute(t *testing.T) {
	now := at(t, "2026-11-20T22:00:00+01:00")
	digest := at(t, "2026-11-23T07:00:00+01:00")
	town := audience{
		Municipality: "0780", Agencies: []events.AgencyID{"bostad", "polis"}, NextDigest: digest,
		Parent: map[events.AreaCode]events.AreaCode{"A1": "D1", "A2": "D1", "A3": "D2", "D1": "0780", "D2": "0780"},
	}
	mail := func(who, area string) Subscription {
		return Subscription{ID: flagID(len(who)), Channel: "mail", Recipient: who, Role: "coordinator", Area: events.AreaCode(area)}
	}
	webhook := Subscription{ID: flagID(9), Channel: "webhook", Recipient: "https://polis.example/hook", Agency: "polis", Area: "0780"}
	rise := func(level, area string, areas ...events.AreaCode) Flag {
		return Flag{
			ID: flagID(1), Revision: 2, Verb: verbFlagged, Kind: events.KindRise, Grade: events.GradeAlert, State: stateOpen,
			Level: events.Level(level), Area: events.AreaCode(area), Areas: append([]events.AreaCode{events.AreaCode(area)}, areas...), Group: "damage",
		}
	}
	with := func(f Flag, change func(*Flag)) Flag { change(&f); return f }
	narrow := func(s Subscription, change func(*Subscription)) Subscription { change(&s); return s }
	serious := func(f *Flag) { f.Kind = events.KindSerious }
	for name, c := range map[string]struct {
		flag Flag
		subs []Subscription
		want []string
	}{
		"agencies hear without asking":      {rise("area", "A1"), nil, []string{"nats bostad", "nats polis"}},
		"a person has it in the digest":     {rise("area", "A1"), []Subscription{mail("anna", "0780")}, []string{"mail anna digest", "nats bostad", "nats polis"}},
		"serious is at once":                {with(rise("area", "A1"), serious), []Subscription{mail("anna", "0780")}, []string{"mail anna", "nats bostad", "nats polis"}},
		"the end of it can wait":            {with(rise("area", "A1"), func(f *Flag) { f.Kind, f.Verb, f.State = events.KindSerious, verbCleared, stateCleared }), []Subscription{mail("anna", "0780")}, []string{"mail anna digest", "nats bostad", "nats polis"}},
		"a watch is told to nobody":         {with(rise("area", "A1"), func(f *Flag) { f.Grade = events.GradeWatch }), []Subscription{mail("anna", "0780"), webhook}, nil},
		"another area is not mine":          {rise("area", "A3"), []Subscription{mail("anna", "A1"), mail("bo", "D1")}, []string{"nats bostad", "nats polis"}},
		"my district holds the area":        {rise("area", "A2"), []Subscription{mail("anna", "A1"), mail("bo", "D1")}, []string{"mail bo digest", "nats bostad", "nats polis"}},
		"a town-wide rise concerns me":      {rise("municipality", "0780"), []Subscription{mail("anna", "A1")}, []string{"mail anna digest", "nats bostad", "nats polis"}},
		"a part of it is mine":              {rise("area", "A3", "A1"), []Subscription{mail("anna", "A1")}, []string{"mail anna digest", "nats bostad", "nats polis"}},
		"two subscriptions, told once":      {rise("area", "A1"), []Subscription{mail("anna", "A1"), mail("anna", "0780")}, []string{"mail anna digest", "nats bostad", "nats polis"}},
		"another group is not mine":         {rise("area", "A1"), []Subscription{narrow(mail("anna", "0780"), func(s *Subscription) { s.Groups = []string{"drugs"} })}, []string{"nats bostad", "nats polis"}},
		"all groups together concerns me":   {with(rise("area", "A1"), func(f *Flag) { f.Group = "" }), []Subscription{narrow(mail("anna", "0780"), func(s *Subscription) { s.Groups = []string{"drugs"} })}, []string{"mail anna digest", "nats bostad", "nats polis"}},
		"another kind is not mine":          {rise("area", "A1"), []Subscription{narrow(mail("anna", "0780"), func(s *Subscription) { s.Kinds = []string{"serious"} })}, []string{"nats bostad", "nats polis"}},
		"a webhook is at once":              {rise("area", "A1"), []Subscription{webhook}, []string{"nats bostad", "nats polis", "webhook https://polis.example/hook"}},
		"a suspended agency hears nothing":  {rise("area", "A1"), []Subscription{narrow(webhook, func(s *Subscription) { s.Agency = "skola" })}, []string{"nats bostad", "nats polis"}},
		"an agency narrowed what it hears":  {rise("area", "A3"), []Subscription{{Channel: "nats", Recipient: "polis", Agency: "polis", Area: "A1"}}, []string{"nats bostad"}},
		"an agency narrowed and this is it": {rise("area", "A1"), []Subscription{{Channel: "nats", Recipient: "polis", Agency: "polis", Area: "A1"}}, []string{"nats bostad", "nats polis"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			town := town
			town.Subscriptions = c.subs
			for _, n := range route(now, c.flag, town) {
				line := []string{n.Channel, n.Recipient}
				if n.Digest {
					line = append(line, "digest")
				}
				if want := map[bool]time.Time{true: digest, false: now}[n.Digest]; !n.DueAt.Equal(want) || n.Revision != 2 {
					t.Errorf("%v is due %s as revision %d", line, n.DueAt, n.Revision)
				}
				got = append(got, strings.Join(line, " "))
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}
