// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

type configCommands struct {
	Check configCheck `cmd:"" help:"Say what every setting is, where it comes from and what is wrong."`
}

type configCheck struct{}

// Help shows an example.
func (configCheck) Help() string {
	return `Nothing is started or connected to. It exits 1 when something is wrong.

Example: samsyn config check --config samsyn.yaml`
}

// setting is one line of the answer.
type setting struct {
	Name  string `json:"setting"`
	Value string `json:"value"`
	From  string `json:"from"`
}

// Run writes the settings and fails when one is wrong.
func (configCheck) Run(p *program, k *kong.Context) error {
	settings := describeSettings(p.settings, k)
	problems := p.settings.check()
	t := table{header: []string{"SETTING", "VALUE", "FROM"}}
	for _, s := range settings {
		t.add(s.Name, s.Value, s.From)
	}
	answer := struct {
		OK       bool      `json:"ok"`
		Settings []setting `json:"settings"`
		Problems []problem `json:"problems"`
	}{len(problems) == 0, settings, append([]problem{}, problems...)}
	if err := p.write(answer, t); err != nil {
		return err
	}
	if len(problems) > 0 {
		return wrongSettings(problems)
	}
	return nil
}

func wrongSettings(problems []problem) error {
	lines := make([]string, 0, len(problems))
	for _, w := range problems {
		lines = append(lines, w.Setting+": "+w.What)
	}
	return fmt.Errorf("wrong settings:\n  %s", strings.Join(lines, "\n  "))
}

func describeSettings(s Settings, k *kong.Context) []setting {
	from := map[string]string{}
	for _, path := range k.Path {
		if path.Flag != nil && path.Resolved {
			from[path.Flag.Name] = s.Config
		} else if path.Flag != nil {
			from[path.Flag.Name] = "flag"
		}
	}
	var all []setting
	values := reflect.ValueOf(s)
	for i := range values.NumField() {
		field := values.Type().Field(i)
		name := field.Tag.Get("name")
		one := setting{Name: name, Value: fmt.Sprint(values.Field(i)), From: from[name]}
		if env := field.Tag.Get("env"); one.From == "" && os.Getenv(env) != "" {
			one.From = env
		}
		if one.From == "" {
			one.From = "default"
		}
		if u, err := url.Parse(one.Value); err == nil && u.User != nil {
			one.Value = u.Redacted()
		}
		all = append(all, one)
	}
	return all
}
