// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"slices"

	"samsyn/internal/web"
)

// Role is what somebody is in the review: a column of contracts.md section 6.
type Role string

// The roles that people can have.
const (
	Reporter    Role = "reporter"
	AgencyLead  Role = "agency_lead"
	Coordinator Role = "coordinator"
	Member      Role = "member"
	Admin       Role = "admin"
	Operator    Role = "operator"
)

// Roles are all of them, in the order in which they are shown.
func Roles() []Role { return []Role{Reporter, AgencyLead, Coordinator, Member, Admin, Operator} }

// allowed is the table of contracts.md section 6. An operator installs and watches, at the terminal, and opens no page.
var allowed = map[Role][]web.Act{
	Reporter:    {web.ActReport},
	AgencyLead:  {web.ActReport, web.ActLead, web.ActOpen, web.ActNumbers, web.ActOwnActions},
	Coordinator: {web.ActReport, web.ActOpen, web.ActNumbers, web.ActDecide, web.ActOwnActions},
	Member:      {web.ActOpen, web.ActNumbers, web.ActOwnActions},
	Admin:       {web.ActAdmin},
	Operator:    {},
}

// closedToAssociations is what no role opens to somebody of an association: it can own an action and sees no report and no number.
var closedToAssociations = []web.Act{web.ActOpen, web.ActNumbers, web.ActDecide}

func actsOf(roles []string) map[web.Act]bool {
	acts := map[web.Act]bool{}
	for _, role := range roles {
		for _, act := range allowed[Role(role)] {
			acts[act] = true
		}
	}
	return acts
}

// writeOnly says whether somebody only reports: their session may be long, because it reads nothing of others.
func writeOnly(roles []string) bool {
	return !slices.ContainsFunc(roles, func(r string) bool { return r != string(Reporter) })
}
