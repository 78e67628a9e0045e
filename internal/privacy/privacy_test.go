// SPDX-License-Identifier: EUPL-1.2

package privacy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"samsyn/events"
)

// The numbers here are test numbers that the tax agency has published for the
// purpose, or made by the same rule with a day that no one is born on.
const (
	person     = "198507099805"
	short      = "8507099805"
	coordinate = "198507699802"
)

// covered returns what a hit covers: with other offsets the sender is shown the
// wrong words.
func covered(text string, hits []Hit) []string {
	runes := []rune(text)
	out := []string{}
	for _, h := range hits {
		out = append(out, string(h.Code)+":"+string(runes[h.Start:h.End]))
	}
	return out
}

// Whoever types a personal number, however it is typed, must be asked before any
// partner reads it.
func TestPersonalNumbersAreFoundHoweverTyped(t *testing.T) {
	tests := map[string]string{ // text: what the hit covers
		"såg 19850709-9805 vid porten": "19850709-9805",
		"850709-9805":                  "850709-9805",
		"8507099805":                   "8507099805",
		"198507099805.":                "198507099805",
		"850709+9805":                  "850709+9805",
		"850709 9805":                  "850709 9805",
		"850709\u00a09805":             "850709\u00a09805",
		"850709 - 9805":                "850709 - 9805",
		"850709\u20139805":             "850709\u20139805",
		"850709\u20109805":             "850709\u20109805",
		"850709\u20159805":             "850709\u20159805",
		"850709\u22129805":             "850709\u22129805",
		"850709\uff0d9805":             "850709\uff0d9805",
		"８５０７０９－９８０５":                  "８５０７０９－９８０５",
		"٨٥٠٧٠٩-٩٨٠٥":                  "٨٥٠٧٠٩-٩٨٠٥",
		"𝟾𝟻𝟶𝟽𝟶𝟿𝟿𝟾𝟶𝟻":                   "𝟾𝟻𝟶𝟽𝟶𝟿𝟿𝟾𝟶𝟻",
		"⑧⑤⓪⑦⓪⑨⑨⑧⓪⑤":                   "⑧⑤⓪⑦⓪⑨⑨⑧⓪⑤",
		"8️⃣5️⃣0️⃣7️⃣0️⃣9️⃣-9️⃣8️⃣0️⃣5️⃣":            "8️⃣5️⃣0️⃣7️⃣0️⃣9️⃣-9️⃣8️⃣0️⃣5",
		"8507\u200b09\u200d98\ufeff05":               "8507\u200b09\u200d98\ufeff05",
		"85\u00ad0709\u2060-9805":                    "85\u00ad0709\u2060-9805",
		"åäö 85O7O9-98O5 åäö":                        "85O7O9-98O5",
		"2OO4O9l9-2382":                              "2OO4O9l9-2382",
		"nr 850709-\n9805":                           "850709-\n9805",
		"nr 850709\r\n9805":                          "850709\r\n9805",
		"nr 8507\n099805":                            "8507\n099805",
		"nr 19850\n  709-9805":                       "19850\n  709-9805",
		"1910016870\n01":                             "1910016870\n01", // two ways to read it
		"19 850709-9805":                             "19 850709-9805",
		"1985-07-09-9805":                            "1985-07-09-9805",
		"1985-07-09 9805":                            "1985-07-09 9805",
		"85 07 09 9805":                              "85 07 09 9805",
		"85 07 09 98 05":                             "85 07 09 98 05",
		"8 5 0 7 0 9 - 9 8 0 5":                      "8 5 0 7 0 9 - 9 8 0 5",
		"850769-9802 (samordningsnummer)":            "850769-9802",
		"198507699802":                               "198507699802",
		"felskrivet 850709-9806":                     "850709-9806",
		"felskrivet 850231-1234":                     "850231-1234",
		"tf-nummer 850709-T980":                      "850709-T980",
		"reserv 19850709R123":                        "19850709R123",
		"850709-N12x4 och sedan 850709-12N4":         "850709-12N4",
		"id:8507099805x":                             "8507099805",
		"kl8507099805":                               "8507099805",
		"000229-0005":                                "000229-0005",
		"18991231-0005":                              "18991231-0005",
		"\u202e850709-9805":                          "850709-9805",
		strings.Repeat("å", 100) + " " + short + "!": short,
	}
	for text, want := range tests {
		got := covered(text, Screen(text))
		if !slices.Equal(got, []string{"pii_personnummer:" + want}) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A hit that is none makes work for a sender who did nothing wrong.
func TestNumbersOfOtherThingsAreNotPersonalNumbers(t *testing.T) {
	for _, text := range []string{
		"", "inget att rapportera", "åäö 1234",
		"8507099806",               // wrong check digit
		"8502319802",               // no such day
		"8513099805", "8500099805", // no such month
		"850749-9805",          // no such day, nor of a co-ordination number
		"218507099805",         // no such century
		"1198507099805",        // more digits
		"85070998050",          // more digits
		"2026-06-30 2130",      // a date and a time
		"2026-06-30 21:30",     //
		"26-06-30 1805",        //
		"20260630T2130",        //
		"2026-06-30T21:30:00Z", //
		"6580743 674571",       // SWEREF 99 TM
		"59.3293, 18.0686",     // WGS 84
		"-122.45345757500",     //
		"556016-0680 är Telia", // an organisation: the third digit is 2 or more
		"850709-XXXX",          // masked
		"850709 T980",          // a letter after a blank: no interim number
		"kl 21.30 10010100 06", // a clock time and another number
	} {
		if got := Screen(text); len(got) != 0 {
			t.Errorf("%q: %v", text, covered(text, got))
		}
	}
}

// Telephone numbers lead to a person.
func TestPhoneNumbersAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"ring 070-174 06 05 sen":       "070-174 06 05",
		"0701740605":                   "0701740605",
		"070 174 06 05":                "070 174 06 05",
		"+46701740605":                 "+46701740605",
		"+46 70 174 06 05":             "+46 70 174 06 05",
		"+46 (0)70-174 06 05":          "+46 (0)70-174 06 05",
		"004631 390 06 00":             "004631 390 06 00",
		"(08) 123 456 78":              "08) 123 456 78",
		"08-12 34 56":                  "08-12 34 56",
		"0470/410 00":                  "0470/410 00",
		"tel:0701740605":               "0701740605",
		"０７０－１７４ ０６ ０５":                "０７０－１７４ ０６ ０５",
		"070\u2011174\u00a006\u00a005": "070\u2011174\u00a006\u00a005",
		"070-174 06 05 den 12 maj":     "070-174 06 05",
	} {
		if got := covered(text, Screen(text)); !slices.Equal(got, []string{"pii_phone:" + want}) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{
		"ring 112", "114 14", "1177", "020-123 456", "0200-123 456", "+46 20 123 456",
		"kl 0700-1530", "2026-06-30 2130", "dnr 2026-01234567", "K0123456-26", "0 grader", "12.01234567", "0123", "01234567890123",
		"2026/0123456", "mellan 08-16",
	} {
		if got := Screen(text); len(got) != 0 {
			t.Errorf("%q: %v", text, covered(text, got))
		}
	}
}

// So do e-mail addresses, other than those of a function.
func TestEmailAddressesAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"skriv till anna.berg@exempel.se.":  "anna.berg@exempel.se",
		"<a_b+c@mail.exempel.co.uk>":        "a_b+c@mail.exempel.co.uk",
		"åsa.öberg@växjö.se":                "åsa.öberg@växjö.se",
		"anna＠exempel.se":                   "anna＠exempel.se",
		"anna\u200b@exempel.se":             "anna\u200b@exempel.se",
		"info.anna@exempel.se":              "info.anna@exempel.se",
		"anna@3d.exempel.com, info@kund.se": "anna@3d.exempel.com",
	} {
		if got := covered(text, Screen(text)); !slices.Equal(got, []string{"pii_email:" + want}) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"info@vaxjo.se", "Registrator@exempel.se", "@sam", "a@b", "3 st @ 20 kr", "a@.se", "a @exempel.se"} {
		if got := Screen(text); len(got) != 0 {
			t.Errorf("%q: %v", text, covered(text, got))
		}
	}
}

