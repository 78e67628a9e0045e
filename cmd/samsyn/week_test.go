// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"samsyn/internal/web"
	"samsyn/services/review/situation"
)

// What was frozen stays as it was, and freezing again without news is no new version.
func TestAWeekIsFrozenAndShown(t *testing.T) {
	t.Parallel()
	c := newTerminal(t)
	c.read(&struct{}{}, "municipality", "add", "0780", "--name", "Växjö", "--history-from", "2024-01-01")
	c.read(&struct{}{}, "areas", "import", c.file("town.geojson", rehearsalTown), "-m", "0780", "--level", "municipality")
	c.read(&struct{}{}, "areas", "import", c.file("areas.geojson", rehearsalAreas), "-m", "0780", "--level", "area")
	last := web.WeekOf(time.Now()).Add(-2).String()
	if _, talk, code := c.run("week", "show", last, "-m", "0780"); code != exitFailed || !strings.Contains(talk, "is not frozen") {
		t.Errorf("a week that is not frozen: %d %s", code, talk)
	}
	var first, again, shown struct {
		SHA256 string
		Made   bool
		Report json.RawMessage
	}
	c.read(&first, "week", "freeze", last, "-m", "0780")
	c.read(&again, "week", "freeze", last, "-m", "0780")
	c.read(&shown, "week", "show", last, "-m", "0780")
	if !first.Made || again.Made || first.SHA256 != again.SHA256 || shown.SHA256 != first.SHA256 || string(shown.Report) != string(first.Report) {
		t.Errorf("first %+v, again %+v, shown %+v", first, again, shown)
	}
	var report situation.Report
	if err := json.Unmarshal(shown.Report, &report); err != nil || report.Week != last || report.Name != "Växjö" || report.Version != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	out, _, code := c.run("week", "show", last, "-m", "0780")
	if code != 0 || !strings.Contains(out, "version 1, frozen ") || !strings.Contains(out, "incidents") {
		t.Errorf("the table: %d %s", code, out)
	}
	for _, c2 := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"week", "freeze", web.WeekOf(time.Now()).Add(1).String(), "-m", "0780"}, exitFailed, "is not over"},
		{[]string{"week", "show", "47", "-m", "0780"}, exitWrongUse, "2026-W47"},
		{[]string{"week", "show", "-m", "0999"}, exitFailed, "no municipality 0999"},
	} {
		if _, talk, code := c.run(c2.args...); code != c2.code || !strings.Contains(talk, c2.says) {
			t.Errorf("samsyn %s: %d %s", strings.Join(c2.args, " "), code, talk)
		}
	}
}
