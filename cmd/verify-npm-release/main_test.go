package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"verify-npm-release/internal/lab"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"verify-npm-release": main})
}

// TestScripts runs the real program on testdata/script/*.txt. Each script finds
// a registry ($REGISTRY) that serves @acme/demo@1.0.0 and a TUF repository
// ($TUF, root.json) that vouches for it; "run NAME=VALUE…" makes it the step of
// the run that published it.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run":   inRun,
			"flip":  flip,
			"serve": serve,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

type scriptWorld struct {
	registry *lab.Registry
	draft    *lab.Draft
	release  *lab.Release
}

func setup(env *testscript.Env) error {
	s := lab.NewSigstore()
	registry := lab.NewRegistry(lab.Options{})
	env.Defer(registry.Close)
	d := lab.NewDraft(s)
	d.Registry = registry.URL
	d.Earlier = []lab.Earlier{{Version: "0.9.0", Published: d.Published.Add(-time.Hour), Trust: lab.TrustTrustedPublisher}}
	r := d.Release()
	tuf := s.TUF(registry.URL, r.Keys)
	repository := lab.Serve(tuf, false)
	env.Defer(repository.Close)
	env.Vars = append(env.Vars, "REGISTRY="+registry.URL, "TUF="+repository.URL, "RUNNER_TEMP="+env.Getenv("TMPDIR"))
	env.Values["world"] = &scriptWorld{registry, d, r}
	return os.WriteFile(filepath.Join(env.WorkDir, "root.json"), tuf.Root(), 0o600)
}

// serve [good|later|swapped]: what the registry has.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	w := ts.Value("world").(*scriptWorld)
	switch strings.Join(args, " ") {
	case "good":
		w.registry.Add(w.release)
	case "later":
		w.registry.AddWhen(w.release, lab.ReadyAt(time.Now().Add(1500*time.Millisecond)))
	case "surface by surface":
		now := time.Now()
		w.registry.AddWhen(w.release, lab.Ready{
			lab.SurfaceManifest: now.Add(500 * time.Millisecond), lab.SurfaceTarball: now.Add(1500 * time.Millisecond),
			lab.SurfaceAttestations: now.Add(2500 * time.Millisecond),
		})
	case "swapped":
		w.release.Tarball = lab.Pack(map[string]string{"package.json": `{"name":"evil"}`}, 6)
		w.registry.Add(w.release)
	case "never":
	case "without provenance":
		w.draft.Trust = lab.TrustNone
		w.registry.Add(w.draft.Release())
	default:
		ts.Fatalf("serve: unknown %q", args)
	}
}

// inRun sets the environment of the run that published the release.
func inRun(ts *testscript.TestScript, neg bool, args []string) {
	w := ts.Value("world").(*scriptWorld)
	ts.Setenv("GITHUB_ACTIONS", "true")
	ts.Setenv("GITHUB_OUTPUT", ts.MkAbs("output"))
	ts.Setenv("GITHUB_STEP_SUMMARY", ts.MkAbs("summary.md"))
	ts.Setenv("GITHUB_WORKSPACE", ts.MkAbs("."))
	for k, v := range w.draft.Run.Env() {
		ts.Setenv(k, v)
	}
	for _, a := range args {
		k, v, _ := strings.Cut(a, "=")
		ts.Setenv(k, v)
	}
}

// flip FILE: change one byte in the middle of a file.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	name := ts.MkAbs(args[0])
	raw, err := os.ReadFile(name)
	ts.Check(err)
	raw[len(raw)/2] ^= 1
	ts.Check(os.WriteFile(name, raw, 0o600))
}
