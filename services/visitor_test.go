// SPDX-License-Identifier: EUPL-1.2

package services_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"samsyn/services/access"
)

// visitor is a person at a browser: signed in by an invitation, reading pages and filling in the forms that are on them.
type visitor struct {
	t      *testing.T
	client *http.Client
	site   string
	access.Person
}

// page is what a visitor has in front of them.
type page struct {
	visitor *visitor
	address *url.URL
	body    string
}

// SignIn opens an invitation.
func (v *visitor) SignIn(link string) {
	v.t.Helper()
	u := must(url.Parse(link))(v.t)
	v.send(must(http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.site+u.RequestURI(), nil))(v.t))
}

// Open reads a page that must be there.
func (v *visitor) Open(path string) page {
	v.t.Helper()
	return v.send(must(http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.site+path, nil))(v.t))
}

func (v *visitor) send(r *http.Request) page {
	v.t.Helper()
	answer := must(v.client.Do(r))(v.t)
	defer func() { _ = answer.Body.Close() }()
	p := page{v, answer.Request.URL, string(must(io.ReadAll(answer.Body))(v.t))}
	if answer.StatusCode != http.StatusOK {
		v.t.Fatalf("%s: %s %s answers %d: %s", v.Name, r.Method, r.URL.Path, answer.StatusCode, p.text())
	}
	return p
}

// Fill fills in the form that goes to a path which ends so, leaves the rest of it as it is, sends it, and goes where that leads.
func (p page) Fill(to string, fields ...string) page {
	p.visitor.t.Helper()
	action, filled, found := p.form(to)
	if !found {
		p.visitor.t.Fatalf("%s has no form to %s: %s", p.address.Path, to, p.text())
	}
	for i := 0; i < len(fields); i += 2 {
		filled.Del(fields[i])
	}
	for i := 0; i < len(fields); i += 2 {
		filled.Add(fields[i], fields[i+1])
	}
	r := must(http.NewRequestWithContext(p.visitor.t.Context(), http.MethodPost, p.visitor.site+action, strings.NewReader(filled.Encode())))(p.visitor.t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.visitor.send(r)
}

var (
	forms      = regexp.MustCompile(`(?s)<form\b([^>]*)>(.*?)</form>`)
	controls   = regexp.MustCompile(`(?s)<(input|select|option|textarea)\b([^>]*)>([^<]*)`)
	attributes = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
	unseen     = regexp.MustCompile(`(?s)<(head|svg)\b.*?</(head|svg)>|<[^>]*>`)
	blanks     = regexp.MustCompile(`\s+`)
	softened   = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u00ad", "", "\u200b", "")
)

// form is the first form to a path that ends so, with what a browser would send if nothing was touched.
func (p page) form(to string) (action string, filled url.Values, found bool) {
	for _, f := range forms.FindAllStringSubmatch(p.body, -1) {
		action = attributesOf(f[1])["action"]
		if path, _, _ := strings.Cut(action, "?"); strings.HasSuffix(path, to) {
			return action, untouched(f[2]), true
		}
	}
	return "", nil, false
}

func untouched(form string) url.Values {
	filled := url.Values{}
	selected := ""
	for _, c := range controls.FindAllStringSubmatch(form, -1) {
		a := attributesOf(c[2])
		_, checked := a["checked"]
		_, chosen := a["selected"]
		switch {
		case c[1] == "select":
			selected = a["name"]
		case c[1] == "option" && (chosen || !filled.Has(selected)): // without a chosen one it is the first
			filled.Set(selected, a["value"])
		case c[1] == "textarea":
			filled.Set(a["name"], html.UnescapeString(c[3]))
		case c[1] == "input" && (checked || a["type"] != "radio" && a["type"] != "checkbox"):
			filled.Add(a["name"], a["value"])
		}
	}
	return filled
}

func attributesOf(tag string) map[string]string {
	all := map[string]string{}
	for _, a := range attributes.FindAllStringSubmatch(tag, -1) {
		all[a[1]] = html.UnescapeString(a[2])
	}
	return all
}

// text is what the page says.
func (p page) text() string {
	return strings.TrimSpace(blanks.ReplaceAllString(softened.Replace(html.UnescapeString(unseen.ReplaceAllString(p.body, " "))), " "))
}

// Says wants a page to say this.
func (p page) Says(wants ...string) page {
	p.visitor.t.Helper()
	for _, want := range wants {
		if !strings.Contains(p.text(), want) {
			p.visitor.t.Errorf("%s: the page does not say %q: %s", p.address.Path, want, p.text())
		}
	}
	return p
}

// browser is a new one, without cookies.
func (j *weeks) browser() *http.Client {
	return &http.Client{Transport: j.site.Client().Transport, Jar: must(cookiejar.New(nil))(j.t)}
}
