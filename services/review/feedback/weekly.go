// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
	"samsyn/services/review/post"
)

const (
	mailDay  = time.Thursday
	mailHour = 7
	// mailReports is how many reports one mail tells of; the page has them all.
	mailReports = 40
	// mailKind is the kind of these mails in the outbox and among what a person may refuse.
	mailKind = "feedback"
)

// mailDue says whether the mails of the week in which a municipality's clock stands are to be written now: from Thursday at seven, once.
func mailDue(asOf time.Time, zone *time.Location, mailed web.Week) (web.Week, bool) {
	week := web.WeekOf(asOf.In(zone))
	monday := week.Monday(zone)
	due := time.Date(monday.Year(), monday.Month(), monday.Day()+int(mailDay-time.Monday), mailHour, 0, 0, 0, zone)
	return week, !asOf.Before(due) && mailed.Before(week)
}

// writeMails puts the week's mails into the outbox, in one transaction with the note that they are there.
func (s *Service) writeMails(ctx context.Context, t town, now time.Time) error {
	mailed, err := s.store.mailedWeek(ctx, t.ID)
	if err != nil {
		return err
	}
	week, due := mailDue(t.AsOf, t.Zone, mailed)
	if !due {
		return nil
	}
	return s.store.writeMails(ctx, t, week, func(rows []unmailedRow) ([]post.Mail, error) {
		var mails []post.Mail
		for _, mine := range byReporter(rows) {
			m, err := s.letter(t, week, now, mine)
			if err != nil {
				return nil, err
			}
			mails = append(mails, m)
		}
		return mails, nil
	})
}

// byReporter groups rows by the person who is to be written to; those who are not there or want no mail are left out.
func byReporter(rows []unmailedRow) [][]unmailedRow {
	mine := map[uuid.UUID][]unmailedRow{}
	for _, r := range rows {
		if r.Wanted {
			mine[r.Reporter] = append(mine[r.Reporter], r)
		}
	}
	var all [][]unmailedRow
	for _, group := range mine {
		slices.SortFunc(group, func(a, b unmailedRow) int {
			return cmp.Or(a.ReportedAt.Compare(b.ReportedAt), cmp.Compare(a.Report, b.Report))
		})
		all = append(all, group)
	}
	slices.SortFunc(all, func(a, b []unmailedRow) int { return bytes.Compare(a[0].Reporter[:], b[0].Reporter[:]) })
	return all
}

// letterData is what the templates of a mail need.
type letterData struct {
	Locale                  web.Locale
	Subject, MadeUp         string
	Opening                 string
	Reports                 []letterReport
	Others                  string
	AllURL, ChoiceURL, Lang string
}

type letterReport struct{ Name, Text string }

// letter writes one person's mail, in Swedish.
func (s *Service) letter(t town, week web.Week, now time.Time, rows []unmailedRow) (post.Mail, error) {
	l := web.NewLocale("sv", texts, t.Zone)
	d := letterData{
		Locale: l, Lang: l.Lang, Subject: l.T("mail.subject", l.Week(week)), Opening: l.T("mail.opening", t.Name), ChoiceURL: s.choiceURL(t.ID, rows[0].Reporter),
	}
	if t.MadeUp {
		d.MadeUp = l.T("mail.madeup")
	}
	if s.config.PublicURL != "" {
		d.AllURL = s.config.PublicURL + "/mina-rapporter"
	}
	for _, r := range rows[:min(len(rows), mailReports)] {
		d.Reports = append(d.Reports, letterReport{l.T("mail.report", r.Report, l.Day(r.ReportedAt)), r.TextSV})
	}
	if more := len(rows) - mailReports; more > 0 {
		d.Others = l.N("mail.others", more)
	}
	var text, html bytes.Buffer
	if err := s.mailText.Execute(&text, d); err != nil {
		return post.Mail{}, fmt.Errorf("write mail: %w", err)
	}
	if err := s.mailHTML.Execute(&html, d); err != nil {
		return post.Mail{}, fmt.Errorf("write mail: %w", err)
	}
	m := post.Mail{
		Municipality: t.ID, Person: rows[0].Reporter, Kind: mailKind, Key: week.String(), Language: l.Lang, Subject: d.Subject, Text: text.String(), HTML: html.String(), At: now,
	}
	if d.ChoiceURL != "" {
		m.Headers = map[string]string{"List-Unsubscribe": "<" + d.ChoiceURL + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
	}
	return m, nil
}
