// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/services/registry"
)

type agencyCommands struct {
	Add         agencyAddCommand     `cmd:"" help:"Add an agency: its login, its account and its streams."`
	List        agencyListCommand    `cmd:"" help:"List the agencies."`
	Set         agencySetCommand     `cmd:"" help:"Change what an agency may do."`
	Suspend     agencySuspendCommand `cmd:"" help:"Shut an agency out of the API, the database and NATS at once."`
	Resume      agencyResumeCommand  `cmd:"" help:"Let a suspended agency in again."`
	Credentials credentialsCommands  `cmd:"" help:"Credentials for NATS."`
	Keys        keysCommands         `cmd:"" help:"Keys to the HTTP API."`
}

// byteSize is a size on the command line: 268435456, 256MiB, 1GiB.
type byteSize int64

// UnmarshalText reads it.
func (s *byteSize) UnmarshalText(text []byte) error {
	number, factor := string(text), int64(1)
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if rest, ok := strings.CutSuffix(number, unit); ok {
			number, factor = rest, int64(1)<<(10*(i+1))
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 0 || n > (1<<50)/factor {
		return fmt.Errorf("%q is not like 256MiB", text)
	}
	*s = byteSize(n * factor)
	return nil
}

type agencyAddCommand struct {
	Agency events.AgencyID `arg:"" help:"Code: 2-32 of a-z, 0-9 and -."`
	inMunicipality
	Name      string            `required:"" help:"Name."`
	Kind      string            `enum:"municipality,police,housing,guard,school,association,other" default:"other" help:"municipality, police, housing, guard, school, association or other (${default})."`
	Unit      map[string]string `mapsep:"none" placeholder:"CODE=NAME" help:"A reporting unit; may be repeated."`
	Sharing   string            `enum:"withheld,counts,coordinators,partners" default:"partners" help:"Who opens a report that does not say: withheld, counts, coordinators or partners (${default})."`
	Serious   bool              `negatable:"" default:"true" help:"May flag a place at once by an observed report of severity 4 (yes)."`
	Text      bool              `negatable:"" default:"true" help:"Reports may carry free text (yes)."`
	Rate      int               `default:"200" placeholder:"N" help:"Events a second (${default})."`
	MaxBytes  byteSize          `placeholder:"SIZE" help:"Room of its stream, such as 256MiB (a share of the store)."`
	StartedOn day               `placeholder:"DATE" help:"First day of its reports (today)."`
}

// Help shows an example.
func (agencyAddCommand) Help() string {
	return `An agency is listed when everything it needs is there; an attempt that failed can be repeated.
Give it a way in with samsyn agency credentials issue (NATS) or samsyn agency keys issue (HTTP).

Example: samsyn agency add bostad -m 0780 --name Växjöbostäder --kind housing --unit norr=Norr --unit soder=Söder`
}

// Run adds it.
func (c agencyAddCommand) Run(ctx context.Context, p *program) error {
	a := registry.Agency{
		Municipality: c.Municipality, Code: c.Agency, Name: c.Name, Kind: c.Kind, Sharing: c.Sharing, Serious: c.Serious, TextAllowed: c.Text,
		PerSecond: c.Rate, MaxBytes: int64(c.MaxBytes), StartedOn: time.Time(c.StartedOn),
	}
	for _, code := range slices.Sorted(maps.Keys(c.Unit)) {
		a.Units = append(a.Units, registry.Unit{Code: code, Name: c.Unit[code]})
	}
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		if err := r.AddAgency(ctx, a); err != nil {
			return err
		}
		p.say("Next: samsyn agency credentials issue %s -m %s, or samsyn agency keys issue %[1]s -m %[2]s", c.Agency, c.Municipality)
		return p.writeAgency(ctx, r, c.Municipality, c.Agency)
	})
}

type agencyListCommand struct {
	Municipality events.MunicipalityID `short:"m" placeholder:"CODE" help:"Code of the municipality (all)."`
}

// Help shows an example.
func (agencyListCommand) Help() string { return "Example: samsyn agency list -m 0780" }

