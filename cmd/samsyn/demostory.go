// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/internal/mail"
	"samsyn/internal/pg"
	"samsyn/internal/run"
	"samsyn/internal/synth"
	"samsyn/services/access"
	"samsyn/services/alerting"
	"samsyn/services/review"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
	"samsyn/services/review/meeting"
	"samsyn/services/review/meeting/agenda"
	"samsyn/services/review/position"
	"samsyn/services/review/situation"

	"samsyn/cmd/samsyn/stage"
)

// story plays a world through the week that its last meeting looked at, as its people would have lived it: the clock of the municipality
// stands at the times when something is done and then goes on with the world's. Everything is done through the services' own functions and
// the meeting through its pages.
type story struct {
	world   demo.World
	week    calendar.Week
	zone    *time.Location
	rhythm  calendar.Rhythm
	items   []synth.Item // not yet sent
	clock   time.Time
	player  *stage.Player
	pool    *pg.Pool
	access  *access.Service
	reviews *review.Service
	// people are those of the world by the name of their address.
	people map[string]access.Person
	late   action.Action // that nobody has done
	due    action.Action // that is done in the meeting
}

// begins is when the clock of a world with a story stands first: on the Tuesday of the week.
func begins(w demo.World) (time.Time, error) {
	zone, err := time.LoadLocation(w.Municipality.TimeZone)
	if err != nil {
		return time.Time{}, fmt.Errorf("time zone of %s: %w", w.Municipality.Code, err)
	}
	return clockOn(w.Reviewed.Monday(zone), 1, 12, 0), nil
}

// clockOn is a time of day some days after a local day.
func clockOn(day time.Time, days, hour, minute int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day()+days, hour, minute, 0, 0, day.Location())
}

func newStory(ctx context.Context, p *program, in *installation, w demo.World, player *stage.Player, public string) (*story, error) {
	s := &story{world: w, week: *w.Reviewed, items: w.Items, player: player, people: map[string]access.Person{}}
	var err error
	if s.clock, err = begins(w); err != nil {
		return nil, err
	}
	s.zone = s.clock.Location()
	s.rhythm = calendar.Default(s.zone)
	if s.access, err = in.access(ctx, public); err != nil {
		return nil, err
	}
	s.pool, s.reviews, err = in.reviews(ctx, p.settings, public)
	return s, err
}

// access is the service without its worker, for commands.
func (in *installation) access(ctx context.Context, public string) (*access.Service, error) {
	pool, err := in.Pool(ctx, pg.RoleAccess, 2)
	if err != nil {
		return nil, err
	}
	return access.New(pool, access.Config{PublicURL: public, Pages: navigation(), Logger: slog.New(slog.DiscardHandler)})
}

// reviews is the service without its worker, for commands, and its database.
func (in *installation) reviews(ctx context.Context, settings Settings, public string) (*pg.Pool, *review.Service, error) {
	pool, err := in.Pool(ctx, pg.RoleReview, 4)
	if err != nil {
		return nil, nil, err
	}
	config, err := in.mailConfig(settings)
	if err != nil {
		return nil, nil, err
	}
	mails, err := mail.New(config)
	if err != nil {
		return nil, nil, err
	}
	s, err := review.New(pool, in.Bus, slog.New(slog.DiscardHandler), run.NewRegistry(), review.Config{
		PublicURL: public, Sender: mails, FeedbackKey: in.Key("feedback mails"), Chromium: "-",
	})
	return pool, s, err
}

// tell plays all of it.
func (s *story) tell(ctx context.Context) error {
	for _, chapter := range []struct {
		name string
		play func(context.Context) error
	}{
		{"people", s.settle},
		{"what was begun before", s.before},
		{"the middle of the week", s.midweek},
		{"the deadline", s.deadline},
		{"the meeting", s.meet},
		{"what happened since", s.since},
	} {
		if err := chapter.play(ctx); err != nil {
			return fmt.Errorf("story of %s: %s: %w", s.world.Municipality.Code, chapter.name, err)
		}
	}
	return nil
}

