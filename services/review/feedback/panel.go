// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"samsyn/internal/web"
)

// weeksMeasured is how many weeks the shares are of: the latest that have a situation report by then.
const weeksMeasured = 12

// answers says how many reports of an agency were answered; an empty Agency is all of them.
type answers struct {
	Agency, Name                  string
	FromWeek, ToWeek              time.Time
	Reports, Answered, Positioned int
	MedianDays                    *float64
}

// share is n of the reports.
func (a answers) share(n int) float64 { return float64(n) / float64(a.Reports) }

// FeedbackPanel is the part of the overview that says how many reporters heard what came of their reports, and how fast: a web.Panel. It
// is the same for everybody who may see numbers, and empty before there is a situation report.
func (s *Service) FeedbackPanel(ctx context.Context, _ *http.Request, v web.Visit, l web.Locale, _ string) (template.HTML, error) {
	if !v.Can(web.ActNumbers) {
		return "", nil
	}
	all, err := s.store.answers(ctx, v.Viewer)
	if err != nil || len(all) == 0 {
		return "", err
	}
	// The page's own locale does not have our texts.
	own := web.NewLocale(l.Lang, texts, nil)
	var b bytes.Buffer
	err = s.panel.Execute(&b, struct {
		Locale web.Locale
		Lead   string
		Table  web.Table
	}{own, lead(own, all), table(own, all)})
	if err != nil {
		return "", fmt.Errorf("write panel: %w", err)
	}
	return template.HTML(b.String()), nil //nolint:gosec // html/template made it
}

// lead is the whole in a sentence.
func lead(l web.Locale, all []answers) string {
	i := slices.IndexFunc(all, func(a answers) bool { return a.Agency == "" })
	if i < 0 {
		return ""
	}
	a := all[i]
	from, to := l.Week(web.WeekOf(a.FromWeek)), l.WeekYear(web.WeekOf(a.ToWeek))
	if a.MedianDays == nil {
		return l.T("panel.nothing", from, to)
	}
	return l.T("panel.lead", l.Percent(a.share(a.Answered), 0), from, to, l.Decimal(*a.MedianDays, 1))
}

// table has a row an agency, by name, and all of them last.
func table(l web.Locale, all []answers) web.Table {
	t := web.Table{Caption: l.T("panel.table"), Head: []web.Cell{
		web.Name(l.T("panel.agency")), web.Number(l.T("panel.reports")), web.Number(l.T("panel.answered")), web.Number(l.T("panel.positioned")), web.Number(l.T("panel.days")),
	}}
	var total []web.Cell
	for _, a := range all {
		days := "–"
		if a.MedianDays != nil {
			days = l.Decimal(*a.MedianDays, 1)
		}
		numbers := []web.Cell{web.Number(l.Int(a.Reports)), web.Number(l.Percent(a.share(a.Answered), 0)), web.Number(l.Percent(a.share(a.Positioned), 0)), web.Number(days)}
		if a.Agency == "" {
			total = append([]web.Cell{web.Name(l.T("panel.all"))}, numbers...)
			continue
		}
		t.Rows = append(t.Rows, append([]web.Cell{web.Name(a.Name)}, numbers...))
	}
	if total != nil {
		t.Rows = append(t.Rows, total)
	}
	return t
}
