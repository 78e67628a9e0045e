// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
	"samsyn/services/review/situation"
)

type weekCommands struct {
	Show   weekShowCommand   `cmd:"" help:"Show the frozen picture of a week."`
	Freeze weekFreezeCommand `cmd:"" help:"Freeze the picture of a week that is over."`
}

// inWeek is which week of which municipality a command is about.
type inWeek struct {
	Municipality events.MunicipalityID `short:"m" required:"" placeholder:"CODE" help:"Code of the municipality."`
	Week         string                `arg:"" optional:"" placeholder:"WEEK" help:"ISO week such as 2026-W47 (the last one whose deadline has passed)."`
}

type weekShowCommand struct {
	inWeek
	Version int `placeholder:"N" help:"This version (the latest)."`
}

// Help shows an example.
func (weekShowCommand) Help() string {
	return `The numbers, the flagged places and who was silent, as they were frozen. With --output json the whole report, its SHA-256 and what
the review wrote to it.

Example: samsyn week show 2026-W47 -m 0780`
}

// Run shows it.
func (c weekShowCommand) Run(ctx context.Context, p *program) error {
	return c.with(ctx, p, func(ctx context.Context, s *situation.Service, week web.Week) error {
		shown, err := s.Store().Read(ctx, pg.Viewer{Municipality: string(c.Municipality), Roles: []string{"coordinator"}}, week, c.Version)
		if errors.Is(err, situation.ErrUnknown) {
			return fmt.Errorf("%s of %s is not frozen: see samsyn week freeze --help", week, c.Municipality)
		}
		if err != nil {
			return err
		}
		return writeWeek(p, shown, nil)
	})
}

type weekFreezeCommand struct{ inWeek }

// Help shows an example.
func (weekFreezeCommand) Help() string {
	return `A picture freezes by itself at the reporting deadline. Freezing it again makes a new version if anything came since, and else none;
what was frozen before stays as it was.

Example: samsyn week freeze 2026-W47 -m 0780`
}

// Run freezes it.
func (c weekFreezeCommand) Run(ctx context.Context, p *program) error {
	return c.with(ctx, p, func(ctx context.Context, s *situation.Service, week web.Week) error {
		frozen, made, err := s.Freeze(ctx, pg.System, string(c.Municipality), week, "operator")
		if errors.Is(err, situation.ErrNotOver) {
			return fmt.Errorf("%s is not over in %s: it can be frozen from its last midnight on, or name an earlier week", week, c.Municipality)
		}
		if err != nil {
			return err
		}
		if made {
			p.say("Frozen: version %d.", frozen.Report.Version)
		} else {
			p.say("Nothing has changed since version %d.", frozen.Report.Version)
		}
		return writeWeek(p, frozen, &made)
	})
}

// with opens the installation for a command about a week of a municipality.
func (c inWeek) with(ctx context.Context, p *program, fn func(context.Context, *situation.Service, web.Week) error) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		pool, err := in.Pool(ctx, pg.RoleReview, 2)
		if err != nil {
			return err
		}
		week, err := c.week(ctx, pool)
		if err != nil {
			return away(ctx, err)
		}
		s, err := situation.New(pool, situation.Config{Logger: slog.New(slog.DiscardHandler), Chromium: "-"})
		if err != nil {
			return err
		}
		return away(ctx, fn(ctx, s, week))
	})
}

// week is the one that was named, or the last closed one by the municipality's clock.
func (c inWeek) week(ctx context.Context, pool pg.Beginner) (web.Week, error) {
	named, ok := web.ParseWeek(c.Week)
	if c.Week != "" && !ok {
		return web.Week{}, wrongUse("%q is no week: write it as 2026-W47", c.Week)
	}
	town, err := calendar.Of(ctx, pool, pg.System, string(c.Municipality))
	if errors.Is(err, calendar.ErrUnknown) {
		return web.Week{}, fmt.Errorf("there is no municipality %s", c.Municipality)
	}
	if err != nil || ok {
		return named, err
	}
	return town.Rhythm.Closed(town.Now(time.Now())), nil
}

// weekOutput is a report as one JSON object.
type weekOutput struct {
	SHA256 string          `json:"sha256"`
	Made   *bool           `json:"made,omitempty"`
	Report json.RawMessage `json:"report"`
	Words  situation.Words `json:"words"`
}

func writeWeek(p *program, s situation.Situation, made *bool) error {
	r := s.Report
	t := table{header: []string{"what", "where", "count", "expected", "usual", "note"}}
	t.add("week", r.Name, r.Week, "", "", fmt.Sprintf("version %d, frozen %s, sha256 %s", r.Version, r.FrozenAt.Format(time.RFC3339), s.SHA256))
	t.add(append([]string{"incidents", r.Name, strconv.Itoa(r.Totals.Incidents)}, usual(r.Totals.Expected)...)...)
	for _, g := range r.Groups {
		t.add(append([]string{"group", g.SV, strconv.Itoa(g.Incidents)}, usual(g.Expected)...)...)
	}
	for _, place := range r.Places {
		row := append([]string{"flagged", place.Name, strconv.Itoa(place.Observed)}, usual(&place.Expected)...)
		t.add(append(row, place.ReasonSV)...)
	}
	for _, source := range r.Coverage {
		t.add("source", source.AgencyName+" "+source.UnitName, strconv.Itoa(source.Reports), "", "", source.State)
	}
	for _, a := range r.Actions {
		t.add("action", a.Name, "", "", "", a.State+": "+a.Measure+", "+a.OwnerName+", "+a.DueOn)
	}
	return p.write(weekOutput{SHA256: s.SHA256, Made: made, Report: s.Body, Words: s.Words}, t)
}

// usual are the expectation and its interval; empty where there is none.
func usual(e *situation.Expected) []string {
	if e == nil {
		return []string{"", ""}
	}
	return []string{strconv.FormatFloat(e.Mean, 'f', 1, 64), fmt.Sprintf("%d-%d", e.Low, e.High)}
}
