// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

const (
	perPage = 100
	// mostExported is how many incidents a file holds; who needs more asks for fewer days at a time.
	mostExported = 50_000
	exportChunk  = 5_000
	// mostDays is how long a list may reach: 53 weeks.
	mostDays = 7 * 53

	everyHour = -2
	noHour    = -1
	// groupDetected is what is held against an expectation: the groups whose sum the overview leads with.
	groupDetected = "detected"
	// areaNone asks for what lies in no area.
	areaNone = "-"
	hourNone = "none"
)

// wish is what the list is asked for, as the address says it.
type wish struct {
	week     web.Week  // the zero week where days are given
	from, to time.Time // both included, at midnight UTC
	cut      bool      // from was moved: the span was too long

	area, group, category string
	agency, hour, weekday string
	after                 *cursor
}

// listKnown is what the list is made from.
type listKnown struct {
	row    municipality
	areas  *reference
	voices []voice
	count  int
	shown  []incident
	keys   []reportKey
	next   *cursor
}

// incidents is the list: how many there are, then who they are, as far as the viewer may open them.
func (s *Service) incidents(w http.ResponseWriter, r *http.Request) {
	k, a, ws, err := s.readList(r, perPage)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	view := composeList(k, a, ws, s.words, s.open(r, a, k.keys), s.mayOpen(r, a))
	view.Page = s.page(r, a, k.row, view.Title)
	s.templates.Render(w, r, http.StatusOK, "incidents", view)
}

// readList reads what is asked for, in one transaction.
func (s *Service) readList(r *http.Request, most int) (k listKnown, a ask, ws wish, err error) {
	visit, _ := web.VisitOf(r.Context())
	viewer := visit.Viewer
	if m := r.URL.Query().Get("m"); m != "" {
		viewer.Municipality = m
	}
	if !visit.May(viewer.Municipality) {
		return k, a, ws, errUnknownMunicipality
	}
	ctx := r.Context()
	err = read(ctx, s.db, viewer, func(st store) error {
		k = listKnown{}
		if k.row, err = st.readMunicipality(ctx); err != nil {
			return err
		}
		if a, err = s.ask(r, viewer.Municipality, k.row); err != nil {
			return err
		}
		if k.areas, err = s.reference(ctx, st, k.row); err != nil {
			return err
		}
		if k.voices, err = st.readVoices(ctx); err != nil {
			return err
		}
		ws = readWish(r.URL.Query(), a)
		f := ws.filter(k.areas, s.words, a.municipality)
		if k.count, err = st.countIncidents(ctx, f); err != nil {
			return err
		}
		if k.shown, err = st.readIncidents(ctx, f, most+1); err != nil {
			return err
		}
		if len(k.shown) > most {
			k.shown = k.shown[:most]
			last := k.shown[most-1]
			k.next = &cursor{last.Day, last.Hour, last.Episode}
		}
		k.keys, err = st.reportKeys(ctx, k.shown)
		return err
	})
	return k, a, ws, err
}

// readWish reads the query: a week, or days where no week is given. What it does not understand is left out, and what it shows says what it shows.
func readWish(q url.Values, a ask) wish {
	ws := wish{
		area: q.Get("area"), group: q.Get("group"), category: q.Get("category"), agency: q.Get("agency"), hour: q.Get("hour"), weekday: q.Get("weekday"),
		after: parseCursor(q.Get("after")),
	}
	from, errFrom := time.Parse(time.DateOnly, q.Get("from"))
	to, errTo := time.Parse(time.DateOnly, q.Get("to"))
	_, week := web.ParseWeek(q.Get("week"))
	switch {
	case week || errFrom != nil && errTo != nil:
		ws.week, ws.from, ws.to = a.week, date(a.monday), date(a.monday.AddDate(0, 0, 6))
		return ws
	case errFrom != nil:
		from = to.AddDate(0, 0, -6)
	case errTo != nil:
		to = date(lastDay(a.now, a.zone))
	}
	if to.Before(from) {
		from, to = to, from
	}
	if earliest := to.AddDate(0, 0, 1-mostDays); from.Before(earliest) {
		from, ws.cut = earliest, true
	}
	ws.from, ws.to = from, to
	return ws
}

// filter is the wish as the database is asked.
func (ws wish) filter(areas *reference, words lexicon, municipality string) filter {
	f := filter{
		selection: selection{categories: words.counted(), from: ws.from, through: ws.to.AddDate(0, 0, 1)},
		agency:    ws.agency, noArea: ws.area == areaNone, hourFrom: everyHour, after: ws.after,
	}
	if !f.noArea && ws.area != municipality {
		f.area = ws.area
		if i, ok := areas.byCode[ws.area]; ok && areas.areas[i].level == geo.LevelDistrict {
			f.area, f.district = "", ws.area
		}
	}
	switch ws.group {
	case "":
	case groupDetected:
		f.categories = words.detected
	default:
		f.categories = words.of(ws.group)
		if f.categories == nil {
			f.categories = []string{}
		}
	}
	if ws.category != "" {
		f.categories = slices.DeleteFunc(slices.Clone(f.categories), func(c string) bool { return c != ws.category })
	}
	if h, err := strconv.Atoi(ws.hour); err == nil && h >= 0 && h < 24 {
		f.hourFrom, f.hourUpTo = h, h+4
	} else if ws.hour == hourNone {
		f.hourFrom, f.hourUpTo = noHour, 0
	}
	if d, err := strconv.Atoi(ws.weekday); err == nil && d >= 1 && d <= 7 {
		f.weekday = d
	}
	return f
}

// query is the query of the list with some parameters set anew.
func (ws wish) query(a ask, set ...string) string {
	q := []string{"m", a.municipality, "lang", a.locale.Lang, "area", ws.area, "group", ws.group, "category", ws.category, "agency", ws.agency, "hour", ws.hour, "weekday", ws.weekday}
	if ws.week != (web.Week{}) {
		q = append(q, "week", ws.week.String())
	} else {
		q = append(q, "from", ws.from.Format(time.DateOnly), "to", ws.to.Format(time.DateOnly))
	}
	return web.Query(nil, append(q, set...)...)
}

// narrowed says whether anything but the days is chosen.
func (ws wish) narrowed() bool {
	return ws.area+ws.group+ws.category+ws.agency+ws.hour+ws.weekday != ""
}

func (c cursor) String() string {
	return fmt.Sprintf("%s_%d_%s", c.day.Format(time.DateOnly), c.hour, c.episode)
}

// parseCursor reads where a page begins; nil for what is none.
func parseCursor(s string) *cursor {
	parts := strings.Split(s, "_")
	if len(parts) != 3 {
		return nil
	}
	day, errDay := time.Parse(time.DateOnly, parts[0])
	hour, errHour := strconv.Atoi(parts[1])
	id, errID := uuid.Parse(parts[2])
	if errDay != nil || errHour != nil || errID != nil || hour < -1 || hour > 23 {
		return nil
	}
	return &cursor{day, hour, id}
}
