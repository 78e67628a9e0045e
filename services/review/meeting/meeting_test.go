// SPDX-License-Identifier: EUPL-1.2

package meeting_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
	"samsyn/internal/web/webtest"
	"samsyn/services/review/meeting"
	"samsyn/services/review/meeting/agenda"
)

func TestTextsAreThereInBothLanguages(t *testing.T) {
	webtest.Catalogue(t, ".", meeting.Texts(), web.Texts(), "part.", "state.", "invalid.", "ahead.kind.", "changed.", "notfrozen.", "due.")
}

// A meeting without preparation: planned by the calendar, frozen and started by one button, everything on the agenda in its order.
func TestAMeetingNeedsNoPreparation(t *testing.T) {
	w := newTown(t)
	w.week47()
	at := w.planned()
	page := w.page("/mote")
	says(t, page, "Veckomöte v. 47 2026, Provstad", "Möte tisdag den 24 november 2026 kl. 09.00–10.00.", "Lägesbilden för v. 47 är inte låst än.")
	w.post(at+"/starta", "version", "1")
	page = w.page(at)
	says(t, page, "Möte pågår, v. 47 2026", "Underlag låst 2026-11-24 kl. 08.55 (version 1).",
		"1. Öppning och rapporteringsläge 3 min 2. Beslut som förfaller 12 min Belysning, Ängen (Bostads AB) 3. Vad är annorlunda? 8 min",
		"4. Platser att ta ställning till 25 min Torget: skadegörelse och brand Ängen: skadegörelse och brand Ängen: skadegörelse och brand (bevakad, återkommer)",
		"5. Beslut läses upp, nästa möte 5 min")
	w.incident(2, "2026-11-19", 12, "a2", "polisen")
	says(t, w.page(at), "2 händelser kom in efter låsning.")
	if got := strings.Count(page, `aria-current="step"`); got != 1 {
		t.Errorf("%d current steps", got)
	}
	if rec := w.try(at+"/starta", "version", "1"); rec.Code != http.StatusConflict {
		t.Errorf("a second start answers %d", rec.Code)
	}
}

// Before the meeting an item can be taken out and put back and a question added; those who are silent are named and reminded.
func TestTheAgendaCanBeTouchedUp(t *testing.T) {
	w := newTown(t)
	torget, _, _, _ := w.week47()
	w.freeze()
	at := w.planned()
	w.post(at+"/dolj", "item", agenda.FlagKey(torget))
	w.post(at+"/fraga", "title", "Ny belysningsplan "+canary)
	page := w.page("/mote")
	says(t, page, "Torget: skadegörelse och brand borttagen", "Egna punkter : Ny belysningsplan", "Har inte rapporterat")
	if rec := w.try(at+"/fraga", "title", "Ring 070-123 45 67 till honom"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("a phone number is taken: %d", rec.Code)
	}
	w.post(at+"/dolj", "item", agenda.FlagKey(torget), "show", "1")
	saysNot(t, w.page("/mote"), "borttagen")
	w.post(at+"/dolj", "item", agenda.FlagKey(torget))
	w.post(at+"/starta", "version", "1")
	w.post(at+"/punkt", "item", "closing")
	says(t, w.page(at), "Väntar: Torget: skadegörelse och brand")
	if rec := w.try(at+"/dolj", "item", "picture"); rec.Code != http.StatusConflict {
		t.Errorf("the agenda of a running meeting changes: %d", rec.Code)
	}
}

