// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"html/template"

	"github.com/google/uuid"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// placeView is one flagged place.
type placeView struct {
	ID       string
	Number   int
	Href     string // of its page
	Name     string
	District string
	Tags     []tag
	Serious  bool
	Count    string // 12 against 2 expected
	Usual    string // normally 0-5
	Bullet   template.HTML
	What     string // group, or category of a serious report
	Days     string
	Reason   string
	Parts    string // other places the same thing shows in
	SeenBy   string
	When     string

	area string
}

type tag struct{ Class, Text string }

// anchor is the id of a flag on the page.
func anchor(id uuid.UUID) string { return "f-" + id.String() }

const (
	gradeAlert  = "alert"
	kindSerious = "serious"
	stateClosed = "cleared"
)

// places are the flags of the week: those that ask for a decision, and in a line each
// those that are only watched.
func places(k known, a ask, words lexicon) (shown []placeView, watched []string) {
	l := a.locale
	for _, f := range k.flags {
		if f.Grade == gradeAlert {
			shown = append(shown, onePlace(k, a, words, f, len(shown)+1))
			continue
		}
		watched = append(watched, l.T("watched.line", k.areas.name(f.Area), groupName(words, l, f.Grp), l.Int(f.Observed), l.About(f.Expected)))
	}
	return shown, watched
}

func onePlace(k known, a ask, words lexicon, f flag, number int) placeView {
	l := a.locale
	p := placeView{
		ID: anchor(f.ID), Number: number, Href: "/plats/" + f.ID.String() + web.Query(nil, "lang", l.Lang), Name: k.areas.name(f.Area), District: whereabouts(k, l, f), Serious: f.Kind == kindSerious, area: f.Area,
		Reason: f.ReasonSV, Parts: parts(k, l, f), SeenBy: join(l, agencyNames(k, f.Agencies)), When: l.T("flagged", l.Moment(f.OpenedAsOf)),
	}
	if l.Lang == "en" {
		p.Reason = f.ReasonEN
	}
	p.Tags = tagsOf(f, l)
	p.What = groupName(words, l, f.Grp)
	if p.Serious {
		p.What = in(words.categories[f.Category], l.Lang)
	} else {
		p.Count = l.T("against", l.Int(f.Observed), l.About(f.Expected))
		p.Usual = l.T("normally", l.Range(f.Low, f.High))
		p.Bullet = web.Bullet{Count: f.Observed, Expected: f.Expected, Low: f.Low, High: f.High}.SVG()
	}
	p.Days = l.Span(web.DateIn(f.WindowFrom, a.zone), web.DateIn(f.WindowTo, a.zone))
	return p
}

func tagsOf(f flag, l web.Locale) []tag {
	tags := []tag{kindTag(l, f)}
	if f.Fresh && f.State != stateClosed {
		tags = append(tags, tag{"plain", l.T("tag.new")})
	}
	if f.State == stateClosed {
		tags = append(tags, tag{"ok", l.T("tag.cleared")})
	}
	return tags
}

func kindTag(l web.Locale, f flag) tag {
	switch f.Kind {
	case kindSerious:
		return tag{"danger", "▲ " + l.T("tag.serious")}
	case "cluster":
		return tag{"over", "▲ " + l.T("tag.cluster")}
	case "repeat":
		return tag{"over", "▲ " + l.T("tag.repeat")}
	}
	return tag{"over", "▲ " + l.T("tag.rise")}
}

// whereabouts is the district of an area, or what level a larger place is.
func whereabouts(k known, l web.Locale, f flag) string {
	switch geo.Level(f.Level) {
	case geo.LevelMunicipality:
		return l.T("level.municipality")
	case geo.LevelDistrict:
		return l.T("level.district")
	}
	return k.areas.parent(f.Area)
}

// mostParts is how many parts of a flag are named.
const mostParts = 5

func parts(k known, l web.Locale, f flag) string {
	var named []string
	for _, p := range f.Parts {
		if p.Area != f.Area && len(named) < mostParts {
			named = append(named, l.T("part", k.areas.name(p.Area), l.Int(p.Observed), l.About(p.Expected)))
		}
	}
	if len(named) == 0 {
		return ""
	}
	return l.T("parts", join(l, named))
}

func groupName(words lexicon, l web.Locale, group string) string {
	if group == "" {
		return l.T("group.all")
	}
	return in(words.groups[group], l.Lang)
}

// agencyNames are the names of agencies by code, as the registry has them.
func agencyNames(k known, codes []string) []string {
	names := map[string]string{}
	for _, s := range k.sources {
		names[s.Agency] = s.AgencyName
	}
	out := make([]string, len(codes))
	for i, c := range codes {
		if out[i] = names[c]; out[i] == "" {
			out[i] = c
		}
	}
	return out
}
