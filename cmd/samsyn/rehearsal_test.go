// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/local"
)

// rehearsal runs the services of the Compose file without containers.
type rehearsal struct {
	t        *testing.T
	project  *types.Project
	dir      string
	programs map[string]string
	places   []place
	password string
	// nothing stands for the root of a container, which is read only.
	nothing string
	cluster string
	owner   *syscall.Credential

	done  map[string]bool
	roles map[string]*process

	// What the agency was given.
	creds        []byte
	natsURL, key string
}

// place is a line of the table: what stands in the file for a service (none: for all), and where that is here.
type place struct{ service, inside, here string }

func newRehearsal(t *testing.T) *rehearsal {
	t.Helper()
	r := &rehearsal{t: t, dir: openDir(t), done: map[string]bool{}, roles: map[string]*process{}}
	secrets := r.makeSecrets()
	r.project = loadCompose(t, secrets)
	postgres := r.preparePostgres()
	nats := filepath.Join(t.TempDir(), "nats-server")
	compile(t, nats, "github.com/nats-io/nats-server/v2")
	r.programs = map[string]string{
		"/samsyn": built(t), "nats-server": nats, "postgres": postgres, "pg_isready": filepath.Join(filepath.Dir(postgres), "pg_isready"),
	}
	here := func() string { return "127.0.0.1:" + freePort(t) }
	clients, pages := here(), here()
	r.places = []place{
		{"", "postgres:5432", here()},
		{"", "nats:4222", clients},
		{"", "0.0.0.0:4222", clients},
		{"", "127.0.0.1:4222", clients},
		{"", "127.0.0.1:8222", here()},
		{"", "0.0.0.0:8080", pages},
		{"", "127.0.0.1:8080", pages},
		{"web", "0.0.0.0:9090", here()},
		{"correlator", "0.0.0.0:9090", here()},
		{"alerting", "0.0.0.0:9090", here()},
		{"review", "0.0.0.0:9090", here()},
	}
	for _, s := range r.project.Services {
		r.places = append(r.places, r.mounts(s)...)
	}
	r.nothing = filepath.Join(r.dir, "read-only")
	r.makeDir(r.nothing)
	return r
}

// mounts are a service's volumes and secrets: a volume is a directory, a file of the repository a copy that every user may read.
func (r *rehearsal) mounts(s types.ServiceConfig) (all []place) {
	r.t.Helper()
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeVolume {
			dir := filepath.Join(r.dir, v.Source)
			r.makeDir(dir)
			all = append(all, place{s.Name, v.Target, dir})
			continue
		}
		body, err := os.ReadFile(v.Source)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, place{s.Name, v.Target, r.file(filepath.Base(v.Source), body, 0o644)})
	}
	for _, secret := range s.Secrets {
		target := cmp.Or(secret.Target, secret.Source)
		if !filepath.IsAbs(target) {
			target = "/run/secrets/" + target
		}
		all = append(all, place{s.Name, target, r.project.Secrets[secret.Source].File})
	}
	return all
}

// makeSecrets does what deploy/README.md says.
func (r *rehearsal) makeSecrets() string {
	r.password = "a password/with: everything%20"
	r.file("installation", []byte(strings.Repeat("rehearsal", 5)+"\n"), 0o444)
	r.file("postgres_password", []byte(r.password+"\n"), 0o444)
	return r.dir
}

func (r *rehearsal) file(name string, body []byte, mode os.FileMode) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, body, mode); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func (r *rehearsal) makeDir(path string) {
	r.t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		r.t.Fatal(err)
	}
}

// top is the top of the repository.
const top = "../.."

func loadCompose(t *testing.T, secrets string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(top, "docker-compose.yml")},
		cli.WithWorkingDirectory(top), cli.WithEnv([]string{"SAMSYN_SECRETS=" + secrets}), cli.WithProfiles([]string{"admin"}), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatalf("docker-compose.yml: %v", err)
	}
	return project
}

