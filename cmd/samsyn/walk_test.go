// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// door is how a route is entered.
type door int

const (
	open  door = iota // by everybody
	paged             // by who is signed in
	keyed             // by an agency's system with its key
	proof             // by a secret in the address
)

// ids are what stands in the places of a route's wildcards, divided by |: something that the visitor's municipality has (empty:
// nothing is asked for), something of another agency or municipality, and something that is nowhere.
type ids func(w *walkTown, v visitor) (own, foreign, unknown string)

const nowhere = "0193fafa-dead-7000-8000-000000000000"

func none(*walkTown, visitor) (own, foreign, unknown string) { return "", "", "" }

// among are values that are no ids: files, weeks.
func among(own, unknown string) ids {
	return func(*walkTown, visitor) (string, string, string) { return own, unknown, unknown }
}

func flags(w *walkTown, _ visitor) (own, foreign, unknown string) {
	return w.flags[home].String(), w.flags[away581].String(), nowhere
}

func meetings(w *walkTown, _ visitor) (own, foreign, unknown string) {
	return w.meetings[home].String(), w.meetings[away581].String(), nowhere
}

func actions(w *walkTown, _ visitor) (own, foreign, unknown string) {
	return w.actions[home].String(), w.actions[away581].String(), nowhere
}

func weeks(w *walkTown, _ visitor) (own, foreign, unknown string) {
	return w.week.String(), "2026-W99", "2026-W99"
}

func weekFiles(w *walkTown, _ visitor) (own, foreign, unknown string) {
	return w.week.String() + "|lagesbild.json", w.week.String() + "|nothing.json", w.week.String() + "|nothing.json"
}

func choices(w *walkTown, _ visitor) (own, foreign, unknown string) {
	const proof = "|AAAABBBBCCCCDDDDEEEEFFFF"
	return "", away581 + "|" + w.people[away581].String() + proof, "9999|" + nowhere + proof
}

func people(w *walkTown, _ visitor) (own, foreign, unknown string) {
	return "", w.people[away581].String(), nowhere
}

func areaCodes(*walkTown, visitor) (own, foreign, unknown string) {
	return "A" + home, "A" + away581, "AAAAA"
}

// reports are shared with partners, and still nothing that others take back or correct.
func reports(_ *walkTown, v visitor) (own, foreign, unknown string) {
	foreign = canary(other(v), "partners") + "-partners"
	return "", foreign, strings.Repeat("z", len(foreign))
}

// held is an event of another agency of the municipality that waits for its sender.
func held(w *walkTown, v visitor) (own, foreign, unknown string) {
	var id uuid.UUID
	w.must(w.admin.QueryRow(w.t.Context(), `SELECT id FROM correlator.quarantine WHERE municipality = $1 AND agency = $2`, home, other(v)).Scan(&id))
	return "", id.String(), nowhere
}

// other is an agency that is not the visitor's.
func other(v visitor) string {
	if v.agency == "polis" {
		return "kommun"
	}
	return "polis"
}

// route is one line of the walk.
type route struct {
	door door
	ids  ids
	// reporting is what a reporter's device may open.
	reporting bool
}

