// SPDX-License-Identifier: EUPL-1.2

package web_test

import (
	"strings"
	"testing"

	"samsyn/internal/web"
)

// A table that is also a picture must be a right table: heads with scopes, sums that add up, links to what is behind.
func TestAGridIsATableThatAddsUp(t *testing.T) {
	l := web.NewLocale("sv", web.Texts(), nil)
	got := string(web.Grid{
		Caption: "När <i>det</i> händer", Corner: "Dag", Columns: []string{"00", "04"}, Sum: "Summa", Locale: l,
		Rows: []web.GridRow{{Name: "måndag", Tenths: []int{5, 0}, Hrefs: []string{"/x?a=1&b=2", "/y"}}, {Name: "tisdag", Tenths: []int{5, 100}}},
	}.HTML())
	for _, want := range []string{
		`<caption>När &lt;i&gt;det&lt;/i&gt; händer</caption>`, `<th scope="col" class="num">00</th>`, `<th scope="row">måndag</th><td class="num c1"><a href="/x?a=1&amp;b=2">0,5</a></td><td class="num c0">·</td><td class="num sum">0,5</td>`,
		`<td class="num c4">10</td>`, `<th scope="row">Summa</th><td class="num">1</td><td class="num">10</td><td class="num sum">11</td>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// Bars repeat numbers that stand beside them.
func TestBarsStandBesideTheirNumbers(t *testing.T) {
	got := string(web.Bars{Caption: "Vem", Head: [2]string{"Organisation", "Händelser"}, Bars: []web.Bar{{Name: "A&B", Count: 6}, {Name: "C", Count: 3}}, Locale: web.NewLocale("sv", web.Texts(), nil)}.HTML())
	for _, want := range []string{`<th scope="row">A&amp;B</th><td class="num">6</td>`, `<rect class="column" width="240" height="20"/>`, `<rect class="column" width="120" height="20"/>`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// Text of others is shown and never run, and a link leads to a page of ours.
func TestATableEscapesWhatStandsInIt(t *testing.T) {
	got := string(web.Table{Caption: "<b>", Head: []web.Cell{web.Name("<i>"), web.Number("n")}, Rows: [][]web.Cell{
		{web.Name("<script>").To("/a?b=1&c=2"), web.Number("3").To("javascript:alert(1)"), web.Name("x").To("//elsewhere"), {Text: "tyst", Tag: "danger"}},
	}}.HTML())
	for _, want := range []string{
		`aria-label="&lt;b&gt;" tabindex="0"><table><caption>&lt;b&gt;</caption>`, `<th scope="col">&lt;i&gt;</th><th scope="col" class="num">n</th>`,
		`<th scope="row"><a href="/a?b=1&amp;c=2">&lt;script&gt;</a></th><td class="num">3</td><td>x</td><td><span class="tag danger">tyst</span></td>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}
