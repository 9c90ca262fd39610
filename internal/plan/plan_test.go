package plan

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/npm"
)

// vars is an environment, or the inputs.
type vars map[string]string

func (v vars) get(name string) string { return v[name] }

// with returns v changed by pairs of name and value.
func (v vars) with(pairs ...string) vars {
	out := maps.Clone(v)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// ci is the environment of a run.
var ci = vars{
	"GITHUB_ACTIONS":             "true",
	"GITHUB_SERVER_URL":          "https://github.com",
	"GITHUB_REPOSITORY":          "acme/tool",
	"GITHUB_REPOSITORY_ID":       "1001",
	"GITHUB_REPOSITORY_OWNER":    "acme",
	"GITHUB_REPOSITORY_OWNER_ID": "2002",
	"GITHUB_WORKFLOW_REF":        "acme/tool/.github/workflows/release.yml@refs/heads/main",
	"GITHUB_WORKFLOW_SHA":        strings.Repeat("b", 40),
	"GITHUB_REF":                 "refs/heads/main",
	"GITHUB_SHA":                 strings.Repeat("a", 40),
	"GITHUB_RUN_ID":              "3003",
	"GITHUB_RUN_ATTEMPT":         "2",
	"GITHUB_EVENT_NAME":          "push",
	"RUNNER_ENVIRONMENT":         "github-hosted",
}

// checkout writes files into a new folder.
func checkout(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// planOf makes a plan in dir.
func planOf(dir string, in, env vars) (*Plan, error) {
	return New(in.with("working-directory", filepath.Join(dir, in["working-directory"])), env.get)
}

func mustPlan(t testing.TB, dir string, in, env vars) *Plan {
	t.Helper()
	p, err := planOf(dir, in, env)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// specs are the releases, with @tag behind where one is expected.
func specs(p *Plan) []string {
	var out []string
	for _, r := range p.Releases {
		s := r.Spec.String()
		if r.DistTag != "" {
			s += " " + r.DistTag
		}
		out = append(out, s)
	}
	return out
}

func TestDefaultsOfThePlan(t *testing.T) {
	t.Parallel()
	dir := checkout(t, nil)
	p := mustPlan(t, dir, vars{"package": "a@1.0.0"}, vars{})
	want := &Plan{
		Registry: npm.PublicRegistry,
		Releases: []Release{{Spec: npm.Spec{Name: "a", Version: "1.0.0"}, DistTag: "latest"}},
		Timeout:  30 * time.Minute, PollInterval: 10 * time.Second,
		Expect:           Expectation{Mode: Declared, Given: map[string]bool{}},
		Summary:          true,
		WorkingDirectory: dir, Workspace: dir,
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got %+v\nwant %+v", p, want)
	}
}

func TestSwitchesAndListsForgiveForm(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, t.TempDir(), vars{
		"package": "a@1.0.0", "summary": " FALSE\n", "check-npm-token": "True", "npm-token-present": "false", "on-timeout": "Warn",
		"require": "dist-tag, Trusted-Publisher\ndist-tag", "skip": "trust-downgrade", "allow-secrets": "NPM_READ_*,\tX",
		"timeout": " 90s ", "poll-interval": "1s", "secrets-token": "ghs_secret", "json": "-", "evidence": "out",
	}, vars{})
	got := fmt.Sprintln(p.Summary, p.CheckNPMToken, *p.NPMTokenPresent, p.WarnOnTimeout, p.Require, p.Skip, p.AllowSecrets, p.Timeout, p.PollInterval, p.JSON, p.Evidence, p.SecretsToken.Reveal())
	want := "false true false true [dist-tag trusted-publisher] [trust-downgrade] [NPM_READ_* X] 1m30s 1s - out ghs_secret\n"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if p := mustPlan(t, t.TempDir(), vars{"package": "a@1.0.0", "npm-token-present": ""}, vars{}); p.NPMTokenPresent != nil {
		t.Errorf("npm-token-present '': got %t, want not given", *p.NPMTokenPresent)
	}
	for timeout, want := range map[string]time.Duration{"5s": 5 * time.Second, "10ms": time.Second, "6h": 10 * time.Second} {
		if p := mustPlan(t, t.TempDir(), vars{"package": "a@1.0.0", "timeout": timeout}, vars{}); p.PollInterval != want {
			t.Errorf("timeout %s: got poll interval %s, want %s", timeout, p.PollInterval, want)
		}
	}
	known := []string{"dist-tag", "trusted-publisher", "trust-downgrade"}
	if err := p.ValidateChecks(known); err != nil {
		t.Error(err)
	}
	err := p.ValidateChecks(known[:2])
	if want := `skip: there is no check "trust-downgrade"; the checks are dist-tag, trusted-publisher`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	var ie *InputError
	if !errors.As(err, &ie) || ie.Input != "skip" {
		t.Errorf("got %#v, want an InputError of skip", err)
	}
}

func TestNoFormatPrintsTheToken(t *testing.T) {
	t.Parallel()
	const secret = "ghs_topsecret"
	p := mustPlan(t, t.TempDir(), vars{"package": "a@1.0.0", "secrets-token": secret}, vars{})
	if p.SecretsToken.Reveal() != secret || !p.SecretsToken.Given() || (Token{}).Given() || NewToken("").Given() || (Token{}).Reveal() != "" {
		t.Error("the token is not kept")
	}
	hidden := struct{ plan Plan }{*p} // fmt does not call methods of unexported fields
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{p.SecretsToken, &p.SecretsToken, p, hidden} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, secret) || strings.Contains(got, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of %T prints the token: %s", verb, v, got)
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, p.SecretsToken); got != "" {
			t.Errorf("%s: got %q, want nothing", verb, got)
		}
	}
	if got := p.SecretsToken.String() + p.SecretsToken.GoString() + fmt.Sprint(p.SecretsToken); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestInputsAreSound(t *testing.T) {
	t.Parallel()
	order := "package packages working-directory registry-url timeout poll-interval on-timeout expect expected-repository expected-workflow expected-ref " +
		"expected-commit expected-run expected-signer expected-environment tarball dist-tag require skip check-npm-token npm-token-present secrets-token " +
		"allow-secrets trusted-root registry-keys tuf-url tuf-root evidence badge vsa sign summary offline json version"
	var names []string
	for _, i := range Inputs() {
		names = append(names, i.Name)
		if i.Usage == "" || i.Group == "" || strings.ContainsAny(i.Usage, "\n|") && i.Name != "expect" || strings.HasSuffix(i.Usage, ".") {
			t.Errorf("%s: usage %q, group %q", i.Name, i.Usage, i.Group)
		}
		if i.Default != "" && i.Otherwise != "" {
			t.Errorf("%s has two defaults", i.Name)
		}
		if i.Bool == (i.Value != "") {
			t.Errorf("%s: a switch has no value and everything else one", i.Name)
		}
	}
	if got := strings.Join(names, " "); got != order {
		t.Errorf("got  %s\nwant %s", got, order)
	}
}
