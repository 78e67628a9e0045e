// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"encoding/json"
	"html/template"
	"net/http"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/intake"
)

const waitingInAPage = 20

// waiting is one event in quarantine as its lead sees it.
type waiting struct {
	Number, Kind, What, Since string
	Reasons                   []string
	Texts                     []readText
	Correct, Release, Drop    template.URL // Correct is empty for what this form cannot mend
}

// readText is a text of the event, marked where it was hit.
type readText struct {
	Pieces []piece
}

type quarantineView struct {
	Page         web.Page
	Done         string
	Total        string
	Waiting      []waiting
	Newer, Older template.URL
}

// done are what this page may say after an act, by the query parameter klart.
var done = map[string]string{"slappt": "done.released", "avskriven": "done.dropped", "rattad": "done.corrected"}

// quarantine is GET /karantan: what the lead's agency must decide about, the oldest first.
func (s *Service) quarantine(w http.ResponseWriter, r *http.Request, c caller) error {
	page := pageOf(r)
	list, total, err := c.person.Quarantine(r.Context(), page, waitingInAPage)
	if err != nil {
		return err
	}
	v := quarantineView{Page: c.page(r, c.locale.T("quarantine.title")), Total: c.locale.N("quarantine.total", total)}
	if key := done[r.URL.Query().Get("klart")]; key != "" {
		v.Done = c.locale.T(key)
	}
	for _, q := range list {
		v.Waiting = append(v.Waiting, s.waiting(c, q))
	}
	v.Newer, v.Older = around(c.locale, "/karantan", page, waitingInAPage, total)
	s.templates.Render(w, r, http.StatusOK, "quarantine", v)
	return nil
}

func (s *Service) waiting(c caller, q intake.Quarantined) waiting {
	e, _ := events.Decode(q.Body) // what is wrong with it stands in its reasons
	id := "/karantan/" + q.ID.String()
	view := waiting{
		Number: string(q.Report), Kind: c.locale.T("saidkind." + string(saidKind(q.Kind))), Since: c.locale.Moment(q.Since.In(c.zone)),
		Reasons: words(q.Reasons, c.locale.Lang), Release: address(c.locale, id+"/slapp"), Drop: address(c.locale, id+"/avskriv"),
	}
	text := func(path, text string) {
		if text != "" {
			view.Texts = append(view.Texts, readText{marked(text, path, q.Reasons)})
		}
	}
	switch {
	case e.Incident != nil:
		view.What = s.kinds.name(e.Incident.Category, c.locale.Lang) + ", " + c.span(eventSpan(e))
		text("/data/text", e.Incident.Text)
		view.Correct = address(c.locale, id)
	case e.Context != nil:
		text("/data/text", e.Context.Text)
	case e.Withdrawal != nil:
		text("/data/reason", e.Withdrawal.Reason)
	}
	return view
}

// saidKind is the kind an event says it has; what says none is taken for an incident.
func saidKind(k events.Kind) events.Kind {
	switch k {
	case events.KindNothing, events.KindCounts, events.KindContext:
		return k
	}
	return events.KindIncident
}

func eventSpan(e events.Event) events.Interval {
	return events.Interval{From: e.Incident.Occurred.From, To: e.Incident.Occurred.To}
}

func (s *Service) release(w http.ResponseWriter, r *http.Request, c caller) error {
	return s.decide(w, r, c, events.Release, "slappt")
}

func (s *Service) drop(w http.ResponseWriter, r *http.Request, c caller) error {
	return s.decide(w, r, c, events.Drop, "avskriven")
}

// decide carries out what the lead chose. What stands in the way is told with the event still there.
func (s *Service) decide(w http.ResponseWriter, r *http.Request, c caller, verb events.DecideVerb, did string) error {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return errNotThere
	}
	err = c.person.Decide(r.Context(), id, verb)
	if err == nil {
		http.Redirect(w, r, path(c.locale, "/karantan", "klart", did), http.StatusSeeOther)
		return nil
	}
	if p := intake.Explain(err); p.Status == http.StatusUnprocessableEntity {
		m := web.Message{
			Page: c.page(r, in(p.Title, c.locale.Lang)), Text: append(words(p.Reasons, c.locale.Lang), c.locale.T("release.instead")),
			Way: &web.Link{Href: path(c.locale, "/karantan"), Text: c.locale.T("quarantine.back")},
		}
		s.templates.Message(w, r, p.Status, m)
		return nil
	}
	return err
}

// dataOf are the members of an event's data as they were sent.
func dataOf(body []byte) (map[string]json.RawMessage, error) {
	var e struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil || e.Data == nil {
		return nil, errNotThere
	}
	return e.Data, nil
}
