package evidence_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
)

const stagedLog = `1 info using npm@11.19.1
2 info using node@v24.8.0
3 verbose title npm stage publish
4 verbose cwd CWD
5 notice package: @acme/demo@1.0.0
6 notice Staging to https://registry.npmjs.org with tag latest and public access
7 http fetch POST 201 https://registry.npmjs.org/-/stage/package/@acme%2fdemo 20ms
8 notice @acme/demo@1.0.0 has been staged with tag latest
9 verbose exit 0
`

// job is a folder with a checkout and npm's logs, and the plan of a run in it.
func job(t *testing.T, files map[string]string) (dir string, p *plan.Plan) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "CWD", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, &plan.Plan{
		Workspace: dir, Registry: npm.PublicRegistry, CheckNPMToken: true,
		Releases: []plan.Release{{Spec: npm.Spec{Name: "@acme/demo", Version: "1.0.0"}}},
		Run:      &plan.Run{Repository: "acme/demo", Workflow: "acme/demo/.github/workflows/r.yml@refs/heads/main", Job: "publish"},
	}
}

func look(t *testing.T, p *plan.Plan, environ ...string) *evidence.RunFacts {
	t.Helper()
	f := evidence.Look(context.Background(), p, evidence.FactsOptions{Environ: environ})
	f.Wait()
	return f
}

const stages = "on: push\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pnpm stage publish\n"

func TestFactsOfARun(t *testing.T) {
	t.Parallel()
	const file = "cache/_logs/2026-11-01T10_00_00_000Z-debug-0.log"
	dir, p := job(t, map[string]string{"lerna-debug.log": "7 verbose oidc Enabling provenance\n", file: stagedLog, ".github/workflows/r.yml": "on: push\njobs: {}\n"})
	for name, environ := range map[string][]string{
		"npm_config_cache":    {"npm_config_cache=" + dir + "/cache"},
		"NPM_CONFIG_CACHE":    {"NPM_CONFIG_CACHE=" + dir + "/cache"},
		"npm_config_logs_dir": {"npm_config_cache=/nowhere", "npm_config_logs_dir=" + dir + "/cache/_logs"},
	} {
		f := look(t, p, environ...)
		if !f.Log.Consulted || len(f.Logs) != 1 || len(f.Staged) != 1 || f.Repository == nil || !f.Checkout.Consulted || f.Stores.Consulted || f.Stores.Why == "" || len(f.Output) != 1 {
			t.Errorf("%s: got %+v", name, f)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "home/.npm"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "cache/_logs"), filepath.Join(dir, "home/.npm/_logs")); err != nil {
		t.Fatal(err)
	}
	if f := look(t, p, "HOME="+dir+"/home"); len(f.Logs) != 1 {
		t.Errorf("npm's default folder: got %+v", f.Log)
	}
	if f := look(t, p); f.Log.Consulted || f.Log.Why == "" {
		t.Errorf("no folder known: got %+v", f.Log)
	}
	p.Workspace = t.TempDir()
	f := look(t, p, "npm_config_cache="+dir+"/cache")
	if len(f.Logs) != 0 || len(f.Staged) != 0 || !strings.Contains(f.Log.Why, "outside this job's folder") {
		t.Errorf("a log of another job: got %+v, %d logs", f.Log, len(f.Logs))
	}
	if f.Checkout.Consulted || !strings.Contains(f.Checkout.Why, "actions/checkout") {
		t.Errorf("an empty workspace: got %+v", f.Checkout)
	}
}

func TestLogsOfEarlierJobsOnAMachineOfOnesOwn(t *testing.T) {
	t.Parallel()
	dir, p := job(t, map[string]string{"logs/2020-11-01T10_00_00_000Z-debug-0.log": stagedLog, "event.json": "{}"})
	p.Run.Runner = "self-hosted"
	if f := look(t, p, "npm_config_logs_dir="+dir+"/logs", "GITHUB_EVENT_PATH="+dir+"/event.json"); len(f.Logs) != 0 || !strings.Contains(f.Log.Why, "before this job") {
		t.Errorf("got %+v, %d logs, want the old one left aside", f.Log, len(f.Logs))
	}
}

func TestStagedByCommand(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		staged     bool
	}{
		{"the only command of the job stages", stages, true},
		{"another command of the job publishes", stages + "      - run: npm publish\n", false},
		{"another job stages", strings.Replace(stages, "publish:", "other:", 1), false},
		{"no command of the job publishes", "on: push\njobs:\n  publish:\n    steps:\n      - run: npm test\n", false},
	} {
		_, p := job(t, map[string]string{".github/workflows/r.yml": row.text})
		if f := look(t, p); (len(f.Staged) == 1) != row.staged {
			t.Errorf("%s: got %v staged, want %t", row.name, f.Staged, row.staged)
		}
	}
}

