package plan

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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

func TestThisRun(t *testing.T) {
	t.Parallel()
	dir := checkout(t, nil)
	want := Expectation{
		Mode: ThisRun, Repository: "https://github.com/acme/tool", RepositoryID: "1001", OwnerID: "2002",
		Workflow: "https://github.com/acme/tool/.github/workflows/release.yml@refs/heads/main",
		Ref:      "refs/heads/main", Commit: strings.Repeat("a", 40), RunID: "3003", RunAttempt: 2,
		Trigger: "push", Hosted: true, Issuer: "https://token.actions.githubusercontent.com", Given: map[string]bool{},
	}
	in := vars{"package": "a@1.0.0"}
	if got := mustPlan(t, dir, in, ci).Expect; !reflect.DeepEqual(got, want) {
		t.Errorf("in Actions: got %+v\nwant %+v", got, want)
	}
	want.Mode = ThisRepository
	want = Expectation{Mode: ThisRepository, Repository: want.Repository, RepositoryID: "1001", OwnerID: "2002", Issuer: want.Issuer, Given: want.Given}
	if got := mustPlan(t, dir, in.with("expect", " This-Repository "), ci).Expect; !reflect.DeepEqual(got, want) {
		t.Errorf("this-repository: got %+v\nwant %+v", got, want)
	}
	for _, mode := range []string{Declared, None} {
		want := Expectation{Mode: mode, Given: map[string]bool{}}
		if got := mustPlan(t, dir, in.with("expect", mode), ci).Expect; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v\nwant %+v", mode, got, want)
		}
	}
}

// Two empty strings never match: each variable that is compared must be there.
func TestThisRunNeedsEveryVariable(t *testing.T) {
	t.Parallel()
	dir := checkout(t, nil)
	needed := map[string][]string{
		ThisRun: {"GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_REPOSITORY_ID", "GITHUB_REPOSITORY_OWNER_ID", "GITHUB_WORKFLOW_REF",
			"GITHUB_REF", "GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_EVENT_NAME"},
		ThisRepository: {"GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_REPOSITORY_ID", "GITHUB_REPOSITORY_OWNER_ID"},
	}
	for mode, names := range needed {
		for name := range ci {
			for _, value := range []string{"", "  "} {
				_, err := planOf(dir, vars{"package": "a@1.0.0", "expect": mode}, ci.with(name, value))
				if want := slices.Contains(names, name); (err != nil) != want {
					t.Errorf("%s with %s=%q: got %v, want an error: %t", mode, name, value, err, want)
				} else if want && !strings.Contains(err.Error(), name) {
					t.Errorf("%s with %s=%q: got %q, want the variable named", mode, name, value, err)
				}
			}
		}
	}
	if _, err := planOf(dir, vars{"package": "a@1.0.0"}, ci.with("GITHUB_RUN_ATTEMPT", "two")); err == nil {
		t.Error("an attempt that is no number is taken")
	}
}

