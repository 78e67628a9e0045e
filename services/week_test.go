// SPDX-License-Identifier: EUPL-1.2

package services_test

import (
	"testing"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/services/access"
)

// story is four weeks in October 2026, the one in which clocks change among them, and who lived them.
type story struct {
	*weeks
	carin, mans, petra, rune, disa *visitor
	soder, oster, norr             events.Hotspot
	repair, patrol                 uuid.UUID
	// What was reported that weekend.
	byForm, byGuard, bySystem, shot string
}

// What people report becomes a picture, a decision, an action, an effect, and an answer to each of them; and what was due comes back.
func TestFourWeeks(t *testing.T) {
	s := &story{weeks: newWeeks(t, "Mon 5 Oct 06:00")}
	s.carin = s.Person("Carin", "kommun", access.Coordinator)
	s.mans = s.Person("Mans", "bostad", access.Member)
	s.petra = s.Person("Petra", "polis", access.Member)
	s.rune = s.Person("Rune", "bostad", access.Reporter)
	s.disa = s.Person("Disa", "kommun", access.Reporter)
	s.ordinary(12, "Mon 13 Jul 00:00")
	s.Begin()
	s.weekend()
	s.monday()
	s.firstMeeting()
	s.lateData()
	s.secondMeeting()
	s.clocksChange()
	s.effect()
	s.AdvanceTo("Sun 8 Nov 22:00")
	s.WantReturned(1)
	s.WantFrozenTrue()
	s.WantVerified()
}

// ordinary weeks from a Monday on: what always happens, and what was usual in soder until somebody did something about it.
func (s *story) ordinary(weeks int, monday string) {
	s.Weekly(weeks, 8, "bostad", "property_damage", "soder", monday)
	s.quiet(weeks, monday)
}

// quiet weeks are ordinary ones with nothing in soder.
func (s *story) quiet(weeks int, monday string) {
	s.Weekly(weeks, 100, "kommun", "public_nuisance", "oster", monday)
	s.Weekly(weeks, 8, "bostad", "property_damage", "vaster", monday)
	s.Weekly(weeks, 1, "polis", "drug_litter", "norr", monday)
}

// In week 41 one place has needles, three agencies see another get worse, and at a third somebody shoots.
func (s *story) weekend() {
	s.AdvanceTo("Tue 6 Oct 20:00")
	s.Times(6, "polis", "drug_litter", "norr", "Tue 6 Oct 16:00")
	s.norr = s.WantHotspot("norr", "rise", "drugs")
	s.AdvanceTo("Fri 9 Oct 22:00")
	s.byForm = s.ReportByForm(s.rune, "broken_window", "soder")
	s.byGuard = s.ReportByForm(s.disa, "graffiti", "soder")
	s.Times(5, "bostad", "broken_window", "soder", "Fri 9 Oct 19:00")
	s.Times(2, "kommun", "property_damage", "soder", "Fri 9 Oct 18:00")
	s.Times(2, "polis", "property_damage", "soder", "Fri 9 Oct 20:00")
	s.bySystem = s.SeenByAll("property_damage", "soder", "Fri 9 Oct 21:00")
	s.shot = s.Times(1, "polis", "shooting_explosion", "oster", "Fri 9 Oct 21:00")[0]
	s.soder = s.WantHotspot("soder", "rise", "damage")
	s.oster = s.WantHotspot("oster", "serious", "")
}

