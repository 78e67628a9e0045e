// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/access"
	"samsyn/services/alerting"
	"samsyn/services/review"
	"samsyn/services/review/action"
	"samsyn/services/review/meeting"
	"samsyn/services/review/situation"
)

// demoWeek is what came of the last week that was met about, with where to look at it.
type demoWeek struct {
	Municipality events.MunicipalityID `json:"municipality"`
	Name         string                `json:"name"`
	Week         string                `json:"week"`
	Frozen       demoFrozen            `json:"frozen"`
	Meeting      demoMeeting           `json:"meeting"`
	Actions      demoActions           `json:"actions"`
	Feedback     demoFeedback          `json:"feedback"`
	// Waiting are the flagged places without a position.
	Waiting    []demoPlace  `json:"waiting"`
	WaitingURL string       `json:"waiting_url"`
	Mails      int          `json:"mails"`
	People     []demoPerson `json:"people"`

	dir string
}

type demoFrozen struct {
	Version   int       `json:"version"`
	FrozenAt  time.Time `json:"frozen_at"`
	SHA256    string    `json:"sha256"`
	Incidents int       `json:"incidents"`
	Places    int       `json:"places"`
	URL       string    `json:"url"`
}

type demoMeeting struct {
	ID        uuid.UUID `json:"meeting"`
	StartsAt  time.Time `json:"starts_at"`
	Held      bool      `json:"held"`
	Decisions int       `json:"decisions"`
	URL       string    `json:"url"`
}

type demoActions struct {
	All  int `json:"all"`
	Late int `json:"late"`
	Done int `json:"done"`
	// EffectURL is the page of one that is done and held against a control area.
	EffectURL string `json:"effect_url"`
	URL       string `json:"url"`
}

type demoFeedback struct {
	Answered int `json:"answered"`
	Reports  int `json:"reports"`
}

type demoPlace struct {
	Flag uuid.UUID `json:"flag"`
	Kind string    `json:"kind"`
	Area string    `json:"area"`
	URL  string    `json:"url"`
}

// demoPerson is one of each role, with a link that signs them in once.
type demoPerson struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles"`
	Link  string   `json:"link"`
}

func reportWeek(ctx context.Context, p *program, in *installation, w demo.World, public string) (demoWeek, error) {
	m := w.Municipality.Code
	page := func(path string) string { return public + path + "?m=" + string(m) }
	pool, reviews, err := in.reviews(ctx, p.settings, public)
	if err != nil {
		return demoWeek{}, err
	}
	alerts, err := in.alerting(ctx, alerting.Config{})
	if err != nil {
		return demoWeek{}, err
	}
	r := demoWeek{Municipality: m, Name: w.Municipality.Name, Waiting: []demoPlace{}, WaitingURL: page("/stallning"), dir: filepath.Join(in.Dir, "mail")}
	viewer := pg.Viewer{Municipality: string(m), Roles: []string{string(access.Coordinator)}}
	if err := r.meet(ctx, reviews, viewer, page); err != nil {
		return r, err
	}
	if r.Feedback.Answered, r.Feedback.Reports, err = reviews.Feedback().Answered(ctx, viewer); err != nil {
		return r, err
	}
	all, err := action.NewStore(pool).List(ctx, viewer, action.Filter{})
	if err != nil {
		return r, err
	}
	r.Actions = actionsOf(all, action.Date(time.Now()), page)
	places, err := waiting(ctx, alerts, pool, m)
	if err != nil {
		return r, err
	}
	for _, place := range places {
		r.Waiting = append(r.Waiting, demoPlace{place.ID, place.Kind, place.Area, page("/plats/" + place.ID.String())})
	}
	if files, err := filepath.Glob(filepath.Join(r.dir, "*.eml")); err == nil {
		r.Mails = len(files)
	}
	r.People, err = signIns(ctx, in, w, public)
	return r, err
}

