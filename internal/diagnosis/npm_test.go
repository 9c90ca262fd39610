package diagnosis

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// answers is a registry and GitHub's issuer of id-tokens as npm meets them.
// Each path ends with the package's name, and the name says how it goes.
func answers(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	answer := func(code int, v map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(v)
	}
	path := r.URL.Path
	for word, text := range map[string]string{
		"denied":     "OIDC permission denied for this action",
		"selfhosted": `Error verifying sigstore provenance bundle: Unsupported GitHub Actions runner environment: "self-hosted". Only "github-hosted" runners are supported when publishing with provenance.`,
		"norepo":     `Error verifying sigstore provenance bundle: Failed to validate repository information: package.json: "repository.url" is "", expected to match "https://github.com/acme/demo" from provenance`,
		"private":    `Error verifying sigstore provenance bundle: Unsupported GitHub Actions source repository visibility: "private".`,
		"tuf":        "Error verifying sigstore provenance bundle: error refreshing TUF metadata",
		"taken":      "You cannot publish over the previously published versions: 1.0.0.",
		"twofactor":  "Two-factor authentication or granular access token with bypass 2fa enabled is required to publish packages.",
	} {
		if r.Method == http.MethodPut && strings.HasSuffix(path, word) {
			code := http.StatusForbidden
			if strings.Contains(text, "sigstore") {
				code = http.StatusUnprocessableEntity
			}
			answer(code, map[string]any{"error": text})
			return
		}
	}
	switch {
	case path == "/idtoken" && strings.Contains(r.Header.Get("Authorization"), "broken"):
		answer(200, map[string]any{})
	case path == "/idtoken": // {"repository_visibility":"private"}: npm then leaves provenance out
		answer(200, map[string]any{"value": "eyJhbGciOiJub25lIn0.eyJyZXBvc2l0b3J5X3Zpc2liaWxpdHkiOiJwcml2YXRlIn0.c2ln"})
	case strings.Contains(path, "/oidc/token/exchange/") && strings.HasSuffix(path, "unmatched"):
		answer(404, map[string]any{"message": "OIDC token exchange error - package not found"})
	case strings.Contains(path, "/oidc/token/exchange/") && strings.HasSuffix(path, "issuer"):
		answer(401, map[string]any{"message": "OIDC token exchange error - unauthorized"})
	case strings.Contains(path, "/oidc/token/exchange/"):
		answer(201, map[string]any{"token_type": "oidc", "token": goodToken})
	case strings.HasSuffix(path, "/visibility"):
		answer(200, map[string]any{"public": true})
	case r.Method == http.MethodPut:
		w.Header().Set("Npm-Notice", "Your package is being processed and may take a few minutes to become available.")
		answer(202, map[string]any{"ok": true})
	case strings.HasPrefix(path, "/-/stage/"):
		answer(201, map[string]any{"stageId": "1"})
	default:
		answer(404, map[string]any{"error": "Not found"})
	}
}

// program is an npm of some version: a command to run.
type program struct {
	argv    []string
	version *semver.Version
}

// installed is the npm on PATH.
func installed(t *testing.T) program {
	t.Helper()
	if testing.Short() {
		t.Skip("npm is not run in short tests")
	}
	return versionOf(t, "npm")
}

func versionOf(t *testing.T, argv ...string) program {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, argv[0], append(argv[1:], "--version")...).Output()
	v, bad := semver.NewVersion(strings.TrimSpace(string(out)))
	if err != nil || bad != nil {
		t.Skipf("%q does not run here: %v: %.300s", argv, err, out)
	}
	return program{argv, v}
}

// fetched is another npm, from the registry this machine is set up for.
func fetched(t *testing.T, version string) program {
	t.Helper()
	with := installed(t)
	dir := t.TempDir()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, with.argv[0], "install", "--prefix", dir, "--cache", t.TempDir(), "--no-audit", "--no-fund", "--ignore-scripts", "npm@"+version)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm %s could not be had from the registry: %v: %.500s", version, err, out)
	}
	return versionOf(t, "node", filepath.Join(dir, "node_modules", "npm", "bin", "npm-cli.js"))
}

// job is a publish by a real npm and what is asked about it.
type job struct {
	name  string
	pkg   string // says how the registry answers
	args  []string
	token bool // a token is configured
	noID  bool // the job has no id-token: write
	id    string
	done  bool // the registry serves it afterwards, by the token if there is one
	check string
	want  []string // causes of the check, all of them, in order
}

var jobs = []job{
	{name: "all goes well, and npm still works on it", pkg: "works", check: "served", want: []string{"still-processing"}},
	{name: "no trusted publisher matches", pkg: "unmatched", check: "served", want: []string{"first-publish", "publisher-mismatch"}},
	{name: "none matches, and a token takes over", pkg: "unmatched", token: true, done: true, check: "trusted-publisher", want: []string{"token-fallback", "published-by-token", "publisher-mismatch"}},
	{name: "the job has no id-token", pkg: "works", noID: true, check: "served", want: []string{"id-token-permission"}},
	{name: "the job has no id-token, and a token takes over", pkg: "works", noID: true, token: true, done: true, check: "trusted-publisher", want: []string{"id-token-permission", "published-by-token"}},
	{name: "provenance is asked for without an id-token", pkg: "works", args: []string{"--provenance"}, noID: true, token: true, check: "served", want: []string{"id-token-permission"}},
	{name: "GitHub gives no id-token", pkg: "works", id: "broken", check: "served", want: []string{"exchange-failed"}},
	{name: "npm does not know the issuer", pkg: "issuer", check: "served", want: []string{"exchange-failed"}},
	{name: "the publisher may stage only", pkg: "denied", check: "served", want: []string{"stage-only-publisher"}},
	{name: "the registry refuses the runner", pkg: "selfhosted", check: "served", want: []string{"self-hosted-runner"}},
	{name: "the registry refuses the repository", pkg: "norepo", check: "served", want: []string{"repository-url"}},
	{name: "the registry refuses the visibility", pkg: "private", check: "served", want: []string{"private-repository"}},
	{name: "the registry has trouble with Sigstore", pkg: "tuf", check: "served", want: []string{"provenance-refused"}},
	{name: "the version is taken", pkg: "taken", check: "served", want: []string{"version-taken", "still-processing"}},
	{name: "the token wants a second factor", pkg: "twofactor", check: "served", want: []string{"token-refused"}},
}

