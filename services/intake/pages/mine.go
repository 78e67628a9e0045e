// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"html/template"
	"net/http"
	"strconv"

	"samsyn/internal/web"
)

const mineInAPage = 25

type mineView struct {
	Page         web.Page
	Reports      []told
	Report       template.URL
	Nothing      template.URL
	Newer, Older template.URL
}

// mine is GET /mina-rapporter.
func (s *Service) mine(w http.ResponseWriter, r *http.Request, c caller) error {
	page := pageOf(r)
	list, total, err := s.store.mine(r.Context(), c.viewer, page, mineInAPage)
	if err != nil {
		return err
	}
	v := mineView{
		Page: c.page(r, c.locale.T("mine.title")), Report: address(c.locale, "/rapportera"), Nothing: address(c.locale, "/inget-att-rapportera"),
	}
	if len(list) > 0 {
		if v.Reports, _, err = s.tellAll(r.Context(), c, list); err != nil {
			return err
		}
	}
	v.Newer, v.Older = around(c.locale, "/mina-rapporter", page, mineInAPage, total)
	s.templates.Render(w, r, http.StatusOK, "mine", v)
	return nil
}

// lastPage is further than anybody reads.
const lastPage = 10_000

func pageOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("sida"))
	if err != nil || n < 1 || n > lastPage {
		return 1
	}
	return n
}

// around are the addresses of the pages before and after; empty where there is none.
func around(l web.Locale, to string, page, limit, total int) (newer, older template.URL) {
	if page > 1 {
		newer = address(l, to, "sida", strconv.Itoa(page-1))
	}
	if page*limit < total {
		older = address(l, to, "sida", strconv.Itoa(page+1))
	}
	return newer, older
}