// On Monday the coordinator reads why a place is flagged, and has it seen to. At ten the picture freezes by itself, and everybody who
// reported has an answer.
func (s *story) monday() {
	s.AdvanceTo("Sun 11 Oct 22:00")
	s.ordinary(1, "Mon 5 Oct 00:00")
	s.AdvanceTo("Mon 12 Oct 08:00")
	s.carin.Open("/").Says("soder", "norr", "oster")
	s.carin.Open("/plats/"+s.soder.ID.String()).Says("bostad", "kommun", "polis")
	s.TakePosition(s.carin, s.soder, "kind", "act", "measure", "guards", "owner_agency", "bostad", "owner_person", s.mans.ID.String(), "due_on", "2026-10-20")
	s.repair = *s.WantDecided(s.soder, "act", 1).Action
	s.carin.Open("/atgarder/"+s.repair.String()+"/andra").Fill("/atgarder/"+s.repair.String(), "control", "area:vaster", "weeks", "3")

	s.AdvanceTo("Mon 12 Oct 09:59")
	s.WantNoPicture(41)
	s.AdvanceTo("Mon 12 Oct 10:00")
	s.WantPlaces(s.WantPicture(41, 1, "2026-10-12T08:00:00Z"), map[string]string{"soder damage": "act", "norr drugs": "", "oster violence": ""})
	s.WantFeedback("bostad", s.byForm, events.FeedbackPosition, "Beslut: åtgärd (väktare eller ordningsvakter")
	s.WantFeedback("kommun", s.byGuard, events.FeedbackPosition, "Beslut: åtgärd (väktare eller ordningsvakter")
	s.WantFeedback("polis", s.bySystem, events.FeedbackPosition, "Beslut: åtgärd (väktare eller ordningsvakter")
	s.WantFeedback("polis", s.shot, events.FeedbackPicture, "v. 41")
}

// On Tuesday they meet over the frozen picture: what is decided already is not talked about, what is not is, and who is to do something
// goes home with it.
func (s *story) firstMeeting() {
	s.AdvanceTo("Tue 13 Oct 09:00")
	m := s.Meet(s.carin)
	m.WantAgenda("opening", "picture", aboutPlace(s.oster), aboutPlace(s.norr), "closing")
	m.Attend(s.carin, s.mans, s.petra)
	m.Decide(s.oster, "kind", "act", "measure", "police_presence", "owner", "polis", "due", "2026-10-20")
	m.Decide(s.norr, "kind", "watch", "until", "2026-W44")
	s.carin.Open(m.path + "/visa").Says("norr")
	s.AdvanceTo("Tue 13 Oct 09:45")
	m.End().Says("§ 1", "§ 2", "Carin", "Mans", "Petra", "oster", "norr")

	s.patrol = *s.WantDecided(s.oster, "act", 1).Action
	s.WantDecided(s.norr, "watch", 1)
	s.WantMail(s.petra, "1 åtgärd att göra i Växjö", "/atgarder/"+s.patrol.String())
	for _, v := range []*visitor{s.carin, s.mans, s.petra} {
		s.WantMail(v, "Protokoll från veckomötet om v. 41")
	}
	s.WantFeedback("polis", s.shot, events.FeedbackPosition, "Beslut: åtgärd (polisnärvaro")
}

// The police send two reports late: the frozen picture stays, a second version says what differs. On Thursday reporters are written to.
func (s *story) lateData() {
	s.AdvanceTo("Wed 14 Oct 13:00")
	s.Step(s.mans, s.repair, "in_progress")
	late := s.Times(2, "polis", "property_damage", "soder", "Fri 9 Oct 22:30")
	s.Work()
	s.WantPicture(41, 1, "2026-10-12T08:00:00Z")
	s.carin.Open("/lagesbild/2026-W41").Says("Inkom efter låsning", "polis: 2").Fill("/las").Says("Version 2", "Vad som skiljer sig från versionen före")
	s.Work()
	s.WantPicture(41, 2, "2026-10-14T11:00:00Z")
	s.WantDifference(41, 2, "soder")
	s.WantFeedback("polis", late[0], events.FeedbackPosition, "v. 41. Beslut: åtgärd")

	s.AdvanceTo("Thu 15 Oct 06:59")
	s.WantNoMail(s.rune, "Återkoppling")
	s.AdvanceTo("Thu 15 Oct 07:00")
	s.WantMail(s.rune, "Återkoppling på dina rapporter, v. 42", s.byForm, "Beslut: åtgärd (väktare eller ordningsvakter")
	s.WantMail(s.disa, "Återkoppling på dina rapporter, v. 42", s.byGuard, "Beslut: åtgärd (väktare eller ordningsvakter")
}

