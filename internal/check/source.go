package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/sigstore"
)

// Source asks whether the certificate, and the statement with it, names the
// build that is expected.
var Source = Check{
	ID:    "source",
	Title: "The provenance names the expected build",
	Level: report.Required,
	Run:   source,
}

func source(in Input) Result {
	want := in.Plan.Expect
	if want.Mode == plan.None && len(want.Given) == 0 {
		return skip("nothing was expected of the source (expect: none)")
	}
	if r := provenance(in); r.Status != report.Pass {
		return unknown("there is no verified provenance to read the source from")
	}
	c := in.Provenance.Verified.Certificate
	got := identify(c)
	problems := statementAgainst(in.Provenance.Verified.Statement, got)
	if c.BuildSignerURI != "" && c.BuildSignerURI != c.SAN {
		problems = append(problems, mismatch("signer in the certificate's extension", c.BuildSignerURI, c.SAN))
	}
	declared := ""
	if want.Mode == plan.Declared && want.Repository == "" {
		declared = declaredRepository(in.Manifest.Repository)
		want.Repository = declared
	}
	problems = append(problems, expected(want, got)...)
	if len(problems) > 0 {
		return fail("%s", strings.Join(problems, "; "))
	}
	reusable := ""
	if got.Workflow != "" && got.Signer != got.Workflow {
		reusable = fmt.Sprintf("; signed in the reusable workflow %s", got.Signer)
	}
	weak := ""
	if want.Mode == plan.Declared {
		if declared == "" && !want.Given["expected-repository"] {
			if len(want.Given) == 0 {
				return skip("the manifest declares no repository, so the signer, %s, was compared with nothing; name one with --expected-repository", got.Signer)
			}
			weak = "; the manifest declares no repository"
		} else if declared != "" {
			weak = "; the repository is compared with what the manifest itself declares, and nothing stronger: expect this-run, this-repository or name it with --expected-repository"
		}
	}
	return pass("%s%s%s", got, reusable, weak)
}

// identity is what the certificate says of the build. Certificates before
// mid-2023 carry only the first extensions, which say less.
type identity struct {
	Issuer, Repository, RepositoryID, OwnerID, Ref, Commit string
	Workflow, Signer, Trigger, Runner, Run                 string
	Visibility, Environment                                string
}

func (i identity) String() string {
	s := fmt.Sprintf("built by %s at %s (%s)", i.Repository, i.Commit, i.Ref)
	if i.Run != "" {
		s += ", run " + i.Run
	}
	return s
}

func identify(c *sigstore.Certificate) identity {
	i := identity{
		Issuer: c.Issuer, Repository: c.SourceRepositoryURI,
		RepositoryID: c.SourceRepositoryIdentifier, OwnerID: c.SourceRepositoryOwnerIdentifier,
		Ref: c.SourceRepositoryRef, Commit: c.SourceRepositoryDigest,
		Workflow: c.BuildConfigURI, Signer: c.SAN, Trigger: c.BuildTrigger,
		Runner: c.RunnerEnvironment, Run: c.RunInvocationURI,
		Visibility: c.SourceRepositoryVisibility, Environment: c.DeploymentEnvironment,
	}
	if i.Repository == "" && i.Issuer == plan.Issuer && c.GitHubWorkflowRepository != "" {
		i.Repository = "https://github.com/" + c.GitHubWorkflowRepository
		i.Ref, i.Commit, i.Trigger = c.GitHubWorkflowRef, c.GitHubWorkflowSHA, c.GitHubWorkflowTrigger
	}
	return i
}

func mismatch(what, got, want string) string {
	if got == "" {
		return fmt.Sprintf("%s: got none, want %q", what, want)
	}
	return fmt.Sprintf("%s: got %q, want %q", what, got, want)
}

