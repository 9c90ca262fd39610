package evidence_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// world is a registry, a TUF repository and a release that was published just
// now, on a network in memory and a clock that runs as fast as everyone waits:
// the program itself is the real one.
type world struct {
	net      *lab.Net
	client   npm.Options
	registry *lab.Registry
	draft    *lab.Draft
	tuf      *lab.TUF
	dir      string
	in       map[string]string
	env      map[string]string
	began    time.Time
	progress func(evidence.Progress)
	facts    *evidence.RunFacts
}

const (
	registryAddr = "127.0.0.1:4873"
	secureAddr   = "registry.example:443"
	tufAddr      = "127.0.0.1:8080"
)

// inWorld runs f in a world of its own.
func inWorld(t *testing.T, o lab.Options, f func(*testing.T, *world)) {
	t.Helper()
	present := time.Now()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(present)) // a bubble begins in the year 2000
		w := &world{net: lab.NewNet(), dir: t.TempDir(), in: map[string]string{}, env: map[string]string{}}
		addr := registryAddr
		if o.TLS {
			addr = secureAddr
		}
		w.registry = w.net.Registry(addr, o)
		client := w.net.Client()
		w.client.HTTP = client
		defer w.net.Close()
		defer client.CloseIdleConnections()

		s := lab.NewSigstore()
		w.draft = lab.NewDraft(s)
		w.draft.Registry = w.registry.URL
		w.draft.Published = time.Now()
		w.draft.Earlier = []lab.Earlier{{Version: "0.9.0", Published: time.Now().AddDate(0, -1, 0), Trust: lab.TrustTrustedPublisher}}
		w.tuf = s.TUF(w.registry.URL, lab.KeysJSON(w.draft.Keys...))
		w.net.Serve(tufAddr, w.tuf, false)
		if err := os.WriteFile(filepath.Join(w.dir, "root.json"), w.tuf.Root(), 0o600); err != nil {
			t.Fatal(err)
		}
		w.in = map[string]string{
			"package": "@acme/demo@1.0.0", "registry-url": w.registry.URL, "working-directory": w.dir,
			"tuf-url": "http://" + tufAddr, "tuf-root": filepath.Join(w.dir, "root.json"),
		}
		for k, v := range w.draft.Run.Env() {
			w.env[k] = v
		}
		w.began = time.Now()
		f(t, w)
	})
}

// later serves the draft's release once so much time has passed.
func (w *world) later(d time.Duration) {
	w.registry.AddWhen(w.draft.Release(), lab.ReadyAt(w.after(d)))
}

func (w *world) after(d time.Duration) time.Time { return w.began.Add(d) }

// outcome is how a run ended.
type outcome struct {
	report   *report.Report
	evidence []*evidence.Evidence
	took     time.Duration
	pkg      report.Package // the first one
}

// verify runs the program's own pipeline.
func (w *world) verify(t *testing.T, ctx context.Context) outcome {
	t.Helper()
	p, err := plan.New(w.in, func(k string) string { return w.env[k] })
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	g, err := evidence.NewGatherer(p, evidence.Options{
		NPM: w.client, Progress: w.progress,
		Hopeless: func(e *evidence.Evidence) bool { return check.Hopeless(e, p) },
	})
	if err != nil {
		t.Fatal(err)
	}
	g.Facts = w.facts
	out := outcome{report: &report.Report{Registry: p.Registry}}
	out.report.Packages = make([]report.Package, len(p.Releases))
	out.evidence = make([]*evidence.Evidence, len(p.Releases))
	var wg sync.WaitGroup
	for i, r := range p.Releases {
		wg.Go(func() {
			out.evidence[i] = g.Gather(ctx, r)
			out.report.Packages[i] = check.Package(out.evidence[i], p)
		})
	}
	wg.Wait()
	out.took = time.Since(begin)
	out.report.Decide()
	out.pkg = out.report.Packages[0]
	return out
}

func (o outcome) check(id string) report.Check {
	for _, c := range o.pkg.Checks {
		if c.ID == id {
			return c
		}
	}
	return report.Check{}
}

func (o outcome) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "took %s, %s, %s: %s\n", o.took, o.pkg.Status, o.pkg.State, o.pkg.Problem)
	for _, c := range o.pkg.Checks {
		if c.Status != report.Pass {
			fmt.Fprintf(&b, "  %s %s: %s\n", c.ID, c.Status, c.Detail)
		}
	}
	for _, s := range o.pkg.Waited.Surfaces {
		fmt.Fprintf(&b, "  %s ready %v after %.1f s %s\n", s.Surface, s.Ready, s.Seconds, s.Last)
	}
	return b.String()
}
