// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"net/http"
	"time"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/access"
	"samsyn/services/alerting"
	"samsyn/services/alerting/pages"
	"samsyn/services/intake"
)

// startWeb serves every service's pages and routes on one address. People sign in through access,
// agencies' systems by their keys.
func startWeb(ctx context.Context, s *site) error {
	mux := http.NewServeMux()
	for _, mount := range []func(context.Context, *site, *http.ServeMux) error{mountIntake, mountAccess, mountAlerting} {
		if err := mount(ctx, s, mux); err != nil {
			return err
		}
	}
	mux.Handle("GET /assets/", web.Assets())
	s.parts.Serve("web", s.http, web.Problems(mux))
	return nil
}

func mountIntake(ctx context.Context, s *site, mux *http.ServeMux) error {
	pool, err := s.Pool(ctx, pg.RoleIntake, webConns)
	if err != nil {
		return err
	}
	agencies := pg.OpenAgencies(s.Database)
	s.parts.Add("agencies' database", func(context.Context) error {
		agencies.Close()
		return nil
	})
	api, err := intake.New(pool, agencies, s.Bus, s.metrics, intake.Config{
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
	return nil
}

func mountAccess(ctx context.Context, s *site, mux *http.ServeMux) error {
	pool, err := s.Pool(ctx, pg.RoleAccess, accessConns)
	if err != nil {
		return err
	}
	s.access, err = access.New(pool, access.Config{PublicURL: s.public, LinkCommand: "samsyn up", Logger: s.Log})
	if err != nil {
		return err
	}
	s.access.Routes(mux)
	return nil
}

func mountAlerting(ctx context.Context, s *site, mux *http.ServeMux) error {
	pool, err := s.Pool(ctx, pg.RoleWeb, webConns)
	if err != nil {
		return err
	}
	overview, err := pages.New(pool, pages.Config{Logger: s.Log})
	if err != nil {
		return err
	}
	overview.Routes(mux, s.access.Guard)
	alerting.NewAPI(pool, s.Log, time.Now).Routes(mux, s.access.Guard)
	return nil
}
