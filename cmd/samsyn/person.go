// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/access"
)

type personCommands struct {
	Add     personAddCommand     `cmd:"" help:"Add a person, and make the link by which they sign in."`
	List    personListCommand    `cmd:"" help:"List who can sign in."`
	Set     personSetCommand     `cmd:"" help:"Give a person other roles."`
	Invite  personInviteCommand  `cmd:"" help:"Make a person a new link, which ends the one before."`
	Disable personDisableCommand `cmd:"" help:"Shut a person out at once."`
	Enable  personEnableCommand  `cmd:"" help:"Let a person in again, by a new link."`
}

// withAccess opens the installation for a command about people.
func withAccess(ctx context.Context, p *program, fn func(context.Context, *access.Service) error) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		pool, err := in.Pool(ctx, pg.RoleAccess, 2)
		if err != nil {
			return err
		}
		// Links lead to where the pages are, or where `up` will have them.
		public := cmp.Or(p.settings.PublicURL, "http://127.0.0.1:8080")
		if in.Running != nil {
			public = in.Running.PublicURL
		}
		people, err := access.New(pool, access.Config{PublicURL: public, Logger: in.Log})
		if err != nil {
			return err
		}
		return away(ctx, told(fn(ctx, people)))
	})
}

// told makes wrong use of what a person got wrong.
func told(err error) error {
	_, faulty := errors.AsType[*access.FaultyError](err)
	if faulty || errors.Is(err, access.ErrUnknown) || errors.Is(err, access.ErrTaken) {
		return wrongUse("%w", err)
	}
	return err
}

// onePerson is for commands about somebody.
type onePerson struct {
	Who string `arg:"" name:"person" help:"E-mail address or id of the person."`
	inMunicipality
}

func (c onePerson) find(ctx context.Context, s *access.Service) (access.Person, error) {
	if id, err := uuid.Parse(c.Who); err == nil {
		return s.Person(ctx, c.Municipality, id)
	}
	return s.PersonByEmail(ctx, c.Municipality, c.Who)
}

type personAddCommand struct {
	Email string `arg:"" help:"E-mail address, by which the person asks for new links."`
	inMunicipality
	Name   string          `required:"" help:"Name, as colleagues know it."`
	Agency events.AgencyID `short:"a" placeholder:"CODE" help:"Agency; an administrator or operator may have none."`
	Unit   string          `placeholder:"CODE" help:"Unit of the agency that the person reports for."`
	Role   []string        `required:"" enum:"reporter,agency_lead,coordinator,member,admin,operator" help:"reporter, agency_lead, coordinator, member, admin or operator; may be repeated."`
}

// Help shows an example.
func (personAddCommand) Help() string {
	return `The link signs in once, within a week, and is shown once: hand it over. Later the person asks for a new one on
/logga-in. Who is only a reporter stays signed in for 30 days and reads nothing but their own reports.

Example: samsyn person add samordnare@vaxjo.example -m 0780 --name "Samordnaren" --agency kommun --role coordinator
Example: samsyn person add norr@bostad.example -m 0780 --name "Norra gården" --agency bostad --unit norr --role reporter`
}

// Run adds the person and shows a link.
func (c personAddCommand) Run(ctx context.Context, p *program) error {
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error {
		added, err := s.AddPerson(ctx, access.Person{
			Municipality: c.Municipality, Name: c.Name, Email: c.Email, Agency: string(c.Agency), Unit: c.Unit, Roles: c.Role,
		}, "command")
		if err != nil {
			return err
		}
		return p.writeInvitation(ctx, s, added)
	})
}

func (p *program) writeInvitation(ctx context.Context, s *access.Service, who access.Person) error {
	link, expires, err := s.Invite(ctx, who.Municipality, who.ID)
	if err != nil {
		return err
	}
	p.say("The link signs %s in once, until %s. Whoever opens it is %s: hand it over, do not publish it.", who.Name, expires.Format(time.DateOnly), who.Name)
	t := table{header: []string{"person", "email", "link"}}
	t.add(who.ID.String(), who.Email, link)
	return p.write(map[string]any{"person": who, "link": link, "expires": expires}, t)
}