// settle adds the people and the calendar, and lets reporters sign what they sent from the week on.
func (s *story) settle(ctx context.Context) error {
	m := s.world.Municipality.Code
	reporters := map[[2]string]string{}
	for _, p := range s.world.People {
		added, err := s.access.AddPerson(ctx, access.Person{
			Municipality: m, Name: p.Name, Email: p.Mail, Agency: string(p.Agency), Unit: p.Unit, Roles: p.Roles,
		}, "demo")
		if err != nil {
			return fmt.Errorf("add %s: %w", p.Name, err)
		}
		s.people[p.Mail] = added
		if p.Unit != "" {
			reporters[[2]string{string(p.Agency), p.Unit}] = added.ID.String()
		}
	}
	monday := s.week.Monday(s.zone)
	s.items = slices.Clone(s.items)
	for i, item := range s.items {
		e, reasons := events.Decode(item.Body)
		if item.At.Before(monday) || len(reasons) > 0 || e.Incident == nil {
			continue
		}
		signed, ok := reporters[[2]string{string(item.Agency), e.Incident.Unit}]
		if !ok {
			continue
		}
		e.Incident.Reporter = signed
		body, err := events.Encode(e)
		if err != nil {
			return fmt.Errorf("sign %s: %w", e.ID, err)
		}
		s.items[i].Body = body
	}
	if err := calendar.Change(ctx, s.pool, s.coordinator(), s.rhythm, s.by(), s.clock); err != nil {
		return err
	}
	return s.moveTo(ctx, s.clock)
}

// coordinator is who decides in the story.
func (s *story) coordinator() pg.Viewer {
	who := s.decider()
	return pg.Viewer{Municipality: string(who.Municipality), Agency: who.Agency, Person: who.ID.String(), Roles: who.Roles}
}

func (s *story) decider() access.Person { return s.people[s.world.People[0].Mail] }

func (s *story) by() *uuid.UUID {
	id := s.decider().ID
	return &id
}

// moveTo sends what happened until a time, moves the clock there, and lets the review do what it does by itself.
func (s *story) moveTo(ctx context.Context, at time.Time) (err error) {
	if s.items, err = s.player.PlayTo(ctx, s.world, s.items, at); err != nil {
		return err
	}
	s.clock = at
	return s.reviews.Once(ctx, time.Now())
}

// before adds the actions that were begun before the week: one that is done and whose effect can be measured by now, two that are due.
func (s *story) before(ctx context.Context) (err error) {
	monday := s.week.Monday(s.zone)
	start := action.Date(monday.AddDate(0, 0, -9*7))
	named := action.Date(start.AddDate(0, 0, -5))
	guards, err := s.act(ctx, clockOn(monday, -9*7-5, 10, 0), action.Action{
		Level: "district", Area: "stad-mitten", Measure: action.Guards, OwnerAgency: string(synth.Kommun), StartOn: start, DueOn: start.AddDate(0, 0, 14),
		Problem: "Många händelser i stadens mitt på kvällarna.", Cause: "Få vuxna på plats efter att butikerna stängt.",
		MeasureText: "Påhittad: ordningsvakter torsdag till lördag 18–02.", ExpectedEffect: "En fjärdedel färre händelser.",
		ControlLevel: "district", ControlArea: "stad-vaster", ControlOn: &named, FollowUpOn: dateOf(monday.AddDate(0, 0, 11)),
	})
	if err != nil {
		return err
	}
	if guards, err = s.step(ctx, guards, action.InProgress, clockOn(monday, -9*7, 9, 0)); err != nil {
		return err
	}
	if _, err = s.step(ctx, guards, action.Done, clockOn(monday, -7*7, 15, 0)); err != nil {
		return err
	}
	begun := clockOn(monday, -14, 10, 0)
	if s.late, err = s.act(ctx, begun, action.Action{
		Level: "area", Area: "0780C1360", Measure: action.Lighting, OwnerAgency: string(synth.Bostad), DueOn: action.Date(monday.AddDate(0, 0, 2)),
		Problem: "Mörkt längs gångvägen, flera rapporter om trasig belysning.", MeasureText: "Påhittad: byt armaturer.", FollowUpOn: dateOf(monday.AddDate(0, 0, 30)),
	}); err != nil {
		return err
	}
	if s.late, err = s.step(ctx, s.late, action.InProgress, clockOn(monday, -7, 8, 0)); err != nil {
		return err
	}
	s.due, err = s.act(ctx, begun, action.Action{
		Level: "area", Area: "0780C1350", Measure: action.Vegetation, OwnerAgency: string(synth.Kommun), DueOn: action.Date(monday.AddDate(0, 0, 4)),
		Problem: "Buskar skymmer sikten vid tunneln.", MeasureText: "Påhittad: röj två meter på var sida.", FollowUpOn: dateOf(monday.AddDate(0, 0, 30)),
	})
	return err
}

func dateOf(t time.Time) *time.Time {
	date := action.Date(t)
	return &date
}

func (s *story) act(ctx context.Context, at time.Time, a action.Action) (action.Action, error) {
	a.Municipality, a.CreatedAt, a.CreatedBy = string(s.world.Municipality.Code), at, s.by()
	return action.NewStore(s.pool).Create(ctx, s.coordinator(), a)
}

