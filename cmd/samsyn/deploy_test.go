// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// What is published is reached by whoever reaches the machine, and a container that runs as root is root.
func TestTheComposeFileOpensNothingItNeedNot(t *testing.T) {
	t.Parallel()
	project := loadCompose(t, t.TempDir())
	var published []string
	for _, s := range project.Services {
		for _, p := range s.Ports {
			published = append(published, s.Name+" "+p.HostIP+":"+p.Published)
		}
		if s.Build == nil && s.Name != "nats" {
			continue // the image of PostgreSQL becomes its own user
		}
		if s.User != "65532:65532" || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) {
			t.Errorf("%s runs as %q, read-only = %t, without the capabilities %v", s.Name, s.User, s.ReadOnly, s.CapDrop)
		}
		for name, value := range s.Environment {
			if secret := regexp.MustCompile(`(?i)password|secret|token`); value != nil && *value != "" && secret.MatchString(name) && !strings.HasSuffix(name, "_FILE") {
				t.Errorf("%s: %s is a secret and not in a file", s.Name, name)
			}
		}
	}
	slices.Sort(published)
	if want := []string{"nats 127.0.0.1:4222", "web 127.0.0.1:8080"}; !slices.Equal(published, want) {
		t.Errorf("published %q, want %q", published, want)
	}
	if !project.Networks["inside"].Internal {
		t.Error("the network inside leads outside")
	}
	for name := range project.Services["postgres"].Networks {
		if name != "inside" {
			t.Errorf("PostgreSQL is reached from the network %s", name)
		}
	}
}

// metricsOfRules are the metrics of ours that the alert rules ask for.
func metricsOfRules(t *testing.T) []string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(top, "deploy", "prometheus", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.UnmarshalWithOptions(body, &rules, yaml.Strict()); err != nil {
		t.Fatalf("alerts.yml: %s", yaml.FormatError(err, false, true))
	}
	var all []string
	for _, g := range rules.Groups {
		for _, rule := range g.Rules {
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" || rule.Labels["severity"] == "" {
				t.Errorf("%s does not say what is wrong, what to do and how badly", rule.Alert)
			}
			for _, metric := range regexp.MustCompile(`\bsamsyn_[a-z_]+`).FindAllString(rule.Expr, -1) {
				all = append(all, strings.TrimSuffix(metric, "_bucket"))
			}
		}
	}
	if len(all) < 5 {
		t.Fatalf("the rules ask for %q only", all)
	}
	return all
}
