// SPDX-License-Identifier: EUPL-1.2

package situation

import "samsyn/internal/web"

// wordsView are the words of the review as they are read.
type wordsView struct {
	Assessment, Cause string
	By                string
}

func (c composer) words() wordsView {
	w := c.h.situation.Words
	out := wordsView{Assessment: w.Assessment, Cause: w.Cause}
	if w.Revision > 0 {
		key := "words.by"
		if w.Adopted {
			key = "words.adopted"
		}
		out.By = c.l.T(key, c.person(w.By), c.l.Moment(w.At))
	}
	return out
}

// form is where words are written and levels decided.
type form struct {
	Action            string
	Version, Revision int
	Assessment, Cause string
	Areas             []areaChoice
	Error             string
	// Theirs is what somebody else has saved meanwhile.
	Theirs                        bool
	StoredAssessment, StoredCause string
}

type areaChoice struct {
	Area, Name, Proposed string
	Chosen               string
}

// mostChoices is how many areas can be decided on one page: those that stand out, and those with most incidents.
const mostChoices = 40

func (c composer) form() *form {
	if !c.h.latest() || c.h.situation.Words.Adopted {
		return nil
	}
	w := c.h.situation.Words
	f := &form{
		Action: "/lagesbild/" + c.a.week.String() + "/ord" + web.Query(nil, "m", c.a.municipality, "lang", c.a.lang), Version: c.r.Version, Revision: w.Revision,
		Assessment: w.Assessment, Cause: w.Cause,
	}
	for _, a := range c.r.Areas {
		decided, is := w.Levels[a.Area]
		if !is && len(f.Areas) >= mostChoices {
			continue
		}
		f.Areas = append(f.Areas, areaChoice{Area: a.Area, Name: a.Name, Proposed: c.l.T("level." + string(a.Proposed)), Chosen: string(decided.Level)})
	}
	return f
}

// lock is the button that freezes, where that would do something.
func (c composer) lock() *lockForm {
	l := c.l
	f := &lockForm{Action: "/lagesbild/" + c.a.week.String() + "/las" + web.Query(nil, "m", c.a.municipality, "lang", c.a.lang)}
	switch {
	case !c.h.frozen():
		f.Text, f.Why = l.T("lock.first"), l.T("lock.first.why")
	case c.h.latest() && c.h.town.Batch != c.r.Batch:
		f.Text, f.Why = l.T("lock.again", l.Int(c.r.Version+1)), l.T("lock.again.why")
	default:
		return nil
	}
	return f
}

// weekView is the page of all weeks.
type weekView struct {
	Page   web.Page
	locale web.Locale
	Title  string
	Table  web.Table
}

func composeList(k known, a ask, versions []versionRow) weekView {
	l := web.NewLocale(a.lang, web.Texts().With(Texts()), k.zone)
	v := weekView{locale: l, Title: l.T("list.title", k.town.Name), Table: web.Table{Caption: l.T("list.caption"), Head: []web.Cell{
		web.Name(l.T("head.week")), web.Name(l.T("head.days")), web.Name(l.T("head.state")), web.Number(l.T("head.version")), web.Name(l.T("head.frozen")),
	}}}
	newest := map[web.Week]versionRow{}
	for _, row := range versions {
		week := web.WeekOf(row.Week)
		if newest[week].Version < row.Version {
			newest[week] = row
		}
	}
	for _, week := range weeksOf(k) {
		monday := week.Monday(k.zone)
		row := []web.Cell{
			web.Name(l.WeekYear(week)).To(a.href(week)), web.Name(l.Span(monday, monday.AddDate(0, 0, 6))), {Text: l.T("state.open"), Tag: "warn"}, web.Number("–"), web.Name("–"),
		}
		if found, ok := newest[week]; ok {
			row[2] = web.Cell{Text: l.T("state.frozen"), Tag: "plain"}
			if found.Adopted {
				row[2] = web.Cell{Text: l.T("state.adopted"), Tag: "ok"}
			}
			row[3], row[4] = web.Number(l.Int(found.Version)), web.Name(l.Moment(found.FrozenAt))
		}
		v.Table.Rows = append(v.Table.Rows, row)
	}
	return v
}