// And plates; the words that look like one do not.
func TestPlatesAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"grå Volvo ABC 123":     "ABC 123",
		"ABC123":                "ABC123",
		"abc12d parkerad":       "abc12d",
		"ABC-12D":               "ABC-12D",
		"(WXY 98Z)":             "WXY 98Z",
		"ＡＢＣ　１２３":               "ＡＢＣ　１２３",
		"ABC\u00a0123, OBS 112": "ABC\u00a0123",
	} {
		if got := covered(text, Screen(text)); !slices.Equal(got, []string{"pii_plate:" + want}) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{
		"OBS 112", "TPL 139", "HUS 123", "RUM 204", "rum204", "KLS 118", "VÅN 123", "VA\u030aN 123", "och 150 till", "IQV 123", "ABC 12O", "ABC 1234", "XABC 123", "ABC  123", "ABCD 123", "AB 123",
	} {
		if got := Screen(text); len(got) != 0 {
			t.Errorf("%q: %v", text, covered(text, got))
		}
	}
}

// Hits come in the order of the text and never overlap: the form marks them one by
// one.
func TestSeveralHitsStandInOrder(t *testing.T) {
	text := "bil ABC 123, anna@exempel.se, 070-174 06 05, 010203-1234, 19850709-9805"
	want := []string{"pii_plate:ABC 123", "pii_email:anna@exempel.se", "pii_phone:070-174 06 05", "pii_personnummer:010203-1234", "pii_personnummer:19850709-9805"}
	if got := covered(text, Screen(text)); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// An id is read by everyone who reads an event; yet most systems number by date.
func TestPersonalNumbersInIDsAreFoundAndSerialNumbersAreNot(t *testing.T) {
	reported := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	for _, id := range []string{person, short, "p-850709-9805", "case_19850709-9805:2", "BB." + coordinate} {
		got := ScreenID(id, reported)
		if len(got) != 1 || got[0].Code != events.PIIInID {
			t.Errorf("%s: %v", id, got)
		}
	}
	for _, id := range []string{"120516979-1", "20260630-0016", "2606300016", "850709-9806", "a1b2c3", "4f1c0b4e-7e0b-4a83-9b4d-0c5f2f1a2b3c"} {
		if got := ScreenID(id, reported); len(got) != 0 {
			t.Errorf("%s: %v", id, got)
		}
	}
	if len(ScreenID("20260630-0016", time.Time{})) != 1 {
		t.Error("the serial number in this test must be one that passes for a personal number")
	}
	if len(ScreenID("20240630-0018", reported)) != 1 {
		t.Error("a date of two years ago is no serial number of this year")
	}
}

// The rates of trust.md section 7: whoever changes the rules sees what it costs
// senders. 0.365 % of random ten-digit strings pass as a personal number, as many
// as a co-ordination number.
func TestRandomNumbersPassAtTheKnownRate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 200000
	personal, co := 0, 0
	for range n {
		digits := fmt.Sprintf("%010d", r.Int64N(1e10))
		for _, found := range numbers(fold(digits)) {
			if found.sure() && digits[4] < '4' {
				personal++
			} else if found.sure() {
				co++
			}
		}
	}
	for name, hits := range map[string]int{"personal": personal, "co-ordination": co} {
		if rate := float64(hits) / n; rate < 0.0032 || rate > 0.0041 {
			t.Errorf("%.4f of random strings pass as %s numbers", rate, name)
		}
	}
}

