// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"samsyn/events"
)

// A client that comes back too early makes an outage longer: part of a second is a second.
func TestProblemIsWrittenAsRFC9457(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	Problem{
		Status: http.StatusServiceUnavailable, Code: events.StreamFull, RetryAfter: 1100 * time.Millisecond,
		Reasons: []events.Reason{{Code: events.TooLarge, Path: "/data"}},
	}.Write(w, r)
	var body problemBody
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if w.Code != 503 || body.Status != 503 || body.Type != "urn:samsyn:problem:stream_full" || body.Title != events.StreamFull.Message().EN {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(body.Reasons) != 1 || body.Reasons[0].Message != events.TooLarge.Message() {
		t.Errorf("reasons %+v", body.Reasons)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/problem+json; charset=utf-8", "Content-Language": "en", "Retry-After": "2", "Cache-Control": "no-store",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// What a mux refuses by itself must be a problem too, and must say which methods there are.
func TestMuxRefusesWithProblems(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /here/{id}", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.PathValue("id"))) })
	h := Problems(mux)
	for _, test := range []struct {
		method, path string
		status       int
		allow, body  string
	}{
		{http.MethodGet, "/here/1", 200, "", "1"},
		{http.MethodPost, "/here/1", 405, "GET, HEAD", ""},
		{http.MethodGet, "/there", 404, "", ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, http.NoBody))
		if w.Code != test.status || w.Header().Get("Allow") != test.allow || test.body != "" && w.Body.String() != test.body {
			t.Errorf("%s %s: %d, Allow %q: %s", test.method, test.path, w.Code, w.Header().Get("Allow"), w.Body)
		}
		if test.status >= 400 && w.Header().Get("Content-Type") != "application/problem+json; charset=utf-8" {
			t.Errorf("%s %s: %s", test.method, test.path, w.Header().Get("Content-Type"))
		}
	}
}
