// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
)

const (
	channelMail    = "mail"
	channelWebhook = "webhook"
	channelNATS    = "nats"
)

// Subscription is who hears of what, and how.
type Subscription struct {
	Municipality events.MunicipalityID
	ID           uuid.UUID
	Channel      string // mail, webhook, nats
	Recipient    string // an address, a URL, or the agency itself
	Agency       events.AgencyID
	Role         string          // of a person: agency_lead, coordinator, member
	Area         events.AreaCode // of any level; the municipality's code is everything
	Groups       []string        // empty: all
	Kinds        []string        // empty: all
	Secret       int             // version of a webhook's secret
	CreatedAt    time.Time
	EndedAt      *time.Time
}

// notice is one row of the notification log.
type notice struct {
	Flag         uuid.UUID
	Revision     int
	Channel      string
	Recipient    string
	Subscription uuid.UUID // nil UUID: an agency's system without a subscription
	Digest       bool
	DueAt        time.Time
}

// audience is everyone who may have to be told, in one municipality.
type audience struct {
	Municipality  events.MunicipalityID
	Subscriptions []Subscription
	Agencies      []events.AgencyID // not suspended
	Parent        map[events.AreaCode]events.AreaCode
	NextDigest    time.Time
}

// route decides who hears of one revision of a flag, and when.
//
// A watch is told to nobody: it sorts lists. A person hears of serious things at once, and of their end and of everything else in the
// next digest. An agency's system hears everything at once: on its NATS subject, narrowed by its subscriptions or in full when it has
// none, and at its webhooks.
func route(now time.Time, f Flag, a audience) []notice {
	if f.Grade != events.GradeAlert {
		return nil
	}
	var notices []notice
	told := map[[2]string]bool{}
	tell := func(channel, recipient string, subscription uuid.UUID) {
		if told[[2]string{channel, recipient}] {
			return
		}
		told[[2]string{channel, recipient}] = true
		n := notice{f.ID, f.Revision, channel, recipient, subscription, false, now}
		if channel == channelMail && (f.Kind != events.KindSerious || f.Verb == verbCleared) {
			n.Digest, n.DueAt = true, a.NextDigest
		}
		notices = append(notices, n)
	}
	narrowed := map[events.AgencyID]bool{}
	for _, s := range a.Subscriptions {
		if s.Channel == channelNATS {
			narrowed[s.Agency] = true
		}
		if s.Channel != channelMail && !slices.Contains(a.Agencies, s.Agency) {
			continue
		}
		if a.concerns(f, s) {
			tell(s.Channel, s.Recipient, s.ID)
		}
	}
	for _, agency := range a.Agencies {
		if !narrowed[agency] {
			tell(channelNATS, string(agency), uuid.Nil)
		}
	}
	return notices
}

// concerns says whether a flag lies in what somebody subscribed to: in the area or a part of it, or on a level above it.
func (a audience) concerns(f Flag, s Subscription) bool {
	if len(s.Kinds) > 0 && !slices.Contains(s.Kinds, string(f.Kind)) {
		return false
	}
	if len(s.Groups) > 0 && f.Group != "" && !slices.Contains(s.Groups, f.Group) {
		return false
	}
	if string(s.Area) == string(a.Municipality) || a.within(s.Area, f.Area) {
		return true
	}
	return slices.ContainsFunc(f.Areas, func(area events.AreaCode) bool { return a.within(area, s.Area) })
}

// within says whether an area is another one or lies in it.
func (a audience) within(area, other events.AreaCode) bool {
	for range 4 { // area, district, municipality: a cycle in the registry must not hold us
		if area == other || string(other) == string(a.Municipality) {
			return true
		}
		if area == "" {
			return false
		}
		area = a.Parent[area]
	}
	return false
}
