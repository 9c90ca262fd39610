package diagnosis

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/github"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/workflow"
)

// stories are releases that failed. The check named is to have the cause, at
// the place; silent are causes that no check may have.
var stories = []struct {
	name   string
	edit   func(*scene)
	check  string
	cause  string
	place  string // file:line; "" is not compared
	detail string // in the detail
	silent []string
}{
	{"npm's log says that the job has no id-token", func(s *scene) {
		s.workflow = strings.Replace(goodWorkflow, "id-token: write", "contents: read", 1)
		s.npmLog("0", "silly oidc Skipped because incorrect permissions for id-token within GitHub workflow", sentLine)
	}, "trusted-publisher", "id-token-permission", ".github/workflows/release.yml:7", "incorrect permissions", []string{"token-fallback", "publisher-mismatch", "npm-too-old"}},
	{"the runner offers the publishing job no id-token", func(s *scene) { s.p.Run.IDToken = false }, "trusted-publisher", "id-token-permission", "", "runner offers", nil},
	{"another job publishes, and its file grants none", func(s *scene) {
		s.p.Run.Job, s.workflow = "verify", strings.Replace(goodWorkflow, "id-token: write", "contents: read", 1)
	}, "provenance", "id-token-permission", ".github/workflows/release.yml:7", "", nil},
	{"npm's log names npm 10", func(s *scene) {
		s.workflow = strings.Replace(goodWorkflow, "24", "22", 1)
		s.npmLog("0", sentLine)
		s.log[0] = "info using npm@10.9.2"
	}, "trusted-publisher", "npm-too-old", ".github/workflows/release.yml:12", "npm 10.9.2", []string{"id-token-permission", "publisher-mismatch"}},
	{"the manifest names npm 10, in any run or none", func(s *scene) {
		s.p.Run, s.workflow, s.e.Manifest.NPMVersion = nil, "", "10.8.1"
	}, "trusted-publisher", "npm-too-old", "", "npm 10.8.1", []string{"token-fallback", "provenance-not-requested"}},
	{"npm's log names Node.js 20", func(s *scene) {
		s.npmLog("0", refusedPost, refusedLine, sentLine)
		s.log[1] = "info using node@v20.20.2"
	}, "trusted-publisher", "node-too-old", "", "Node.js 20.20.2", []string{"npm-too-old"}},
	{"npm refused the exchange and went on with a token", func(s *scene) {
		s.npmLog("0", refusedPost, refusedLine, sentLine)
	}, "trusted-publisher", "publisher-mismatch", "", "acme/demo, workflow file release.yml, event push", []string{"environment-mismatch", "trigger-refused", "first-publish", "id-token-permission", "node-too-old", "exchange-failed"}},
	{"and that is a fallback", func(s *scene) {
		s.workflow = strings.Replace(goodWorkflow, "npm publish\n", "npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n", 1)
		s.npmLog("0", refusedPost, refusedLine, sentLine)
	}, "trusted-publisher", "token-fallback", ".github/workflows/release.yml:15", "package not found", nil},
	{"no log, an id-token, and a token in the step", func(s *scene) {
		s.workflow = strings.Replace(goodWorkflow, "npm publish\n", "npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n", 1)
	}, "trusted-publisher", "token-fallback", ".github/workflows/release.yml:15", "NODE_AUTH_TOKEN", []string{"publisher-mismatch"}},
	{"the package's repository differs in case", func(s *scene) {
		s.e.Manifest.Repository.URL = "https://github.com/Acme/demo"
		s.npmLog("0", refusedPost, refusedLine, sentLine)
	}, "trusted-publisher", "publisher-mismatch", "", "case counts", nil},
	{"the job is in a reusable workflow", func(s *scene) {
		s.p.Run.JobWorkflowRef = "acme/shared/.github/workflows/publish.yml@v1"
		s.npmLog("1", refusedPost, refusedLine, "verbose code ENEEDAUTH", "error code ENEEDAUTH")
		s.unserved()
	}, "served", "publisher-mismatch", "", "reusable workflow publish.yml", []string{"still-processing", "publish-failed"}},
	{"npm's log is of another version", func(s *scene) {
		s.npmLog("0", refusedPost, refusedLine, sentLine)
		s.log[4] = "notice package: @acme/demo@0.9.9"
	}, "trusted-publisher", "published-by-token", "", "", []string{"publisher-mismatch", "token-fallback"}},
	{"a maintainer approved it, and who staged it is not known", func(s *scene) {
		s.e.Manifest.User.Approver = true
	}, "provenance", "provenance-not-requested", "", "", []string{"published-by-token", "token-fallback"}},
	{"a token took over, and npm still works on it", func(s *scene) {
		s.unserved()
		s.npmLog("0", refusedPost, refusedLine, sendingLine, sentLine, "notice Your package is being processed and may take a few minutes to become available.")
	}, "served", "still-processing", "", "", []string{"publisher-mismatch", "node-too-old"}},
	{"lerna's own log says so", func(s *scene) {
		s.e.Run.Output = workflow.ReadOutput("lerna-debug.log", "1 silly x\n2 verbose oidc Failed token exchange request with body message: OIDC token exchange error - package not found\n")
	}, "trusted-publisher", "publisher-mismatch", "", "(lerna-debug.log:2)", []string{"id-token-permission"}},
	{"npm refused the exchange in a job with an environment", func(s *scene) {
		s.workflow = strings.Replace(goodWorkflow, "    steps", "    environment: npm\n    steps", 1)
		s.npmLog("0", refusedPost, refusedLine, sentLine)
	}, "trusted-publisher", "environment-mismatch", ".github/workflows/release.yml:9", `"npm"`, nil},
	{"npm refused the exchange after pull_request_target", func(s *scene) {
		s.p.Run.Event = "pull_request_target"
		s.npmLog("0", refusedPost, refusedLine, sentLine)
	}, "trusted-publisher", "trigger-refused", "", "pull_request_target", nil},
	{"it is the only version, by token", func(s *scene) {
		s.e.Place.Others = 0
	}, "trusted-publisher", "first-publish", "", "no other version", []string{"publisher-mismatch"}},
	{"npm could not get an id-token", func(s *scene) {
		s.npmLog("0", "verbose oidc Failed to fetch id_token from GitHub: missing value", sentLine)
	}, "trusted-publisher", "exchange-failed", "", "missing value", []string{"publisher-mismatch", "id-token-permission"}},
	{"npm answered the exchange with 401", func(s *scene) {
		s.npmLog("0", strings.Replace(refusedPost, "404", "401", 1), "verbose oidc Failed token exchange request with body message: OIDC token exchange error - unauthorized", sentLine)
	}, "trusted-publisher", "exchange-failed", "", "unauthorized", []string{"publisher-mismatch", "environment-mismatch"}},
	{"the trusted publisher may stage only", func(s *scene) {
		s.npmLog("1", workedLine, sendingLine, "error code E403", "error 403 403 Forbidden - PUT https://registry.npmjs.org/@acme%2fdemo - OIDC permission denied for this action")
		s.unserved()
	}, "served", "stage-only-publisher", "", "permission denied", []string{"publisher-mismatch", "still-processing"}},
	{"the release was staged", func(s *scene) {
		s.unserved()
		s.e.State = evidence.StateStaged
		s.npmLog("0", workedLine, sendingLine, "notice @acme/demo@1.0.0 has been staged with tag latest")
	}, "served", "staged", "", "has been staged", []string{"still-processing", "publish-failed"}},
	{"npm still works on it", func(s *scene) {
		s.unserved()
		s.npmLog("0", workedLine, sendingLine, sentLine, "notice Your package is being processed and may take a few minutes to become available.")
	}, "served", "still-processing", "", "being processed", []string{"publish-failed", "staged", "publisher-mismatch", "attestation-not-served"}},
	{"the registry holds the version", func(s *scene) {
		s.unserved()
		s.npmLog("1", workedLine, sendingLine, "error code E403", "error 403 403 Forbidden - PUT https://registry.npmjs.org/@acme%2fdemo - You cannot publish over the previously published versions: 1.0.0.")
	}, "served", "version-taken", "", "cannot publish over", []string{"publish-failed"}},
	{"the transparency log had the entry already", func(s *scene) {
		s.unserved()
		s.npmLog("1", workedLine, "error code TLOG_CREATE_ENTRY_ERROR", "error error creating tlog entry - (409) an equivalent entry already exists in the transparency log with UUID 10")
	}, "served", "log-conflict", "", "equivalent entry", []string{"still-processing", "version-taken"}},
	{"a person published it", func(s *scene) { s.workflow, s.p.Run, s.e.Run = "", nil, nil }, "trusted-publisher", "published-by-token", "", `"ada"`, []string{"npm-too-old", "token-fallback", "id-token-permission"}},
	{"the token is dead", func(s *scene) {
		s.unserved()
		s.npmLog("1", refusedPost, refusedLine, sendingLine, "notice Access token expired or revoked. Please try logging in again.", "error code E404")
	}, "served", "token-refused", "", "expired or revoked", nil},
	{"provenance of a package that npm takes to be private", func(s *scene) {
		s.unserved()
		s.npmLog("1", workedLine, "error code EUSAGE", "error Can't generate provenance for new or private package, you must set `access` to public.")
	}, "served", "access-restricted", "", "private package", []string{"private-repository"}},
	{"the registry refuses the runner", func(s *scene) {
		s.unserved()
		s.npmLog("1", workedLine, "error code E422", `error 422 422 Unprocessable Entity - PUT https://registry.npmjs.org/@acme%2fdemo - Error verifying sigstore provenance bundle: Unsupported GitHub Actions runner environment: "self-hosted".`)
	}, "served", "self-hosted-runner", ".github/workflows/release.yml:6", "self-hosted", []string{"provenance-refused"}},
	{"the runner says of itself that it is self-hosted", func(s *scene) { s.p.Run.Runner = "self-hosted" }, "trusted-publisher", "self-hosted-runner", "", "RUNNER_ENVIRONMENT", nil},
	{"a private repository through a trusted publisher", func(s *scene) {
		s.trusted()
		s.failing, s.p.Run.Visibility = []string{"provenance"}, "private"
		s.npmLog("0", workedLine, sendingLine, sentLine)
	}, "provenance", "private-repository", "", "acme/demo is private", []string{"id-token-permission", "npm-too-old", "published-by-token", "provenance-not-requested"}},
	{"the registry refuses the repository", func(s *scene) {
		s.unserved()
		s.pkg = `{"name": "@acme/demo", "version": "1.0.0"}`
		s.npmLog("1", workedLine, "error code E422", `error 422 422 Unprocessable Entity - PUT https://registry.npmjs.org/@acme%2fdemo - Error verifying sigstore provenance bundle: Failed to validate repository information: package.json: "repository.url" is "", expected to match "https://github.com/acme/demo" from provenance`)
	}, "served", "repository-url", "package.json:1", "repository.url", []string{"provenance-refused", "self-hosted-runner"}},
	{"the registry has trouble with the provenance", func(s *scene) {
		s.unserved()
		s.npmLog("1", workedLine, "error code E422", "error 422 422 Unprocessable Entity - PUT https://registry.npmjs.org/@acme%2fdemo - Error verifying sigstore provenance bundle: error refreshing TUF metadata")
	}, "served", "provenance-refused", "", "TUF metadata", []string{"repository-url", "self-hosted-runner", "private-repository"}},
	{"a flag switched provenance off", func(s *scene) {
		s.trusted()
		s.workflow, s.failing = strings.Replace(goodWorkflow, "npm publish", "npm publish --provenance=false", 1), []string{"provenance"}
	}, "provenance", "provenance-disabled", ".github/workflows/release.yml:13", "by a flag", []string{"provenance-not-requested", "private-repository"}},
	{"by token, and nothing asks for provenance", nil, "provenance", "provenance-not-requested", ".github/workflows/release.yml:13", "", []string{"provenance-disabled", "repository-url", "self-hosted-runner", "tool-without-oidc"}},
	{"bun published it", func(s *scene) { s.workflow = strings.Replace(goodWorkflow, "npm publish", "bun publish", 1) }, "trusted-publisher", "tool-without-oidc", ".github/workflows/release.yml:13", "bun publish", []string{"npm-too-old"}},
	{"the attestations are not served", func(s *scene) {
		s.trusted()
		s.p.Run.Visibility = "private"
		s.e.Manifest.Dist.Attestations, s.e.State, s.failing = &npm.AttestationsRef{URL: "x"}, evidence.StateAttestationsPending, []string{"served"}
		s.e.Surfaces[evidence.AttestationsSurface] = evidence.Surface{Asked: true, Attempts: 9, Err: errors.New("404 Not Found")}
	}, "served", "attestation-not-served", "", "9 answers: 404", []string{"still-processing", "private-repository"}},
	{"npm ended with words nobody knows", func(s *scene) {
		s.unserved()
		s.npmLog("1", workedLine, "error code E418", "error 418 I'm a teapot - PUT https://registry.npmjs.org/@acme%2fdemo")
	}, "served", "publish-failed", "", "teapot", []string{"still-processing", "version-taken", "token-refused", "log-conflict", "stage-only-publisher", "access-restricted"}},
	{"a secret is referenced", func(s *scene) {
		s.trusted()
		s.workflow, s.failing = strings.Replace(goodWorkflow, "npm publish\n", "npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n", 1), []string{"leftover-token"}
	}, "leftover-token", "token-reference", ".github/workflows/release.yml:15", "NPM_TOKEN", []string{"published-by-token", "token-in-file", "stored-secret", "secrets-inherited", "token-in-environment", "token-fallback"}},
	{"a file names the variable", func(s *scene) {
		s.files, s.failing = map[string]string{".npmrc": "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n"}, []string{"leftover-token"}
	}, "leftover-token", "token-in-file", ".npmrc:1", "NPM_TOKEN", []string{"token-reference"}},
	{"the environment holds one", func(s *scene) {
		s.e.Run.Held, s.failing = []evidence.Held{{Name: "NODE_AUTH_TOKEN"}}, []string{"leftover-token"}
	}, "leftover-token", "token-in-environment", "", "NODE_AUTH_TOKEN", []string{"token-in-file"}},
	{"GitHub lists one", func(s *scene) {
		s.e.Run.Stores.Consulted, s.failing = true, []string{"leftover-token"}
		s.e.Run.Secrets = []github.Store{{Kind: github.EnvironmentSecrets, Environment: "npm", Names: []string{"NPM_TOKEN", "NPM_READ_TOKEN", "SLACK"}}}
	}, "leftover-token", "stored-secret", "", `environment "npm"`, []string{"token-in-environment"}},
	{"all secrets go to a workflow elsewhere", func(s *scene) {
		s.files = map[string]string{".github/workflows/a.yml": "on: push\njobs:\n  x:\n    uses: acme/shared/.github/workflows/p.yml@v1\n    secrets: inherit\n"}
		s.failing = []string{"leftover-token"}
	}, "leftover-token", "secrets-inherited", ".github/workflows/a.yml:5", "not in this repository", []string{"token-reference"}},
}

