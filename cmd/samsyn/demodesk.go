// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"samsyn/services/access"
	"samsyn/services/review"
)

// desk is where the made-up coordinator of a demo sits: the review's own pages, with the coordinator signed in by a link as anybody is.
type desk struct {
	mux    *http.ServeMux
	cookie *http.Cookie
}

// sitDown signs somebody in.
func sitDown(ctx context.Context, people *access.Service, reviews *review.Service, link string) (*desk, error) {
	d := &desk{mux: http.NewServeMux()}
	people.Routes(d.mux)
	reviews.Routes(d.mux, people.Guard)
	u, err := url.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("read link: %w", err)
	}
	header, err := d.post(ctx, u.Path)
	if err != nil {
		return nil, err
	}
	cookies := (&http.Response{Header: header}).Cookies()
	if len(cookies) == 0 {
		return nil, fmt.Errorf("signing in by %s began no session", u.Path[:len("/logga-in/")])
	}
	d.cookie = cookies[0]
	return d, nil
}

// post fills in a form (names and values in turn) and sends it. Whatever is not answered with where to go next is an error.
func (d *desk) post(ctx context.Context, path string, form ...string) (http.Header, error) {
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if d.cookie != nil {
		r.AddCookie(d.cookie)
	}
	a := &answer{header: http.Header{}, status: http.StatusOK}
	d.mux.ServeHTTP(a, r)
	if a.status != http.StatusSeeOther {
		return nil, fmt.Errorf("POST %s is answered with %d %s", path, a.status, http.StatusText(a.status))
	}
	return a.header, nil
}

// answer is what a page answers a program, which does not read it.
type answer struct {
	header http.Header
	status int
}

// Header is part of http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader is part of http.ResponseWriter.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write is part of http.ResponseWriter.
func (*answer) Write(b []byte) (int, error) { return len(b), nil }
