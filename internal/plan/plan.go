// Package plan turns what a person asked for into one [Plan]: which releases to
// verify, at which registry, how long to wait, and what is expected of them.
//
// It reads inputs, the environment of the run and files of the checkout
// (package.json, workspaces, lists of published packages), and never the
// network. It forgives form (spaces, case, a leading "v", a trailing slash) and
// never guesses meaning: whatever could be read in two ways is an [InputError]
// that says what to write.
package plan

import (
	"fmt"
	"time"

	"verify-npm-release/internal/npm"
)

// maxReleases bounds one run. npm's largest monorepos publish hundreds.
const maxReleases = 10_000

// InputError says which input cannot be used and why, in one sentence: what was
// given, what is wanted. It ends the run with exit code 2.
type InputError struct {
	Input string // name of the input, "" where no single one is at fault
	Msg   string
}

// Error returns "input: message".
func (e *InputError) Error() string {
	if e.Input == "" {
		return e.Msg
	}
	return e.Input + ": " + e.Msg
}

func wrong(input, format string, args ...any) *InputError {
	return &InputError{Input: input, Msg: fmt.Sprintf(format, args...)}
}

// Plan is everything one run is to do.
type Plan struct {
	Registry string    // normalised: no trailing slash
	Releases []Release // at least one, at most 10,000, each once
	Notes    []string  // what was left out or assumed, in sentences

	Timeout, PollInterval time.Duration
	WarnOnTimeout         bool // on-timeout: warn

	Expect Expectation

	Require, Skip []string // check ids as given, lower case; see [Plan.ValidateChecks]

	CheckNPMToken   bool
	NPMTokenPresent *bool // nil: not given
	SecretsToken    Token
	AllowSecrets    []string // names or globs of path.Match

	// Files to take trust from; "" where it comes from the TUF repository.
	// TUFURL "" is Sigstore's public repository, TUFRoot "" the embedded root.
	TrustedRoot, RegistryKeys, TUFURL, TUFRoot string

	Evidence string // folder to write, "" none
	Offline  string // saved evidence to verify, "" for the live registry
	JSON     string // file for the report, "-" is stdout, "" none
	Badge    string // file for the badge, .svg or .json, "" none
	VSA      string // file for the verification summaries, "" none
	Sign     *Sign  // to sign them with; nil unsigned
	Summary  bool

	WorkingDirectory string // absolute
	Workspace        string // absolute: the root of the checkout
	Run              *Run   // nil outside GitHub Actions
}

// Release is one release to verify.
//
// Spec.Version is "" only where nothing names it: then the version that DistTag
// points at is meant, or with Plan.Offline the one in the folder. With
// Plan.Offline and nothing named at all, Spec is zero: the folder says which
// release it holds.
type Release struct {
	Spec         npm.Spec
	DistTag      string // tag that must point at the version; "" none expected
	DistTagGiven bool   // named by the input or publishConfig.tag, not derived
	Tarball      string // file that was packed, "" none
}

// New makes the plan from inputs (name without dashes to text; absent, empty or
// blank is not given) and the environment. Every error is an [*InputError].
func New(in map[string]string, getenv func(string) string) (*Plan, error) {
	in, err := clean(in)
	if err != nil {
		return nil, err
	}
	p := &Plan{Evidence: in["evidence"], Offline: in["offline"], JSON: in["json"]}
	run := readRun(getenv)
	if getenv("GITHUB_ACTIONS") == "true" {
		p.Run = run
	}
	steps := []func(map[string]string) error{
		p.folders, p.switches, func(in map[string]string) error { return p.statements(in, run, getenv) }, p.waiting, p.checks, p.credentials, p.trust, p.conflicts,
		func(in map[string]string) error { return p.expect(in, run) },
		p.releases, p.tarballs,
	}
	for _, step := range steps {
		if err := step(in); err != nil {
			return nil, err
		}
	}
	return p, nil
}
