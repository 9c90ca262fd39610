// Package diagnosis tells why a release failed and how to mend it, and what in
// a repository would keep trusted publishing from working.
//
// Each cause is one value in a file named by its id, and one row of [All]. It
// looks at what was gathered and opens nothing. A cause is named only where
// something seen leads to it, and says what that is; where the registry's
// answer fits several, each that this run's values leave open is named.
package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/workflow"
)

// Docs is where the documentation of causes is found, with "#" and the id to follow.
const Docs = "https://github.com/OWNER/verify-npm-release/blob/main/docs/troubleshooting.md"

// Cause is one known reason for a failure.
type Cause struct {
	ID       string
	Sentence string // what is wrong, before any evidence
	Mend     string
	Snippet  string   // to paste; "" where words suffice or values are needed
	Explains []string // ids of the checks whose failure it can explain

	// After looks for it once a release failed; nil: it leaves no trace then.
	After func(*Case) []Finding
	// Before looks for it in a repository, before anything is published; nil:
	// a repository cannot tell.
	Before func(*Project) []Finding
}

// All is the table of causes. Of two that are equally sure the first comes
// first.
var All = []*Cause{
	&Staged, &StageOnlyPublisher, &LogConflict, &VersionTaken,
	&IDTokenPermission, &NPMTooOld, &ToolWithoutOIDC, &ExchangeFailed,
	&FirstPublish, &PublisherMismatch, &EnvironmentMismatch, &TriggerRefused, &NodeTooOld,
	&TokenFallback, &PublishedByToken, &TokenRefused, &AccessRestricted,
	&SelfHostedRunner, &PrivateRepository, &RepositoryURL, &ProvenanceRefused,
	&ProvenanceDisabled, &ProvenanceNotRequested,
	&AttestationNotServed, &StillProcessing, &PublishFailed,
	&TokenInFile, &TokenReference, &TokenInEnvironment, &StoredSecret, &SecretsInherited,
	&NotRead,
}

// Sure says how sure a finding is.
type Sure int

// The grades, the surest first.
const (
	Said     Sure = iota // npm, the registry or the runner said so in words
	Seen                 // a fact of this run or of what the registry serves
	Read                 // it stands in a file; what ran may differ
	Possible             // the answer that was given fits this and others
)

// Level says how grave a finding is before publishing.
type Level string

// The levels.
const (
	Error   Level = "error"   // it will not work
	Warning Level = "warning" // it may not, or should be removed
	Notice  Level = "notice"  // worth knowing
)

// Finding is a cause seen somewhere.
type Finding struct {
	ID    string // of its cause
	Level Level  // before publishing
	Sure  Sure   // after a failure
	workflow.Pos
	Evidence string // what was seen
	Fix      string // "" is the cause's own
	Snippet  string // "" is the cause's own
	Name     string // of a credential

	cause *Cause
}

// Detail is what is wrong and what was seen.
func (f Finding) Detail() string {
	return strings.TrimSpace(f.cause.Sentence + " " + f.Evidence)
}

// Mend is what to do.
func (f Finding) Mend() string { return cmp.Or(f.Fix, f.cause.Mend) }

// Paste is what to paste.
func (f Finding) Paste() string { return cmp.Or(f.Snippet, f.cause.Snippet) }

// Docs is where to read on.
func (f Finding) Docs() string { return Docs + "#" + f.ID }

func (f Finding) report() report.Cause {
	return report.Cause{ID: f.ID, Detail: f.Detail(), Fix: f.Mend(), Snippet: f.Paste(), File: f.File, Line: f.Line, Docs: f.Docs()}
}

// maxCauses bounds the causes of one check in the report.
const maxCauses = 200

// Explain puts the causes it finds into the checks that speak against the
// release, the surest first. Where none fits it returns a note of what was
// looked at.
func Explain(e *evidence.Evidence, p *plan.Plan, checks []report.Check) (notes []string) {
	against := func(c *report.Check) bool {
		return c.Status == report.Fail || c.Status == report.Unknown && (c.ID == "served" || c.ID == "leftover-token")
	}
	if len(e.Altered) > 0 || !slices.ContainsFunc(checks, func(c report.Check) bool { return against(&c) }) {
		return nil
	}
	k := newCase(e, p)
	var found []Finding
	for _, cause := range All {
		if cause.After == nil {
			continue
		}
		for _, f := range cause.After(k) {
			f.ID, f.cause = cause.ID, cause
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Sure, b.Sure) })
	var bare []string
	for i := range checks {
		c := &checks[i]
		if !against(c) {
			continue
		}
		for _, f := range found {
			if k.explains(f, c) && len(c.Causes) < maxCauses {
				c.Causes = append(c.Causes, f.report())
			}
		}
		// What npm ended with is told where no cause knows the reason.
		if i := slices.IndexFunc(c.Causes, func(x report.Cause) bool { return x.ID == PublishFailed.ID }); i >= 0 && len(c.Causes) > 1 {
			c.Causes = slices.Delete(c.Causes, i, i+1)
		}
		if len(c.Causes) == 0 && !k.follows(c) {
			bare = append(bare, c.ID)
		}
	}
	if len(bare) > 0 {
		notes = append(notes, fmt.Sprintf("No known cause fits %s. Looked at: %s.", strings.Join(bare, ", "), k.lookedAt()))
	}
	return notes
}

// explains says whether a finding is a reason for this check's answer.
func (k *Case) explains(f Finding, c *report.Check) bool {
	if !slices.Contains(f.cause.Explains, c.ID) {
		return false
	}
	switch c.ID {
	case "served":
		// What stands in a workflow does not make npm slow; only words about
		// this very publish count, or that it failed.
		return f.Sure <= Seen || k.failed()
	case "provenance", "publish-attestation":
		return k.Manifest != nil && k.Manifest.Dist.Attestations == nil || f.ID == AttestationNotServed.ID
	}
	return true
}

// follows says whether a check's answer follows from another's, which is the
// one to be explained; or whether no diagnosis is called for.
func (k *Case) follows(c *report.Check) bool {
	if c.Status != report.Fail || c.ID == "leftover-token" || c.ID == "dist-tag" {
		return true
	}
	without := k.Manifest == nil || k.Manifest.Dist.Attestations == nil
	return without && (c.ID == "source" || c.ID == "publish-attestation" || c.ID == "trust-downgrade")
}