func (s *story) step(ctx context.Context, a action.Action, next action.State, at time.Time) (action.Action, error) {
	changed, err := a.Step(next, action.Date(at))
	if err != nil {
		return a, err
	}
	return action.NewStore(s.pool).Change(ctx, s.coordinator(), changed, s.by(), at)
}

// midweek: on Thursday the coordinator waits and sees about the place that was flagged first; on Friday units that are silent are
// reminded.
func (s *story) midweek(ctx context.Context) error {
	monday := s.week.Monday(s.zone)
	if err := s.moveTo(ctx, clockOn(monday, 3, 8, 30)); err != nil {
		return err
	}
	open, err := s.player.Alerting.Places(ctx, pg.System, s.world.Municipality.Code, false)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(p alerting.Place) bool { return p.Grade != "alert" })
	if len(open) > 0 {
		first := slices.MinFunc(open, func(a, b alerting.Place) int { return a.OpenedAsOf.Compare(b.OpenedAsOf) })
		if _, err := position.NewStore(s.pool).Decide(ctx, s.coordinator(), position.Decision{
			Flag: first.ID, Kind: position.Watch, Until: s.week.Add(1), Note: "Påhittad: vi ser om det håller i sig över helgen.", By: s.by(), At: s.clock,
		}); err != nil {
			return err
		}
	}
	return s.moveTo(ctx, latest(clockOn(monday, 3, 9, 0), s.rhythm.Reminder(s.week).Add(time.Minute)))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// deadline: the picture freezes by itself, and the coordinator writes what it says.
func (s *story) deadline(ctx context.Context) error {
	if err := s.moveTo(ctx, s.rhythm.Deadline(s.week)); err != nil {
		return err
	}
	_, err := s.reviews.Situations().Write(ctx, s.coordinator(), situation.Edit{
		Week: s.week, Version: 1, Assessment: "Påhittad: samlingar i nordost hela veckan, i övrigt en vanlig vecka.",
		Cause: "Påhittad: ungdomar samlas där sedan fritidsgården stängde för renovering.",
	})
	return err
}

// meet holds the meeting.
func (s *story) meet(ctx context.Context) error {
	if err := s.moveTo(ctx, s.rhythm.Meeting(s.week)); err != nil {
		return err
	}
	link, _, err := s.access.Invite(ctx, s.world.Municipality.Code, s.decider().ID)
	if err != nil {
		return err
	}
	d, err := sitDown(ctx, s.access, s.reviews, link)
	if err != nil {
		return err
	}
	planned, err := s.meeting(ctx)
	if err != nil {
		return err
	}
	at := "/mote/" + planned.Meeting.String()
	if _, err := d.post(ctx, at+"/starta", "version", strconv.Itoa(planned.Version)); err != nil {
		return err
	}
	if err := s.decideAll(ctx, d, at); err != nil {
		return err
	}
	if err := s.moveTo(ctx, s.clock.Add(50*time.Minute)); err != nil {
		return err
	}
	if _, err := d.post(ctx, at+"/avsluta"); err != nil {
		return err
	}
	_, err = s.reviews.Situations().Write(ctx, s.coordinator(), situation.Edit{
		Week: s.week, Version: 1, Revision: 1, Assessment: "Påhittad: samlingar i nordost hela veckan, i övrigt en vanlig vecka.",
		Cause: "Påhittad: ungdomar samlas där sedan fritidsgården stängde för renovering.", Adopt: true,
	})
	return err
}

// meeting is the one that looks at the week.
func (s *story) meeting(ctx context.Context) (meeting.Listed, error) {
	all, err := s.reviews.Meetings().List(ctx, s.coordinator())
	if err != nil {
		return meeting.Listed{}, err
	}
	i := slices.IndexFunc(all, func(m meeting.Listed) bool { return m.Week == s.week })
	if i < 0 {
		return meeting.Listed{}, fmt.Errorf("no meeting looks at %s", s.week)
	}
	return all[i], nil
}

// decideAll is what the secretary fills in: who is there, what was due, a decision for each place, notes.
func (s *story) decideAll(ctx context.Context, d *desk, at string) error {
	var here []string
	for _, p := range s.people {
		if slices.Contains(p.Roles, string(access.Coordinator)) || slices.Contains(p.Roles, string(access.Member)) && p.Agency != string(synth.Skola) {
			here = append(here, "here", p.Agency+" "+p.ID.String())
		}
	}
	if _, err := d.post(ctx, at+"/narvaro", here...); err != nil {
		return err
	}
	if _, err := d.post(ctx, at+"/uppfoljning", "action", s.due.ID.String(), "version", strconv.Itoa(s.due.Version), "what", string(agenda.Done)); err != nil {
		return err
	}
	places, err := s.undecided(ctx)
	if err != nil {
		return err
	}
	for n, place := range places {
		if _, err := d.post(ctx, at+"/punkt", "item", agenda.FlagKey(place.flag)); err != nil {
			return err
		}
		if _, err := d.post(ctx, at+"/beslut", s.decision(n, place)...); err != nil {
			return err
		}
	}
	if err := s.owned(ctx); err != nil {
		return err
	}
	m, err := s.meeting(ctx)
	if err == nil {
		_, err = d.post(ctx, at+"/anteckning", "version", strconv.Itoa(m.Version), "notes", "Påhittad: belysningen längs gångvägen väntar på reservdelar.")
	}
	return err
}