func TestExpectedInputsOverrideOneExpectationEach(t *testing.T) {
	t.Parallel()
	dir := checkout(t, nil)
	type e = Expectation
	tests := []struct {
		sentence, input, value string
		field                  func(e) any
		want                   any
	}{
		{"a repository as owner/name", "expected-repository", "o/r", func(e e) any { return e.Repository }, "https://github.com/o/r"},
		{"a repository as URL", "expected-repository", "https://github.com/o/r", func(e e) any { return e.Repository }, "https://github.com/o/r"},
		{"a repository as clone URL", "expected-repository", " https://github.com/o/r.git/ ", func(e e) any { return e.Repository }, "https://github.com/o/r"},
		{"a repository as package.json writes it", "expected-repository", "git+https://github.com/o/r.git", func(e e) any { return e.Repository }, "https://github.com/o/r"},
		{"a repository without scheme", "expected-repository", "github.com/o/r", func(e e) any { return e.Repository }, "https://github.com/o/r"},
		{"a repository keeps its case", "expected-repository", "O/R.js", func(e e) any { return e.Repository }, "https://github.com/O/R.js"},
		{"another repository has other ids", "expected-repository", "o/r", func(e e) any { return e.RepositoryID + e.OwnerID }, ""},
		{"this repository keeps its ids", "expected-repository", "acme/tool", func(e e) any { return e.RepositoryID + e.OwnerID }, "10012002"},
		{"a workflow by file name", "expected-workflow", "ci.yaml", func(e e) any { return e.Workflow }, ".github/workflows/ci.yaml"},
		{"a workflow by path", "expected-workflow", "./.github/workflows/ci.yml", func(e e) any { return e.Workflow }, ".github/workflows/ci.yml"},
		{"a workflow by name and ref", "expected-workflow", "ci.yml@refs/tags/v1", func(e e) any { return e.Workflow }, ".github/workflows/ci.yml@refs/tags/v1"},
		{"a workflow of a repository", "expected-workflow", "o/r/.github/workflows/ci.yml", func(e e) any { return e.Workflow }, "https://github.com/o/r/.github/workflows/ci.yml"},
		{"a workflow as GITHUB_WORKFLOW_REF", "expected-workflow", "o/r/.github/workflows/ci.yml@refs/heads/a@b", func(e e) any { return e.Workflow }, "https://github.com/o/r/.github/workflows/ci.yml@refs/heads/a@b"},
		{"a workflow as certificates name it", "expected-workflow", "https://github.com/o/r/.github/workflows/ci.yml@refs/heads/main", func(e e) any { return e.Workflow }, "https://github.com/o/r/.github/workflows/ci.yml@refs/heads/main"},
		{"a signer pinned by commit", "expected-signer", "o/r/.github/workflows/ci.yml@" + strings.Repeat("c", 40), func(e e) any { return e.Signer }, "https://github.com/o/r/.github/workflows/ci.yml@" + strings.Repeat("c", 40)},
		{"a ref", "expected-ref", "refs/tags/v1.2.3", func(e e) any { return e.Ref }, "refs/tags/v1.2.3"},
		{"a commit in capitals", "expected-commit", strings.Repeat("D", 40), func(e e) any { return e.Commit }, strings.Repeat("d", 40)},
		{"a run by id", "expected-run", "77", func(e e) any { return fmt.Sprintln(e.RunID, e.RunAttempt, e.ExactAttempt) }, "77 0 false\n"},
		{"a run by URL", "expected-run", "https://github.com/acme/tool/actions/runs/77", func(e e) any { return fmt.Sprintln(e.RunID, e.RunAttempt, e.ExactAttempt) }, "77 0 false\n"},
		{"a run by job URL", "expected-run", "https://github.com/acme/tool/actions/runs/77/job/5", func(e e) any { return fmt.Sprintln(e.RunID, e.RunAttempt, e.ExactAttempt) }, "77 0 false\n"},
		{"a run with its attempt", "expected-run", "https://github.com/acme/tool/actions/runs/77/attempts/3", func(e e) any { return fmt.Sprintln(e.RunID, e.RunAttempt, e.ExactAttempt) }, "77 3 true\n"},
		{"a run URL names its repository", "expected-run", "https://github.com/o/r/actions/runs/77", func(e e) any { return e.Repository + e.OwnerID }, "https://github.com/o/r"},
		{"an environment with a space", "expected-environment", " npm prod ", func(e e) any { return e.Environment }, "npm prod"},
	}
	base := mustPlan(t, dir, vars{"package": "a@1.0.0"}, ci).Expect
	for _, tt := range tests {
		got := mustPlan(t, dir, vars{"package": "a@1.0.0", tt.input: tt.value}, ci).Expect
		if f := tt.field(got); f != tt.want {
			t.Errorf("%s: %s %q: got %q, want %q", tt.sentence, tt.input, tt.value, f, tt.want)
		}
		if !got.Given[tt.input] || len(got.Given) != 1 {
			t.Errorf("%s: got given %v, want %s alone", tt.sentence, got.Given, tt.input)
		}
		if got.Trigger != base.Trigger || got.Mode != base.Mode || got.Issuer != Issuer {
			t.Errorf("%s: changed more than it says: %+v", tt.sentence, got)
		}
	}
}

func TestAnOverrideStandsInForItsVariable(t *testing.T) {
	t.Parallel()
	dir := checkout(t, nil)
	for input, override := range map[string][3]string{
		"expected-ref":        {"GITHUB_REF", "refs/heads/x", "refs/heads/x"},
		"expected-workflow":   {"GITHUB_WORKFLOW_REF", "x.yml", ".github/workflows/x.yml"},
		"expected-repository": {"GITHUB_REPOSITORY", "o/r", "https://github.com/o/r"},
	} {
		p := mustPlan(t, dir, vars{"package": "a@1.0.0", input: override[1]}, ci.with(override[0], ""))
		if e := p.Expect; !slices.Contains([]string{e.Ref, e.Workflow, e.Repository}, override[2]) {
			t.Errorf("%s without %s: got %+v, want %q", input, override[0], e, override[2])
		}
	}
}

func TestOnlyGitHubVouchesForGitHub(t *testing.T) {
	t.Parallel()
	dir := checkout(t, nil)
	for value, want := range map[string]string{"o/r": Issuer, "https://gitlab.example/o/r": ""} {
		p := mustPlan(t, dir, vars{"package": "a@1.0.0", "expect": "none", "expected-repository": value}, vars{})
		if p.Expect.Issuer != want {
			t.Errorf("expected-repository %q: got issuer %q, want %q", value, p.Expect.Issuer, want)
		}
	}
}

