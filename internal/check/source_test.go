package check

import (
	"strings"
	"testing"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/sigstore"
)

const (
	repository = "https://github.com/acme/demo"
	release    = repository + "/.github/workflows/release.yml@refs/heads/main"
	runURL     = repository + "/actions/runs/42/attempts/2"
	commit     = "5f2e8f1c0f6a4b7d9c3e1a2b4c6d8e0f12345678"
)

// built is the certificate of a run, and full what it says.
func built() *sigstore.Certificate {
	return &sigstore.Certificate{
		SAN: release, BuildSignerURI: release, BuildConfigURI: release, Issuer: plan.Issuer, SourceRepositoryURI: repository,
		SourceRepositoryIdentifier: "1", SourceRepositoryOwnerIdentifier: "2", SourceRepositoryRef: "refs/heads/main", SourceRepositoryDigest: commit,
		BuildTrigger: "push", RunnerEnvironment: "github-hosted", RunInvocationURI: runURL, SourceRepositoryVisibility: "public", DeploymentEnvironment: "npm",
	}
}

const slsa1Statement = `{"buildDefinition":{"buildType":"` + buildTypeSLSA1 + `","externalParameters":{"workflow":{"ref":"refs/heads/main","repository":"` + repository +
	`","path":".github/workflows/release.yml"}},"internalParameters":{"github":{"event_name":"push","repository_id":"1","repository_owner_id":"2"}},` +
	`"resolvedDependencies":[{"uri":"git+` + repository + `@refs/heads/main","digest":{"gitCommit":"` + commit + `"}}]},` +
	`"runDetails":{"builder":{"id":"https://github.com/actions/runner/github-hosted"},"metadata":{"invocationId":"` + runURL + `"}}}`

const slsa02Statement = `{"buildType":"` + buildTypeSLSA02 + `@v0","invocation":{"configSource":{"uri":"git+` + repository + `@refs/heads/main","digest":{"sha1":"` + commit +
	`"},"entryPoint":".github/workflows/release.yml"},"environment":{"GITHUB_EVENT_NAME":"push","GITHUB_REPOSITORY_ID":"1","GITHUB_REPOSITORY_OWNER_ID":"2","GITHUB_SHA":"` + commit + `"}}}`