// undecidedPlace waits for a decision; version is of the watch that is over, 0 where there was none.
type undecidedPlace struct {
	flag     uuid.UUID
	version  int
	returned bool
}

// undecided are the places of the frozen picture that wait, those that never had a position first.
func (s *story) undecided(ctx context.Context) ([]undecidedPlace, error) {
	frozen, err := s.reviews.Situations().Store().Latest(ctx, s.coordinator(), s.week)
	if err != nil {
		return nil, err
	}
	states, err := position.States(ctx, s.pool, s.coordinator(), string(s.world.Municipality.Code))
	if err != nil {
		return nil, err
	}
	var all []undecidedPlace
	for _, p := range frozen.Report.Places {
		state, taken := states[p.Flag]
		switch {
		case taken && state == "returned":
			all = append(all, undecidedPlace{p.Flag, 1, true})
		case !taken && p.Grade == "alert":
			all = append(all, undecidedPlace{p.Flag, 0, false})
		}
	}
	slices.SortStableFunc(all, func(a, b undecidedPlace) int { return cmp.Compare(a.version, b.version) })
	return all[:min(len(all), agenda.MostPlaces)], nil
}

// decision is what is filled in about a place: the first is acted on, what was watched is handed over, others have a known cause.
func (s *story) decision(n int, p undecidedPlace) []string {
	form := []string{"flag", p.flag.String(), "version", strconv.Itoa(p.version)}
	switch {
	case n == 0:
		return append(form, "kind", string(position.Act), "measure", string(action.NightWalk), "measure_text", "Påhittad: nattvandring fredag och lördag.",
			"owner", string(demo.Forening), "due", s.clock.AddDate(0, 0, 14).Format(time.DateOnly))
	case p.returned:
		return append(form, "kind", string(position.HandOver), "to", string(position.SSPF))
	}
	return append(form, "kind", string(position.Dismiss), "reason", string(position.KnownCause))
}

// owned gives the association's action its person, who is then written to, a cause and what it is compared with.
func (s *story) owned(ctx context.Context) error {
	store := action.NewStore(s.pool)
	all, err := store.List(ctx, s.coordinator(), action.Filter{Agency: string(demo.Forening)})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.world.People, func(p demo.Person) bool { return p.Agency == demo.Forening })
	for _, a := range all {
		owner := s.people[s.world.People[i].Mail].ID
		a.OwnerPerson, a.Cause, a.ExpectedEffect = &owner, "Få vuxna ute på kvällarna.", "Hälften så många samlingar."
		if a.Level == "area" {
			a.ControlLevel, a.ControlArea, a.ControlOn = "district", "stad-vaster", dateOf(s.clock)
		}
		if _, err := store.Change(ctx, s.coordinator(), a, s.by(), s.clock); err != nil {
			return err
		}
	}
	return nil
}

// since: the clock goes on, to yesterday's midnight and then with the world's, and what happened since the meeting waits for the next.
func (s *story) since(ctx context.Context) error {
	if yesterday := clockOn(time.Now().In(s.zone), -1, 0, 0); yesterday.After(s.clock) {
		if err := s.moveTo(ctx, yesterday); err != nil {
			return err
		}
	}
	if err := s.player.PlayOn(ctx, s.world, s.items); err != nil {
		return err
	}
	return s.reviews.Once(ctx, time.Now())
}

// waiting are the flagged places of a municipality without a position that stands.
func waiting(ctx context.Context, alerts *alerting.Service, pool *pg.Pool, m events.MunicipalityID) ([]alerting.Place, error) {
	open, err := alerts.Places(ctx, pg.System, m, false)
	if err != nil {
		return nil, err
	}
	states, err := position.States(ctx, pool, pg.Viewer{Municipality: string(m), Roles: []string{string(access.Coordinator)}}, string(m))
	return slices.DeleteFunc(open, func(p alerting.Place) bool {
		state, taken := states[p.ID]
		return p.Grade != "alert" || taken && state != "returned"
	}), err
}