func TestStories(t *testing.T) {
	t.Parallel()
	fired, silent := map[string]bool{}, map[string]bool{}
	for _, row := range stories {
		s := newScene(t)
		if row.edit != nil {
			row.edit(s)
		}
		causes, notes := s.explain()
		i := slices.IndexFunc(causes[row.check], func(c report.Cause) bool { return c.ID == row.cause })
		if i < 0 {
			t.Errorf("%s: got %q for %s, want %s among them; notes %q", row.name, ids(causes[row.check]), row.check, row.cause, notes)
			continue
		}
		fired[row.cause] = true
		c := causes[row.check][i]
		if got := (workflow.Pos{File: c.File, Line: c.Line}).String(); row.place != "" && got != row.place {
			t.Errorf("%s: got %s at %s, want %s", row.name, row.cause, got, row.place)
		}
		if !strings.Contains(c.Detail, row.detail) {
			t.Errorf("%s: got %q, want %q in it", row.name, c.Detail, row.detail)
		}
		if c.Fix == "" || c.Docs != Docs+"#"+c.ID {
			t.Errorf("%s: the cause lacks mend or link: %+v", row.name, c)
		}
		for _, id := range row.silent {
			silent[id] = true
			for check, list := range causes {
				if slices.Contains(ids(list), id) {
					t.Errorf("%s: %s has the cause %s, want it silent", row.name, check, id)
				}
			}
		}
	}
	for _, c := range All {
		if c.After == nil {
			continue
		}
		if !fired[c.ID] {
			t.Errorf("no story leads to %s", c.ID)
		}
		if !silent[c.ID] {
			t.Errorf("no story keeps %s silent", c.ID)
		}
	}
}