func TestSameWorkflow(t *testing.T) {
	t.Parallel()
	const got = "https://github.com/o/r/.github/workflows/f.yml@refs/heads/main"
	same := []string{
		".github/workflows/f.yml",
		".github/workflows/f.yml@refs/heads/main",
		"https://github.com/o/r/.github/workflows/f.yml",
		got,
	}
	for _, want := range same {
		if !SameWorkflow(want, got) {
			t.Errorf("want %q, got %q: not the same", want, got)
		}
		for i := range want {
			changed := want[:i] + "~" + want[i+1:]
			if SameWorkflow(changed, got) {
				t.Errorf("want %q, got %q: the same", changed, got)
			}
		}
	}
	for _, pair := range [][2]string{{"", ""}, {"", got}, {same[0], ""}, {same[0], "f.yml"}, {same[0], "https://github.com/o/.github/workflows/f.yml@x"},
		{same[0], "https://github.com/o/r/evil/.github/workflows/f.yml@refs/heads/main"}, {"f.yml", got}, {same[0], "https://%zz/o/r/" + same[0]}} {
		if SameWorkflow(pair[0], pair[1]) {
			t.Errorf("want %q, got %q: the same", pair[0], pair[1])
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := checkout(t, map[string]string{
		"public.json":   `{"repository":{"visibility":"public","private":false,"full_name":"acme/tool"}}`,
		"private.json":  `{"repository":{"private":true}}`,
		"open.json":     `{"repository":{"private":false}}`,
		"fork.json":     `{"repository":{"full_name":"acme/tool"},"pull_request":{"head":{"repo":{"full_name":"eve/tool"}}}}`,
		"deleted.json":  `{"repository":{"full_name":"acme/tool"},"pull_request":{"head":{"repo":null}}}`,
		"internal.json": `{"repository":{"full_name":"acme/tool"},"pull_request":{"head":{"repo":{"full_name":"acme/tool"}}}}`,
		"broken.json":   `{"repository":{"visibility":"public"`,
		"act.json":      `{}`,
	})
	for file, want := range map[string]Run{
		"public.json": {Visibility: "public"}, "private.json": {Visibility: "private"}, "open.json": {Visibility: "public"},
		"fork.json": {Fork: true}, "deleted.json": {Fork: true}, "internal.json": {}, "broken.json": {}, "act.json": {}, "missing.json": {},
	} {
		got := readRun(vars{"GITHUB_EVENT_PATH": filepath.Join(dir, file)}.get)
		if *got != want {
			t.Errorf("%s: got %+v, want %+v", file, *got, want)
		}
	}
	env := ci.with("GITHUB_WORKSPACE", dir, "GITHUB_JOB", "verify", "GITHUB_API_URL", "https://api.github.com/",
		"JOB_WORKFLOW_REF", "o/r/.github/workflows/x.yml@refs/heads/main", "ACTIONS_ID_TOKEN_REQUEST_URL", "https://token.example")
	want := Run{
		ServerURL: "https://github.com", APIURL: "https://api.github.com", Repository: "acme/tool", RepositoryID: "1001",
		Owner: "acme", OwnerID: "2002", Ref: "refs/heads/main", SHA: ci["GITHUB_SHA"], Workflow: ci["GITHUB_WORKFLOW_REF"],
		WorkflowSHA: ci["GITHUB_WORKFLOW_SHA"], RunID: "3003", Attempt: 2, Event: "push", Runner: "github-hosted",
		Workspace: dir, Job: "verify", JobWorkflowRef: "o/r/.github/workflows/x.yml@refs/heads/main", IDToken: true,
	}
	p := mustPlan(t, dir, vars{"package": "a@1.0.0"}, env)
	if *p.Run != want {
		t.Errorf("got %+v\nwant %+v", *p.Run, want)
	}
	if p := mustPlan(t, dir, vars{"package": "a@1.0.0"}, vars{"GITHUB_REPOSITORY": "acme/tool"}); p.Run != nil {
		t.Errorf("outside Actions: got run %+v, want none", p.Run)
	}
}

func TestWorkspaceIsTheRootOfTheCheckout(t *testing.T) {
	t.Parallel()
	dir := checkout(t, map[string]string{".git/HEAD": "", "packages/a/package.json": "{}"})
	in := vars{"package": "a@1.0.0", "working-directory": "packages/a"}
	if p := mustPlan(t, dir, in, vars{}); p.Workspace != dir || p.WorkingDirectory != filepath.Join(dir, "packages", "a") {
		t.Errorf("by git: got workspace %q, working directory %q", p.Workspace, p.WorkingDirectory)
	}
	if p := mustPlan(t, dir, in, ci.with("GITHUB_WORKSPACE", filepath.Join(dir, "packages"))); p.Workspace != filepath.Join(dir, "packages") {
		t.Errorf("by GITHUB_WORKSPACE: got %q", p.Workspace)
	}
	if p := mustPlan(t, dir, in, ci.with("GITHUB_WORKSPACE", t.TempDir())); p.Workspace != p.WorkingDirectory {
		t.Errorf("working directory elsewhere: got %q", p.Workspace)
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
	if got := p.SecretsToken.String() + p.SecretsToken.GoString() + fmt.Sprint(p.SecretsToken); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestInputsAreSound(t *testing.T) {
	t.Parallel()
	order := "package packages working-directory registry-url timeout poll-interval on-timeout expect expected-repository expected-workflow expected-ref " +
		"expected-commit expected-run expected-signer expected-environment tarball dist-tag require skip check-npm-token npm-token-present secrets-token " +
		"allow-secrets trusted-root registry-keys tuf-url tuf-root evidence summary offline json version"
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
