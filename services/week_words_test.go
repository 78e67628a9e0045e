// SPDX-License-Identifier: EUPL-1.2

package services_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	post "samsyn/internal/mail"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/access"
	"samsyn/services/alerting/pages"
	reporting "samsyn/services/intake/pages"
	"samsyn/services/review"
	"samsyn/services/review/situation"
)

// weeks is a journey through weeks: the municipality's clock moves when it is told to, and people meet over its pages.
type weeks struct {
	*journey
	zone       *time.Location
	access     *access.Service
	review     *review.Service
	reviewPool *pg.Pool
	site       *httptest.Server
}

// newWeeks opens every service's pages on one address, as the program does.
func newWeeks(t *testing.T, start string) *weeks {
	t.Helper()
	j := &weeks{zone: must(time.LoadLocation("Europe/Stockholm"))(t)}
	j.journey = openJourney(t, at(t, j.zone, start))
	quiet, mux := slog.New(slog.DiscardHandler), http.NewServeMux()
	j.access = must(access.New(j.pool(pg.RoleAccess), access.Config{PublicURL: publicURL, Pages: []web.NavItem{
		{Href: "/", Text: events.Text{SV: "Översikt", EN: "Overview"}, Act: web.ActNumbers},
		{Href: "/rapportera", Text: events.Text{SV: "Rapportera", EN: "Report"}, Act: web.ActReport},
		{Href: "/mina-rapporter", Act: web.ActReport},
	}}))(t)
	j.access.Routes(mux)
	forms := must(reporting.New(j.pool(pg.RoleIntake), j.agencies, j.intake, reporting.Config{}))(t)
	forms.Routes(mux, j.access.Guard)
	j.reviewPool = j.pool(pg.RoleReview)
	sender := must(post.New(post.Config{Dir: j.mail}))(t)
	j.review = must(review.New(j.reviewPool, j.nats.Conn, quiet, prometheus.NewRegistry(), review.Config{
		PublicURL: publicURL, Sender: sender, FeedbackKey: make([]byte, 32), Chromium: "-",
	}))(t)
	j.review.Routes(mux, j.access.Guard)
	overview := must(pages.New(j.pool(pg.RoleWeb), pages.Config{Agencies: j.agencies, PlacePanels: j.review.PlacePanels(), WeekPanels: j.review.WeekPanels()}))(t)
	overview.Routes(mux, j.access.Guard)
	j.site = httptest.NewTLSServer(mux)
	t.Cleanup(j.site.Close)
	return j
}

// at reads "Mon 5 Oct 08:00" of 2026 as clocks in a zone show it. The weekday must be right: the reader of a test believes it.
func at(t *testing.T, zone *time.Location, moment string) time.Time {
	t.Helper()
	when := must(time.ParseInLocation("Mon 2 Jan 15:04 2006", moment+" 2026", zone))(t)
	if !strings.HasPrefix(moment, when.Format("Mon ")) {
		t.Fatalf("%s is a %s", moment, when.Weekday())
	}
	return when
}

// Begin lets the counts be looked at, when all that was reported before is in them: half of a past looks like a rise.
func (j *weeks) Begin() {
	j.t.Helper()
	j.until("the past to be decided", func() bool { return must(j.correlator.Backlog(j.t.Context()))(j.t).None() })
	j.run(j.alerting.Run)
	j.Work()
}

// At is a moment of 2026 by the municipality's clock.
func (j *weeks) At(moment string) time.Time {
	j.t.Helper()
	return at(j.t, j.zone, moment)
}

// AdvanceTo moves the municipality's clock. Whatever happens by itself until then has happened when it returns.
func (j *weeks) AdvanceTo(moment string) {
	j.t.Helper()
	j.clock = j.At(moment)
	j.check(j.registry.SetAsOf(j.t.Context(), j.municipal, j.clock))
	j.Work()
}

