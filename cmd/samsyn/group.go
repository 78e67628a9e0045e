// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"strings"

	"samsyn/events"
	"samsyn/services/access"
)

type groupCommands struct {
	Add    groupAddCommand    `cmd:"" help:"Add a group, or rename it."`
	List   groupListCommand   `cmd:"" help:"List groups and their members."`
	Member groupMemberCommand `cmd:"" help:"Make an agency or a person a member, or no longer."`
}

type groupAddCommand struct {
	Group string `arg:"" help:"Code: 1-32 of a-z, 0-9 and -."`
	Name  string `arg:"" help:"Name."`
	inMunicipality
}

// Help shows an example.
func (groupAddCommand) Help() string {
	return `A report that names groups is opened by their members alone, and counted like every other.

Example: samsyn group add centrum "Centrumgruppen" -m 0780`
}

// Run adds or renames it.
func (c groupAddCommand) Run(ctx context.Context, p *program) error {
	if !groupCode(c.Group) {
		return wrongUse("%q is no code of a group: 1-32 of a-z, 0-9 and -", c.Group)
	}
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error {
		if err := s.SetGroup(ctx, c.Municipality, c.Group, c.Name); err != nil {
			return err
		}
		return p.writeGroups(ctx, s, c.Municipality)
	})
}

func groupCode(code string) bool {
	return len(code) > 0 && len(code) <= 32 && strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

type groupListCommand struct{ inMunicipality }

// Help shows an example.
func (groupListCommand) Help() string { return "Example: samsyn group list -m 0780" }

// Run lists them by code.
func (c groupListCommand) Run(ctx context.Context, p *program) error {
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error { return p.writeGroups(ctx, s, c.Municipality) })
}

type groupMemberCommand struct {
	Group string `arg:"" help:"Code of the group."`
	inMunicipality
	Agency events.AgencyID `short:"a" xor:"member" required:"" placeholder:"CODE" help:"The agency, with everybody in it."`
	Person string          `xor:"member" required:"" placeholder:"ADDRESS" help:"One person, by e-mail address or id."`
	Remove bool            `help:"End the membership."`
}

// Help shows an example.
func (groupMemberCommand) Help() string {
	return `Example: samsyn group member centrum -m 0780 --agency polis
Example: samsyn group member centrum -m 0780 --person samordnare@vaxjo.example --remove`
}

// Run makes or ends a membership.
func (c groupMemberCommand) Run(ctx context.Context, p *program) error {
	return withAccess(ctx, p, func(ctx context.Context, s *access.Service) error {
		if err := c.change(ctx, s); err != nil {
			return err
		}
		return p.writeGroups(ctx, s, c.Municipality)
	})
}

func (c groupMemberCommand) change(ctx context.Context, s *access.Service) error {
	if c.Agency != "" {
		if c.Remove {
			return s.Leave(ctx, c.Municipality, c.Group, c.Agency)
		}
		return s.Join(ctx, c.Municipality, c.Group, c.Agency)
	}
	who, err := onePerson{Who: c.Person, inMunicipality: c.inMunicipality}.find(ctx, s)
	if err != nil {
		return err
	}
	if c.Remove {
		return s.LeavePerson(ctx, c.Municipality, c.Group, who.ID)
	}
	return s.JoinPerson(ctx, c.Municipality, c.Group, who.ID)
}

func (p *program) writeGroups(ctx context.Context, s *access.Service, m events.MunicipalityID) error {
	all, err := s.Groups(ctx, m)
	if err != nil {
		return err
	}
	t := table{header: []string{"group", "name", "agencies", "people"}}
	for _, g := range all {
		t.add(g.Code, g.Name, strings.Join(g.Agencies, " "), strings.Join(g.People, " "))
	}
	return p.write(map[string]any{"groups": list(all)}, t)
}
