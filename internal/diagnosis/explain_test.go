package diagnosis

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/workflow"
)

const goodWorkflow = `on:
  push:
    tags: ['v*']
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: actions/setup-node@v6
        with:
          node-version: 24
      - run: npm publish
`

const goodPackage = `{"name": "@acme/demo", "version": "1.0.0", "repository": "github:acme/demo"}`

// scene is a release that failed in a run of acme/demo, job publish of
// release.yml: first a good one, then what a row changes.
type scene struct {
	t        *testing.T
	workflow string // text of release.yml; "" is no checkout
	pkg      string
	files    map[string]string
	log      []string // lines of npm's debug log of the publish; nil: none
	e        *evidence.Evidence
	p        *plan.Plan
	failing  []string // ids of the checks that fail; served is undecided
}

func newScene(t *testing.T) *scene {
	spec := npm.Spec{Name: "@acme/demo", Version: "1.0.0"}
	return &scene{
		t: t, workflow: goodWorkflow, pkg: goodPackage,
		e: &evidence.Evidence{
			Release: plan.Release{Spec: spec}, State: evidence.StateNoProvenance,
			Manifest: &npm.Manifest{
				Name: spec.Name, Version: spec.Version, NPMVersion: "11.19.1", NodeVersion: "24.8.0",
				User:       &npm.User{Name: "ada", Email: "ada@acme.example"},
				Repository: npm.Repository{URL: "git+https://github.com/acme/demo.git"},
			},
			Place: &npm.Place{Listed: true, Others: 1},
			Run:   &evidence.RunFacts{Environment: evidence.Source{Consulted: true}},
		},
		p: &plan.Plan{
			Registry: npm.PublicRegistry, Expect: plan.Expectation{Mode: plan.ThisRun},
			Run: &plan.Run{
				Repository: "acme/demo", Owner: "acme", Workflow: "acme/demo/.github/workflows/release.yml@refs/tags/v1",
				Job: "publish", Event: "push", Runner: "github-hosted", Visibility: "public", IDToken: true,
			},
		},
		failing: []string{"provenance", "trusted-publisher"},
	}
}

// unserved makes it a release that the registry does not have.
func (s *scene) unserved() {
	s.e.Manifest, s.e.State, s.failing = nil, evidence.StateProcessing, []string{"served"}
}

// trusted makes it a release through a trusted publisher.
func (s *scene) trusted() {
	s.e.Manifest.User = &npm.User{Name: "GitHub Actions", Email: oidcEmail, TrustedPublisher: &npm.TrustedPublisher{ID: "github"}}
}

// npmLog is what npm 11 logs of a publish, around the lines given.
func (s *scene) npmLog(exit string, lines ...string) {
	s.log = append([]string{"info using npm@11.19.1", "info using node@v24.8.0", "verbose title npm publish", `verbose argv "publish"`,
		"notice package: @acme/demo@1.0.0"}, append(lines, "verbose exit "+exit)...)
}

const (
	refusedLine = "verbose oidc Failed token exchange request with body message: OIDC token exchange error - package not found"
	refusedPost = "http fetch POST 404 https://registry.npmjs.org/-/npm/v1/oidc/token/exchange/package/@acme%2fdemo 20ms"
	sentLine    = "http fetch PUT 200 https://registry.npmjs.org/@acme%2fdemo 20ms"
	workedLine  = "verbose oidc Successfully retrieved and set token"
	sendingLine = "notice Publishing to https://registry.npmjs.org with tag latest and public access"
)

// explain has the checks explained and gives the causes by check, and the notes.
func (s *scene) explain() (map[string][]report.Cause, []string) {
	s.t.Helper()
	facts := s.e.Run
	if s.workflow != "" {
		dir := s.t.TempDir()
		files := map[string]string{".github/workflows/release.yml": s.workflow, "package.json": s.pkg}
		for name, text := range s.files {
			files[name] = text
		}
		for name, text := range files {
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				s.t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				s.t.Fatal(err)
			}
		}
		repo, err := workflow.Read(dir)
		if err != nil {
			s.t.Fatal(err)
		}
		facts.Repository, facts.Checkout.Consulted = repo, true
	}
	if s.log != nil {
		var text strings.Builder
		for i, l := range s.log {
			text.WriteString(string(rune('0'+i%10)) + " " + l + "\n")
		}
		l := workflow.ParseLog("2026-11-01T10_00_00_000Z-debug-0.log", strings.NewReader(text.String()))
		if l == nil {
			s.t.Fatal("the log was not taken for one of npm publish")
		}
		facts.Logs, facts.Log.Consulted = []*workflow.Log{l}, true
	}
	var checks []report.Check
	for _, id := range s.failing {
		c := report.Check{ID: id, Status: report.Fail}
		if id == "served" {
			c.Status = report.Unknown
		}
		checks = append(checks, c)
	}
	notes := Explain(s.e, s.p, checks)
	causes := map[string][]report.Cause{}
	for _, c := range checks {
		causes[c.ID] = c.Causes
	}
	return causes, notes
}

func ids(causes []report.Cause) []string {
	var out []string
	for _, c := range causes {
		out = append(out, c.ID)
	}
	return out
}