// Work lets everything that is to be done now be done.
func (j *weeks) Work() {
	j.t.Helper()
	j.Settled()
	j.check(j.review.Once(j.t.Context(), time.Now()))
}

// Person joins the review, and is signed in.
func (j *weeks) Person(name, agency string, role access.Role) *visitor {
	j.t.Helper()
	v := &visitor{t: j.t, client: j.browser(), site: j.site.URL}
	v.Person = must(j.access.AddPerson(j.t.Context(), access.Person{
		Municipality: j.municipal, Name: name, Email: strings.ToLower(name) + "@" + agency + ".example.org", Agency: agency, Roles: []string{string(role)},
	}, "test"))(j.t)
	link, _, err := j.access.Invite(j.t.Context(), j.municipal, v.ID)
	j.check(err)
	v.SignIn(link)
	return v
}

// Spot is a place in an area, so far from every other that what two agencies report there is never taken for one.
func (j *weeks) Spot(area string, n int) place {
	return place{squares[area] + 0.001 + float64(n%9)*0.002, squareSouth + 0.002 + float64(n/9%9)*0.002}
}

// ReportMany sends an agency's reports as one batch.
func (j *weeks) ReportMany(agency string, all []report) {
	j.t.Helper()
	messages := make([]bus.Message, len(all))
	for i, r := range all {
		e := j.event(agency, r)
		messages[i] = bus.Message{Subject: events.IncidentSubject(j.municipal, e.Agency, e.Verb), Body: must(events.Encode(e))(j.t)}
	}
	for _, r := range j.senders[agency].PublishEach(j.t.Context(), messages) {
		j.check(r.Err)
	}
}

// Times happens n times in an area, from a moment on, a quarter of an hour apart, and an agency reports it.
func (j *weeks) Times(n int, agency, category, area, from string) (ids []string) {
	j.t.Helper()
	begin := j.At(from)
	var all []report
	for range n {
		id := j.ID(agency)
		ids = append(ids, id)
		p := j.Spot(area, j.serial)
		all = append(all, report{ID: id, Category: category, At: begin.Add(time.Duration(len(ids)-1) * 15 * time.Minute), Place: place{p.lon + 0.001, p.lat + 0.001}})
	}
	j.ReportMany(agency, all)
	return ids
}

// SeenByAll happens once, and each agency reports it: one incident with three sources. It answers with the police's report.
func (j *weeks) SeenByAll(category, area, when string) string {
	j.t.Helper()
	ids := map[string]string{}
	for n, agency := range []string{"bostad", "kommun", "polis"} {
		ids[agency] = j.ID(agency)
		j.ReportByNATS(agency, report{ID: ids[agency], Category: category, At: j.At(when).Add(time.Duration(n) * 10 * time.Minute), Place: j.Near(j.Square(area), float64(20*n))})
	}
	return ids["polis"]
}

// Weekly happens as often each week, spread over its days, for some weeks from a Monday on.
func (j *weeks) Weekly(weeks, n int, agency, category, area, monday string) {
	j.t.Helper()
	begin := j.At(monday)
	var all []report
	for week := range weeks {
		for i := range n {
			when := time.Date(begin.Year(), begin.Month(), begin.Day()+7*week+i%7, 9+i, 0, 0, 0, j.zone)
			all = append(all, report{ID: j.ID(agency), Category: category, At: when, Place: j.Spot(area, i)})
		}
	}
	j.ReportMany(agency, all)
}

// ReportByForm is what a person does with the form on a telephone: now, in an area. It answers with the report's number.
func (j *weeks) ReportByForm(v *visitor, category, area string) string {
	j.t.Helper()
	receipt := v.Open("/rapportera").Fill("/rapportera", "kind", category, "area", "a:"+area, "when", "now", "do", "send").Says("Tack. Rapporten är skickad")
	id := receipt.address.Path[strings.LastIndex(receipt.address.Path, "/")+1:]
	j.WantReceipt(v.Agency, id, events.Accepted)
	return id
}

