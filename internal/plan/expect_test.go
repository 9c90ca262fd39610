package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

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
	for _, pair := range [][2]string{{"", ""}, {"", got}, {"", "https://github.com/o/r/"}, {same[0], "https://github.com/o"}, {same[0], ""}, {same[0], "f.yml"}, {same[0], "https://github.com/o/.github/workflows/f.yml@x"},
		{same[0], "https://github.com/o/r/evil/.github/workflows/f.yml@refs/heads/main"}, {"f.yml", got}, {same[0], "https://%zz/o/r/" + same[0]}} {
		if SameWorkflow(pair[0], pair[1]) {
			t.Errorf("want %q, got %q: the same", pair[0], pair[1])
		}
	}
}
