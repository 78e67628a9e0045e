// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/events/bus"
)

// The Compose file is what somebody installs from. It is rehearsed: each service's command runs with
// its environment and nothing else, as a process of this machine, and an agency's event goes through.
func TestTheComposeFileCarriesTheJourney(t *testing.T) {
	r := newRehearsal(t)
	for _, service := range []string{"web", "correlator", "alerting", "review"} {
		r.up(service)
	}
	t.Run("setup", func(t *testing.T) { r.setUp(t) })
	t.Run("nats", func(t *testing.T) { r.sendOverNATS(t) })
	t.Run("http", func(t *testing.T) { r.sendOverHTTP(t) })
	t.Run("counted", func(t *testing.T) { r.counted(t) })
	t.Run("walls", func(t *testing.T) { r.walls(t) })
	t.Run("ready", func(t *testing.T) { r.allReady(t) })
	t.Run("metrics", func(t *testing.T) { r.metrics(t) })
	t.Run("verify", func(t *testing.T) {
		var v verification
		r.admin(t, &v, "verify")
		if !v.OK || v.Checked["accepted"] != 2 {
			t.Errorf("samsyn verify: %+v", v)
		}
	})
	t.Run("stop", func(t *testing.T) { r.stopped(t) })
}

const rehearsalAreas = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"A"},"geometry":{"type":"Polygon","coordinates":[[[14.80,56.87],[14.81,56.87],[14.81,56.88],[14.80,56.88],[14.80,56.87]]]}},
{"type":"Feature","properties":{"code":"B"},"geometry":{"type":"Polygon","coordinates":[[[14.81,56.87],[14.82,56.87],[14.82,56.88],[14.81,56.88],[14.81,56.87]]]}}]}`

const rehearsalTown = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"0780"},"geometry":{"type":"Polygon","coordinates":[[[14.80,56.87],[14.82,56.87],[14.82,56.88],[14.80,56.88],[14.80,56.87]]]}}]}`

// setUp is done by commands, as an administrator does it.
func (r *rehearsal) setUp(t *testing.T) {
	t.Helper()
	r.admin(t, nil, "municipality", "add", "0780", "--name", "Växjö", "--history-from", "2024-01-01")
	r.admin(t, nil, "areas", "import", file(t, "town.geojson", rehearsalTown), "-m", "0780", "--level", "municipality")
	r.admin(t, nil, "areas", "import", file(t, "areas.geojson", rehearsalAreas), "-m", "0780", "--level", "area")
	r.admin(t, nil, "agency", "add", "bostad", "-m", "0780", "--name", "Växjöbostäder", "--kind", "housing", "--started-on", "2024-01-01")
	var credentials struct{ File, URL string }
	r.admin(t, &credentials, "agency", "credentials", "issue", "bostad", "-m", "0780", "--out", filepath.Join(t.TempDir(), "bostad.creds"))
	body, err := os.ReadFile(credentials.File)
	if err != nil {
		t.Fatal(err)
	}
	r.creds, r.natsURL = body, credentials.URL
	var key struct{ Key string }
	r.admin(t, &key, "agency", "keys", "issue", "bostad", "-m", "0780")
	r.key = key.Key
}

func rehearsalEvent(report, area string) string {
	lon := map[string]string{"A": "14.805", "B": "14.815"}[area]
	at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	return `{"specversion":"1.0","id":"` + report + `:1","source":"urn:samsyn:0780:bostad","type":"samsyn.incident.reported.v1","time":"` + at +
		`","data":{"report":"` + report + `","category":"graffiti","occurred":{"from":"` + at + `"},"place":{"lon":` + lon + `,"lat":56.875}}}`
}

// sendOverNATS publishes with the agency's credentials at the address it was told, and waits for its receipt.
func (r *rehearsal) sendOverNATS(t *testing.T) {
	t.Helper()
	conn, err := bus.Connect(t.Context(), bus.Config{URL: r.natsURL, CredsData: r.creds, Name: "bostad"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ack, err := conn.Publish(t.Context(), bus.Message{Subject: events.IncidentSubject("0780", "bostad", events.Reported), Body: []byte(rehearsalEvent("n-1", "A"))})
	if err != nil || ack.Seq != 1 {
		t.Fatalf("acknowledged %+v, %v", ack, err)
	}
	got, err := conn.Pull(t.Context(), events.ReceiptStream("0780", "bostad"), bus.AgencyDurable, 1, 30*time.Second)
	if err != nil || len(got) != 1 {
		t.Fatalf("receipts %v, %v", got, err)
	}
	receipt, err := events.DecodeReceipt(got[0].Body)
	if err != nil || receipt.Outcome != events.Accepted || receipt.Report != "n-1" {
		t.Errorf("receipt %+v, %v", receipt, err)
	}
}

func (r *rehearsal) sendOverHTTP(t *testing.T) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.address("web", "0.0.0.0:8080")+"/samsyn/v1/incidents", strings.NewReader(rehearsalEvent("h-1", "B")))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.key)
	request.Header.Set("Content-Type", "application/cloudevents+json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		t.Errorf("%s, want 202", answer.Status)
	}
}