// TestRealNPM lets the npm on PATH publish through each failure, reads the
// folder it logged to, and compares the causes that are named.
func TestRealNPM(t *testing.T) {
	t.Parallel()
	with := installed(t)
	if with.version.LessThan(semver.MustParse(oidcNPM)) {
		t.Skipf("npm %s is on PATH, and this needs %s", with.version, oidcNPM)
	}
	for _, j := range jobs {
		t.Run(j.name, func(t *testing.T) { j.try(t, with, j.want) })
	}
}

// TestOtherNPMs does the same with the oldest npm that has trusted publishing,
// one that has none, and a newer one.
func TestOtherNPMs(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"10", oidcNPM, "12"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			with := fetched(t, version)
			for _, j := range jobs[:5] {
				want := j.want
				if version == "10" {
					want = []string{"npm-too-old"} // it does not even try
					if j.noID {
						want = append(want, "id-token-permission")
					}
					if j.done {
						want = append(want, "published-by-token")
					}
				}
				t.Run(j.name, func(t *testing.T) { j.try(t, with, want) })
			}
		})
	}
}

// TestRealStaging has a real npm stage a release: it is known for that.
func TestRealStaging(t *testing.T) {
	t.Parallel()
	with := installed(t)
	if with.version.LessThan(semver.MustParse("11.15.0")) {
		t.Skipf("npm %s is on PATH, and staging needs 11.15.0", with.version)
	}
	j := job{pkg: "works", args: []string{"stage"}, check: "served"}
	j.try(t, with, []string{"staged"})
}

func (j *job) try(t *testing.T, with program, want []string) {
	server := httptest.NewServer(http.HandlerFunc(answers))
	defer server.Close()
	dir, cache := t.TempDir(), t.TempDir()
	name := "@acme/" + j.pkg
	for file, text := range map[string]string{
		"package.json":                  `{"name": "` + name + `", "version": "1.0.0", "repository": "github:acme/demo"}`,
		".github/workflows/release.yml": goodWorkflow,
	} {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"publish", "--access", "public"}, j.args...)
	if len(j.args) == 1 && j.args[0] == "stage" {
		args = []string{"stage", "publish", "--access", "public"}
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, with.argv[0], append(slices.Clone(with.argv[1:]), args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "CI=true", "GITHUB_ACTIONS=true",
		"npm_config_cache=" + cache, "npm_config_registry=" + server.URL + "/", "npm_config_fetch_retries=0", "npm_config_update_notifier=false"}
	if j.token {
		cmd.Env = append(cmd.Env, "npm_config_//"+strings.TrimPrefix(server.URL, "http://")+"/:_authToken="+goodToken)
	}
	if !j.noID {
		cmd.Env = append(cmd.Env, "ACTIONS_ID_TOKEN_REQUEST_URL="+server.URL+"/idtoken?a=b", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=x"+j.id)
	}
	out, _ := cmd.CombinedOutput() // how it ended is in the log

	s := newScene(t)
	spec := npm.Spec{Name: name, Version: "1.0.0"}
	s.p.Registry, s.p.Workspace, s.p.Run.IDToken = server.URL, dir, !j.noID
	s.p.Releases = []plan.Release{{Spec: spec}}
	s.e.Release = s.p.Releases[0]
	facts := evidence.Look(t.Context(), s.p, evidence.FactsOptions{Environ: []string{"npm_config_cache=" + cache}})
	facts.Wait()
	s.e.Run = facts
	if j.done {
		s.e.Manifest.NPMVersion = with.version.String()
	} else {
		s.unserved()
		s.e.Place = nil
		s.e.Surfaces[evidence.DistTagSurface] = evidence.Surface{Asked: true, Denied: true}
	}
	if len(facts.Staged) > 0 {
		s.e.State = evidence.StateStaged
	}
	status := report.Unknown
	if j.done {
		status = report.Fail
	}
	checks := []report.Check{{ID: j.check, Status: status}}
	notes := Explain(s.e, s.p, checks)
	// Node.js is as old as this machine's, which is none of the matter.
	got := slices.DeleteFunc(ids(checks[0].Causes), func(id string) bool { return id == "node-too-old" })
	if !slices.Equal(got, want) {
		t.Errorf("npm %s: got %q, want %q; notes %q; npm said\n%s", with.version, got, want, notes, out)
	}
	if raw, err := json.Marshal(checks); err != nil || strings.Contains(string(raw), goodToken[4:]) {
		t.Errorf("a cause shows the token, or %v", err)
	}
}