func TestHeldCredentials(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		environ []string
		want    []evidence.Held
	}{
		{"names that the script gives", []string{"NPM_TOKEN=not-looked-at", "VERIFY_NPM_RELEASE_CREDENTIAL_NAMES=NODE_AUTH_TOKEN X_NPM_TOKEN", "VERIFY_NPM_RELEASE_CREDENTIAL_FILES=/home/u/.npmrc:3\n"},
			[]evidence.Held{{Name: "NODE_AUTH_TOKEN"}, {Name: "X_NPM_TOKEN"}, {Name: ".npmrc", File: "/home/u/.npmrc", Line: 3}}},
		{"the script says that there are none", []string{"NPM_TOKEN=x1", "VERIFY_NPM_RELEASE_CREDENTIAL_NAMES="}, nil},
		{"an environment of our own", []string{"NPM_TOKEN=x1", "NODE_AUTH_TOKEN=XXXXX-XXXXX-XXXXX-XXXXX", "NPM_ID_TOKEN=x", "NPM_AUTH_TOKEN="}, []evidence.Held{{Name: "NPM_TOKEN"}}},
		{"inputs, switches and GitHub's own tokens are none", []string{"INPUT_NPM-TOKEN-PRESENT=true", "INPUT_NPM_TOKEN=x1", "NPM_TOKEN_PRESENT=yes", "NPM_TOKEN=true", "NODE_AUTH_TOKEN=ghs_abcdefghijkl"}, nil},
	} {
		_, p := job(t, nil)
		if f := look(t, p, row.environ...); !slices.Equal(f.Held, row.want) || !f.Environment.Consulted {
			t.Errorf("%s: got %+v, want %+v", row.name, f.Held, row.want)
		}
	}
}

func TestOutsideActionsNothingIsLookedAt(t *testing.T) {
	t.Parallel()
	_, p := job(t, map[string]string{".github/workflows/r.yml": stages})
	p.Run, p.CheckNPMToken = nil, false
	f := look(t, p, "NPM_TOKEN=x1")
	if f.Repository != nil || f.Held != nil || f.Checkout.Consulted || f.Environment.Consulted || f.Checkout.Why == "" {
		t.Errorf("got %+v", f)
	}
	p.Require = []string{"leftover-token"}
	if f := look(t, p, "NPM_TOKEN=x1"); f.Repository == nil || len(f.Held) != 1 {
		t.Errorf("asked for a leftover token: got %+v", f)
	}
}

func TestStoredSecretsAreListed(t *testing.T) {
	t.Parallel()
	var seen []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.URL.Path+" "+r.Header.Get("Authorization"))
		key := "secrets"
		if strings.HasSuffix(r.URL.Path, "/environments") {
			key = "environments"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"total_count": 1, key: []any{map[string]any{"name": "NPM_TOKEN"}}})
	}))
	defer api.Close()
	_, p := job(t, nil)
	p.Run.APIURL, p.SecretsToken = api.URL, plan.NewToken("s3cret")
	f := look(t, p)
	if !f.Stores.Consulted || len(f.Secrets) != 4 || f.Secrets[0].Names[0] != "NPM_TOKEN" || !slices.Contains(seen, "/repos/acme/demo/actions/secrets Bearer s3cret") {
		t.Errorf("got %+v, %q", f.Secrets, seen)
	}
	seen = nil
	p.CheckNPMToken = false
	if f := look(t, p); f.Stores.Consulted || seen != nil {
		t.Errorf("not asked for: got %+v, requests %q", f.Stores, seen)
	}
}

// A run that is stopped does not wait for GitHub.
func TestFactsEndWithTheRun(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-stuck:
		}
	}))
	defer api.Close()
	defer close(stuck)
	_, p := job(t, nil)
	p.Run.APIURL, p.SecretsToken = api.URL, plan.NewToken("x")
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	begin := time.Now()
	f := evidence.Look(ctx, p, evidence.FactsOptions{})
	f.Wait()
	if took := time.Since(begin); took > 10*time.Second || !f.Stores.Consulted || f.Secrets[0].Unknown == nil {
		t.Errorf("got %+v after %s", f.Secrets, took)
	}
}
