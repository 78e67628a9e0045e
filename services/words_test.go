// SPDX-License-Identifier: EUPL-1.2

package services_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/geo"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/services/alerting"
	"samsyn/services/correlator"
	"samsyn/services/intake"
	"samsyn/services/registry"
	"samsyn/services/registry/areas"
)

// journey is one municipality with three agencies and every service running.
type journey struct {
	t          *testing.T
	municipal  events.MunicipalityID
	door       *httptest.Server
	keys       map[string]string
	senders    map[string]*bus.Conn
	nats       *testenv.NATSEnv
	database   pg.Config
	agencies   *pg.Agencies
	registry   *registry.Service
	intake     *intake.Service
	correlator *correlator.Service
	alerting   *alerting.Service
	mail       string
	serial     int
	clock      time.Time // of a replay; zero: the wall clock counts
}

type place struct{ lon, lat float64 }

type report struct {
	ID, Category, Text string
	At                 time.Time
	Place              place
}

// squares are four areas side by side, 0.02 degrees wide.
var squares = map[string]float64{"norr": 14.80, "soder": 14.82, "oster": 14.84, "vaster": 14.86}

const publicURL = "https://samsyn.example.org"

const squareSouth, squareSide = 56.86, 0.02

const patience = 2 * time.Minute

// newJourney is a municipality on the wall clock.
func newJourney(t *testing.T) *journey {
	t.Helper()
	j := openJourney(t, time.Time{})
	j.run(j.alerting.Run)
	return j
}

// openJourney is one on a clock that stands where it is set, or on the wall clock for the zero time. Nobody looks at its counts yet.
func openJourney(t *testing.T, clock time.Time) *journey {
	t.Helper()
	j := &journey{
		t: t, municipal: "0780", nats: testenv.NATS(t), database: testenv.Postgres(t), keys: map[string]string{}, senders: map[string]*bus.Conn{}, mail: t.TempDir(), clock: clock,
	}
	j.agencies = pg.OpenAgencies(j.database)
	t.Cleanup(j.agencies.Close)
	quiet := slog.New(slog.DiscardHandler)
	j.correlator = must(correlator.New(j.pool(pg.RoleCorrelator), j.nats.Conn, quiet, prometheus.NewRegistry(), correlator.Config{}))(t)
	j.alerting = must(alerting.New(j.pool(pg.RoleAlerting), j.nats.Conn, quiet, prometheus.NewRegistry(), alerting.Config{PublicURL: publicURL, MailDir: j.mail}))(t)
	j.intake = must(intake.New(j.pool(pg.RoleIntake), j.agencies, j.nats.Conn, prometheus.NewRegistry(), intake.Config{
		PublicURL: publicURL, CursorKey: make([]byte, 32), Logger: quiet,
	}))(t)
	j.door = httptest.NewServer(j.intake.Routes())
	t.Cleanup(j.door.Close)
	j.registry = must(registry.New(j.pool(pg.RoleRegistry), j.nats.Conn, j.nats.Operator, registry.Config{}))(t)
	j.register()
	j.run(j.correlator.Run)
	return j
}

// must fails the test on an error: must(f())(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (j *journey) pool(role pg.Role) *pg.Pool {
	pool := must(pg.Open(j.t.Context(), j.database, role, 6))(j.t)
	j.t.Cleanup(pool.Close)
	return pool
}

func (j *journey) run(work func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- work(ctx) }()
	j.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			j.t.Errorf("a service ended: %v", err)
		}
	})
}