// preparePostgres does what the image does at its first start: a cluster with checksums, the administrator and its password. It returns the server's program.
func (r *rehearsal) preparePostgres() string {
	r.t.Helper()
	ctx := r.t.Context()
	env := r.project.Services["postgres"].Environment
	if *env["POSTGRES_USER"] != "samsyn_admin" || *env["POSTGRES_DB"] != "samsyn" || !strings.Contains(*env["POSTGRES_INITDB_ARGS"], "--data-checksums") {
		r.t.Fatalf("another cluster is asked for than is made here: %v", env)
	}
	p, err := local.StartPostgres(ctx, local.PostgresConfig{Dir: r.dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		r.t.Fatal(err)
	}
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID()))
	if err != nil {
		r.t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, p.URL)
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = conn.Exec(ctx, "ALTER ROLE samsyn_admin PASSWORD '"+r.password+"'")
	if err := cmp.Or(err, conn.Close(ctx), p.Stop(ctx)); err != nil {
		r.t.Fatal(err)
	}
	r.cluster = filepath.Join(p.Home, "cluster")
	info, err := os.Stat(r.cluster)
	if err != nil {
		r.t.Fatal(err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		r.owner = &syscall.Credential{Uid: st.Uid, Gid: st.Gid}
	}
	return program
}

// address is where something that the file names is here.
func (r *rehearsal) address(service, inside string) string {
	r.t.Helper()
	here := r.translate(service, inside)
	if here == inside {
		r.t.Fatalf("%s of %s is not in the table", inside, service)
	}
	return here
}