// coordinator reads as the coordinators do.
func (j *weeks) viewer() pg.Viewer {
	return pg.Viewer{Municipality: string(j.municipal), Agency: "kommun", Roles: []string{"coordinator"}}
}

func (j *weeks) week(number int) web.Week { return web.Week{Year: 2026, Number: number} }

// WantNoPicture wants a week not to be frozen yet.
func (j *weeks) WantNoPicture(number int) {
	j.t.Helper()
	if s, err := j.review.Situations().Store().Latest(j.t.Context(), j.viewer(), j.week(number)); !errors.Is(err, situation.ErrUnknown) {
		j.t.Errorf("week %d is frozen at %s: %v", number, s.Report.FrozenAt, err)
	}
}

// WantPicture wants a version of a week to be the latest, frozen at an instant, told on the bus, and answers with it.
func (j *weeks) WantPicture(number, version int, instant string) situation.Report {
	j.t.Helper()
	s := must(j.review.Situations().Store().Latest(j.t.Context(), j.viewer(), j.week(number)))(j.t)
	if got := s.Report.FrozenAt.Format(time.RFC3339); got != instant || s.Report.Version != version {
		j.t.Errorf("week %d is frozen at %s as version %d, want %s, %d", number, got, s.Report.Version, instant, version)
	}
	told := 0
	j.decisions(func(body []byte) error {
		p, err := events.DecodeReportPublished(body)
		if p.Week == s.Report.Week && p.Version == version && p.SHA256 == s.SHA256 {
			told++
		}
		return err
	})
	if told != 1 {
		j.t.Errorf("version %d of week %d is told %d times", version, number, told)
	}
	return s.Report
}

// WantPlaces wants a picture to have these places flagged ("soder damage"), each with the position that stood when it was frozen, and no others.
func (j *weeks) WantPlaces(r situation.Report, want map[string]string) {
	j.t.Helper()
	got := map[string]string{}
	for _, p := range r.Places {
		if p.Grade != string(events.GradeAlert) {
			continue
		}
		where := p.Area + " " + p.Group
		got[where] = ""
		if p.Position != nil {
			got[where] = p.Position.Kind
		}
	}
	if !maps.Equal(got, want) {
		j.t.Errorf("%s has %v, want %v", r.Week, got, want)
	}
}

// WantDifference wants the latest version of a week to hold so many incidents more than the first, and to say where.
func (j *weeks) WantDifference(number, more int, area string) {
	j.t.Helper()
	store := j.review.Situations().Store()
	first := must(store.Read(j.t.Context(), j.viewer(), j.week(number), 1))(j.t)
	last := must(store.Latest(j.t.Context(), j.viewer(), j.week(number)))(j.t)
	if was, is := first.Report.Totals.Incidents, last.Report.Totals.Incidents; is != was+more || last.Report.Previous != first.SHA256 {
		j.t.Errorf("week %d had %d incidents and has %d, want %d more; version 2 goes on from %s", number, was, is, more, last.Report.Previous)
	}
	if !slices.ContainsFunc(situation.Changes(first.Report, last.Report), func(c situation.Change) bool { return c.What == "area" && c.Code == area }) {
		j.t.Errorf("the versions of week %d do not say that %s differs", number, area)
	}
}

// WantReturned wants watched places to have come back so often, in all of the time until now.
func (j *weeks) WantReturned(want int) {
	j.t.Helper()
	j.Work()
	j.Work()
	var got int
	j.check(pg.InTx(j.t.Context(), j.reviewPool, pg.System, func(tx pgx.Tx) error {
		return tx.QueryRow(j.t.Context(), "SELECT count(*) FROM review.position_event WHERE verb = 'returned'").Scan(&got)
	}))
	if got != want {
		j.t.Errorf("watched places came back %d times, want %d", got, want)
	}
}

