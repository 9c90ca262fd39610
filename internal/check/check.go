// Package check asks the questions. Each check is a value with an id that is
// its file's name, its row in [All], its key in reports and its heading in
// docs/checks.md. A check is a pure function of the evidence: it opens nothing
// and asks nobody.
//
// A pass is said, never left over: the zero Result is no answer, and is
// reported as unknown.
package check

import (
	"fmt"
	"slices"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// Docs is where the documentation of checks is found, with "#" and the id to follow.
const Docs = "https://github.com/OWNER/verify-npm-release/blob/main/docs/checks.md"

// Check is one question about a release.
type Check struct {
	ID    string
	Title string       // a claim: what a pass says
	Level report.Level // "" is off: asked only when required or asked for
	Run   func(Input) Result
}

// Input is all that a check sees.
type Input struct {
	*evidence.Evidence
	Plan *plan.Plan
}

// Result is an answer and what it rests on: got, then want.
type Result struct {
	Status report.CheckStatus
	Detail string
}

// All is the table of checks, in the order of the report.
var All = []Check{
	Served,
	TarballIntegrity,
	RegistrySignature,
	PublishAttestation,
	Provenance,
	Source,
	TrustedPublisher,
	DistTag,
	TrustDowngrade,
	LeftoverToken,
}

// IDs are the ids of All, in order.
func IDs() []string {
	var ids []string
	for _, c := range All {
		ids = append(ids, c.ID)
	}
	return ids
}

// answer runs the check at the level the plan gives it.
func (c Check) answer(in Input) report.Check {
	out := report.Check{ID: c.ID, Title: c.Title, Level: c.Level, Docs: Docs + "#" + c.ID}
	off := c.Level == ""
	if off {
		out.Level = report.Advisory
	}
	if slices.Contains(in.Plan.Require, c.ID) {
		out.Level, off = report.Required, false
	}
	if c.ID == LeftoverToken.ID && in.Plan.CheckNPMToken {
		out.Level, off = report.Required, false
	}
	var r Result
	switch {
	case slices.Contains(in.Plan.Skip, c.ID):
		r = skip("left out on request")
	case off:
		r = skip("not asked for")
	case len(in.Altered) > 0:
		r = unknown("the evidence folder was altered")
	default:
		r = c.Run(in)
	}
	if r.Status == "" {
		r = unknown("the check gave no answer")
	}
	out.Status, out.Detail = r.Status, r.Detail
	return out
}

func pass(format string, a ...any) Result {
	return Result{report.Pass, fmt.Sprintf(format, a...)}
}

func fail(format string, a ...any) Result {
	return Result{report.Fail, fmt.Sprintf(format, a...)}
}

func skip(format string, a ...any) Result {
	return Result{report.Skip, fmt.Sprintf(format, a...)}
}

func unknown(format string, a ...any) Result {
	return Result{report.Unknown, fmt.Sprintf(format, a...)}
}

// noManifest is the answer of every check that needs a manifest there is none of.
func noManifest() Result {
	return unknown("there is no manifest to look at")
}

// noTrust is the answer of every check that needs keys or a trusted root.
func noTrust(in Input) (Result, bool) {
	if in.Trust == nil || in.Trust.Err != nil {
		return unknown("the trust root was not established"), true
	}
	return Result{}, false
}
