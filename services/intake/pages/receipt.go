// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"html/template"
	"net/http"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
)

const (
	// undoFor is how long a report may be taken back by its writer; after that the agency corrects it.
	undoFor = 10 * time.Minute
	// A receipt usually comes within milliseconds: a page that is opened right after sending waits for it this long.
	receiptWait = time.Second
	receiptPoll = 50 * time.Millisecond
	freshFor    = 10 * time.Second
)

// told is one sent report as a person is told of it.
type told struct {
	Number, What, Where, When string
	Week                      string
	At                        string // when it was received
	State                     state
	Link                      template.URL
}

// state is where a report has come, in words, and the class of its tag.
type state struct {
	Text, Tag string
	Why       []string
	More      string
}

type receiptView struct {
	Page  web.Page
	Told  told
	Again template.URL
	Mine  template.URL
	Undo  template.URL // empty when its time is up
	Until string
	Late  string // a refused undo says why
	Next  bool   // what happens to a report that stands
}

// receipt is GET /mina-rapporter/{report}.
func (s *Service) receipt(w http.ResponseWriter, r *http.Request, c caller) error {
	t, err := s.store.find(r.Context(), c.viewer, r.PathValue("report"))
	if err != nil {
		return err
	}
	return s.showReceipt(w, r, c, http.StatusOK, t, "")
}

func (s *Service) showReceipt(w http.ResponseWriter, r *http.Request, c caller, status int, t sent, late string) error {
	one, err := s.tell(r.Context(), c, t)
	if err != nil {
		return err
	}
	v := receiptView{
		Told: one, Mine: address(c.locale, "/mina-rapporter"), Late: late, Next: t.Kind == string(events.KindIncident) && t.Withdrawal == nil,
		Page: c.page(r, c.locale.T("receipt.title")),
	}
	if t.Kind == string(events.KindNothing) {
		v.Page.Title = c.locale.T("receipt.nothing")
	}
	if t.Withdrawal != nil {
		v.Page.Title = c.locale.T("receipt.withdrawn")
	}
	if t.Place != nil {
		v.Again = address(c.locale, "/rapportera", "plats", *t.Place)
	}
	if until := c.until(t); t.WithdrawalStoredAt == nil && (t.Withdrawal != nil || c.real.Before(until)) && !until.IsZero() {
		v.Undo, v.Until = address(c.locale, "/mina-rapporter/"+t.Report+"/angra"), c.locale.Clock(until)
	}
	s.templates.Render(w, r, status, "receipt", v)
	return nil
}

// until is when a report can no longer be taken back; zero for one that nobody confirmed.
func (c caller) until(t sent) time.Time {
	if t.StoredAt == nil {
		return time.Time{}
	}
	return t.StoredAt.Add(undoFor)
}

// tell reads what became of one report. Right after sending it waits a moment for the receipt, and then says that it is on its
// way.
func (s *Service) tell(ctx context.Context, c caller, t sent) (one told, err error) {
	patience := time.NewTimer(receiptWait)
	defer patience.Stop()
	look := time.NewTicker(receiptPoll)
	defer look.Stop()
	for {
		list, decided, err := s.tellAll(ctx, c, []sent{t})
		if err != nil {
			return told{}, err
		}
		fresh := t.StoredAt != nil && c.real.Sub(*t.StoredAt) < freshFor
		if decided || !fresh {
			return list[0], nil
		}
		select {
		case <-look.C:
		case <-patience.C:
			return list[0], nil
		case <-ctx.Done():
			return told{}, ctx.Err()
		}
	}
}

// tellAll says what became of reports, in one transaction as their agency; decided is whether all have a verdict.
func (s *Service) tellAll(ctx context.Context, c caller, list []sent) (all []told, decided bool, err error) {
	decided = true
	err = s.store.as(ctx, c.person.Login(), c.viewer, func(d reading) error {
		var values []string
		for _, t := range list {
			if t.Place != nil {
				values = append(values, *t.Place)
			}
		}
		p, err := d.places(ctx, values...)
		if err != nil {
			return err
		}
		fates, err := d.fates(ctx, list)
		if err != nil {
			return err
		}
		all = make([]told, len(list))
		for i, t := range list {
			fate := fates[t.Report]
			decided = decided && fate.Outcome != ""
			all[i] = s.one(c, t, fate, p)
		}
		return nil
	})
	return all, decided, err
}