// register makes the municipality and its agencies as their administrator does.
func (j *journey) register() {
	j.t.Helper()
	ctx, r := j.t.Context(), j.registry
	m := registry.Municipality{Code: j.municipal, Name: "Växjö", HistoryFrom: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
	if !j.clock.IsZero() {
		m.Clock, m.AsOf, m.HistoryFrom = registry.ClockReplay, &j.clock, j.clock.AddDate(0, 0, -12*7).Truncate(24*time.Hour)
	}
	j.check(r.AddMunicipality(ctx, m))
	var features []areas.Feature
	for name, west := range squares {
		ring := orb.Ring{{west, squareSouth}, {west + squareSide, squareSouth}, {west + squareSide, squareSouth + squareSide}, {west, squareSouth + squareSide}, {west, squareSouth}}
		features = append(features, areas.Feature{Number: len(features) + 1, Code: name, Name: name, Geometry: orb.MultiPolygon{{ring}}})
	}
	_, err := r.SetAreas(ctx, registry.AreaImport{Municipality: j.municipal, Level: geo.LevelArea}, features)
	j.check(err)
	for _, name := range []string{"bostad", "kommun", "polis"} {
		code := events.AgencyID(name)
		j.check(r.AddAgency(ctx, registry.Agency{
			Municipality: j.municipal, Code: code, Name: name, Kind: "other", StartedOn: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
			Sharing: "partners", Serious: true, TextAllowed: true, PerSecond: 1000,
		}))
		j.keys[name] = must(r.IssueKey(ctx, j.municipal, code, "test"))(j.t)
		creds := must(r.IssueCredentials(ctx, j.municipal, code, false))(j.t)
		file := filepath.Join(j.t.TempDir(), name+".creds")
		j.check(os.WriteFile(file, creds.File, 0o600))
		j.senders[name] = j.nats.AgencyConn(file)
	}
}

func (j *journey) check(err error) {
	j.t.Helper()
	if err != nil {
		j.t.Fatal(err)
	}
}

// Now is the municipality's clock.
func (j *journey) Now() time.Time {
	if j.clock.IsZero() {
		return time.Now()
	}
	return j.clock
}

// ID makes a report id that was not used before.
func (j *journey) ID(prefix string) string {
	j.serial++
	return fmt.Sprintf("%s-%d", prefix, j.serial)
}

// Square is a place in the middle of an area, Near one some metres east of another.
func (j *journey) Square(area string) place {
	return place{squares[area] + squareSide/4, squareSouth + squareSide/2}
}

// Near is some metres east of a place: a degree of longitude is 60.9 km here.
func (j *journey) Near(p place, metres float64) place { return place{p.lon + metres/60900, p.lat} }

func (j *journey) event(agency string, r report) events.Event {
	at := r.At.UTC().Truncate(time.Millisecond)
	return events.Event{
		Municipality: j.municipal, Agency: events.AgencyID(agency), Verb: events.Reported, Kind: events.KindIncident, Report: events.ReportID(r.ID), Revision: 1,
		Time: at.Add(time.Minute), Incident: &events.Incident{
			Category: r.Category, Occurred: events.Interval{From: at, To: at}, Text: r.Text, Certainty: events.CertaintyObserved,
			Place: events.Place{Point: &events.Point{Lon: round(r.Place.lon), Lat: round(r.Place.lat)}},
		},
	}
}

func round(degrees float64) float64 { return float64(int64(degrees*1e6)) / 1e6 }

// ReportByNATS publishes with the agency's own credentials.
func (j *journey) ReportByNATS(agency string, r report) {
	j.t.Helper()
	j.publish(agency, j.event(agency, r))
}

// Withdraw takes a report back.
func (j *journey) Withdraw(agency, id string) {
	j.t.Helper()
	j.publish(agency, events.Event{
		Municipality: j.municipal, Agency: events.AgencyID(agency), Verb: events.Withdrawn, Kind: events.KindIncident, Report: events.ReportID(id), Revision: 2,
		Time: time.Now().UTC().Truncate(time.Millisecond), Withdrawal: &events.Withdrawal{},
	})
}

func (j *journey) publish(agency string, e events.Event) {
	j.t.Helper()
	body := must(events.Encode(e))(j.t)
	_, err := j.senders[agency].Publish(j.t.Context(), bus.Message{Subject: events.IncidentSubject(j.municipal, e.Agency, e.Verb), Body: body})
	j.check(err)
}

// ReportByHTTP posts with the agency's key and wants it taken in.
func (j *journey) ReportByHTTP(agency string, r report) {
	j.t.Helper()
	if status, answer := j.post(agency, r); status != http.StatusAccepted {
		j.t.Fatalf("POST answered %d: %s", status, answer)
	}
}

// WantHTTPRefusal posts and wants it turned away for a reason.
func (j *journey) WantHTTPRefusal(agency string, r report, code events.Code) {
	j.t.Helper()
	if status, answer := j.post(agency, r); status != http.StatusUnprocessableEntity || !strings.Contains(answer, string(code)) {
		j.t.Errorf("POST answered %d, want 422 for %s: %s", status, code, answer)
	}
}

func (j *journey) post(agency string, r report) (status int, answer string) {
	j.t.Helper()
	body := must(events.Encode(j.event(agency, r)))(j.t)
	request := must(http.NewRequestWithContext(j.t.Context(), http.MethodPost, j.door.URL+"/samsyn/v1/incidents", bytes.NewReader(body)))(j.t)
	request.Header.Set("Content-Type", "application/cloudevents+json")
	request.Header.Set("Authorization", "Bearer "+j.keys[agency])
	response := must(j.door.Client().Do(request))(j.t)
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode, string(must(io.ReadAll(response.Body))(j.t))
}

// Subscribe registers a coordinator for the whole municipality.
func (j *journey) Subscribe(address string) {
	j.t.Helper()
	_, err := j.alerting.Subscribe(j.t.Context(), alerting.Subscription{Municipality: j.municipal, Channel: "mail", Recipient: address, Role: "coordinator"}, time.Now())
	j.check(err)
}

// until waits for something to come true.
func (j *journey) until(what string, true func() bool) {
	j.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !true() {
		select {
		case <-tick.C:
		case <-deadline:
			j.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Settled waits until everything sent is decided and looked at.
func (j *journey) Settled() {
	j.t.Helper()
	j.until("everything to be decided", func() bool {
		left := must(j.correlator.Backlog(j.t.Context()))(j.t)
		return left.None() && must(j.alerting.CaughtUp(j.t.Context(), j.municipal, time.Now()))(j.t)
	})
}

// receipt is the latest that an agency was sent about a report.
func (j *journey) receipt(agency, id string) (last events.Receipt, found bool) {
	j.t.Helper()
	j.check(j.nats.Conn.Read(j.t.Context(), events.ReceiptStream(j.municipal, events.AgencyID(agency)), 1, func(m bus.Stored) error {
		r, err := events.DecodeReceipt(m.Body)
		if errors.Is(err, events.ErrOtherType) { // what came of a report stands on the same subject
			return nil
		}
		if string(r.Report) == id {
			last, found = r, true
		}
		return err
	}))
	return last, found
}

// WantReceipt waits for a receipt with an outcome.
func (j *journey) WantReceipt(agency, id string, outcome events.Outcome) {
	j.t.Helper()
	j.until(fmt.Sprintf("the receipt of %s: %s", id, outcome), func() bool {
		r, found := j.receipt(agency, id)
		return found && r.Outcome == outcome
	})
}

// WantReason waits for a receipt with an outcome and a reason.
func (j *journey) WantReason(agency, id string, outcome events.Outcome, code events.Code) {
	j.t.Helper()
	j.WantReceipt(agency, id, outcome)
	r, _ := j.receipt(agency, id)
	if !slices.ContainsFunc(r.Reasons, func(e events.Explained) bool { return e.Code == code }) {
		j.t.Errorf("receipt of %s gives %v, want %s", id, r.Reasons, code)
	}
}

// WantIncidents wants an area to hold so many incidents.
func (j *journey) WantIncidents(area string, n int) {
	j.t.Helper()
	j.Settled()
	if got := must(j.correlator.IncidentsByArea(j.t.Context(), j.municipal))(j.t)[events.AreaCode(area)]; got != n {
		j.t.Errorf("%s holds %d incidents, want %d", area, got, n)
	}
}

// WantSeenBy wants the last thing said of an area's incident to name these agencies.
func (j *journey) WantSeenBy(area string, agencies ...string) {
	j.t.Helper()
	var seen []string
	j.check(j.nats.Conn.Read(j.t.Context(), events.StreamCorrelated, 1, func(m bus.Stored) error {
		a, _, err := events.DecodeAccepted(m.Body)
		if err == nil && string(a.Area) == area && len(a.Agencies) >= len(seen) {
			seen = nil
			for _, agency := range a.Agencies {
				seen = append(seen, string(agency))
			}
		}
		return err
	}))
	if !slices.Equal(seen, agencies) {
		j.t.Errorf("seen by %v, want %v", seen, agencies)
	}
}

// WantHotspot waits for an area to be flagged, as HOTSPOTS says it.
func (j *journey) WantHotspot(area, kind, group string) (flag events.Hotspot) {
	j.t.Helper()
	j.Settled()
	j.check(j.nats.Conn.Read(j.t.Context(), events.StreamHotspots, 1, func(m bus.Stored) error {
		h, _, err := events.DecodeHotspot(m.Body)
		if string(h.Kind) == kind && (group == "" || h.Group == group) && slices.Contains(h.Areas, events.AreaCode(area)) {
			flag = h
		}
		return err
	}))
	if flag.Kind == "" {
		j.t.Fatalf("%s has no flag of kind %s", area, kind)
	}
	return flag
}

// WantCleared waits for a flag to end.
func (j *journey) WantCleared(flag events.Hotspot) {
	j.t.Helper()
	j.until("the flag to end", func() bool {
		ended := false
		j.check(j.nats.Conn.Read(j.t.Context(), events.StreamHotspots, 1, func(m bus.Stored) error {
			h, typ, err := events.DecodeHotspot(m.Body)
			ended = ended || h.ID == flag.ID && typ == events.TypeHotspotCleared
			return err
		}))
		return ended
	})
}

// WantAlerted waits for an agency's system to hear of a flag, with the agency's own reports and no others.
func (j *journey) WantAlerted(agency string, flag events.Hotspot) {
	j.t.Helper()
	j.until("an alert to "+agency, func() bool {
		heard := false
		j.check(j.nats.Conn.Read(j.t.Context(), events.AlertStream(j.municipal, events.AgencyID(agency)), 1, func(m bus.Stored) error {
			h, _, err := events.DecodeHotspot(m.Body)
			heard = heard || h.ID == flag.ID
			if slices.ContainsFunc(h.Reports, func(r events.ReportRef) bool { return string(r.Agency) != agency }) {
				j.t.Errorf("the alert to %s names reports of others", agency)
			}
			return err
		}))
		return heard
	})
}

// WantMailed waits for a mail to somebody with a link to a flag.
func (j *journey) WantMailed(address string, flag events.Hotspot) {
	j.t.Helper()
	j.until("a mail to "+address, func() bool {
		files := must(filepath.Glob(filepath.Join(j.mail, "*.eml")))(j.t)
		return slices.ContainsFunc(files, func(file string) bool {
			text := bytes.ReplaceAll(must(os.ReadFile(file))(j.t), []byte("=\r\n"), nil)
			return bytes.Contains(text, []byte(address)) && bytes.Contains(text, []byte(flag.ID.String()))
		})
	})
}

// WantVerified recounts everything and wants nothing to be wrong.
func (j *journey) WantVerified() {
	j.t.Helper()
	j.Settled()
	counted := must(j.correlator.Verify(j.t.Context(), func(string, int64) {}))(j.t)
	looked := must(j.alerting.Verify(j.t.Context()))(j.t)
	for _, problem := range append(counted.Problems, looked.Problems...) {
		j.t.Error(problem)
	}
}
