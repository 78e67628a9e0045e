// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"samsyn/events"
	"samsyn/events/corpus"
	"samsyn/schemas"
)

func loadSpec(t testing.TB) *openapi3.T {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(schemas.OpenAPI)
	if err != nil {
		t.Fatalf("read openapi.yaml: %v", err)
	}
	return spec
}

// What is served is what clients are generated from: a document that tools refuse is no contract.
func TestSpecificationIsValidWithAllItsExamples(t *testing.T) {
	spec := loadSpec(t)
	if err := spec.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(spec.OpenAPI, "3.1.") || spec.Info.Version != apiVersion {
		t.Errorf("openapi %s, version %s; the code says %s", spec.OpenAPI, spec.Info.Version, apiVersion)
	}
}

// A route that is not described is not a promise, and a description without a route is a lie (OWASP API9).
func TestEveryRouteIsDescribedAndEveryDescriptionHasARoute(t *testing.T) {
	var described, served []string
	for path, item := range loadSpec(t).Paths.Map() {
		for method, operation := range item.Operations() {
			switch owner := operation.Extensions["x-service"]; owner {
			case "intake":
				described = append(described, method+" "+Base+path)
			case nil:
				t.Errorf("%s %s: x-service does not say whose it is", method, path)
			}
			if operation.Summary == "" || operation.OperationID == "" || len(operation.Tags) == 0 {
				t.Errorf("%s %s: summary, operationId or tag is missing", method, path)
			}
		}
	}
	for _, r := range (&Service{}).Paths() {
		served = append(served, r.Method+" "+r.Path)
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described:\n%s\nserved:\n%s", strings.Join(described, "\n"), strings.Join(served, "\n"))
	}
}

// A developer's first event is a copy of an example.
func TestEveryExampleOfAnEventIsAdmitted(t *testing.T) {
	who := grant{municipality: "0780", agency: "bostad"}
	for name, example := range loadSpec(t).Components.Examples {
		sent, err := json.Marshal(example.Value.Value)
		if err != nil {
			t.Fatal(err)
		}
		it := admit(who, sent, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
		if len(it.reasons) > 0 {
			t.Errorf("%s: %v", name, it.reasons)
		}
		if _, reasons := events.Decode(it.body); len(reasons) > 0 {
			t.Errorf("%s: would be quarantined: %v", name, reasons)
		}
	}
}

// contract holds every answer of a test to openapi.yaml.
type contract struct {
	t      testing.TB
	router routers.Router
	event  *openapi3.Schema
}

// The validator has to be told, once, that lines are text.
var linesAreText = sync.OnceFunc(func() {
	openapi3filter.RegisterBodyDecoder(typeLines, openapi3filter.RegisteredBodyDecoder("text/plain"))
	openapi3filter.RegisterBodyDecoder(typeEvent, openapi3filter.RegisteredBodyDecoder("application/json"))
	openapi3filter.RegisterBodyDecoder(typeArray, openapi3filter.RegisteredBodyDecoder("application/json"))
})

func newContract(t testing.TB) *contract {
	t.Helper()
	linesAreText()
	spec := loadSpec(t)
	spec.Servers = openapi3.Servers{{URL: Base}}
	router, err := legacy.NewRouter(spec)
	if err != nil {
		t.Fatalf("route by openapi.yaml: %v", err)
	}
	return &contract{t, router, spec.Components.Schemas["Event"].Value}
}

// holds fails the test when an answer is not one that openapi.yaml describes for that request.
func (c *contract) holds(r *http.Request, answer *http.Response, body []byte) {
	c.t.Helper()
	plain := r.Clone(r.Context())
	plain.URL.Scheme, plain.URL.Host, plain.Host = "", "", ""
	route, params, err := c.router.FindRoute(plain)
	if err != nil {
		if answer.StatusCode != http.StatusNotFound && answer.StatusCode != http.StatusMethodNotAllowed {
			c.t.Errorf("%s %s: not described (%v) and answered %d", r.Method, r.URL, err, answer.StatusCode)
		}
		return
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: plain, PathParams: params, Route: route, Options: options},
		Status:                 answer.StatusCode, Header: answer.Header, Body: io.NopCloser(bytes.NewReader(body)), Options: options,
	})
	if err != nil {
		c.t.Errorf("%s %s answered %d against its description: %v\n%s", r.Method, r.URL.Path, answer.StatusCode, err, body)
	}
}

// The description is not looser or stricter than the door where both can say the same: what it forbids is refused, and what
// the door takes without a remark it allows.
func TestDescriptionAndDoorAgreeAboutEvents(t *testing.T) {
	c, who := newContract(t), grant{municipality: corpus.Municipality, agency: corpus.Agency}
	expressible := []events.Code{
		events.UnknownMember, events.Required, events.WrongType, events.OutOfRange, events.BadID, events.RevisionRange, events.NotAnEvent,
		events.Dwelling, events.NoPlace, events.CoordsRange, events.TextTooLong, events.TimeSyntax, events.TimeNoZone,
	}
	// What JSON Schema cannot say, or says of every member or none: null is left out; hours of an offset; leap seconds.
	beyond := []string{"026-null-for-optional", "062-offset-25", "061-leap-second"}
	for _, test := range corpus.Bad() {
		if slices.Contains(beyond, test.Name) {
			continue
		}
		it := admit(who, test.Body, test.Now)
		_, found := events.Decode(it.body)
		described := c.describes(test.Body)
		switch {
		case len(it.reasons) == 0 && len(found) == 0 && len(it.event.Notes) == 0 && described != nil:
			t.Errorf("%s is taken in and is not described: %v", test.Name, described)
		case len(it.reasons) > 0 && slices.Contains(expressible, it.reasons[0].Code) && described == nil:
			t.Errorf("%s is refused (%s %s) and described", test.Name, it.reasons[0].Code, it.reasons[0].Path)
		}
	}
}

// describes says why openapi.yaml does not describe an event, nil if it does.
func (c *contract) describes(event []byte) error {
	var v any
	if err := json.Unmarshal(event, &v); err != nil {
		return err
	}
	return c.event.VisitJSON(v, openapi3.EnableJSONSchema2020())
}
