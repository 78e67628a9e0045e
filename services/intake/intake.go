// SPDX-License-Identifier: EUPL-1.2

// Package intake is the door for agencies that speak HTTP: it takes events in and gives receipts out.
//
// What it is for. POST /samsyn/v1/incidents and its neighbours (schemas/openapi.yaml says all of them). A request is read
// ([Service.Routes]), its key tells whose it is, and each event is admitted: completed, decoded, compared with the key's
// agency, screened for personal data. What is admitted is published to the agency's own stream; what is not is answered
// with every reason, and nothing of it is stored.
//
// What it promises. "received" is said when JetStream has written the event to disk, never before. An answer that did not
// come, a 503 and a broken stream of lines may all be sent again unchanged: identity counts an event once. A key reads and
// writes its own agency; what is another's is answered like what does not exist. No text of a report reaches a log or a
// metric.
//
// What it does not do. It judges no event: place, area, mapping, time against now and the verdict are the correlator's,
// which is also asked for a dry run and for what leaves quarantine. It stores nothing but the answers given under an
// Idempotency-Key, for 24 hours.
//
// What happens when it fails. Without NATS nothing is taken in and every sender is told to come again (503, Retry-After).
// Without Postgres the keys seen in the last hour are still believed and events are still taken in; what must be read is
// answered by 503. Without the correlator events are taken in and judged later; dry runs and decisions are answered by 503.
package intake

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/schemas"
)

// Config is what an installation decides about the door.
type Config struct {
	// PublicURL is the address under which people reach the installation, without a path: https://samsyn.example.se. It is
	// only shown.
	PublicURL string
	// CursorKey seals the cursors of the receipts: 32 bytes, the same for every instance and after every restart (derive it
	// from the installation's secret). A cursor sealed with another key is refused.
	CursorKey []byte
	// Now is the wall clock; nil is time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Service is the door. Safe for concurrent use; it has no goroutine between requests.
type Service struct {
	store   store
	bus     *bus.Conn
	log     *slog.Logger
	now     func() time.Time
	config  Config
	cursors cipher.Block
	openAPI []byte
	keys    *keyring
	limits  *limits
	metrics *metrics

	stopping chan struct{}
	stop     func()
}

// New checks the configuration and makes the door. db logs in as pg.RoleIntake; agencies as each agency.
func New(db pg.Beginner, agencies *pg.Agencies, conn *bus.Conn, registerer prometheus.Registerer, c Config) (*Service, error) {
	if db == nil || agencies == nil || conn == nil || registerer == nil || c.Logger == nil {
		return nil, errors.New("intake: database, agencies, bus, metrics and logger are all needed")
	}
	if len(c.CursorKey) != 32 {
		return nil, fmt.Errorf("intake: CursorKey has %d bytes, 32 are needed", len(c.CursorKey))
	}
	cursors, err := aes.NewCipher(c.CursorKey)
	if err != nil {
		return nil, fmt.Errorf("intake: read CursorKey: %w", err)
	}
	openAPI, err := yaml.YAMLToJSON(schemas.OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("intake: read openapi.yaml: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	stopping := make(chan struct{})
	return &Service{
		stopping: stopping, stop: sync.OnceFunc(func() { close(stopping) }),
		store: store{db: db, agencies: agencies}, bus: conn, log: c.Logger, now: c.Now, config: c, cursors: cursors, openAPI: openAPI,
		keys: newKeyring(), limits: newLimits(), metrics: newMetrics(registerer),
	}, nil
}

// Stop ends what waits: readers of receipts are answered with what there is, streams of lines end after the lines they have
// taken. A server calls it when it begins to shut down (http.Server.RegisterOnShutdown); other requests just finish.
func (s *Service) Stop() { s.stop() }

// Base is the path under which every route of the API lies.
const Base = "/samsyn/v1"

// Route is one operation of the API.
type Route struct {
	Method, Path string // Path as net/http.ServeMux takes it
}

type operation struct {
	Route
	open  http.HandlerFunc // answered without a key
	keyed handler          // answered for one agency
	once  bool             // takes an Idempotency-Key
}

// operations is the whole door, in the order of openapi.yaml.
func (s *Service) operations() []operation {
	return []operation{
		{Route: Route{"POST", Base + "/incidents"}, keyed: s.sendIncidents, once: true},
		{Route: Route{"POST", Base + "/incidents/{report}/corrections"}, keyed: s.correctIncident, once: true},
		{Route: Route{"DELETE", Base + "/incidents/{report}"}, keyed: s.withdrawIncident, once: true},
		{Route: Route{"GET", Base + "/receipts"}, keyed: s.listReceipts},
		{Route: Route{"GET", Base + "/quarantine"}, keyed: s.listQuarantine},
		{Route: Route{"POST", Base + "/quarantine/{id}/release"}, keyed: s.release, once: true},
		{Route: Route{"POST", Base + "/quarantine/{id}/drop"}, keyed: s.drop, once: true},
		{Route: Route{"GET", Base + "/api-info"}, open: s.apiInfo},
		{Route: Route{"GET", Base + "/openapi.json"}, open: s.describe},
	}
}

// Paths lists the routes of the door, for whoever mounts it beside others.
func (s *Service) Paths() []Route {
	operations := s.operations()
	routes := make([]Route, len(operations))
	for i, o := range operations {
		routes[i] = o.Route
	}
	return routes
}

// Routes is the door as a handler: every route of Paths, and problem+json for everything else.
func (s *Service) Routes() http.Handler {
	mux := http.NewServeMux()
	for _, o := range s.operations() {
		mux.Handle(o.Method+" "+o.Path, s.serve(o))
	}
	return web.Problems(mux)
}
