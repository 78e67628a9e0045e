// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"net/http"
	"time"

	"samsyn/events"
	"samsyn/internal/mail"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/access"
	"samsyn/services/alerting"
	"samsyn/services/alerting/pages"
	"samsyn/services/intake"
	reporting "samsyn/services/intake/pages"
)

// startWeb serves every service's pages and routes on one address. People sign in through access,
// agencies' systems by their keys.
func startWeb(ctx context.Context, s *site) error {
	mux, err := s.routes(ctx)
	if err != nil {
		return err
	}
	s.parts.Serve("web", s.http, web.Problems(mux))
	return nil
}

// routes are those of every service. A test walks each of them as everybody who might come along it.
func (s *site) routes(ctx context.Context) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	for _, mount := range []func(context.Context, *site, *http.ServeMux) error{mountAccess, mountIntake, mountReview, mountAlerting} {
		if err := mount(ctx, s, mux); err != nil {
			return nil, err
		}
	}
	mux.Handle("GET /assets/", web.Assets())
	return mux, nil
}

func mountIntake(ctx context.Context, s *site, mux *http.ServeMux) error {
	pool, err := s.Pool(ctx, pg.RoleIntake, webConns)
	if err != nil {
		return err
	}
	s.agencies = pg.OpenAgencies(s.Database)
	s.parts.Add("agencies' database", func(context.Context) error {
		s.agencies.Close()
		return nil
	})
	api, err := intake.New(pool, s.agencies, s.Bus, s.metrics, intake.Config{
		PublicURL: s.public, CursorKey: s.Key("receipt cursors"), Now: time.Now, Logger: s.Log,
	})
	if err != nil {
		return err
	}
	s.parts.Add("intake", func(context.Context) error {
		api.Stop()
		return nil
	})
	routes := api.Routes()
	for _, r := range api.Paths() {
		mux.Handle(r.Method+" "+r.Path, routes)
	}
	forms, err := reporting.New(pool, s.agencies, api, reporting.Config{Logger: s.Log})
	if err != nil {
		return err
	}
	forms.Routes(mux, s.access.Guard)
	return nil
}

func mountAccess(ctx context.Context, s *site, mux *http.ServeMux) error {
	pool, err := s.Pool(ctx, pg.RoleAccess, accessConns)
	if err != nil {
		return err
	}
	config, err := s.mailConfig(s.settings)
	if err != nil {
		return err
	}
	mails, err := mail.New(config)
	if err != nil {
		return err
	}
	s.access, err = access.New(pool, access.Config{PublicURL: s.public, LinkCommand: "samsyn up", Pages: navigation(), Send: mails.Send, Logger: s.Log})
	if err != nil {
		return err
	}
	s.parts.Go(ctx, "access", s.access.Run)
	s.access.Routes(mux)
	return nil
}

// navigation is every page that stands on top, in this order, with what one must be able to do to open it and what lies
// below it. A page that has no entry, and lies below none, is for those who may see numbers.
func navigation() []web.NavItem {
	return []web.NavItem{
		{Href: "/", Text: events.Text{SV: "Översikt", EN: "Overview"}, Act: web.ActNumbers},
		{Href: "/handelser", Text: events.Text{SV: "Händelser", EN: "Incidents"}, Act: web.ActNumbers},
		{Href: "/atgarder", Text: events.Text{SV: "Åtgärder", EN: "Actions"}, Act: web.ActOwnActions},
		{Href: "/lagesbild", Text: events.Text{SV: "Lägesbild", EN: "Situation"}, Act: web.ActNumbers},
		{Href: "/mote", Text: events.Text{SV: "Möte", EN: "Meeting"}, Act: web.ActNumbers},
		{Href: "/rapportera", Text: events.Text{SV: "Rapportera", EN: "Report"}, Act: web.ActReport},
		{Href: "/mina-rapporter", Text: events.Text{SV: "Mina rapporter", EN: "My reports"}, Act: web.ActReport},
		{Href: "/inget-att-rapportera", Act: web.ActReport},
		{Href: "/karantan", Text: events.Text{SV: "Karantän", EN: "Quarantine"}, Act: web.ActLead},
		{Href: "/kalender", Act: web.ActNumbers},
		{Href: "/kalender", Text: events.Text{SV: "Kalender", EN: "Calendar"}, Act: web.ActAdmin},
		{Href: "/personer", Text: events.Text{SV: "Personer", EN: "People"}, Act: web.ActAdmin},
	}
}

func mountReview(ctx context.Context, s *site, mux *http.ServeMux) error {
	reviews, err := s.reviewService(ctx)
	if err != nil {
		return err
	}
	reviews.Routes(mux, s.access.Guard)
	return nil
}

func mountAlerting(ctx context.Context, s *site, mux *http.ServeMux) error {
	pool, err := s.Pool(ctx, pg.RoleWeb, webConns)
	if err != nil {
		return err
	}
	reviews, err := s.reviewService(ctx)
	if err != nil {
		return err
	}
	overview, err := pages.New(pool, pages.Config{Agencies: s.agencies, Logger: s.Log, PlacePanels: reviews.PlacePanels(), WeekPanels: reviews.WeekPanels()})
	if err != nil {
		return err
	}
	overview.Routes(mux, s.access.Guard)
	alerting.NewAPI(pool, s.Log, time.Now).Routes(mux, s.access.Guard)
	return nil
}