// TestStatementAgainstTheCertificate changes good statements, and the certificate's silence, at one place each.
func TestStatementAgainstTheCertificate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind, old, new string
		want           string // part of the only problem; "": none
		silent         func(*identity)
	}{
		{"1", "", "", "", nil},
		{"02", "", "", "", nil},
		{"1", `"ref":"refs/heads/main"`, `"ref":"refs/heads/x"`, "workflow in the statement", nil},
		{"1", `"ref":"refs/heads/main"`, `"ref":"refs/heads/x"`, "", func(c *identity) { c.Workflow = "" }},
		{"1", `"path":".github/workflows/release.yml"`, `"path":"ci.yml"`, "workflow in the statement", nil},
		{"1", `"event_name":"push"`, `"event_name":"x"`, "trigger in the statement", nil},
		{"1", `"event_name":"push"`, `"event_name":"x"`, "", func(c *identity) { c.Trigger = "" }},
		{"1", `"repository_id":"1"`, `"repository_id":"7"`, "repository id in the statement", nil},
		{"1", `"repository_owner_id":"2"`, `"repository_owner_id":"7"`, "owner id in the statement", nil},
		{"1", `"uri":"git+https://github.com/acme/demo@`, `"uri":"git+https://github.com/evil/demo@`, "source in the statement", nil},
		{"1", `"gitCommit":"5`, `"gitCommit":"6`, "commit in the statement", nil},
		{"1", `"gitCommit"`, `"sha1"`, "commit in the statement: got none", nil},
		{"1", `"resolvedDependencies":[`, `"resolvedDependencies":[{"uri":"x"},`, "no single source", nil},
		{"1", `"resolvedDependencies"`, `"dependencies"`, "no single source", nil},
		{"1", `runner/github-hosted`, `runner/self-hosted`, "builder in the statement", nil},
		{"1", `runner/github-hosted`, `runner/self-hosted`, "", func(c *identity) { c.Runner = "" }},
		{"1", `attempts/2`, `attempts/1`, "run in the statement", nil},
		{"1", `attempts/2`, `attempts/1`, "", func(c *identity) { c.Run = "" }},
		{"1", buildTypeSLSA1, "https://example.com/other", "", func(c *identity) { c.Commit = "another" }},
		{"1", buildTypeSLSA1, "", "not SLSA provenance v1", nil},
		{"1", `"buildDefinition":{`, `"buildDefinition":[{`, "not SLSA provenance v1", nil},
		{"1", `"resolvedDependencies":[{`, `"resolvedDependencies":7,"x":[{`, "not SLSA provenance v1", nil},
		{"02", `"uri":"git+https://github.com/acme`, `"uri":"git+https://github.com/evil`, "source in the statement", nil},
		{"02", `"sha1":"5`, `"sha1":"6`, "commit in the statement", nil},
		{"02", `"entryPoint":".github/workflows/release.yml"`, `"entryPoint":"ci.yml"`, "workflow in the statement", nil},
		{"02", `"entryPoint":".github/workflows/release.yml"`, `"entryPoint":""`, "workflow in the statement: got none", nil},
		{"02", `"entryPoint":".github/workflows/release.yml"`, `"entryPoint":"acme/demo/.github/workflows/release.yml@refs/heads/main"`, "", nil},
		{"02", `"entryPoint":".github/workflows/release.yml"`, `"entryPoint":"acme/demo/.github/workflows/release.yml@refs/heads/x"`, "workflow in the statement", nil},
		{"02", "", "", "", func(c *identity) { c.Workflow = "" }},
		{"02", `"GITHUB_EVENT_NAME":"push"`, `"GITHUB_EVENT_NAME":"x"`, "trigger in the statement", nil},
		{"02", `"GITHUB_REPOSITORY_ID":"1"`, `"GITHUB_REPOSITORY_ID":"7"`, "repository id in the statement", nil},
		{"02", `"GITHUB_REPOSITORY_OWNER_ID":"2"`, `"GITHUB_REPOSITORY_OWNER_ID":"7"`, "owner id in the statement", nil},
		{"02", `"GITHUB_SHA":"5`, `"GITHUB_SHA":"6`, "commit of the environment", nil},
		{"02", buildTypeSLSA02, "https://example.com/other", "", func(c *identity) { c.Commit = "another" }},
		{"02", buildTypeSLSA02 + "@v0", "", "not SLSA provenance v0.2", nil},
		{"02", `{"buildType"`, `[{"buildType"`, "not SLSA provenance v0.2", nil},
		{"02", `"environment":{`, `"environment":[],"x":{`, "not SLSA provenance v0.2", nil},
		{"other", "", "", "predicate type of the statement", nil},
	} {
		s := map[string]sigstore.Statement{
			"1":     {PredicateType: evidence.PredicateSLSA1, Predicate: []byte(strings.Replace(slsa1Statement, tt.old, tt.new, 1))},
			"02":    {PredicateType: evidence.PredicateSLSA02, Predicate: []byte(strings.Replace(slsa02Statement, tt.old, tt.new, 1))},
			"other": {PredicateType: "x"},
		}[tt.kind]
		c := identify(built())
		if tt.silent != nil {
			tt.silent(&c)
		}
		got := statementAgainst(s, c)
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("%s with %q: got %q, want %q", tt.kind, tt.new, got, tt.want)
		}
	}
}

