// SPDX-License-Identifier: EUPL-1.2

package meeting_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
	"samsyn/services/review/meeting/agenda"
)

// freeze lets the picture of week 47 be frozen before the meeting.
func (w *town) freeze() {
	w.t.Helper()
	at := w.planned()
	w.post(at+"/starta", "version", "1")
	// Only the picture is wanted here: the meeting is put back as it was planned.
	w.exec(`UPDATE review.meeting SET state = 'planned', agenda = NULL, item = NULL, started_at = NULL, started_by = NULL, version = 1`)
}

// A meeting plans itself, once, and moves with the calendar until it begins.
func TestMeetingsPlanThemselves(t *testing.T) {
	w := newTown(t)
	w.now = time.Date(2026, 12, 23, 15, 0, 0, 0, time.UTC)
	first := w.planned()
	if again := w.planned(); again != first {
		t.Error("the same meeting is planned twice")
	}
	// Week 52's deadline is Monday the 28th, its meeting Tuesday the 29th.
	says(t, w.page("/mote"), "Veckomöte v. 52 2026, Provstad", "tisdag den 29 december 2026 kl. 09.00–10.00.")
	r := w.rhythm()
	r.MeetingAt = calendar.Slot{Weekday: time.Wednesday, Clock: 13 * time.Hour}
	w.setRhythm(&r)
	if moved := w.planned(); moved != first {
		t.Error("a meeting that moves is another meeting")
	}
	says(t, w.page("/mote"), "onsdag den 30 december 2026 kl. 13.00–14.00.")
	r.Cadence, r.First = calendar.Biweekly, web.Week{Year: 2026, Number: 51}
	w.setRhythm(&r)
	w.planned()
	if got := w.value(`SELECT string_agg(week::text, ' ') FROM review.meeting WHERE state = 'planned'`); got != "2026-12-28" {
		t.Errorf("planned for the weeks of %s: a week that has no meeting any more keeps none", got)
	}
	r.Cadence = calendar.Weekly
	w.setRhythm(&r)
	w.planned()
	w.now = time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC)
	w.planned()
	// Week 53's Monday is the 4th of January, and the 6th is a holiday.
	says(t, w.page("/mote"), "Veckomöte v. 53 2026, Provstad", "torsdag den 7 januari 2027 kl. 13.00–14.00.", "v. 52 2026, 2026-12-30 kl. 13.00 inte hållet")
}

