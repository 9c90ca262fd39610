package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/github"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/workflow"
)

// asked is a release through a trusted publisher, in a run whose checkout holds
// files, and the question whether a credential is left.
func asked(t *testing.T, files map[string]string) (*evidence.Evidence, *plan.Plan) {
	t.Helper()
	dir := t.TempDir()
	files["package.json"] = `{"name": "@acme/demo", "version": "1.0.0"}`
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	repo, err := workflow.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	here := evidence.Source{Consulted: true}
	e := &evidence.Evidence{
		Release: plan.Release{Spec: npm.Spec{Name: "@acme/demo", Version: "1.0.0"}},
		Manifest: &npm.Manifest{Name: "@acme/demo", Version: "1.0.0",
			User: &npm.User{Name: "GitHub Actions", TrustedPublisher: &npm.TrustedPublisher{ID: "github"}}},
		Run: &evidence.RunFacts{Checkout: here, Environment: here, Repository: repo, Stores: evidence.Source{Why: "no secrets-token was given"}},
	}
	p := &plan.Plan{Registry: npm.PublicRegistry, CheckNPMToken: true, Run: &plan.Run{Repository: "acme/demo"}}
	return e, p
}

func uses(secret string) string {
	return "on: push\njobs:\n  p:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets." + secret + " }}\n"
}