// decisions reads what the review has said on the bus.
func (j *weeks) decisions(each func(body []byte) error) {
	j.t.Helper()
	j.check(j.nats.Conn.Read(j.t.Context(), events.StreamDecisions, 1, func(m bus.Stored) error {
		if err := each(m.Body); !errors.Is(err, events.ErrOtherType) {
			return err
		}
		return nil
	}))
}

// TakePosition decides about a flagged place on its page, as a coordinator alone does.
func (j *weeks) TakePosition(v *visitor, flag events.Hotspot, fields ...string) {
	j.t.Helper()
	v.Open("/plats/"+flag.ID.String()).Fill("/stallning", fields...)
	j.Work()
}

// WantDecided wants the latest decision on a place to be on the bus, and answers with it.
func (j *weeks) WantDecided(flag events.Hotspot, position string, version int) (last events.Decision) {
	j.t.Helper()
	j.Work()
	j.decisions(func(body []byte) error {
		d, err := events.DecodeDecision(body)
		if d.Hotspot == flag.ID {
			last = d
		}
		return err
	})
	if last.Position != position || last.Version != version {
		j.t.Fatalf("the decision on %v is %q, version %d; want %q, version %d", flag.Areas, last.Position, last.Version, position, version)
	}
	return last
}

// WantAction wants an action's latest state on the bus.
func (j *weeks) WantAction(id uuid.UUID, state string) {
	j.t.Helper()
	j.Work()
	var last events.ActionChanged
	j.decisions(func(body []byte) error {
		a, err := events.DecodeActionChanged(body)
		if a.ID == id {
			last = a
		}
		return err
	})
	if last.State != state {
		j.t.Errorf("the action is %q on the bus, want %q", last.State, state)
	}
}

// Step takes an action one step on, on its page.
func (j *weeks) Step(v *visitor, id uuid.UUID, state string, fields ...string) {
	j.t.Helper()
	v.Open("/atgarder/"+id.String()).Fill("/lage", append([]string{"state", state}, fields...)...)
	j.WantAction(id, state)
}

// WantFeedback wants the latest that an agency's system was told of a report, and answers with how often it was told.
func (j *weeks) WantFeedback(agency, report string, state events.FeedbackState, text string) (changes int) {
	j.t.Helper()
	var last events.Feedback
	j.check(j.nats.Conn.Read(j.t.Context(), events.ReceiptStream(j.municipal, events.AgencyID(agency)), 1, func(m bus.Stored) error {
		f, err := events.DecodeFeedback(m.Body)
		if errors.Is(err, events.ErrOtherType) {
			return nil
		}
		if string(f.Report) == report {
			changes++
			last = f
		}
		return err
	}))
	if last.State != state || last.Change != changes || !strings.Contains(softened.Replace(last.Text.SV), text) {
		j.t.Errorf("%s heard of %s: %s, %q, change %d of %d; want %s, %q", agency, report, last.State, last.Text.SV, last.Change, changes, state, text)
	}
	return changes
}

// letter is a mail as its reader sees it.
type letter struct{ Subject, Text string }

