package plan

import (
	"net/url"
	"strings"
)

// Modes of [Expectation].
const (
	ThisRun        = "this-run"
	ThisRepository = "this-repository"
	Declared       = "declared"
	None           = "none"
)

const (
	// Issuer is GitHub's OIDC issuer for Actions on github.com.
	Issuer = "https://token.actions.githubusercontent.com"
	github = "https://github.com"
)

// Expectation is what provenance must say of the build. "" (0, false) is not
// compared; every other field is compared exactly with the certificate.
type Expectation struct {
	Mode         string // ThisRun, ThisRepository, Declared or None
	Repository   string // https://github.com/owner/name; with Declared "" is the manifest's
	RepositoryID string
	OwnerID      string
	Workflow     string // in a form of [SameWorkflow]: the run's workflow (build config URI)
	Ref          string // refs/heads/main
	Commit       string // lower-case hex
	RunID        string
	RunAttempt   int    // at most this; exactly this with ExactAttempt
	ExactAttempt bool   // expected-run named the attempt
	Trigger      string // event name
	Signer       string // in a form of [SameWorkflow]: the workflow that signed (build signer URI)
	Environment  string
	Issuer       string // OIDC issuer
	Hosted       bool   // a GitHub-hosted runner
	// Given has the names of the expected-* inputs that were given.
	Given map[string]bool
}

// SameWorkflow says whether the workflow URI of a certificate,
// https://github.com/owner/name/path@ref, is the one wanted. What want leaves
// out is not compared, the rest exactly; want is one of
//
//	.github/workflows/f.yml                                  any repository, any ref
//	.github/workflows/f.yml@refs/heads/main                  any repository
//	https://github.com/owner/name/.github/workflows/f.yml    any ref
//	https://github.com/owner/name/.github/workflows/f.yml@refs/heads/main
//
// Nothing is the same as "".
func SameWorkflow(want, got string) bool {
	if want == "" || got == "" {
		return false
	}
	if !strings.Contains(want, "@") {
		got, _, _ = strings.Cut(got, "@")
	}
	if !strings.Contains(want, "://") {
		u, err := url.Parse(got)
		if err != nil || u.Host == "" {
			return false
		}
		parts := strings.SplitN(strings.TrimPrefix(got, u.Scheme+"://"+u.Host+"/"), "/", 3)
		if len(parts) != 3 {
			return false
		}
		got = parts[2]
	}
	return want == got
}