// setRhythm changes when the review happens.
func (w *town) setRhythm(r *calendar.Rhythm) {
	w.t.Helper()
	err := pg.InTx(w.t.Context(), w.pool, w.viewer(), func(tx pgx.Tx) (err error) {
		*r, err = calendar.Set(w.t.Context(), tx, code, *r, &anna, w.now)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// Silence is not calm: agencies that have not been heard are reminded before the deadline, once.
func TestTheSilentAreReminded(t *testing.T) {
	w := newTown(t)
	w.incident(1, "2026-11-10", 12, "a1", "skola")
	w.incident(1, "2026-11-10", 12, "a1", "bostad")
	w.incident(1, "2026-11-18", 12, "a1", "bostad")
	remind := func() (n int) {
		err := pg.InTx(t.Context(), w.pool, pg.System, func(tx pgx.Tx) error {
			town, err := calendar.Read(t.Context(), tx, code)
			if err != nil {
				return err
			}
			n, err = w.service.RemindTx(t.Context(), tx, town, web.Week{Year: 2026, Number: 47})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := remind(); n != 1 {
		t.Errorf("%d agencies are silent", n)
	}
	remind()
	if got := text(w.value(`SELECT string_agg(person::text || ' ' || subject, '|') FROM review.mail`)); got != eva.String()+" Rapport saknas för v. 47 i Provstad" {
		t.Errorf("%q", got)
	}
	letter := text(w.value(`SELECT letter->>'text' FROM review.mail`))
	if !strings.Contains(letter, "Lägesbilden låses måndag den 23 november 2026 kl. 10.00.") || !strings.Contains(letter, "https://samsyn.example/inget-att-rapportera") {
		t.Errorf("%s", letter)
	}
	w.exec(`INSERT INTO correlator.notice (municipality, agency, kind, report, revision, batch, state, starts, ends, unit)
		VALUES ($1, 'skola', 'nothing', 'n1', 1, 1, 'accepted', '2026-11-16 00:00+01', '2026-11-22 00:00+01', '')`, code)
	if n := remind(); n != 0 {
		t.Errorf("%d agencies are silent after all have answered", n)
	}
}

// A person's calendar has meetings, deadlines and the own due dates, at the same UIDs for ever; it names no place and no text, and its
// address is nobody else's.
func TestThePersonsCalendar(t *testing.T) {
	w := newTown(t)
	torget, _, _, late := w.week47()
	if rec := w.get("/moten.ics?key=x"); rec.Code != http.StatusNotFound {
		t.Errorf("a made-up address answers %d", rec.Code)
	}
	w.as(bo, "bostad", "member")
	address := w.makeAddress()
	at := w.planned()
	body := w.page(address)
	for _, want := range []string{
		"UID:meeting-0001-2026-W47@samsyn.example", "DTSTART:20261124T080000Z", "DTEND:20261124T090000Z", "SUMMARY:Veckomöte om v.\u00a047\\, Provstad",
		"URL:https://samsyn.example" + at, "UID:deadline-0001-2026-W47@samsyn.example", "DTSTART:20261123T090000Z",
		"UID:meeting-0001-2026-W48@samsyn.example", "UID:action-" + late.ID.String() + "@samsyn.example", "DTSTART;VALUE=DATE:20261120", "SUMMARY:Klart: Belysning",
	} {
		if !strings.Contains(unfold(body), want+"\r\n") {
			t.Errorf("the calendar does not have %q:\n%s", want, body)
		}
	}
	saysNot(t, body, canary, "Torget", "Ängen")
	if again := w.page(address); again != body {
		t.Error("a calendar in which nothing changed is another one")
	}
	w.as(anna, "kommun", "coordinator")
	w.post(at+"/starta", "version", "1")
	w.post(at+"/beslut", "flag", torget.String(), "version", "0", "kind", "act", "measure", "cleaning", "owner", "polisen", "due", "2026-12-04")
	w.post(at+"/punkt", "item", agenda.FlagKey(torget))
	saysNot(t, w.page(address), "Städning") // it is another agency's
	if got := strings.Count(unfold(w.page(address)), "UID:meeting-0001-2026-W47"); got != 1 {
		t.Errorf("the meeting is there %d times", got)
	}
	w.as(bo, "bostad", "member")
	fresh := w.makeAddress()
	if rec := w.get(address); rec.Code != http.StatusNotFound {
		t.Errorf("the old address answers %d", rec.Code)
	}
	w.exec(`UPDATE access.person SET disabled_at = now() WHERE person = $1`, bo)
	if rec := w.get(fresh); rec.Code != http.StatusNotFound {
		t.Errorf("the address of somebody who has left answers %d", rec.Code)
	}
	if kept := w.value(`SELECT string_agg(encode(secret_hash, 'escape'), '') FROM review.calendar_feed`); strings.Contains(kept, strings.Split(fresh, "=")[1]) {
		t.Error("the secret is kept as it is written")
	}
}

var feedAddress = regexp.MustCompile(`https://samsyn\.example(/moten\.ics\?key=[A-Za-z0-9_-]{43})`)

func (w *town) makeAddress() string {
	w.t.Helper()
	m := feedAddress.FindStringSubmatch(w.try("/mote/kalender").Body.String())
	if m == nil {
		w.t.Fatal("no address is shown")
	}
	return m[1]
}

func unfold(body string) string { return strings.ReplaceAll(body, "\r\n ", "") }

// A database that is away is said so; the wall asks again by itself when it is back.
func TestWithoutDatabase(t *testing.T) {
	w := newTown(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.service.EnsureUpcoming(ctx, w.now); err != nil {
		t.Fatal(err)
	}
	w.pool.Close()
	if err := w.service.EnsureUpcoming(ctx, w.now); err == nil {
		t.Error("nothing is planned and nothing is said")
	}
	if rec := w.get("/mote"); rec.Code < http.StatusInternalServerError {
		t.Errorf("%d", rec.Code)
	}
}
