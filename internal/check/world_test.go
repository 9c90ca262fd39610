package check_test

import (
	"context"
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

// world is one release in one registry, and the run that asks about it.
type world struct {
	sigstore *lab.Sigstore
	draft    *lab.Draft
	release  *lab.Release
	registry *lab.Registry
	tuf      *lab.TUF
	in       map[string]string
	env      map[string]string
}

// newWorld makes a good release and a run that expects it; edit may change the
// draft before the release is made.
func newWorld(t *testing.T, edit func(*lab.Draft)) *world {
	t.Helper()
	s := lab.NewSigstore()
	d := lab.NewDraft(s)
	d.Earlier = []lab.Earlier{{Version: "0.9.0", Published: d.Published.Add(-24 * time.Hour), Trust: lab.TrustTrustedPublisher}}
	w := &world{sigstore: s, draft: d, in: map[string]string{}, env: d.Run.Env()}
	w.registry = lab.NewRegistry(lab.Options{})
	t.Cleanup(w.registry.Close)
	d.Registry = w.registry.URL
	if edit != nil {
		edit(d)
	}
	w.release = d.Release()
	w.tuf = s.TUF(w.registry.URL, w.release.Keys)
	return w
}

// judge serves the release and asks every check about it.
func (w *world) judge(t *testing.T) report.Package {
	t.Helper()
	w.registry.Add(w.release)
	repository := lab.Serve(w.tuf, false)
	t.Cleanup(repository.Close)
	root := filepath.Join(t.TempDir(), "root.json")
	if err := os.WriteFile(root, w.tuf.Root(), 0o600); err != nil {
		t.Fatal(err)
	}
	in := map[string]string{
		"package": "@acme/demo@1.0.0", "registry-url": w.registry.URL, "timeout": "1s", "poll-interval": "1s",
		"tuf-url": repository.URL, "tuf-root": root, "working-directory": t.TempDir(),
	}
	for k, v := range w.in {
		in[k] = v
		if v == "" {
			delete(in, k)
		}
	}
	env := map[string]string{"GITHUB_ACTIONS": "true"}
	for k, v := range w.env {
		env[k] = v
	}
	p, err := plan.New(in, func(k string) string { return env[k] })
	if err != nil {
		t.Fatal(err)
	}
	g, err := evidence.NewGatherer(p, evidence.Options{NPM: npm.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	r := &report.Report{Packages: []report.Package{check.Package(g.Gather(context.Background(), p.Releases[0]), p)}}
	r.Decide()
	return r.Packages[0]
}

// answers maps check ids to statuses.
func answers(p report.Package) map[string]report.CheckStatus {
	out := map[string]report.CheckStatus{}
	for _, c := range p.Checks {
		out[c.ID] = c.Status
	}
	return out
}

// detail is what one check said.
func detail(p report.Package, id string) string {
	for _, c := range p.Checks {
		if c.ID == id {
			return c.Detail
		}
	}
	return ""
}
