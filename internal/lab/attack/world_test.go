package attack

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// spec is the release that every world is asked about.
const spec = "@acme/demo@1.0.0"

// world is a release in a registry, a repository of trust, and the run that asks.
type world struct {
	sigstore *lab.Sigstore
	stranger *lab.Sigstore // another deployment with the same names
	draft    *lab.Draft
	release  *lab.Release
	registry *lab.Registry
	tuf      *lab.TUF
	in       map[string]string // inputs; "" takes one away
	env      map[string]string
	dir      string // for the files that attacks bring
	public   bool   // ask for the public registry, which the lab answers for
}

// newWorld makes a good release, changed by edit before it is made, and the run that published it when it was good.
func newWorld(t testing.TB, edit func(*world)) *world {
	t.Helper()
	s := lab.NewSigstore()
	d := lab.NewDraft(s)
	d.Earlier = []lab.Earlier{{Version: "0.9.0", Published: d.Published.Add(-24 * time.Hour), Trust: lab.TrustTrustedPublisher}}
	w := &world{sigstore: s, stranger: lab.NewSigstore(), draft: d, in: map[string]string{}, env: d.Run.Env(), dir: t.TempDir()}
	w.registry = lab.NewRegistry(lab.Options{TLS: false})
	t.Cleanup(w.registry.Close)
	d.Registry = w.registry.URL
	if edit != nil {
		edit(w)
	}
	w.release = d.Release()
	w.tuf = s.TUF(w.registry.URL, w.release.Keys)
	return w
}

// file writes a file that an attack brings, and returns its path.
func (w *world) file(name string, content []byte) string {
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		panic(err)
	}
	return path
}

// serve puts the release into the registry and returns the inputs of a run that asks about it.
func (w *world) serve(t testing.TB) map[string]string {
	t.Helper()
	w.registry.Add(w.release)
	repository := lab.Serve(w.tuf, false)
	t.Cleanup(repository.Close)
	root := filepath.Join(t.TempDir(), "root.json")
	if err := os.WriteFile(root, w.tuf.Root(), 0o600); err != nil {
		t.Fatal(err)
	}
	in := map[string]string{
		"package": spec, "registry-url": w.registry.URL, "timeout": "1s", "poll-interval": "1s",
		"tuf-url": repository.URL, "tuf-root": root, "working-directory": t.TempDir(),
	}
	for k, v := range w.in {
		in[k] = v
		if v == "" {
			delete(in, k)
		}
	}
	return in
}

// judge takes the way of the whole program: plan, evidence, checks, report. It returns the report and the exit code.
func (w *world) judge(t testing.TB) (*report.Report, int) {
	t.Helper()
	in := w.serve(t)
	if w.public {
		in["registry-url"] = npm.PublicRegistry
		return w.ask(t, in, w.registry.Client().Transport)
	}
	return w.ask(t, in, nil)
}

// ask is the program on inputs, over a transport; nil is its own.
func (w *world) ask(t testing.TB, in map[string]string, transport http.RoundTripper) (*report.Report, int) {
	t.Helper()
	o := evidence.Options{}
	if transport != nil {
		o.NPM.HTTP = &http.Client{Transport: transport}
	}
	p, err := plan.New(in, func(k string) string { return w.env[k] })
	if err == nil {
		err = p.ValidateChecks(check.IDs())
	}
	if err != nil {
		t.Fatal(err)
	}
	o.Hopeless = func(e *evidence.Evidence) bool { return check.Hopeless(e, p) }
	g, err := evidence.NewGatherer(p, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &report.Report{Schema: report.Schema, Registry: p.Registry}
	for _, release := range p.Releases {
		r.Packages = append(r.Packages, check.Package(g.Gather(context.Background(), release), p))
	}
	r.Decide()
	for i := range r.Packages {
		if l := r.Packages[i].Links; l != nil {
			l.BadgeMarkdown = report.Badge(r.Packages[i])
		}
	}
	if err := report.WriteConsole(io.Discard, r, report.ConsoleOptions{}); err != nil {
		t.Error(err)
	}
	if err := report.WriteJSON(io.Discard, r); err != nil {
		t.Error(err)
	}
	return r, r.ExitCode(p.WarnOnTimeout)
}

// answer is what one check said of the only package.
func answer(r *report.Report, id string) (report.CheckStatus, string) {
	if len(r.Packages) == 0 {
		return "", r.Problem
	}
	for _, c := range r.Packages[0].Checks {
		if c.ID == id {
			return c.Status, c.Detail
		}
	}
	return "", "no such check"
}
