// SPDX-License-Identifier: EUPL-1.2

package situation_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"samsyn/services/review/situation"
)

// busy is a week with as much of everything as paper shows, and more.
func busy(t *testing.T) *town {
	w := weekOf47(t)
	for i := range 8 {
		w.agency(itoa("forening-", i), itoa("Föreningen Trygga kvarteret nr ", i), "2026-01-01", "u")
		area := itoa("c", i)
		w.area(area, "area", itoa("Lillgårdsskogen och Storängen ", i), "norr", 14.75+0.01*float64(i%4), 56.85+0.02*float64(i/4), 0.01)
		w.expect("area", area, "", 10, 1, 0, 2)
		w.flag(area, "alert", w.when("11-19 10.00"), nil)
	}
	w.exec(`UPDATE alerting.flag SET reason_sv = '12 händelser på 7 dagar mot 2,1 väntade (16–22 november); 3 organisationer ser samma sak. Så starka mönster uppstår av en slump ungefär en gång på tio veckor.'`)
	for i := range 14 {
		due := w.now.AddDate(0, 0, i-4).Format(time.DateOnly)
		w.exec(`WITH e AS (INSERT INTO review.action_event (municipality, action, version, state, at, changed, body) VALUES ($1, md5($2)::uuid, 1, 'decided', now(), '{}', '{}'))
			INSERT INTO review.action (municipality, action, version, state, level, area, problem, cause, measure, measure_text, owner_agency, start_on, due_on, expected_effect, created_at, changed_at)
			VALUES ($1, md5($2)::uuid, 1, 'decided', 'area', 'a1', 'p', 'c', 'lighting', '', 'kommun', '2026-11-01', $3::date, '', now(), now())`, code, itoa("action", i), due)
	}
	for i := range 4 {
		w.notice("kommun", "context", itoa("11-2", i+5)+" 12.00", itoa("11-2", i+5)+" 18.00", "", []string{"a1"}, "", 0, "event", "Julmarknad på torget med körsång och försäljning")
	}
	w.post("/lagesbild/2026-W47/las", nil)
	w.post("/lagesbild/2026-W47/ord", url.Values{"version": {"1"}, "revision": {"0"}, "assessment": {strings.Repeat("Skadorna kom samma kväll och hör troligen ihop. ", 8)}, "cause": {"Trasig belysning vid gångvägen."}})
	w.incident("11-22 10.00", "11-22 11.00", "b1", "graffiti", "skola", "")
	return w
}

// Paper is two pages, readable by a screen reader, in a few seconds: Chromium does it where it is installed.
func TestPDFIsTwoTaggedPages(t *testing.T) {
	w := busy(t)
	s, err := situation.New(w.pool, situation.Config{Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	w.serve(s)
	if !strings.Contains(w.page("/lagesbild/2026-W47"), "/lagesbild/2026-W47/lagesbild.pdf?") {
		t.Error("the page does not offer PDF")
	}
	rec := w.get("/samsyn/v1/situation-reports/2026-W47?format=pdf")
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/pdf" {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	body := rec.Body.Bytes()
	if keep := os.Getenv("KEEP_PDF"); keep != "" {
		_ = os.WriteFile(keep, body, 0o600)
	}
	if n := len(regexp.MustCompile(`/Type /Page\b`).FindAll(body, -1)); n != 2 {
		t.Errorf("%d pages", n)
	}
	if len(body) > 500<<10 {
		t.Errorf("%d bytes", len(body))
	}
	for _, want := range []string{"/StructTreeRoot", "/Lang (sv)", "/Outlines", "/Title"} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("no %s", want)
		}
	}
	if bytes.Contains(body, []byte("/Subtype /Image")) {
		t.Error("there is a raster image")
	}
}
