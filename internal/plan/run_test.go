package plan

import (
	"path/filepath"
	"testing"
)

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
		"VERIFY_NPM_RELEASE_JOB_WORKFLOW_REF", "o/r/.github/workflows/x.yml@refs/heads/main", "ACTIONS_ID_TOKEN_REQUEST_URL", "https://token.example")
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
	for value, want := range map[string]bool{"true": true, "false": false, "": false} {
		if got := readRun(vars{"VERIFY_NPM_RELEASE_ID_TOKEN": value}.get).IDToken; got != want {
			t.Errorf("VERIFY_NPM_RELEASE_ID_TOKEN=%q: got %t, want %t", value, got, want)
		}
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