// meet reads the last meeting that was held, and the picture that it looked at.
func (r *demoWeek) meet(ctx context.Context, reviews *review.Service, viewer pg.Viewer, page func(string) string) error {
	all, err := reviews.Meetings().List(ctx, viewer)
	if err != nil {
		return err
	}
	var held meeting.Listed
	for _, m := range all {
		if m.Held() && m.StartsAt.After(held.StartsAt) {
			held = m
		}
	}
	if !held.Held() {
		return nil
	}
	r.Week = held.Week.String()
	r.Meeting = demoMeeting{held.Meeting, held.StartsAt, true, held.Decisions, page("/mote/" + held.Meeting.String() + "/protokoll")}
	frozen, err := reviews.Situations().Store().Latest(ctx, viewer, held.Week)
	if errors.Is(err, situation.ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	f := frozen.Report
	r.Frozen = demoFrozen{f.Version, f.FrozenAt, frozen.SHA256, f.Totals.Incidents, 0, page("/lagesbild/" + r.Week)}
	for _, place := range f.Places {
		if place.Grade == "alert" {
			r.Frozen.Places++
		}
	}
	return nil
}

func actionsOf(all []action.Action, today time.Time, page func(string) string) demoActions {
	r := demoActions{All: len(all), URL: page("/atgarder")}
	for _, a := range all {
		if a.Late(today) > 0 {
			r.Late++
		}
		if a.State != action.Done && a.State != action.Evaluated {
			continue
		}
		r.Done++
		if a.ControlArea != "" {
			r.EffectURL = page("/atgarder/" + a.ID.String())
		}
	}
	return r
}

// signIns are links for one person of each kind. Each ends the one that was made before it.
func signIns(ctx context.Context, in *installation, w demo.World, public string) ([]demoPerson, error) {
	people, err := in.access(ctx, public)
	if err != nil {
		return nil, err
	}
	all, seen := []demoPerson{}, map[string]bool{}
	for _, p := range w.People {
		roles := strings.Join(p.Roles, " ")
		if seen[roles] {
			continue
		}
		seen[roles] = true
		who, err := people.PersonByEmail(ctx, w.Municipality.Code, p.Mail)
		if errors.Is(err, access.ErrUnknown) || err == nil && who.DisabledAt != nil {
			continue // somebody else's by now
		}
		if err != nil {
			return nil, err
		}
		link, _, err := people.Invite(ctx, w.Municipality.Code, who.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, demoPerson{who.Name, who.Roles, link})
	}
	return all, nil
}

// write says it to a person.
func (r demoWeek) write(p *program) error {
	if !r.Meeting.Held {
		p.out("\n%s has held no meeting.\n", r.Name)
		return nil
	}
	p.out("\nThe week in %s (%s), made up like its people:\n\n", r.Name, r.Week)
	t := table{header: []string{"what", "how it stands", "where"}}
	t.add("frozen report", fmt.Sprintf("version %d of %s: %d incidents, %d flagged places", r.Frozen.Version, r.Frozen.FrozenAt.Format(time.DateOnly), r.Frozen.Incidents, r.Frozen.Places), r.Frozen.URL)
	t.add("minutes", fmt.Sprintf("meeting of %s, %d decisions", r.Meeting.StartsAt.Format(time.DateOnly), r.Meeting.Decisions), r.Meeting.URL)
	t.add("actions", fmt.Sprintf("%d, %d late, %d done", r.Actions.All, r.Actions.Late, r.Actions.Done), r.Actions.URL)
	t.add("effect", "of one that is done, against a control area", r.Actions.EffectURL)
	t.add("feedback", fmt.Sprintf("%d of %d reports answered", r.Feedback.Answered, r.Feedback.Reports), strconv.Itoa(r.Mails)+" mails in "+r.dir)
	t.add("waits", fmt.Sprintf("%d flagged places without a position", len(r.Waiting)), r.WaitingURL)
	if err := p.write(nil, t); err != nil {
		return err
	}
	p.out("\nSign in as one of them. Each link works once and within a week; the reporter's is for a phone.\n\n")
	links := table{header: []string{"who", "roles", "link"}}
	for _, who := range r.People {
		links.add(who.Name, strings.Join(who.Roles, " "), who.Link)
	}
	return p.write(nil, links)
}