// counted waits until both areas have their incident, as whoever reads the numbers sees them.
func (r *rehearsal) counted(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.adminDatabase())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var got string
	err = within(t.Context(), 30*time.Second, func(ctx context.Context) (bool, error) {
		err := conn.QueryRow(ctx, `SELECT coalesce(string_agg(area || ' ' || incidents, ', ' ORDER BY area), '') FROM contract.count WHERE municipality = '0780'`).Scan(&got)
		return got == "A 1, B 1", err
	})
	if err != nil {
		t.Errorf("counts %q: %v", got, err)
	}
}

// walls: who does not know the secret is nobody to the database, and no service writes where its container is read only.
func (r *rehearsal) walls(t *testing.T) {
	t.Helper()
	for _, who := range []string{"samsyn_correlator", "samsyn_admin", "samsyn_correlator:guess"} {
		conn, err := pgx.Connect(t.Context(), "postgres://"+who+"@"+r.address("postgres", "postgres:5432")+"/samsyn")
		if err == nil {
			t.Errorf("%s is let in", who)
			_ = conn.Close(t.Context())
		}
	}
	written, err := os.ReadDir(r.nothing)
	if err != nil || len(written) > 0 {
		t.Errorf("written beside the volumes: %v, %v", written, err)
	}
}

// allReady asks as the containers' health check does, and as a person.
func (r *rehearsal) allReady(t *testing.T) {
	t.Helper()
	for name := range r.roles {
		code, body := get(t, "http://"+r.address(name, "0.0.0.0:9090")+"/readyz")
		if code != http.StatusOK || !strings.Contains(body, `"status":"ready"`) {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
}

// metrics are what dashboards and alert rules stand on: a series that is gone makes an alert that never comes.
func (r *rehearsal) metrics(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for name, series := range map[string][]string{
		"correlator": {
			`samsyn_correlator_events_total{outcome="accepted"} 2`, `samsyn_correlator_events_total{outcome="quarantined"} 0`,
			`samsyn_correlator_events_total{outcome="refused"} 0`, `samsyn_correlator_lag_seconds{agency="bostad",municipality="0780"} `,
			`samsyn_correlator_oldest_seconds `, `samsyn_correlator_stage_seconds_count{stage="judge"} `, `samsyn_correlator_stage_seconds_count{stage="commit"} `,
			`samsyn_correlator_stage_seconds_count{stage="send"} `, `samsyn_correlator_held_total 0`, `samsyn_correlator_paused 0`,
		},
		"alerting": {
			`samsyn_alerting_ticks_total{kind="batch"} `, `samsyn_alerting_tick_seconds_count{kind="batch"} `, `samsyn_alerting_lag_seconds_count `,
			`samsyn_alerting_flags_total{grade="alert",kind="serious",verb="flagged"} 0`, `samsyn_alerting_flags_total{grade="alert",kind="rise",verb="flagged"} `,
			`samsyn_alerting_deliveries_total{channel="mail",outcome="sent"} 0`, `samsyn_alerting_deliveries_total{channel="webhook",outcome="failed"} 0`,
			`samsyn_alerting_undelivered{channel="mail",state="failed"} `,
		},
		"review": {`samsyn_review_works 1`, `samsyn_review_steps_total{outcome="done",step="freeze"} `, `samsyn_review_steps_total{outcome="failed",step="publish"} 0`, `samsyn_review_outgoing 0`},
		"web":    {`samsyn_intake_events_total{state="received"} 1`, `samsyn_intake_requests_total{route="POST /incidents",status="202"} 1`},
	} {
		_, body := get(t, "http://"+r.address(name, "0.0.0.0:9090")+"/metrics")
		for _, want := range append(series, "samsyn_ready 1", "samsyn_build_info{") {
			if !strings.Contains(body, "\n"+want) {
				t.Errorf("/metrics of %s lacks %s", name, want)
			}
		}
		for line := range strings.SplitSeq(body, "\n") {
			if metric, ok := strings.CutPrefix(line, "# TYPE "); ok {
				seen[strings.Fields(metric)[0]] = true
			}
		}
	}
	for _, metric := range metricsOfRules(t) {
		if !seen[metric] {
			t.Errorf("alerts.yml asks for %s, which nothing says", metric)
		}
	}
}

// stopped tells every role to end.
func (r *rehearsal) stopped(t *testing.T) {
	t.Helper()
	for name, p := range r.roles {
		if took := p.stop(stopsWithin); p.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("%s ended after %s with %s:\n%s", name, took, p.cmd.ProcessState, p.log())
		}
	}
}