// expected lists every expectation that the certificate does not meet. Nothing
// is compared that is not expected, and nothing is equal to the empty string.
func expected(want plan.Expectation, got identity) []string {
	var problems []string
	exact := func(what, got, want string) {
		if want != "" && got != want {
			problems = append(problems, mismatch(what, got, want))
		}
	}
	exact("issuer", got.Issuer, want.Issuer)
	exact("repository", got.Repository, want.Repository)
	exact("repository id", got.RepositoryID, want.RepositoryID)
	exact("owner id", got.OwnerID, want.OwnerID)
	exact("ref", got.Ref, want.Ref)
	exact("commit", got.Commit, want.Commit)
	exact("trigger", got.Trigger, want.Trigger)
	exact("environment", got.Environment, want.Environment)
	if want.Workflow != "" && !plan.SameWorkflow(want.Workflow, got.Workflow) {
		problems = append(problems, mismatch("workflow", got.Workflow, want.Workflow))
	}
	if want.Signer != "" && !plan.SameWorkflow(want.Signer, got.Signer) {
		problems = append(problems, mismatch("signer", got.Signer, want.Signer))
	}
	if want.Hosted && got.Runner != "github-hosted" {
		problems = append(problems, mismatch("runner", got.Runner, "github-hosted"))
	}
	if want.RunID != "" {
		problems = append(problems, runAgainst(want, got)...)
	}
	return problems
}

var runURI = regexp.MustCompile(`^(https://[^/]+/[^/]+/[^/]+)/actions/runs/([0-9]+)/attempts/([0-9]+)$`)

// runAgainst compares the run. A job that is run again verifies what an earlier
// attempt published, so an attempt up to the current one is this run's.
func runAgainst(want plan.Expectation, got identity) []string {
	m := runURI.FindStringSubmatch(got.Run)
	if m == nil {
		return []string{mismatch("run", got.Run, want.RunID)}
	}
	var problems []string
	if m[1] != got.Repository {
		problems = append(problems, mismatch("repository of the run", m[1], got.Repository))
	}
	if m[2] != want.RunID {
		problems = append(problems, mismatch("run", m[2], want.RunID))
	}
	attempt, err := strconv.Atoi(m[3])
	switch {
	case err != nil || attempt < 1:
		problems = append(problems, fmt.Sprintf("attempt: got %q, want a number", m[3]))
	case want.ExactAttempt && attempt != want.RunAttempt:
		problems = append(problems, fmt.Sprintf("attempt: got %d, want %d", attempt, want.RunAttempt))
	case want.RunAttempt > 0 && attempt > want.RunAttempt:
		problems = append(problems, fmt.Sprintf("attempt: got %d, want at most %d, the current one", attempt, want.RunAttempt))
	}
	return problems
}

var (
	shorthand = regexp.MustCompile(`^(?:github:)?([A-Za-z0-9-]+/[A-Za-z0-9._-]+)$`)
	scpForm   = regexp.MustCompile(`^(?:[^@/]+@)?([a-z0-9.-]+\.[a-z]+):(?:/)?([^/].*)$`)
	gitURL    = regexp.MustCompile(`^(?:git\+)?(?:https?|git|ssh)://(?:[^@/]*@)?([^/:]+)(?::[0-9]+)?/(.+)$`)
)

// declaredRepository turns package.json's repository into the URL that a
// certificate names, or "" where it declares none (npm: hosted-git-info).
func declaredRepository(r npm.Repository) string {
	u := strings.TrimSpace(r.URL)
	u, _, _ = strings.Cut(u, "#")
	switch m := gitURL.FindStringSubmatch(u); {
	case m != nil:
		u = "https://" + strings.ToLower(m[1]) + "/" + m[2]
	case shorthand.MatchString(u):
		u = "https://github.com/" + shorthand.FindStringSubmatch(u)[1]
	case strings.HasPrefix(u, "gitlab:"):
		u = "https://gitlab.com/" + strings.TrimPrefix(u, "gitlab:")
	case scpForm.MatchString(u):
		m := scpForm.FindStringSubmatch(u)
		u = "https://" + m[1] + "/" + m[2]
	}
	u = strings.TrimSuffix(strings.TrimRight(u, "/"), ".git")
	// A link into the tree (…/tree/main/packages/x) names the repository before it.
	if parts := strings.Split(u, "/"); len(parts) > 5 && parts[2] == "github.com" {
		u = strings.Join(parts[:5], "/")
	}
	return u
}
