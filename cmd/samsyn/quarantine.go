// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
)

type quarantineCommands struct {
	List    quarantineListCommand    `cmd:"" help:"List the events that wait for their sender."`
	Release quarantineReleaseCommand `cmd:"" help:"Let an event count as it is."`
	Drop    quarantineDropCommand    `cmd:"" help:"Give an event up: it is never counted, the record stays."`
}

type quarantineListCommand struct {
	inMunicipality
	Agency events.AgencyID `help:"Only this agency's."`
}

// Help shows an example.
func (quarantineListCommand) Help() string {
	return `What is wrong is said by code and place; no text is shown.

Example: samsyn quarantine list --municipality 0780`
}

// Run lists them, the oldest first.
func (c quarantineListCommand) Run(ctx context.Context, p *program) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		r, err := in.Registry(ctx)
		if err != nil {
			return err
		}
		if _, err := r.MunicipalityOf(ctx, c.Municipality); err != nil {
			return err
		}
		s, err := in.correlator(ctx)
		if err != nil {
			return err
		}
		waiting, err := s.Quarantine(ctx, c.Municipality, c.Agency)
		if err != nil {
			return err
		}
		t := table{header: []string{"id", "agency", "kind", "report", "since", "reasons"}}
		for _, w := range waiting {
			var reasons []string
			for _, reason := range w.Reasons {
				reasons = append(reasons, string(reason.Code)+" "+reason.Path)
			}
			t.add(w.ID.String(), string(w.Agency), w.Kind, w.Report+":"+strconv.Itoa(w.Revision), w.Since.Format(time.RFC3339), strings.Join(reasons, ", "))
		}
		return p.write(map[string]any{"quarantine": waiting}, t)
	})
}

// inQuarantine names one event of an agency.
type inQuarantine struct {
	inMunicipality
	Agency events.AgencyID `required:"" help:"Whose event it is."`
	ID     uuid.UUID       `arg:"" help:"Its id, from samsyn quarantine list."`
}

type quarantineReleaseCommand struct{ inQuarantine }

// Help shows an example.
func (quarantineReleaseCommand) Help() string {
	return `For the agency that sent it and stands by it. What cannot be counted even so (no place, an unknown code, a
personal number) stays and is said.

Example: samsyn quarantine release --municipality 0780 --agency bostad 5c0b2d4e-...`
}

// Run releases it.
func (c quarantineReleaseCommand) Run(ctx context.Context, p *program) error {
	return c.decide(ctx, p, events.Release)
}

type quarantineDropCommand struct{ inQuarantine }

// Help shows an example.
func (quarantineDropCommand) Help() string {
	return "Example: samsyn quarantine drop --municipality 0780 --agency bostad 5c0b2d4e-..."
}

// Run drops it.
func (c quarantineDropCommand) Run(ctx context.Context, p *program) error {
	return c.decide(ctx, p, events.Drop)
}

func (c inQuarantine) decide(ctx context.Context, p *program, verb events.DecideVerb) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		s, err := in.correlator(ctx)
		if err != nil {
			return err
		}
		decided := s.Decide(ctx, c.Municipality, c.Agency, events.Decide{ID: c.ID, Verb: verb, By: "operator"})
		switch decided.Problem {
		case "":
			return p.write(decided, table{header: []string{"report", "outcome"}, rows: [][]string{{string(decided.Receipt.Report), string(decided.Receipt.Outcome)}}})
		case events.DecideUnknown:
			return fmt.Errorf("%s in %s has no event %s in quarantine: samsyn quarantine list shows those there are", c.Agency, c.Municipality, c.ID)
		case events.DecideOtherwise:
			return fmt.Errorf("event %s has left quarantine another way", c.ID)
		case events.DecideNotPossible:
			var reasons []string
			for _, r := range decided.Reasons {
				reasons = append(reasons, fmt.Sprintf("%s at %s: %s", r.Code, r.Path, r.Message.EN))
			}
			return fmt.Errorf("event %s cannot be counted as it is: %s", c.ID, strings.Join(reasons, "; "))
		default:
			return fmt.Errorf("event %s could not be decided; the log says why, try again", c.ID)
		}
	})
}