// Mails are those to an address whose subject holds a text.
func (j *weeks) Mails(address, subject string) (all []letter) {
	j.t.Helper()
	for _, file := range must(filepath.Glob(filepath.Join(j.mail, "*.eml")))(j.t) {
		f := must(os.Open(file))(j.t)
		m := must(mail.ReadMessage(f))(j.t)
		l := letter{softened.Replace(must(new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")))(j.t)), softened.Replace(plain(j.t, m.Header.Get, m.Body))}
		j.check(f.Close())
		if strings.Contains(m.Header.Get("To"), address) && strings.Contains(l.Subject, subject) {
			all = append(all, l)
		}
	}
	return all
}

// plain is the first part of a mail that is plain text.
func plain(t *testing.T, header func(string) string, body io.Reader) string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		part := must(multipart.NewReader(body, params["boundary"]).NextRawPart())(t)
		return plain(t, part.Header.Get, part)
	}
	if strings.EqualFold(header("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	return string(must(io.ReadAll(body))(t))
}

// WantMail wants exactly one mail to somebody with a subject, and that it says these.
func (j *weeks) WantMail(v *visitor, subject string, says ...string) {
	j.t.Helper()
	mails := j.Mails(v.Email, subject)
	if len(mails) != 1 {
		j.t.Fatalf("%s has %d mails %q, want 1: %v", v.Name, len(mails), subject, j.Mails(v.Email, ""))
	}
	for _, want := range says {
		if !strings.Contains(mails[0].Text, want) {
			j.t.Errorf("the mail %q to %s does not say %q:\n%s", subject, v.Name, want, mails[0].Text)
		}
	}
}

// WantNoMail wants nobody to have written that to somebody yet.
func (j *weeks) WantNoMail(v *visitor, subject string) {
	j.t.Helper()
	if mails := j.Mails(v.Email, subject); len(mails) > 0 {
		j.t.Errorf("%s has %d mails %q: %v", v.Name, len(mails), subject, mails)
	}
}

// gathering is a meeting that runs, at the secretary's page.
type gathering struct {
	j    *weeks
	path string
	page page
}

// Meet begins the next meeting.
func (j *weeks) Meet(secretary *visitor) *gathering {
	j.t.Helper()
	p := secretary.Open("/mote").Fill("/starta")
	return &gathering{j, p.address.Path, p}
}

var agendaKeys = regexp.MustCompile(`name="item" value="([^"]+)"`)

// Agenda are the keys of the items, in order.
func (m *gathering) Agenda() (keys []string) {
	_, nav, _ := strings.Cut(m.page.body, "<nav aria-label=\"Dagordning\"")
	nav, _, _ = strings.Cut(nav, "</nav>")
	for _, match := range agendaKeys.FindAllStringSubmatch(nav, -1) {
		if !slices.Contains(keys, match[1]) { // a part is its first item
			keys = append(keys, match[1])
		}
	}
	return keys
}

// WantAgenda wants the items to be these, in order.
func (m *gathering) WantAgenda(keys ...string) {
	m.j.t.Helper()
	if got := m.Agenda(); !slices.Equal(got, keys) {
		m.j.t.Errorf("the agenda is %v, want %v", got, keys)
	}
}

func aboutPlace(flag events.Hotspot) string { return "flag:" + flag.ID.String() }
func aboutAction(id uuid.UUID) string       { return "action:" + id.String() }

// Attend ticks who is in the room.
func (m *gathering) Attend(all ...*visitor) {
	m.j.t.Helper()
	var fields []string
	for _, v := range all {
		fields = append(fields, "here", fmt.Sprintf("%s %s", v.Agency, v.ID))
	}
	m.page = m.page.Fill("/narvaro", fields...)
}

// Decide goes to a place, and takes a position on it.
func (m *gathering) Decide(flag events.Hotspot, fields ...string) {
	m.j.t.Helper()
	m.page = m.page.Fill("/punkt", "item", aboutPlace(flag)).Fill("/beslut", fields...)
}

// Finished goes to an action that is due, and says that it is done.
func (m *gathering) Finished(id uuid.UUID) {
	m.j.t.Helper()
	m.page = m.page.Fill("/punkt", "item", aboutAction(id)).Fill("/uppfoljning", "what", "done")
}

// End ends the meeting and answers with its minutes. What follows from it has followed.
func (m *gathering) End() page {
	m.j.t.Helper()
	minutes := m.page.Fill("/avsluta")
	m.j.Work()
	return minutes
}

// WantFrozenTrue wants every frozen picture to be what its hash says, and to stand on the reports kept behind it.
func (j *weeks) WantFrozenTrue() {
	j.t.Helper()
	v := must(situation.Verify(j.t.Context(), j.reviewPool))(j.t)
	for _, problem := range v.Problems {
		j.t.Error(problem)
	}
	if v.Checked["situation_reports"] == 0 {
		j.t.Error("no picture is frozen")
	}
}