// TestExpectations changes one expectation or one fact each.
func TestExpectations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*plan.Expectation, *sigstore.Certificate)
		want   string
	}{
		{"as expected", func(*plan.Expectation, *sigstore.Certificate) {}, ""},
		{"nothing expected", func(e *plan.Expectation, _ *sigstore.Certificate) { *e = plan.Expectation{} }, ""},
		{"issuer", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Issuer = "x" }, "issuer: got"},
		{"repository", func(e *plan.Expectation, c *sigstore.Certificate) { e.Repository = "x" }, "repository: got"},
		{"repository id", func(e *plan.Expectation, _ *sigstore.Certificate) { e.RepositoryID = "x" }, "repository id: got"},
		{"no repository id", func(_ *plan.Expectation, c *sigstore.Certificate) { c.SourceRepositoryIdentifier = "" }, "repository id: got none"},
		{"owner id", func(e *plan.Expectation, _ *sigstore.Certificate) { e.OwnerID = "x" }, "owner id: got"},
		{"ref", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Ref = "x" }, "ref: got"},
		{"commit", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Commit = "x" }, "commit: got"},
		{"trigger", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Trigger = "x" }, "trigger: got"},
		{"environment", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Environment = "x" }, "environment: got"},
		{"no workflow expected", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Workflow = "" }, ""},
		{"workflow", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Workflow = ".github/workflows/x.yml" }, "workflow: got"},
		{"no signer expected", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Signer = "" }, ""},
		{"signer", func(e *plan.Expectation, _ *sigstore.Certificate) { e.Signer = ".github/workflows/x.yml" }, "signer: got"},
		{"a runner of one's own", func(_ *plan.Expectation, c *sigstore.Certificate) { c.RunnerEnvironment = "self-hosted" }, "runner: got"},
		{"no runner", func(_ *plan.Expectation, c *sigstore.Certificate) { c.RunnerEnvironment = "" }, "runner: got none"},
		{"a runner of one's own where that is allowed", func(e *plan.Expectation, c *sigstore.Certificate) {
			e.Hosted, c.RunnerEnvironment = false, "self-hosted"
		}, ""},
		{"no run", func(_ *plan.Expectation, c *sigstore.Certificate) { c.RunInvocationURI = "" }, "run: got none"},
		{"no run where none is expected", func(e *plan.Expectation, c *sigstore.Certificate) { e.RunID, c.RunInvocationURI = "", "" }, ""},
		{"a run that is none", func(_ *plan.Expectation, c *sigstore.Certificate) { c.RunInvocationURI = runURL + "/x" }, "run: got"},
		{"run", func(e *plan.Expectation, _ *sigstore.Certificate) { e.RunID = "4" }, "run: got"},
		{"another repository's run", func(_ *plan.Expectation, c *sigstore.Certificate) {
			c.RunInvocationURI = strings.Replace(runURL, "acme", "evil", 1)
		}, "repository of the run: got"},
		{"an earlier attempt", func(e *plan.Expectation, _ *sigstore.Certificate) { e.RunAttempt = 3 }, ""},
		{"a later attempt", func(e *plan.Expectation, _ *sigstore.Certificate) { e.RunAttempt = 1 }, "attempt: got 2, want at most 1"},
		{"any attempt", func(e *plan.Expectation, _ *sigstore.Certificate) { e.RunAttempt = 0 }, ""},
		{"exactly this attempt", func(e *plan.Expectation, _ *sigstore.Certificate) { e.ExactAttempt = true }, ""},
		{"exactly a later attempt", func(e *plan.Expectation, _ *sigstore.Certificate) { e.ExactAttempt, e.RunAttempt = true, 3 }, "attempt: got 2, want 3"},
		{"attempt 0", func(_ *plan.Expectation, c *sigstore.Certificate) {
			c.RunInvocationURI = repository + "/actions/runs/42/attempts/0"
		}, "want a number"},
		{"an attempt beyond numbers", func(e *plan.Expectation, c *sigstore.Certificate) {
			e.RunAttempt, c.RunInvocationURI = 0, repository+"/actions/runs/42/attempts/"+strings.Repeat("9", 30)
		}, "want a number"},
	} {
		want := plan.Expectation{Issuer: plan.Issuer, Repository: repository, RepositoryID: "1", OwnerID: "2", Ref: "refs/heads/main", Commit: commit,
			Trigger: "push", Environment: "npm", Workflow: ".github/workflows/release.yml", Signer: release, Hosted: true, RunID: "42", RunAttempt: 2}
		c := built()
		tt.change(&want, c)
		got := expected(want, identify(c))
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	old := &sigstore.Certificate{SAN: release, Issuer: plan.Issuer, GitHubWorkflowRepository: "acme/demo", GitHubWorkflowRef: "r", GitHubWorkflowSHA: "s", GitHubWorkflowTrigger: "t"}
	if got := identify(old); got.Repository != repository || got.Ref != "r" || got.Commit != "s" || got.Trigger != "t" || got.Run != "" {
		t.Errorf("the first extensions: got %+v", got)
	}
	other, empty, both := *old, *old, *built()
	other.Issuer, empty.GitHubWorkflowRepository, both.GitHubWorkflowRepository = "https://gitlab.com", "", "evil/demo"
	if got := identify(&other); got.Repository != "" || got.Ref != "" {
		t.Errorf("the first extensions of another issuer: got %+v", got)
	}
	if got := identify(&empty); got.Repository != "" || got.Ref != "" {
		t.Errorf("no repository: got %+v", got)
	}
	if got := identify(&both); got.Repository != repository || got.Ref != "refs/heads/main" {
		t.Errorf("both: got %+v", got)
	}
	if got := identify(built()).String(); got != "built by "+repository+" at "+commit+" (refs/heads/main), run "+runURL {
		t.Errorf("got %q", got)
	}
	if got := identify(old).String(); got != "built by "+repository+" at s (r)" {
		t.Errorf("got %q", got)
	}
	if got := mismatch("x", "", "w"); got != `x: got none, want "w"` {
		t.Errorf("got %s", got)
	}
}

func TestSourceAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*evidence.Evidence, *plan.Expectation)
		want   report.CheckStatus
		detail string
	}{
		{"this repository", func(_ *evidence.Evidence, e *plan.Expectation) { e.Repository = repository }, report.Pass, "built by"},
		{"another repository", func(_ *evidence.Evidence, e *plan.Expectation) { e.Repository = "x" }, report.Fail, "repository: got"},
		{"nothing", func(_ *evidence.Evidence, e *plan.Expectation) { e.Mode = plan.None }, report.Skip, "nothing was expected"},
		{"one thing alone", func(_ *evidence.Evidence, e *plan.Expectation) {
			e.Mode, e.Ref, e.Given = plan.None, "x", map[string]bool{"expected-ref": true}
		}, report.Fail, "ref: got"},
		{"not verified", func(e *evidence.Evidence, _ *plan.Expectation) { e.Provenance.Verified = nil }, report.Unknown, "no verified provenance"},
		{"the extension's signer is another", func(e *evidence.Evidence, _ *plan.Expectation) {
			e.Provenance.Verified.Certificate.BuildSignerURI = "x"
		}, report.Fail, "signer in the certificate's extension"},
		{"no extension's signer", func(e *evidence.Evidence, _ *plan.Expectation) {
			e.Provenance.Verified.Certificate.BuildSignerURI = ""
		}, report.Pass, "built by"},
		{"a reusable workflow", func(e *evidence.Evidence, _ *plan.Expectation) {
			c := e.Provenance.Verified.Certificate
			c.SAN, c.BuildSignerURI = "https://github.com/acme/tools/w.yml@x", ""
		}, report.Pass, "; signed in the reusable workflow https://github.com/acme/tools/w.yml@x"},
		{"declared", func(e *evidence.Evidence, w *plan.Expectation) {
			w.Mode, e.Manifest.Repository.URL = plan.Declared, "acme/demo"
		}, report.Pass, "nothing stronger"},
		{"another declared", func(e *evidence.Evidence, w *plan.Expectation) {
			w.Mode, e.Manifest.Repository.URL = plan.Declared, "acme/x"
		}, report.Fail, "repository: got"},
		{"none declared", func(_ *evidence.Evidence, w *plan.Expectation) { w.Mode = plan.Declared }, report.Skip, "compared with nothing"},
		{"none declared, a ref given", func(_ *evidence.Evidence, w *plan.Expectation) {
			w.Mode, w.Ref, w.Given = plan.Declared, "refs/heads/main", map[string]bool{"expected-ref": true}
		}, report.Pass, "; the manifest declares no repository"},
		{"none declared, a repository given", func(_ *evidence.Evidence, w *plan.Expectation) {
			w.Mode, w.Repository, w.Given = plan.Declared, repository, map[string]bool{"expected-repository": true}
		}, report.Pass, "run " + runURL},
		{"another declared than given", func(e *evidence.Evidence, w *plan.Expectation) {
			w.Mode, w.Repository, w.Given, e.Manifest.Repository.URL = plan.Declared, repository, map[string]bool{"expected-repository": true}, "acme/x"
		}, report.Pass, "run " + runURL},
	} {
		e := proved()
		e.Provenance.Verified.Certificate = built()
		e.Provenance.Verified.Statement.Predicate = []byte(slsa1Statement)
		p := &plan.Plan{Expect: plan.Expectation{Mode: plan.ThisRepository}}
		tt.change(e, &p.Expect)
		got := source(Input{e, p})
		if got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s: got %s (%s), want %s with %q", tt.name, got.Status, got.Detail, tt.want, tt.detail)
		}
		if strings.Contains(tt.detail, "run "+runURL) && (strings.Contains(got.Detail, "declare") || strings.Contains(got.Detail, "reusable")) {
			t.Errorf("%s: says too much: %s", tt.name, got.Detail)
		}
	}
}

func TestPublishAttestationAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, predicate string
		change          func(*evidence.Evidence)
		want            report.CheckStatus
		detail          string
	}{
		{"good", `{"name":"x","version":"1.0.0","registry":"https://registry.npmjs.org"}`, nil, report.Pass, "2026-01-02 00:00:00Z, index 7"},
		{"a slash at the end", `{"name":"x","version":"1.0.0","registry":"https://registry.npmjs.org/"}`, nil, report.Pass, "index 7"},
		{"a mirror", `{"name":"x","version":"1.0.0","registry":"https://registry.npmjs.org"}`, func(e *evidence.Evidence) { e.Registry = "https://m.example" }, report.Pass, "is a mirror of it"},
		{"another registry", `{"name":"x","version":"1.0.0","registry":"https://m.example"}`, nil, report.Fail, "it names registry"},
		{"no registry", `{"name":"x","version":"1.0.0"}`, nil, report.Fail, "it names no registry"},
		{"another name", `{"name":"y","version":"1.0.0","registry":"https://registry.npmjs.org"}`, nil, report.Fail, "it names package"},
		{"another version", `{"name":"x","version":"2.0.0","registry":"https://registry.npmjs.org"}`, nil, report.Fail, "it names version"},
		{"no predicate", `null`, nil, report.Fail, "it names package"},
		{"a list", `[]`, nil, report.Fail, "cannot be read"},
		{"no digest in the manifest", `{"name":"x","version":"1.0.0","registry":"https://registry.npmjs.org"}`, func(e *evidence.Evidence) { e.Manifest.Dist.Integrity = "" }, report.Fail, "no digest to compare"},
		{"another digest", `{"name":"x","version":"1.0.0","registry":"https://registry.npmjs.org"}`, func(e *evidence.Evidence) {
			e.Manifest.Dist.Integrity = npm.IntegrityString([64]byte{9})
		}, report.Fail, "its sha512 is"},
		{"no attestations", ``, func(e *evidence.Evidence) { e.Manifest.Dist.Attestations = nil }, report.Skip, "npm makes one only"},
		{"no manifest", ``, func(e *evidence.Evidence) { e.Manifest = nil }, report.Unknown, "no manifest"},
		{"a log that gives no index and no time", `{"name":"x","version":"1.0.0","registry":"https://registry.npmjs.org"}`, func(e *evidence.Evidence) {
			e.Publish.Verified.Times, e.Publish.Verified.Log.Index = nil, -1
		}, report.Pass, "a time the log does not sign"},
	} {
		e := proved()
		e.Publish, e.Provenance = e.Provenance, evidence.Attested{}
		e.Publish.Verified.Statement.Predicate = []byte(tt.predicate)
		if tt.change != nil {
			tt.change(e)
		}
		got := publishAttestation(Input{e, &plan.Plan{}})
		if got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) || tt.name == "good" && strings.Contains(got.Detail, "mirror") ||
			strings.Contains(tt.name, "no index") && strings.Contains(got.Detail, "index -1") {
			t.Errorf("%s: got %s (%s), want %s with %q", tt.name, got.Status, got.Detail, tt.want, tt.detail)
		}
	}
}