// Coordinates in SWEREF 99 TM, which many reports carry, are never hits.
func TestProjectedCoordinatesAreNoHits(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 100000 {
		text := fmt.Sprintf("N %d E %d", 6130000+r.IntN(1550000), 260000+r.IntN(660000))
		if got := Screen(text); len(got) != 0 {
			t.Fatalf("%q: %v", text, covered(text, got))
		}
	}
}

// Every valid number is found, in every style of writing it, and nothing invisible
// hides it: recall is the promise of the screen.
func TestEveryValidNumberIsFound(t *testing.T) {
	styles := []func(date, last string) string{
		func(d, l string) string { return d + l },
		func(d, l string) string { return d + "-" + l },
		func(d, l string) string { return d + "+" + l },
		func(d, l string) string { return d + "\u2013" + l },
		func(d, l string) string { return d + " " + l },
		func(d, l string) string { return d + "\u00a0-\u00a0" + l },
		func(d, l string) string { return d + "\n" + l },
		func(d, l string) string { return d + "-\n" + l },
		func(d, l string) string { return d + l[:2] + "\n" + l[2:] },
		func(d, l string) string { return strings.Map(fullWidth, d) + "－" + strings.Map(fullWidth, l) },
		func(d, l string) string { return d + "\u200b-\u200b" + l[:1] + "\u2060" + l[1:] },
		func(d, l string) string {
			return strings.ReplaceAll(d, "0", "O") + "-" + strings.ReplaceAll(l, "1", "l")
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(1910, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 42000).Draw(t, "day"))
		date := day.Format("20060102")
		if rapid.Bool().Draw(t, "co-ordination number") {
			date = day.Format("200601") + fmt.Sprint(day.Day()+60)
		}
		last := withCheckDigit(date[2:], rapid.IntRange(0, 999).Draw(t, "serial"))
		if rapid.Bool().Draw(t, "short") {
			date = date[2:]
		}
		style := rapid.IntRange(0, len(styles)-1).Draw(t, "style")
		written := styles[style](date, last)
		if style == len(styles)-1 && strings.Count(written, "O")+strings.Count(written, "l") > len(date)-2 {
			return // hardly a digit is left
		}
		before := rapid.SampledFrom([]string{"", "såg ", "åäö\n", "pnr: ", "(", "kl 21.30 "}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", ".", " vid porten", "\n", ")", ", 3 st"}).Draw(t, "after")
		text := before + written + after
		got := Screen(text)
		start, end := utf8.RuneCountInString(before), utf8.RuneCountInString(before+written)
		if !slices.Contains(got, Hit{events.PIIPersonnummer, start, end}) {
			t.Fatalf("%q: %q", text, covered(text, got))
		}
	})
}

