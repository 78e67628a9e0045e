// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/google/uuid"

	"samsyn/internal/web"
)

//go:embed panel.html.tmpl
var panelText string

// panelTemplate does not change once it is read.
var panelTemplate = template.Must(template.New("panel").Parse(panelText))

// panelItem is one action on a place.
type panelItem struct{ Href, What, Who, Note, Tag, Counts, Verdict string }

// Panel lists the actions on a flagged place with their effect: those that answer the flag, and those in its area. subject is the
// flag's id. It is empty for who may not see numbers, for a flag that is not there, and for what is no id.
func (s *Service) Panel(ctx context.Context, _ *http.Request, v web.Visit, l web.Locale, subject string) (template.HTML, error) {
	id, err := uuid.Parse(subject)
	if err != nil || !v.Can(web.ActNumbers) {
		return "", nil
	}
	var b bytes.Buffer
	err = s.as(ctx, v, l.Lang, func(rd reader, a ask) error {
		flags, err := rd.flags(ctx, []uuid.UUID{id})
		if err != nil {
			return err
		}
		flag, ok := flags[id]
		if !ok {
			return nil
		}
		all, err := rd.list(ctx, Filter{Area: flag.Area})
		if err != nil {
			return err
		}
		measured, err := rd.measure(ctx, all, a.ref.town, s.words, a.today)
		if err != nil {
			return err
		}
		b.Reset() // the transaction may be tried again
		return panelTemplate.Execute(&b, a.panel(all, measured, id))
	})
	if err != nil {
		return "", fmt.Errorf("actions of place %s: %w", id, err)
	}
	return template.HTML(b.String()), nil // html/template has escaped it
}

type panelView struct {
	Title, Empty string
	Items        []panelItem
	New          *web.Link
}

func (a ask) panel(all []Action, measured map[uuid.UUID]Measured, flag uuid.UUID) panelView {
	l := a.locale
	v := panelView{Title: l.T("panel.title"), Empty: l.T("panel.empty")}
	for _, x := range all {
		note, tag := a.note(x)
		item := panelItem{
			Href: a.to("/atgarder/" + x.ID.String()), What: a.what(x), Note: note, Tag: tag,
			Who: l.T("panel.who", a.ref.agency(x.OwnerAgency), in(x.State.Text(), a.lang), l.Week(web.WeekOf(x.StartOn)), a.date(x.DueOn)),
		}
		if m, ok := measured[x.ID]; ok && x.State != Proposed {
			item.Verdict = capital(in(m.Verdict.Text(), a.lang))
			if m.Treated != nil {
				item.Counts = l.T("panel.counts", a.rate(m.Treated.Before, x.Weeks), a.rate(m.Treated.After, x.Weeks))
			}
		}
		v.Items = append(v.Items, item)
	}
	if a.visit.Can(web.ActDecide) {
		v.New = &web.Link{Href: a.to("/atgarder/ny", "flag", flag.String()), Text: l.T("panel.new")}
	}
	return v
}
