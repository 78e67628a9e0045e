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
	return &contract{t, router}
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

// allows says whether openapi.yaml allows a request.
func (c *contract) allows(r *http.Request, body []byte) error {
	c.t.Helper()
	plain := r.Clone(r.Context())
	plain.Body = io.NopCloser(bytes.NewReader(body))
	plain.URL.Scheme, plain.URL.Host, plain.Host = "", "", ""
	route, params, err := c.router.FindRoute(plain)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: plain, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
}