// walk is every route of the web role. A route that is added and not entered here fails the test.
var walk = map[string]route{
	"GET /assets/":                        {open, none, true},
	"/":                                   {open, none, true},
	"GET /{$}":                            {paged, none, false},
	"GET /plats/{id}":                     {paged, flags, false},
	"GET /handelser":                      {paged, none, false},
	"GET /handelser.csv":                  {paged, none, false},
	"GET /files/{name}":                   {paged, among("places.csv", "nowhere.csv"), false},
	"GET /logga-in":                       {open, none, true},
	"POST /logga-in":                      {open, none, true},
	"GET /signed-out":                     {open, none, true},
	"GET /sign-in":                        {open, none, true},
	"POST /sign-out":                      {open, none, true},
	"GET /logga-in/skickad":               {open, none, true},
	"GET /logga-in/{token}":               {open, among("", "AAAABBBBCCCCDDDDEEEEFFFFGG"), true},
	"POST /logga-in/{token}":              {open, among("", "AAAABBBBCCCCDDDDEEEEFFFFGG"), true},
	"GET /personer":                       {paged, none, false},
	"POST /personer":                      {paged, none, false},
	"POST /personer/{id}/lank":            {paged, people, false},
	"POST /personer/{id}/stang":           {paged, people, false},
	"POST /personer/{id}/oppna":           {paged, people, false},
	"GET /rapportera":                     {paged, none, true},
	"POST /rapportera":                    {paged, none, true},
	"GET /mina-rapporter":                 {paged, none, true},
	"GET /mina-rapporter/{report}":        {paged, reports, true},
	"POST /mina-rapporter/{report}/angra": {paged, reports, true},
	"GET /inget-att-rapportera":           {paged, none, true},
	"POST /inget-att-rapportera":          {paged, none, true},
	"GET /karantan":                       {paged, none, false},
	"GET /karantan/{id}":                  {paged, held, false},
	"POST /karantan/{id}":                 {paged, held, false},
	"POST /karantan/{id}/slapp":           {paged, held, false},
	"POST /karantan/{id}/avskriv":         {paged, held, false},

	"GET /samsyn/v1/hotspots":            {paged, none, false},
	"GET /samsyn/v1/hotspots/{id}":       {paged, flags, false},
	"GET /samsyn/v1/hotspots.geojson":    {paged, none, false},
	"GET /samsyn/v1/areas":               {paged, none, false},
	"GET /samsyn/v1/areas/{code}/series": {paged, areaCodes, false},
	"GET /samsyn/v1/areas.geojson":       {paged, none, false},

	"GET /stallning":                                          {paged, none, false},
	"POST /plats/{id}/stallning":                              {paged, flags, false},
	"POST /samsyn/v1/hotspots/{id}/decisions":                 {paged, flags, false},
	"GET /atgarder":                                           {paged, none, false},
	"POST /atgarder":                                          {paged, none, false},
	"GET /atgarder.csv":                                       {paged, none, false},
	"GET /atgarder/ny":                                        {paged, none, false},
	"GET /atgarder/{id}":                                      {paged, actions, false},
	"POST /atgarder/{id}":                                     {paged, actions, false},
	"GET /atgarder/{id}/andra":                                {paged, actions, false},
	"POST /atgarder/{id}/lage":                                {paged, actions, false},
	"GET /samsyn/v1/actions":                                  {paged, none, false},
	"PATCH /samsyn/v1/actions/{id}":                           {paged, actions, false},
	"GET /lagesbild":                                          {paged, none, false},
	"GET /lagesbild/{week}":                                   {paged, weeks, false},
	"POST /lagesbild/{week}/las":                              {paged, weeks, false},
	"POST /lagesbild/{week}/ord":                              {paged, weeks, false},
	"GET /lagesbild/{week}/{file}":                            {paged, weekFiles, false},
	"GET /samsyn/v1/situation-reports/{week}":                 {paged, weeks, false},
	"GET /kalender":                                           {paged, none, false},
	"POST /kalender":                                          {paged, none, false},
	"GET /mote":                                               {paged, none, false},
	"GET /mote/{id}":                                          {paged, meetings, false},
	"GET /mote/{id}/visa":                                     {paged, meetings, false},
	"GET /mote/{id}/protokoll":                                {paged, meetings, false},
	"GET /mote/kalender":                                      {paged, none, false},
	"POST /mote/kalender":                                     {paged, none, false},
	"POST /mote/{id}/anteckning":                              {paged, meetings, false},
	"POST /mote/{id}/avsluta":                                 {paged, meetings, false},
	"POST /mote/{id}/beslut":                                  {paged, meetings, false},
	"POST /mote/{id}/dolj":                                    {paged, meetings, false},
	"POST /mote/{id}/fraga":                                   {paged, meetings, false},
	"POST /mote/{id}/justera":                                 {paged, meetings, false},
	"POST /mote/{id}/narvaro":                                 {paged, meetings, false},
	"POST /mote/{id}/paminn":                                  {paged, meetings, false},
	"POST /mote/{id}/punkt":                                   {paged, meetings, false},
	"POST /mote/{id}/starta":                                  {paged, meetings, false},
	"POST /mote/{id}/uppfoljning":                             {paged, meetings, false},
	"GET /mejl/aterkoppling/{municipality}/{person}/{proof}":  {proof, choices, true},
	"POST /mejl/aterkoppling/{municipality}/{person}/{proof}": {proof, choices, true},
	"GET /moten.ics":                                          {proof, none, true},
	"GET /samsyn/v1/meetings.ics":                             {proof, none, true},

	"POST /samsyn/v1/incidents":                      {keyed, none, false},
	"POST /samsyn/v1/incidents/{report}/corrections": {keyed, reports, false},
	"DELETE /samsyn/v1/incidents/{report}":           {keyed, reports, false},
	"GET /samsyn/v1/receipts":                        {keyed, none, false},
	"GET /samsyn/v1/quarantine":                      {keyed, none, false},
	"POST /samsyn/v1/quarantine/{id}/release":        {keyed, held, false},
	"POST /samsyn/v1/quarantine/{id}/drop":           {keyed, held, false},
	"GET /samsyn/v1/api-info":                        {open, none, true},
	"GET /samsyn/v1/openapi.json":                    {open, none, true},
}