// The wall is for the whole room: nothing that anybody wrote is ever on it, and it can be read from six metres.
func TestTheWallHoldsNoFreeText(t *testing.T) {
	w := newTown(t)
	torget, _, _, _ := w.week47()
	w.exec(`INSERT INTO correlator.notice (municipality, agency, kind, report, revision, batch, state, starts, ends, areas, context, text)
		VALUES ($1, 'polisen', 'context', 'c1', 1, 1, 'accepted', '2026-11-28 15:00+01', '2026-11-28 17:00+01', ARRAY['a1'], 'event', $2)`, code, canary)
	w.freeze()
	at := w.planned()
	w.post(at+"/fraga", "title", "Punkt om "+canary)
	w.post(at+"/starta", "version", "1")
	w.post(at+"/punkt", "item", agenda.FlagKey(torget))
	w.post(at+"/beslut", "flag", torget.String(), "version", "0", "kind", "act", "measure", "night_walk", "measure_text", canary, "owner", "bostad", "due", "2026-12-04", "note", canary)
	w.post(at+"/anteckning", "version", "2", "notes", canary)
	says(t, w.page(at), canary)
	pages := 0
	for next := at + "/visa?item=opening"; next != ""; pages++ {
		page := w.page(next)
		saysNot(t, page, canary)
		if words := len(word.FindAllString(text(page), -1)); words > 60 {
			t.Errorf("%d words on %s:\n%s", words, next, text(page))
		}
		next = ""
		if m := nextLink.FindStringSubmatch(page); m != nil {
			next = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if pages != 9 {
		t.Errorf("%d pages: opening, one due, picture, three places, ahead, a question, closing", pages)
	}
}

// Long names, much to decide and many who are silent: the wall still has few words, and says that there is more.
func TestTheWallStaysShort(t *testing.T) {
	w := newTown(t)
	w.week47()
	w.exec(`UPDATE registry.agency SET name = 'Stiftelsen Provstads ' || name`)
	w.exec(`UPDATE registry.area SET name = 'Norra ' || name || ' och parken' WHERE level = 'area'`)
	for _, unit := range []string{"norr", "soder", "vast", "ost", "mitt"} {
		w.exec(`INSERT INTO registry.unit (municipality, agency, unit, name) VALUES ($1, 'skola', $2, 'Rektorsområde ' || $2)`, code, unit)
		w.exec(`INSERT INTO correlator.notice (municipality, agency, kind, report, revision, batch, state, starts, ends, areas, context, text)
			VALUES ($1, 'polisen', 'context', $2, 1, 1, 'accepted', '2026-11-28 15:00+01', '2026-11-30 17:00+01', ARRAY['a1', 'a2'], 'event', $3)`, code, unit, canary)
	}
	var flags []uuid.UUID
	for range 6 {
		flags = append(flags, w.flag("a2", 1))
	}
	at := w.started()
	w.post(at+"/narvaro", "here", "kommun "+anna.String(), "here", "bostad "+bo.String(), "here", "polisen "+clara.String(), "here", "skola")
	for _, f := range flags[:5] {
		w.post(at+"/beslut", "flag", f.String(), "version", "0", "kind", "act", "measure", "access", "owner", "bostad", "due", "2026-12-04")
	}
	for next := at + "/visa?item=opening"; next != ""; {
		page := w.page(next)
		if words := len(word.FindAllString(text(page), -1)); words > 60 {
			t.Errorf("%d words on %s:\n%s", words, next, text(page))
		}
		next = ""
		if m := nextLink.FindStringSubmatch(page); m != nil {
			next = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	says(t, w.page(at+"/visa?item=opening"), "och 4 till", "och 1 till")
	says(t, w.page(at+"/visa?item=closing"), " beslut till")
}

// word has a letter or a digit in it.
var word = regexp.MustCompile(`\S*[\p{L}\d]\S*`)

var nextLink = regexp.MustCompile(`href="([^"]+)" rel="next"`)

// The wall goes where the secretary goes, by itself; with an item in its address it stays there.
func TestTheWallFollowsTheSecretary(t *testing.T) {
	w := newTown(t)
	torget, _, _, _ := w.week47()
	at := w.planned()
	says(t, w.page(at+"/visa"), "Mötet har inte börjat")
	w.post(at+"/starta", "version", "1")
	says(t, w.page(at+"/visa"), "v. 47 · Punkt 1 av 5", "Öppning och rapporteringsläge", "Rapporterat: 2 av 4", "Tysta:")
	w.post(at+"/punkt", "item", agenda.FlagKey(torget))
	rec := w.get(at + "/visa")
	says(t, rec.Body.String(), "Punkt 4 av 5 · Plats 1 av 3", "Torget: skadegörelse och brand", "12 mot 5,2 förväntade normalt 2–9", "fre 20–24: 4", "lör 20–24: 3", "lör 0–4: 2",
		"2 organisationer ser det", "Gör vi något nu, eller bevakar vi?", "Aldrig fritext.")
	if got := rec.Header().Get("Refresh"); got != "3" {
		t.Errorf("the wall is fetched again after %q", got)
	}
	if rec := w.get(at + "/visa?item=picture"); rec.Header().Get("Refresh") != "" || !strings.Contains(rec.Body.String(), "Följ mötet") {
		t.Error("a wall that stays on one item moves")
	}
	w.post(at+"/beslut", "flag", torget.String(), "version", "0", "kind", "watch", "until", "2026-W50")
	says(t, w.page(at+"/visa"), "Beslut Bevakas, återkommer v. 50 2026")
}

// The screen follows the rights of the room: an association owns an action and sees no number. While somebody of it is there, numbers
// are not in the page at all.
func TestTheWallFollowsTheRightsOfTheRoom(t *testing.T) {
	w := newTown(t)
	torget, _, _, _ := w.week47()
	at := w.started()
	w.post(at+"/punkt", "item", agenda.FlagKey(torget))
	w.post(at+"/narvaro", "here", "kommun "+anna.String(), "here", "bostad "+bo.String())
	says(t, w.page(at+"/visa"), "12 mot 5,2")
	says(t, w.page(at), "Närvaro 2 av 3", "Någon från Idrottsföreningen (ser inga siffror")
	w.post(at+"/narvaro", "here", "kommun "+anna.String(), "here", "idrott")
	page := w.page(at + "/visa")
	says(t, page, "Visas inte nu")
	saysNot(t, page, "5,2", "fre 20", "Torget")
	w.post(at+"/narvaro", "here", "kommun "+anna.String())
	says(t, w.page(at+"/visa"), "12 mot 5,2")
}

// Two who decide about the same place: the second is told, and what was typed stays.
func TestTheSecondSecretaryLosesNothing(t *testing.T) {
	w := newTown(t)
	torget, _, _, _ := w.week47()
	at := w.started()
	w.post(at+"/punkt", "item", agenda.FlagKey(torget))
	w.post(at+"/beslut", "flag", torget.String(), "version", "0", "kind", "dismiss", "reason", "chance")
	rec := w.try(at+"/beslut", "flag", torget.String(), "version", "0", "kind", "act", "measure", "cleaning", "owner", "bostad", "due", "2026-12-04", "note", "Min mening")
	if rec.Code != http.StatusConflict {
		t.Fatalf("%d", rec.Code)
	}
	says(t, rec.Body.String(), "Någon annan sparade kl. 08.55: Avskriv", "Min mening")
	// The page has the version that is stored: saving again holds.
	w.post(at+"/beslut", "flag", torget.String(), "version", "1", "kind", "act", "measure", "cleaning", "owner", "bostad", "due", "2026-12-04")
	page := w.page(at)
	says(t, page, "§ 1 Torget: skadegörelse och brand. Städning och sanering. Ansvarig Bostads AB, klart 2026-12-04.", "Sparat kl. 08.55")
	saysNot(t, page, "§ 2")
	w.post(at+"/beslut", "flag", torget.String(), "version", "2", "kind", "act", "measure", "guards", "owner", "kommun", "due", "2026-12-04")
	if got := w.value(`SELECT string_agg(measure || ' ' || state, ', ' ORDER BY state) FROM review.action WHERE flag = $1`, torget); got != "cleaning cancelled, guards decided" {
		t.Errorf("a decision that was changed in the meeting leaves %s", got)
	}
	for _, c := range [][]string{
		{"kind", "act", "owner", "bostad", "due", "2026-12-04"},
		{"kind", "watch", "until", "2020-W01"},
		{"kind", "dismiss"},
		{"kind", "handover"},
		{},
		{"kind", "dismiss", "reason", "chance", "note", "Ring 070-123 45 67"},
	} {
		if rec := w.try(at+"/beslut", append([]string{"flag", torget.String(), "version", "3"}, c...)...); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v answers %d", c, rec.Code)
		} else if strings.Contains(rec.Body.String(), "«") {
			t.Errorf("%v has no text for its reason", c)
		}
	}
}

// What is not done is first in the next meeting, late by its days; what is done or has a new date is not.
func TestWhatIsNotDoneComesBackFirst(t *testing.T) {
	w := newTown(t)
	torget, angen, returned, late := w.week47()
	other := w.lamps("2026-11-23", nil)
	at := w.started()
	w.post(at+"/punkt", "item", agenda.ActionKey(other.ID))
	w.post(at+"/uppfoljning", "action", other.ID.String(), "version", "1", "what", "done")
	w.post(at+"/punkt", "item", agenda.ActionKey(late.ID))
	says(t, w.page(at), "Klart senast 2026-11-20. Försenad 4 dagar.", "Problem: Mörkt, "+canary)
	if rec := w.try(at+"/uppfoljning", "action", late.ID.String(), "version", "9", "what", "done"); rec.Code != http.StatusConflict {
		t.Errorf("an old version answers %d", rec.Code)
	}
	for _, f := range []uuid.UUID{torget, angen} {
		w.post(at+"/beslut", "flag", f.String(), "version", "0", "kind", "dismiss", "reason", "known_cause")
	}
	w.post(at+"/beslut", "flag", returned.String(), "version", "1", "kind", "act", "measure", "cleaning", "owner", "idrott", "due", "2026-11-30")
	w.post(at + "/avsluta")
	w.now = w.now.AddDate(0, 0, 7)
	next := w.started()
	if next == at {
		t.Fatal("there is no next meeting")
	}
	w.post(next+"/punkt", "item", agenda.ActionKey(late.ID))
	says(t, w.page(next), "2. Beslut som förfaller 12 min Belysning, Ängen (Bostads AB) Städning och sanering, Ängen (Idrottsföreningen) 3.", "Försenad 11 dagar.")
	saysNot(t, w.page(next), "Plats 1 av")
}

// The end is one transaction: minutes, next meeting and mails are there. Owners hear of their own actions, members get the minutes, no
// mail names a place, and links in them only read.
func TestTheEndOfAMeeting(t *testing.T) {
	w := newTown(t)
	torget, _, _, late := w.week47()
	at := w.started()
	w.post(at+"/narvaro", "here", "kommun "+anna.String(), "here", "polisen "+clara.String())
	w.post(at+"/punkt", "item", agenda.ActionKey(late.ID))
	w.post(at+"/uppfoljning", "action", late.ID.String(), "version", "1", "what", "due", "due", "2026-12-11")
	w.post(at+"/beslut", "flag", torget.String(), "version", "0", "kind", "act", "measure", "night_walk", "owner", "bostad", "due", "2026-12-04")
	w.now = w.now.Add(50 * time.Minute)
	w.post(at + "/avsluta")
	minutes := w.page(at + "/protokoll")
	says(t, minutes, "Protokoll v. 47 2026, Provstad", "Mötet började den 24 november 2026 kl. 08.55 och slutade kl. 09.45.",
		"§ 1 Belysning: Ängen. Ny tid. Bostads AB 2026-12-11", "§ 2 Torget: skadegörelse och brand. Nattvandring. Bostads AB 2026-12-04",
		"Nästa möte: tisdag den 1 december 2026 kl. 09.00.", "Närvarande: Anna, Kommunen; Clara, Polisen.", "Frånvarande: Bostads AB", "Inte justerat. Justeras av sig självt den 1 december 2026.")
	if rec := w.get(at); rec.Code != http.StatusSeeOther {
		t.Errorf("a meeting that has ended is still run: %d", rec.Code)
	}
	says(t, w.page(at+"/visa"), "Mötet är avslutat")
	letters := w.value(`SELECT string_agg(kind || ' ' || person::text || ' ' || subject || ' ' || letter::text, '|' ORDER BY kind, person) FROM review.mail`)
	for _, want := range []string{
		"minutes " + anna.String(), "minutes " + bo.String(), "minutes " + clara.String(), "meeting_actions " + bo.String(), "meeting_actions " + dan.String(),
		"§ 2 Nattvandring · Bostads AB · klart 2026-12-04", "https://samsyn.example" + at + "/protokoll", "https://samsyn.example/atgarder/", "samsyn.ics",
		"2 åtgärder att göra i Provstad", "1 åtgärd att göra i Provstad",
	} {
		if !strings.Contains(letters, want) {
			t.Errorf("no mail has %q", want)
		}
	}
	saysNot(t, letters, "Torget", canary, "Ängen")
	if got := w.value(`SELECT count(*)::text FROM review.mail`); got != "5" {
		t.Errorf("%s mails", got)
	}
	if rec := w.try(at + "/avsluta"); rec.Code != http.StatusConflict {
		t.Errorf("a meeting ends twice: %d", rec.Code)
	}
	if rec := w.try(at+"/beslut", "flag", torget.String(), "version", "1", "kind", "dismiss", "reason", "chance"); rec.Code != http.StatusConflict {
		t.Errorf("a decision after the end answers %d", rec.Code)
	}
}

// Minutes can be written on until they are adjusted, by somebody or by themselves after seven days.
func TestMinutesAreAdjustedOnce(t *testing.T) {
	w := newTown(t)
	w.week47()
	at := w.started()
	w.post(at + "/avsluta")
	w.post(at+"/anteckning", "version", "3", "notes", "Vi började sent.")
	rec := w.try(at+"/anteckning", "version", "3", "notes", "Mitt stycke")
	if rec.Code != http.StatusConflict {
		t.Errorf("an old version answers %d", rec.Code)
	}
	says(t, rec.Body.String(), "Någon annan sparade", "Mitt stycke", "Sparat av någon annan Vi började sent.")
	if rec := w.try(at+"/anteckning", "version", "4", "notes", "Skriv till anna.karlsson@example.org"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("an address is taken: %d", rec.Code)
	}
	w.now = w.now.AddDate(0, 0, 6)
	if err := w.service.EnsureUpcoming(t.Context(), w.now); err != nil {
		t.Fatal(err)
	}
	says(t, w.page(at+"/protokoll"), "Inte justerat")
	w.now = w.now.AddDate(0, 0, 2)
	if err := w.service.EnsureUpcoming(t.Context(), w.now); err != nil {
		t.Fatal(err)
	}
	says(t, w.page(at+"/protokoll"), "Justerat den 2 december 2026.", "Vi började sent.")
	if rec := w.try(at+"/anteckning", "version", "5", "notes", "Efteråt"); rec.Code != http.StatusConflict {
		t.Errorf("adjusted minutes change: %d", rec.Code)
	}
	if rec := w.try(at+"/justera", "version", "5"); rec.Code != http.StatusConflict {
		t.Errorf("minutes are adjusted twice: %d", rec.Code)
	}
}

// Who may see numbers reads; a coordinator runs the meeting; others and other municipalities find nothing.
func TestWhoMayDoWhat(t *testing.T) {
	w := newTown(t)
	torget, _, _, _ := w.week47()
	at := w.started()
	w.as(bo, "bostad", "member")
	page := w.page(at)
	saysNot(t, page, "<form method=\"post\" action=\"/mote/"+strings.TrimPrefix(at, "/mote/")+"/beslut")
	for _, path := range []string{"dolj", "fraga", "paminn", "starta", "punkt", "narvaro", "beslut", "uppfoljning", "anteckning", "avsluta", "justera"} {
		if rec := w.try(at+"/"+path, "item", "closing", "flag", torget.String(), "version", "2"); rec.Code != http.StatusForbidden {
			t.Errorf("a member's %s answers %d", path, rec.Code)
		}
	}
	w.as(eva, "skola", "reporter")
	for _, address := range []string{"/mote", at, at + "/visa", at + "/protokoll", "/mote/kalender"} {
		if rec := w.get(address); rec.Code != http.StatusForbidden {
			t.Errorf("a reporter's %s answers %d", address, rec.Code)
		}
	}
	w.populate("0002", "Grannby")
	w.as(anna, "kommun", "coordinator")
	w.visit.Viewer.Municipality, w.visit.Choices = "0002", []web.Choice{{Municipality: "0002", Name: "Grannby"}}
	for _, address := range []string{at, at + "/visa", at + "/protokoll", "/mote/x", "/mote/" + uuid.NewString(), "/mote?m=0001"} {
		if rec := w.get(address); rec.Code != http.StatusNotFound {
			t.Errorf("another municipality's %s answers %d", address, rec.Code)
		}
	}
	if rec := w.try(at + "/avsluta"); rec.Code != http.StatusNotFound {
		t.Errorf("another municipality's meeting is ended: %d", rec.Code)
	}
}

// The database holds the states, whoever writes.
func TestAMeetingNeverGoesBack(t *testing.T) {
	w := newTown(t)
	w.week47()
	w.started()
	for _, sql := range []string{
		`UPDATE review.meeting SET state = 'planned'`, `UPDATE review.meeting SET state = 'ended'`, `UPDATE review.meeting SET state = 'adjusted', ended_at = now()`,
		`UPDATE review.meeting SET agenda = NULL`, `UPDATE review.meeting SET state = 'cancelled'`,
	} {
		if _, err := w.admin.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s is taken", sql)
		}
	}
}
