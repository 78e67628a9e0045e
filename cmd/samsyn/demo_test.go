// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"samsyn/deploy/demo"
)

// Whoever starts the demo finds a week that is whole: frozen, met about, acted on and answered, and something that waits for them. The town
// is played once into an empty directory as `samsyn demo --exit` does, without San Francisco, which has a replay of its own.
func TestTheDemoTellsTheWholeStory(t *testing.T) {
	dir, now := filepath.Join(openDir(t), "data"), time.Now()
	port, err := strconv.Atoi(freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	w, err := demo.Vaxjo(now)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	p := newProgram(Settings{Data: dir, Output: "json", Listen: "127.0.0.1:0", NATSPort: port}, &out, &errs)
	var first, again, pages string
	err = serve(t.Context(), p, roles(), func(ctx context.Context, s *site) error {
		if err := playWorlds(ctx, p, s.installation, []demo.World{w}, s.public, now); err != nil {
			return err
		}
		first = out.String()
		out.Reset()
		if err := playWorlds(ctx, p, s.installation, []demo.World{w}, s.public, now); err != nil {
			return err
		}
		again = out.String()
		pages = signedIn(t, again)
		return errDone
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	report := wantWholeWeek(t, first, w)
	if repeated := wantWholeWeek(t, again, w); repeated.Meeting != report.Meeting || repeated.Frozen != report.Frozen {
		t.Errorf("a second demo tells of %+v and %+v", repeated.Meeting, repeated.Frozen)
	}
	for _, want := range []string{"Protokoll", "§ 1", "Nattvandrarna", "Rapportera"} {
		if !strings.Contains(pages, want) {
			t.Errorf("the pages do not say %q", want)
		}
	}
}

func wantWholeWeek(t *testing.T, said string, w demo.World) demoWeek {
	t.Helper()
	var report struct {
		Verify any        `json:"verify"`
		Weeks  []demoWeek `json:"weeks"`
	}
	if err := json.Unmarshal([]byte(said), &report); err != nil || len(report.Weeks) != 1 {
		t.Fatalf("the demo says %q: %v", said, err)
	}
	r := report.Weeks[0]
	if report.Verify != "ok" {
		t.Errorf("verify: %v", report.Verify)
	}
	zone := w.Items[0].At.Location()
	if r.Week != w.Reviewed.String() || r.Frozen.Version != 1 || r.Frozen.Incidents < 20 || r.Frozen.Places < 2 || r.Frozen.FrozenAt.In(zone).After(r.Meeting.StartsAt) {
		t.Errorf("week %s is frozen as %+v", r.Week, r.Frozen)
	}
	if !r.Meeting.Held || r.Meeting.Decisions < 3 {
		t.Errorf("the meeting: %+v", r.Meeting)
	}
	if r.Actions.All < 4 || r.Actions.Late < 1 || r.Actions.Done < 2 || r.Actions.EffectURL == "" {
		t.Errorf("actions: %+v", r.Actions)
	}
	if r.Feedback.Answered < 20 || r.Mails < 5 {
		t.Errorf("%d of %d reports are answered, %d mails", r.Feedback.Answered, r.Feedback.Reports, r.Mails)
	}
	if len(r.Waiting) == 0 {
		t.Error("nothing waits for a position")
	}
	if len(r.People) < 4 {
		t.Errorf("people to sign in as: %+v", r.People)
	}
	return r
}

// signedIn signs in as the coordinator and as a reporter, each by the link of the demo, and reads the pages it points to.
func signedIn(t *testing.T, said string) string {
	t.Helper()
	var report struct{ Weeks []demoWeek }
	if err := json.Unmarshal([]byte(said), &report); err != nil || len(report.Weeks) != 1 || len(report.Weeks[0].People) < 2 {
		t.Fatalf("the demo says %q: %v", said, err)
	}
	r := report.Weeks[0]
	var all strings.Builder
	for i, addresses := range [][]string{{r.Meeting.URL, r.Frozen.URL, r.Actions.EffectURL, r.WaitingURL, r.Waiting[0].URL}, {""}} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Jar: jar}
		answer, err := client.Post(r.People[i].Link, "application/x-www-form-urlencoded", nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close() // read to its end
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("signing in as %s: %d, %v", r.People[i].Name, answer.StatusCode, err)
		}
		if i == 1 && answer.Request.URL.Path != "/rapportera" {
			t.Errorf("the reporter lands on %s", answer.Request.URL.Path)
		}
		all.Write(body)
		for _, address := range addresses {
			if address == "" {
				continue
			}
			answer, err := client.Get(address)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close() // read to its end
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("%s answers %d, %v", address, answer.StatusCode, err)
			}
			all.Write(body)
		}
	}
	return all.String()
}