// Every route, as every role of three agencies, their systems, who runs the machine and nobody: no word that is foreign to
// whoever asks is in any answer, what is another's answers like what is nowhere, and a reporter's device reads nothing.
func TestNobodyReadsWhatIsForeign(t *testing.T) {
	t.Parallel()
	w := newWalkTown(t)
	patterns := patternsOf(w.mux)
	for _, p := range patterns {
		if _, ok := walk[p]; !ok {
			t.Errorf("the route %q is not walked: enter it in the table", p)
		}
	}
	for p := range walk {
		if !slices.Contains(patterns, p) {
			t.Errorf("the walk has %q, and the program has no such route", p)
		}
	}
	if t.Failed() {
		return
	}
	seen := map[string]bool{}
	for _, v := range w.visitors() {
		for _, p := range patterns {
			w.come(v, p, walk[p], seen)
		}
	}
	// A walk on which nobody reads anything finds nothing either.
	for _, c := range []string{
		"polis lead reads CANARY-polis-secret", "kommun coordinator reads CANARY-polis-coordinators", "bostad member reads CANARY-polis-partners",
		"bostad's system reads CANARY-bostad-secret", "kommun admin reads CANARY-polis-mail",
	} {
		if who, what, _ := strings.Cut(c, " reads "); !seen[strings.ReplaceAll(who, "lead", "agency_lead")+" reads "+what] {
			t.Errorf("it is not so that %s reads %s", who, what)
		}
	}
}

// come makes every request of one route as one visitor.
func (w *walkTown) come(v visitor, pattern string, r route, seen map[string]bool) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodGet, "/no-such-page"
	}
	if pattern == "POST /sign-out" && v.cookie != nil {
		return // it would end the walk; services/access tests it
	}
	own, foreign, unknown := r.ids(w, v)
	var asks []string
	if unknown == "" {
		asks = append(asks, fill(path, ""))
	}
	if own != "" && method == http.MethodGet {
		asks = append(asks, fill(path, own))
	}
	if unknown != "" {
		theirs := w.alike(v, method, fill(path, foreign), fill(path, unknown), foreign, unknown)
		w.judge(v, r, method, fill(path, foreign), theirs, seen)
	}
	for _, ask := range asks {
		w.judge(v, r, method, ask, w.ask(v, method, ask), seen)
		if method != http.MethodGet || r.door != paged {
			continue
		}
		for query, foreign := range map[string]string{
			"?m=%[1]s&municipality=%[1]s":    away581 + "|9999",
			"?agency=%s&area=%s&flag=%s":     "granne|A0581|" + w.flags[away581].String() + "|nobody|AAAAA|" + nowhere,
			"?owner_agency=%s&code=%s&id=%s": "granne|A0581|" + w.flags[away581].String() + "|nobody|AAAAA|" + nowhere,
		} {
			w.wish(v, r, method, ask+query, strings.Split(foreign, "|"), seen)
		}
	}
}

// wish asks for something foreign in the query, the first half of the values, and for something that is nowhere, the second.
func (w *walkTown) wish(v visitor, r route, method, query string, values []string, seen map[string]bool) {
	half := len(values) / 2
	address := func(values []string) string {
		args := make([]any, len(values))
		for i, one := range values {
			args[i] = one
		}
		return fmt.Sprintf(query, args...)
	}
	foreign, unknown := address(values[:half]), address(values[half:])
	theirs := w.alike(v, method, foreign, unknown, strings.Join(values[:half], "|"), strings.Join(values[half:], "|"))
	w.judge(v, r, method, foreign, theirs, seen)
}

// fill puts values in the places of the wildcards, divided by | where there are several.
func fill(path, values string) string {
	path = strings.TrimSuffix(path, "{$}")
	for _, value := range strings.Split(values, "|") {
		if at := wildcard.FindStringIndex(path); at != nil {
			path = path[:at[0]] + url.PathEscape(value) + path[at[1]:]
		}
	}
	return path
}

var wildcard = regexp.MustCompile(`\{[a-z]+\}`)