func TestLeftoverToken(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	const file = ".github/workflows/r.yml"
	type edit = func(*evidence.Evidence, *plan.Plan)
	absent := func(e *evidence.Evidence, p *plan.Plan) { p.NPMTokenPresent = &no }
	listed := func(stores ...github.Store) edit {
		return func(e *evidence.Evidence, p *plan.Plan) {
			e.Run.Stores, e.Run.Secrets, p.SecretsToken = evidence.Source{Consulted: true}, stores, plan.NewToken("x")
		}
	}
	for _, row := range []struct {
		name   string
		files  map[string]string
		edit   edit
		status report.CheckStatus
		detail string
		left   string // names and places, by space
	}{
		{"nothing is found, and GitHub was not asked", nil, nil, report.Unknown, "npm-token-present: ${{ secrets.NPM_TOKEN != '' }}", ""},
		{"nothing is found, and the secret is not there", nil, absent, report.Pass, "nothing was found", ""},
		{"nothing is found, and GitHub lists no npm secret", nil, listed(github.Store{Kind: github.RepositorySecrets, Names: []string{"SLACK"}}), report.Pass, "stored secrets, by name", ""},
		{"the secret is there", nil, func(e *evidence.Evidence, p *plan.Plan) { p.NPMTokenPresent = &yes }, report.Fail, "found 1", "NPM_TOKEN/stored-secret"},
		{"a workflow uses it, though it is not there", map[string]string{file: uses("NPM_TOKEN")}, absent, report.Fail, "r.yml:8", "NPM_TOKEN/token-reference/.github/workflows/r.yml:8"},
		{"a token that only reads may stay", map[string]string{file: uses("NPM_READ_TOKEN")}, absent, report.Pass, "may stay: NPM_READ_TOKEN", ""},
		{"a name that allow-secrets has may stay", map[string]string{file: uses("NPM_TOKEN_INTERNAL")}, func(e *evidence.Evidence, p *plan.Plan) {
			p.NPMTokenPresent, p.AllowSecrets = &no, []string{"npm_*_internal"}
		}, report.Pass, "may stay: NPM_TOKEN_INTERNAL", ""},
		{"a name that allow-secrets does not have is left", map[string]string{file: uses("NPM_TOKEN")}, func(e *evidence.Evidence, p *plan.Plan) {
			p.NPMTokenPresent, p.AllowSecrets = &no, []string{"NPM_READ*"}
		}, report.Fail, "found 1", "NPM_TOKEN/token-reference/.github/workflows/r.yml:8"},
		{"a listing that GitHub refused is never clean", nil, func(e *evidence.Evidence, p *plan.Plan) {
			listed(github.Store{Kind: github.RepositorySecrets, Unknown: &github.Unknown{Status: 403, Reason: "GitHub refused", Missing: "secrets=read"}})(e, p)
			p.NPMTokenPresent = &no
		}, report.Unknown, "secrets=read", ""},
		{"what is found counts, whatever else is not known", nil, listed(
			github.Store{Kind: github.RepositorySecrets, Names: []string{"NPM_TOKEN"}},
			github.Store{Kind: github.DependabotSecrets, Unknown: &github.Unknown{Status: 404, Reason: "not found"}},
		), report.Fail, "not known: stored secrets, by name (dependabot secrets: not found)", "NPM_TOKEN/stored-secret"},
		{"the job's environment", nil, func(e *evidence.Evidence, p *plan.Plan) {
			absent(e, p)
			e.Run.Held = []evidence.Held{{Name: "NODE_AUTH_TOKEN"}}
		}, report.Fail, "NODE_AUTH_TOKEN", "NODE_AUTH_TOKEN/token-in-environment"},
		{"a token published it", nil, func(e *evidence.Evidence, p *plan.Plan) {
			absent(e, p)
			e.Manifest.User = &npm.User{Name: "ada"}
		}, report.Fail, "ada", "ada/published-by-token"},
		{"a workflow that is no YAML is never clean", map[string]string{file: "on: ["}, absent, report.Unknown, "r.yml", ""},
		{"all secrets go elsewhere, and none of npm's is stored", map[string]string{file: "on: push\njobs:\n  p:\n    uses: a/b/.github/workflows/c.yml@v1\n    secrets: inherit\n"},
			listed(github.Store{Kind: github.RepositorySecrets}), report.Pass, "may stay", ""},
		{"all secrets go elsewhere, and which are stored is not known", map[string]string{file: "on: push\njobs:\n  p:\n    uses: a/b/.github/workflows/c.yml@v1\n    secrets: inherit\n"},
			absent, report.Fail, "secrets-inherited", "secrets/secrets-inherited/.github/workflows/r.yml:5"},
		{"the checkout is not there", nil, func(e *evidence.Evidence, p *plan.Plan) {
			absent(e, p)
			e.Run.Repository, e.Run.Checkout = nil, evidence.Source{Why: "no checkout"}
		}, report.Pass, "workflows and configuration files (no checkout)", ""},
	} {
		files := row.files
		if files == nil {
			files = map[string]string{}
		}
		e, p := asked(t, files)
		if row.edit != nil {
			row.edit(e, p)
		}
		pkg := check.Package(e, p)
		for _, c := range pkg.Checks {
			if c.ID != "leftover-token" {
				continue
			}
			if c.Status != row.status || c.Level != report.Required || !strings.Contains(c.Detail, row.detail) {
				t.Errorf("%s: got %s %s %q, want %s with %q", row.name, c.Level, c.Status, c.Detail, row.status, row.detail)
			}
			if (c.Status == report.Fail) != (len(c.Causes) > 0) {
				t.Errorf("%s: got causes %+v for %s", row.name, c.Causes, c.Status)
			}
		}
		var left []string
		for _, l := range pkg.LeftoverTokens {
			place := ""
			if l.File != "" {
				place = "/" + workflow.Pos{File: l.File, Line: l.Line}.String()
			}
			left = append(left, l.Name+"/"+l.ID+place)
		}
		if got := strings.Join(left, " "); got != row.left {
			t.Errorf("%s: got %q left, want %q", row.name, got, row.left)
		}
	}
}

func TestLeftoverTokenIsOff(t *testing.T) {
	t.Parallel()
	e, p := asked(t, map[string]string{".github/workflows/r.yml": uses("NPM_TOKEN")})
	p.CheckNPMToken = false
	pkg := check.Package(e, p)
	if answers(pkg)["leftover-token"] != report.Skip || pkg.LeftoverTokens != nil {
		t.Errorf("got %s, %v, want it skipped", answers(pkg)["leftover-token"], pkg.LeftoverTokens)
	}
	p.CheckNPMToken, e.Altered = true, []string{"manifest.json is another"}
	if pkg := check.Package(e, p); answers(pkg)["leftover-token"] != report.Unknown || pkg.LeftoverTokens != nil {
		t.Errorf("of an altered folder: got %s, %v, want unknown and none", answers(pkg)["leftover-token"], pkg.LeftoverTokens)
	}
}