type personListCommand struct {
	Municipality events.MunicipalityID `short:"m" placeholder:"CODE" help:"Code of the municipality (all)."`
}

// Help shows an example.
func (personListCommand) Help() string { return "Example: samsyn person list -m 0780" }

// Run lists them by name.
func (c personListCommand) Run(ctx context.Context, p *program) error {
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error {
		all, err := s.People(ctx, c.Municipality)
		if err != nil {
			return err
		}
		return p.write(map[string]any{"people": list(all)}, personTable(all...))
	})
}

func personTable(all ...access.Person) table {
	t := table{header: []string{"municipality", "name", "email", "agency", "unit", "roles", "disabled", "person"}}
	for _, one := range all {
		disabled := "no"
		if one.DisabledAt != nil {
			disabled = one.DisabledAt.Format(time.RFC3339)
		}
		t.add(string(one.Municipality), one.Name, one.Email, one.Agency, one.Unit, strings.Join(one.Roles, " "), disabled, one.ID.String())
	}
	return t
}

type personSetCommand struct {
	onePerson
	Role []string `required:"" enum:"reporter,agency_lead,coordinator,member,admin,operator" help:"What the person is from now on; may be repeated."`
}

// Help shows an example.
func (personSetCommand) Help() string {
	return "Roles count from the next page on.\n\nExample: samsyn person set samordnare@vaxjo.example -m 0780 --role coordinator --role admin"
}

// Run sets the roles.
func (c personSetCommand) Run(ctx context.Context, p *program) error {
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error {
		who, err := c.find(ctx, s)
		if err != nil {
			return err
		}
		if err := s.SetRoles(ctx, c.Municipality, who.ID, c.Role); err != nil {
			return err
		}
		return p.writePerson(ctx, s, who)
	})
}

func (p *program) writePerson(ctx context.Context, s *access.Service, who access.Person) error {
	now, err := s.Person(ctx, who.Municipality, who.ID)
	if err != nil {
		return err
	}
	return p.write(now, personTable(now))
}

type personInviteCommand struct{ onePerson }

// Help shows an example.
func (personInviteCommand) Help() string {
	return "For a new telephone, or a link that was lost. Sessions go on.\n\nExample: samsyn person invite per@bostad.example -m 0780"
}

// Run shows a link.
func (c personInviteCommand) Run(ctx context.Context, p *program) error {
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error {
		who, err := c.find(ctx, s)
		if err != nil {
			return err
		}
		if who.DisabledAt != nil {
			return wrongUse("%s is shut out: samsyn person enable comes first", who.Email)
		}
		return p.writeInvitation(ctx, s, who)
	})
}

type personDisableCommand struct{ onePerson }

// Help shows an example.
func (personDisableCommand) Help() string {
	return "Sessions and links end; what the person reported and decided stays.\n\nExample: samsyn person disable per@bostad.example -m 0780"
}

// Run shuts the person out.
func (c personDisableCommand) Run(ctx context.Context, p *program) error {
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error {
		who, err := c.find(ctx, s)
		if err != nil {
			return err
		}
		if err := s.Disable(ctx, c.Municipality, who.ID); err != nil {
			return err
		}
		return p.writePerson(ctx, s, who)
	})
}

type personEnableCommand struct{ onePerson }

// Help shows an example.
func (personEnableCommand) Help() string {
	return "Example: samsyn person enable per@bostad.example -m 0780"
}

// Run lets the person in.
func (c personEnableCommand) Run(ctx context.Context, p *program) error {
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error {
		who, err := c.find(ctx, s)
		if err != nil {
			return err
		}
		if err := s.Enable(ctx, c.Municipality, who.ID); err != nil {
			return err
		}
		return p.writePerson(ctx, s, who)
	})
}