func (w *walkTown) ask(v visitor, method, path string) *httptest.ResponseRecorder {
	var r *http.Request
	if method == http.MethodPost {
		r = httptest.NewRequest(method, path, strings.NewReader(""))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r = httptest.NewRequest(method, path, nil)
	}
	// Limits of attempts are not what is walked.
	r.RemoteAddr = fmt.Sprintf("192.0.2.%d:%d", time.Now().UnixNano()%200, 1024)
	if v.cookie != nil {
		r.AddCookie(v.cookie)
	}
	if v.key != "" {
		r.Header.Set("Authorization", "Bearer "+v.key)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

var canaries = regexp.MustCompile(`(?i)CANARY-[a-z0-9]+-[a-z]+`)

// judge says what is wrong with an answer by itself.
func (w *walkTown) judge(v visitor, r route, method, path string, got *httptest.ResponseRecorder, seen map[string]bool) {
	ask := v.name + ": " + method + " " + path
	if got.Code >= http.StatusInternalServerError {
		w.t.Errorf("%s answers %d", ask, got.Code)
	}
	said := got.Body.String()
	for name, values := range got.Header() {
		said += name + strings.Join(values, " ")
	}
	// What was asked for may be repeated.
	for _, c := range canaries.FindAllString(strings.ReplaceAll(said, path, ""), -1) {
		if v.may(c) {
			seen[v.name+" reads "+c] = true
		} else {
			w.t.Errorf("%s answers %d with %s: %s", ask, got.Code, c, around(said, c))
		}
	}
	entered := got.Code < http.StatusBadRequest
	switch {
	case r.door == keyed && v.key == "" && got.Code != http.StatusUnauthorized,
		r.door == paged && v.cookie == nil && got.Code != http.StatusUnauthorized:
		w.t.Errorf("%s answers %d to who has not signed in", ask, got.Code)
	case v.writeOnly && r.door == paged && !r.reporting && got.Code != http.StatusForbidden && got.Header().Get("Location") != "/rapportera":
		w.t.Errorf("%s answers %d to a device that only reports", ask, got.Code)
	case entered && method == http.MethodGet && r.door == paged && got.Header().Get("Cache-Control") == "":
		w.t.Errorf("%s may be kept by a cache", ask)
	}
}

func around(text, word string) string {
	at := strings.Index(text, word)
	return strings.Join(strings.Fields(text[max(0, at-200):min(len(text), at+80)]), " ")
}

// alike asks for what is another's and for what is nowhere, wants the two answers to be the same byte for byte, and returns the
// first. A page may show the time: a minute that ends between the two is asked about again. Nothing of any municipality is
// foreign to who runs the machine.
func (w *walkTown) alike(v visitor, method, foreign, unknown, theirIDs, nobodysIDs string) *httptest.ResponseRecorder {
	for again := 2; ; again-- {
		theirs, nobodys := w.ask(v, method, foreign), w.ask(v, method, unknown)
		one, other := leave(theirs.Body.String(), theirIDs, nobodysIDs), leave(nobodys.Body.String(), theirIDs, nobodysIDs)
		switch {
		case v.name == atTerminal, theirs.Code == nobodys.Code && one == other:
			return theirs
		case again == 0 || method != http.MethodGet:
			at := 0
			for at < min(len(one), len(other)) && one[at] == other[at] {
				at++
			}
			w.t.Errorf("%s: %s %s answers %d, what is nowhere %d; %q, %q", v.name, method, foreign, theirs.Code, nobodys.Code,
				one[at:min(len(one), at+80)], other[at:min(len(other), at+80)])
			return theirs
		}
	}
}

// leave takes out what was asked for, and the numbers that every answer has anew.
func leave(body, foreign, unknown string) string {
	nobodys := strings.Split(unknown, "|")
	for i, one := range strings.Split(foreign, "|") {
		if one != "" {
			body = strings.ReplaceAll(body, one, nobodys[i])
		}
	}
	return fresh.ReplaceAllString(body, "")
}

var fresh = regexp.MustCompile(`urn:uuid:[0-9a-f-]{36}|name="key" value="[0-9a-f-]{36}"`)

// patternsOf lists what a mux was given. It has no list of its own to ask for, so its tree is read; a Go that keeps it
// otherwise makes this panic, and the test fail.
func patternsOf(mux *http.ServeMux) []string {
	var all []string
	var walk func(node reflect.Value)
	walk = func(node reflect.Value) {
		if node.Kind() == reflect.Pointer {
			if node.IsNil() {
				return
			}
			node = node.Elem()
		}
		if p := node.FieldByName("pattern"); !p.IsNil() {
			all = append(all, p.Elem().FieldByName("str").String())
		}
		children := node.FieldByName("children")
		for i, few := 0, children.FieldByName("s"); i < few.Len(); i++ {
			walk(few.Index(i).FieldByName("value"))
		}
		for many := children.FieldByName("m").MapRange(); many.Next(); {
			walk(many.Value())
		}
		walk(node.FieldByName("emptyChild")) // a wildcard
		walk(node.FieldByName("multiChild"))
	}
	walk(reflect.ValueOf(mux).Elem().FieldByName("tree"))
	slices.Sort(all)
	return slices.Compact(all)
}