func (s *Service) one(c caller, t sent, fate fateRow, p places) told {
	l := c.locale
	day := countedDay(t.span(), c.zone)
	if fate.Day != nil {
		day = web.DateIn(*fate.Day, c.zone)
	}
	one := told{
		Number: t.Report, Week: l.WeekYear(web.WeekOf(day)), When: c.span(t.span()), Link: address(l, "/mina-rapporter/"+t.Report),
		State: c.state(t, fate, p), What: l.T("nothing.title"),
	}
	if t.StoredAt != nil {
		one.At = l.Moment(t.StoredAt.In(c.zone))
	}
	if t.Category != nil {
		one.What, one.Where = s.kinds.name(*t.Category, l.Lang), p.name(*t.Place)
	}
	return one
}

// span writes a time as people said it: a moment, the time between two, or whole days.
func (c caller) span(i events.Interval) string {
	l, from, to := c.locale, i.From.In(c.zone), i.To.In(c.zone)
	whole := from.Equal(onDay(from, 0, 0)) && to.Equal(onDay(to, 0, 0))
	switch {
	case from.Equal(to):
		return l.Moment(from)
	case whole && onDay(from, 1, 0).Equal(to):
		return l.Day(from)
	case whole:
		return l.Span(from, onDay(to, -1, 0))
	case from.YearDay() == to.YearDay() && from.Year() == to.Year():
		return l.Moment(from) + "–" + l.Clock(to)
	}
	return l.Moment(from) + " – " + l.Moment(to)
}

// state says where a report has come. What its writer took back is told first, then what the review said, then the verdict.
func (c caller) state(t sent, fate fateRow, p places) state {
	l := c.locale
	switch {
	case t.WithdrawalStoredAt != nil:
		return state{Text: l.T("state.withdrawn"), Tag: "plain"}
	case t.StoredAt == nil && fate.Outcome == "":
		return state{Text: l.T("state.unknown"), Tag: "warn"}
	case fate.Outcome == "":
		return state{Text: l.T("state.placing"), Tag: "plain", More: l.T("state.placing.more")}
	case fate.State == "withdrawn":
		return state{Text: l.T("state.withdrawn"), Tag: "plain"}
	case fate.Outcome == string(events.Quarantined) && (fate.Quarantine == "open" || fate.Quarantine == ""):
		return state{Text: l.T("state.quarantined"), Tag: "warn", Why: words(fate.Reasons, l.Lang), More: l.T("state.quarantined.more")}
	case fate.Quarantine == "dropped":
		return state{Text: l.T("state.dropped"), Tag: "plain"}
	case fate.Outcome == string(events.Refused):
		return state{Text: l.T("state.refused"), Tag: "danger"}
	case fate.Feedback != "":
		return state{Text: l.T("state." + fate.Feedback), Tag: "ok", More: in(events.Text{SV: fate.TextSV, EN: fate.TextEN}, l.Lang)}
	}
	return state{Text: l.T("state.received"), Tag: "ok", More: c.placed(t, fate, p)}
}

// placed says where an accepted report was put, and that it is no longer as its writer sent it.
func (c caller) placed(t sent, fate fateRow, p places) string {
	var said []string
	if fate.Area != "" {
		said = append(said, c.locale.T("state.placed", p.name(byArea+fate.Area)))
	}
	if fate.Revision > t.Revision {
		said = append(said, c.locale.T("state.corrected"))
	}
	return strings.Join(said, " ")
}

// words are reasons as sentences, each once.
func words(reasons []events.Reason, lang string) []string {
	var all []string
	for _, f := range faultsOf(reasons, lang) {
		all = append(all, f.Text)
	}
	return all
}

// undo is POST /mina-rapporter/{report}/angra.
func (s *Service) undo(w http.ResponseWriter, r *http.Request, c caller) error {
	ctx := r.Context()
	t, err := s.store.find(ctx, c.viewer, r.PathValue("report"))
	if err != nil {
		return err
	}
	known, err := c.person.Revision(ctx, events.Kind(t.Kind), events.ReportID(t.Report))
	if err != nil {
		return err
	}
	held, inTime, err := s.store.withdraw(ctx, c.viewer, t, known, c.now, c.real.Add(-undoFor))
	if err != nil {
		return err
	}
	if !inTime {
		return s.showReceipt(w, r, c, http.StatusConflict, t, c.locale.T("undo.late", c.locale.Clock(c.until(t))))
	}
	if held.WithdrawalStoredAt == nil {
		data := withdrawalData{events.ReportID(held.Report), *held.Withdrawal, events.Kind(held.Kind)}
		body, err := event(events.TypeIncidentWithdrawn, *held.WithdrawnAt, data)
		if err != nil {
			return err
		}
		if err := c.person.Send(ctx, body, *held.WithdrawnAt); err != nil {
			return err
		}
		if err := s.store.withdrawn(ctx, c.viewer, held, c.real); err != nil {
			return err
		}
	}
	http.Redirect(w, r, path(c.locale, "/mina-rapporter/"+held.Report), http.StatusSeeOther)
	return nil
}