// The owner finishes in time; what is not finished begins the next agenda. Everybody who reported hears that it is done.
func (s *story) secondMeeting() {
	s.aQuietWeek("Sun 18 Oct 22:00", "Mon 12 Oct 00:00")
	s.AdvanceTo("Mon 19 Oct 10:00")
	s.WantPicture(42, 1, "2026-10-19T08:00:00Z")
	s.Step(s.mans, s.repair, "done")
	s.WantFeedback("bostad", s.byForm, events.FeedbackDone, "Åtgärden är klar.")
	s.rune.Open("/mina-rapporter").Says(s.byForm, "Klar")

	s.AdvanceTo("Tue 20 Oct 09:00")
	s.carin.Open("/atgarder/" + s.repair.String()).Says("För tidigt att säga")
	m := s.Meet(s.carin)
	m.WantAgenda("opening", aboutAction(s.patrol), "picture", "closing")
	m.Finished(s.patrol)
	m.End().Says("§ 1", "klar")
	s.WantAction(s.patrol, "done")
	s.WantFeedback("polis", s.shot, events.FeedbackDone, "Åtgärden är klar.")
	s.AdvanceTo("Thu 22 Oct 07:00")
	s.WantMail(s.rune, "Återkoppling på dina rapporter, v. 43", s.byForm, "Åtgärden är klar.")
	s.WantMail(s.disa, "Återkoppling på dina rapporter, v. 43", s.byGuard, "Åtgärden är klar.")
}

// In the night to the 25th clocks are put back. The watched place comes back when its week begins, the picture freezes at ten: by the
// clock on the wall, an hour later than before by that of the sun.
func (s *story) clocksChange() {
	s.aQuietWeek("Sun 25 Oct 22:00", "Mon 19 Oct 00:00")
	s.AdvanceTo("Sun 25 Oct 23:59")
	s.WantReturned(0)
	s.AdvanceTo("Mon 26 Oct 00:00")
	s.WantReturned(1)
	s.AdvanceTo("Mon 26 Oct 09:59")
	s.WantNoPicture(43)
	s.AdvanceTo("Mon 26 Oct 10:00")
	s.WantPicture(43, 1, "2026-10-26T09:00:00Z")

	s.AdvanceTo("Tue 27 Oct 09:00")
	m := s.Meet(s.carin)
	m.WantAgenda("opening", "picture", aboutPlace(s.norr), "closing")
	m.page.Says("bevakad, återkommer")
	m.Decide(s.norr, "kind", "dismiss", "reason", "known_cause")
	m.End().Says("§ 1")
	s.WantDecided(s.norr, "dismiss", 2)
	s.WantReturned(1)
}

// Three weeks before are held against three weeks after: 24 panes that became 3, while they stayed 24 where nothing was done.
func (s *story) effect() {
	s.aQuietWeek("Sun 1 Nov 22:00", "Mon 26 Oct 00:00")
	s.carin.Open("/atgarder/" + s.repair.String()).Says("För tidigt att säga")
	s.AdvanceTo("Mon 2 Nov 10:00")
	s.WantPicture(44, 1, "2026-11-02T09:00:00Z")
	s.carin.Open("/atgarder/"+s.repair.String()).Says("Säker minskning.", "24 händelser före (8 i veckan), 3 efter (1 i veckan)", "24 före, 24 efter", "−21 händelser")
	s.Step(s.carin, s.repair, "evaluated", "conclusion", "Fortsätt med ordningsvakter under hösten.")
	s.carin.Open("/plats/" + s.soder.ID.String()).Says("Säker minskning")
}

// aQuietWeek is one that ends at a moment and began on a Monday, with one broken pane in soder.
func (s *story) aQuietWeek(end, monday string) {
	s.AdvanceTo(end)
	s.quiet(1, monday)
	s.Weekly(1, 1, "bostad", "property_damage", "soder", monday)
	s.Work()
}