// translate puts the table's right side for its left, the longest first.
func (r *rehearsal) translate(service, text string) string {
	var pairs []string
	slices.SortStableFunc(r.places, func(a, b place) int { return cmp.Compare(len(b.inside), len(a.inside)) })
	for _, p := range r.places {
		if p.service == "" || p.service == service {
			pairs = append(pairs, p.inside, p.here)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// command is a service's program with its environment and nothing else.
func (r *rehearsal) command(s types.ServiceConfig, args ...string) *exec.Cmd {
	r.t.Helper()
	program, ok := r.programs[args[0]]
	if !ok {
		r.t.Fatalf("%s: no program stands for %s", s.Name, args[0])
	}
	c := exec.CommandContext(r.t.Context(), program)
	for _, a := range args[1:] {
		c.Args = append(c.Args, r.translate(s.Name, a))
	}
	c.Dir, c.Env = r.nothing, []string{"SAMSYN_DATA=" + r.nothing}
	for name, value := range s.Environment {
		if value != nil {
			c.Env = append(c.Env, name+"="+r.translate(s.Name, *value))
		}
	}
	return c
}

// argv is what a service's container runs. The image's entrypoint is read from its Dockerfile.
func (r *rehearsal) argv(s types.ServiceConfig) []string {
	r.t.Helper()
	if s.Build == nil {
		return s.Command
	}
	dockerfile, err := os.ReadFile(filepath.Join(top, s.Build.Dockerfile))
	if err != nil {
		r.t.Fatal(err)
	}
	if !strings.Contains(string(dockerfile), "\nENTRYPOINT [\"/samsyn\"]\n") {
		r.t.Fatalf("%s has another entrypoint than /samsyn", s.Build.Dockerfile)
	}
	return append([]string{"/samsyn"}, s.Command...)
}

// up starts a service after what it depends on, in the way it depends on it.
func (r *rehearsal) up(name string) {
	r.t.Helper()
	s := r.project.Services[name]
	for dependency, how := range s.DependsOn {
		if r.done[dependency] {
			continue
		}
		switch how.Condition {
		case types.ServiceConditionCompletedSuccessfully:
			r.runOnce(dependency)
		case types.ServiceConditionHealthy:
			r.up(dependency)
		default:
			r.t.Fatalf("%s waits for %s to be %s: neither whole nor healthy", name, dependency, how.Condition)
		}
	}
	if !r.done[name] {
		r.start(s)
		r.done[name] = true
	}
}

func (r *rehearsal) runOnce(name string) {
	r.t.Helper()
	s := r.project.Services[name]
	for dependency := range s.DependsOn {
		r.up(dependency)
	}
	c := r.command(s, r.argv(s)...)
	if out, err := c.CombinedOutput(); err != nil {
		r.t.Fatalf("%s: %v\n%s", name, err, out)
	}
	if name == "keys" {
		r.allTranslated(filepath.Join(r.translate(name, "/etc/nats"), "nats.conf"))
	}
	r.done[name] = true
}

// allTranslated fails the test when a file names a place of a container: the rehearsal would write there.
func (r *rehearsal) allTranslated(path string) {
	r.t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, p := range r.places {
		if strings.Contains(strings.ReplaceAll(string(body), r.dir, ""), p.inside) {
			r.t.Fatalf("%s names %s, which docker-compose.yml does not say", path, p.inside)
		}
	}
}

func (r *rehearsal) start(s types.ServiceConfig) {
	r.t.Helper()
	c := r.command(s, r.argv(s)...)
	if s.Name == "postgres" {
		r.placePostgres(c)
	}
	p := launch(r.t, c, s.Name, "")
	if s.Build != nil {
		r.roles[s.Name] = p
	} else {
		r.t.Cleanup(func() { p.end(syscall.SIGINT) })
	}
	began := time.Now()
	err := within(r.t.Context(), startsWithin, func(context.Context) (bool, error) {
		select {
		case <-p.ended:
			return false, fmt.Errorf("it ended: %s", p.cmd.ProcessState)
		default:
			return r.healthy(s), nil
		}
	})
	if err != nil {
		r.t.Fatalf("%s is not healthy: %v\n%s", s.Name, err, p.log())
	}
	r.t.Logf("%s is healthy after %s", s.Name, time.Since(began).Round(time.Millisecond))
}

// placePostgres puts the server where it is here; in its container it has the usual port on every address.
func (r *rehearsal) placePostgres(c *exec.Cmd) {
	_, port, _ := strings.Cut(r.address("postgres", "postgres:5432"), ":")
	c.Args = append(c.Args, "-D", r.cluster, "-c", "listen_addresses=127.0.0.1", "-c", "port="+port, "-c", "unix_socket_directories=")
	c.Dir = r.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: r.owner}
}

// healthy runs a service's health check once.
func (r *rehearsal) healthy(s types.ServiceConfig) bool {
	r.t.Helper()
	if s.HealthCheck == nil || len(s.HealthCheck.Test) < 2 || s.HealthCheck.Test[0] != "CMD" {
		r.t.Fatalf("%s has no health check that runs without a shell", s.Name)
	}
	check := s.HealthCheck.Test[1:]
	switch check[0] {
	case "wget": // of the image; its last argument is what it asks for
		answer, err := http.Get(r.translate(s.Name, check[len(check)-1]))
		if err != nil {
			return false
		}
		_ = answer.Body.Close() // nothing was read of it
		return answer.StatusCode == http.StatusOK
	case "pg_isready":
		_, port, _ := strings.Cut(r.address(s.Name, "postgres:5432"), ":")
		check = append(check, "--port="+port)
	}
	return r.command(s, check...).Run() == nil
}

// admin runs a command as `docker compose run --rm admin` does and reads what it writes.
func (r *rehearsal) admin(t *testing.T, into any, args ...string) {
	t.Helper()
	s := r.project.Services["admin"]
	c := r.command(s, append([]string{"/samsyn"}, append(args, "--output", "json")...)...)
	var talk bytes.Buffer
	c.Stderr = &talk
	out, err := c.Output()
	if err != nil {
		t.Fatalf("samsyn %s: %v\n%s%s", strings.Join(args, " "), err, out, talk.String())
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("samsyn %s: %v in %s", strings.Join(args, " "), err, out)
	}
}

// adminDatabase is the database as its administrator reaches it.
func (r *rehearsal) adminDatabase() string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("samsyn_admin", r.password), Host: r.address("postgres", "postgres:5432"), Path: "/samsyn"}
	return u.String()
}