// Run lists them by municipality and code.
func (c agencyListCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		all, err := r.Agencies(ctx, c.Municipality)
		if err != nil {
			return err
		}
		return p.write(map[string]any{"agencies": list(all)}, agencyTable(all...))
	})
}

type agencySetCommand struct {
	Agency events.AgencyID `arg:"" help:"Code of the agency."`
	inMunicipality
	Name      *string   `help:"Name."`
	Kind      *string   `enum:"municipality,police,housing,guard,school,association,other" help:"Kind."`
	Sharing   *string   `enum:"withheld,counts,coordinators,partners" help:"Who opens a report that does not say."`
	Serious   *bool     `negatable:"" help:"May flag a place at once by an observed report of severity 4."`
	Text      *bool     `negatable:"" help:"Reports may carry free text."`
	Rate      *int      `placeholder:"N" help:"Events a second."`
	MaxBytes  *byteSize `placeholder:"SIZE" help:"Room of its stream, such as 256MiB."`
	StartedOn *day      `placeholder:"DATE" help:"First day of its reports."`
}

// Help shows an example.
func (agencySetCommand) Help() string {
	return "Only what is given is changed. Units: samsyn unit set.\n\nExample: samsyn agency set bostad -m 0780 --sharing coordinators --no-serious"
}

// Run changes what was given.
func (c agencySetCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		err := r.SetAgency(ctx, c.Municipality, c.Agency, func(a *registry.Agency) {
			given(&a.Name, c.Name)
			given(&a.Kind, c.Kind)
			given(&a.Sharing, c.Sharing)
			given(&a.Serious, c.Serious)
			given(&a.TextAllowed, c.Text)
			given(&a.PerSecond, c.Rate)
			given(&a.MaxBytes, (*int64)(c.MaxBytes))
			given(&a.StartedOn, (*time.Time)(c.StartedOn))
		})
		if err != nil {
			return err
		}
		return p.writeAgency(ctx, r, c.Municipality, c.Agency)
	})
}

type agencySuspendCommand struct {
	Agency events.AgencyID `arg:"" help:"Code of the agency."`
	inMunicipality
}

// Help shows an example.
func (agencySuspendCommand) Help() string {
	return "What it has sent stays. Repeating it closes what is still open.\n\nExample: samsyn agency suspend bostad -m 0780"
}

// Run shuts it out.
func (c agencySuspendCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		if err := r.SuspendAgency(ctx, c.Municipality, c.Agency); err != nil {
			return err
		}
		return p.writeAgency(ctx, r, c.Municipality, c.Agency)
	})
}

type agencyResumeCommand struct {
	Agency events.AgencyID `arg:"" help:"Code of the agency."`
	inMunicipality
}

// Help shows an example.
func (agencyResumeCommand) Help() string {
	return "Its credentials and keys work again, except those that were revoked.\n\nExample: samsyn agency resume bostad -m 0780"
}

// Run lets it in.
func (c agencyResumeCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		if err := r.ResumeAgency(ctx, c.Municipality, c.Agency); err != nil {
			return err
		}
		return p.writeAgency(ctx, r, c.Municipality, c.Agency)
	})
}

func (p *program) writeAgency(ctx context.Context, r *registry.Service, m events.MunicipalityID, code events.AgencyID) error {
	a, err := r.AgencyOf(ctx, m, code)
	if err != nil {
		return err
	}
	return p.write(a, agencyTable(a))
}

func agencyTable(all ...registry.Agency) table {
	t := table{header: []string{"municipality", "agency", "name", "kind", "started", "sharing", "serious", "text", "per second", "units", "suspended"}}
	for _, a := range all {
		suspended := "no"
		if a.Suspended != nil {
			suspended = a.Suspended.Format(time.RFC3339)
		}
		units := make([]string, len(a.Units))
		for i, u := range a.Units {
			units[i] = u.Code
		}
		t.add(string(a.Municipality), string(a.Code), a.Name, a.Kind, a.StartedOn.Format(time.DateOnly), a.Sharing, yes(a.Serious), yes(a.TextAllowed),
			strconv.Itoa(a.PerSecond), strings.Join(units, " "), suspended)
	}
	return t
}