func fullWidth(r rune) rune { return r - '0' + '０' }

func withCheckDigit(date string, serial int) string {
	for check := range 10 {
		last := fmt.Sprintf("%03d%d", serial, check)
		var digits []int
		for _, r := range date + last {
			digits = append(digits, int(r-'0'))
		}
		if luhn(digits) {
			return last
		}
	}
	panic("one of ten digits is right")
}

// Whatever the text, the answer covers runes that exist, in order and apart: the
// pages cut the text by it.
func FuzzScreen(f *testing.F) {
	for _, s := range []string{person, "850709-\n9805", "a@b.se", "070-174 06 05", "ABC 123", "\xff8507099805", "8\u0301\u20e3", "½ ① Å", "+46 (0)", "0046 ", "@", "850709-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, last := utf8.RuneCountInString(text), 0
		for _, h := range append(Screen(text), ScreenID(text, time.Time{})[:0]...) {
			if h.Start < last || h.End <= h.Start || h.End > n || h.Code == "" {
				t.Fatalf("%q: %v", text, h)
			}
			last = h.End
		}
		ScreenID(text, time.Unix(0, 0))
	})
}

// Every decimal digit that Unicode knows reads as the digit it is.
func TestDigitsOfEveryScriptAreRead(t *testing.T) {
	for _, zero := range []rune{0x0660, 0x06F0, 0x0966, 0x0E50, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E950, 0x1FBF0} {
		for d := range rune(10) {
			if got := fold(string(zero + d)).rune(0); got != '0'+d {
				t.Errorf("U+%04X reads as %c", zero+d, got)
			}
		}
	}
}

// The correlator screens every text that it reads.
func BenchmarkScreen(b *testing.B) {
	text := strings.Repeat("Två personer i 20-årsåldern sågs vid cykelstället kl 21.30, rutan på port 12 B krossad. ", 5)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Screen(text)
	}
}
