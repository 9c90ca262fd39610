package check

import (
	"cmp"
	"strings"

	"github.com/go-json-experiment/json"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/sigstore"
)

// Build types of the statements that npm writes on GitHub Actions (npm:
// libnpmpublish lib/provenance.js). Others, such as GitLab's or the SLSA
// generators', describe the build in ways of their own; of those the certificate
// alone is compared.
const (
	buildTypeSLSA1  = "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
	buildTypeSLSA02 = "https://github.com/npm/cli/gha"
)

// statementAgainst lists where the statement contradicts the certificate. The
// statement was written from variables that any step of the job can change; the
// certificate from GitHub's token.
func statementAgainst(s sigstore.Statement, c identity) []string {
	switch s.PredicateType {
	case evidence.PredicateSLSA1:
		return slsa1(s.Predicate, c)
	case evidence.PredicateSLSA02:
		return slsa02(s.Predicate, c)
	}
	return []string{mismatch("predicate type of the statement", s.PredicateType, evidence.PredicateSLSA1)}
}

// claims collects disagreements between the statement and the certificate.
type claims struct{ problems []string }

// same wants the statement to say what the certificate says. A fact that the
// certificate does not hold cannot be compared.
func (c *claims) same(what, statement, certificate string) {
	if certificate != "" && statement != certificate {
		c.problems = append(c.problems, mismatch(what+" in the statement", statement, certificate))
	}
}

func slsa1(raw []byte, c identity) []string {
	var p struct {
		BuildDefinition struct {
			BuildType          string `json:"buildType"`
			ExternalParameters struct {
				Workflow struct {
					Ref        string `json:"ref"`
					Repository string `json:"repository"`
					Path       string `json:"path"`
				} `json:"workflow"`
			} `json:"externalParameters"`
			InternalParameters struct {
				GitHub struct {
					Event        string `json:"event_name"`
					RepositoryID string `json:"repository_id"`
					OwnerID      string `json:"repository_owner_id"`
				} `json:"github"`
			} `json:"internalParameters"`
			ResolvedDependencies []struct {
				URI    string            `json:"uri"`
				Digest map[string]string `json:"digest"`
			} `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
		RunDetails struct {
			Builder struct {
				ID string `json:"id"`
			} `json:"builder"`
			Metadata struct {
				InvocationID string `json:"invocationId"`
			} `json:"metadata"`
		} `json:"runDetails"`
	}
	var head struct {
		BuildDefinition struct {
			BuildType string `json:"buildType"`
		} `json:"buildDefinition"`
	}
	const unreadable = "the statement's predicate is not SLSA provenance v1"
	// The specification demands a build type; without one a statement would be compared with nothing.
	if json.Unmarshal(raw, &head) != nil || head.BuildDefinition.BuildType == "" {
		return []string{unreadable}
	}
	if head.BuildDefinition.BuildType != buildTypeSLSA1 {
		return nil
	}
	if json.Unmarshal(raw, &p) != nil {
		return []string{unreadable}
	}
	d := p.BuildDefinition
	w := d.ExternalParameters.Workflow
	var out claims
	out.same("repository", w.Repository, c.Repository)
	out.same("workflow", w.Repository+"/"+w.Path+"@"+w.Ref, c.Workflow)
	gh := d.InternalParameters.GitHub
	out.same("trigger", gh.Event, c.Trigger)
	out.same("repository id", gh.RepositoryID, c.RepositoryID)
	out.same("owner id", gh.OwnerID, c.OwnerID)
	if len(d.ResolvedDependencies) != 1 {
		out.problems = append(out.problems, "the statement names no single source (resolvedDependencies)")
	} else {
		out.same("source", d.ResolvedDependencies[0].URI, "git+"+c.Repository+"@"+c.Ref)
		out.same("commit", d.ResolvedDependencies[0].Digest["gitCommit"], c.Commit)
	}
	if c.Runner != "" {
		out.same("builder", p.RunDetails.Builder.ID, "https://github.com/actions/runner/"+c.Runner)
	}
	out.same("run", p.RunDetails.Metadata.InvocationID, c.Run)
	return out.problems
}

func slsa02(raw []byte, c identity) []string {
	var p struct {
		BuildType  string `json:"buildType"`
		Invocation struct {
			ConfigSource struct {
				URI        string            `json:"uri"`
				Digest     map[string]string `json:"digest"`
				EntryPoint string            `json:"entryPoint"`
			} `json:"configSource"`
			Environment struct {
				Event        string `json:"GITHUB_EVENT_NAME"`
				RepositoryID string `json:"GITHUB_REPOSITORY_ID"`
				OwnerID      string `json:"GITHUB_REPOSITORY_OWNER_ID"`
				SHA          string `json:"GITHUB_SHA"`
			} `json:"environment"`
		} `json:"invocation"`
	}
	var head struct {
		BuildType string `json:"buildType"`
	}
	const unreadable = "the statement's predicate is not SLSA provenance v0.2"
	if json.Unmarshal(raw, &head) != nil || head.BuildType == "" {
		return []string{unreadable}
	}
	if !strings.HasPrefix(head.BuildType, buildTypeSLSA02) {
		return nil
	}
	if json.Unmarshal(raw, &p) != nil {
		return []string{unreadable}
	}
	src := p.Invocation.ConfigSource
	var out claims
	out.same("source", src.URI, "git+"+c.Repository+"@"+c.Ref)
	out.same("commit", src.Digest["sha1"], c.Commit)
	// The entry point is the workflow's path, or in npm's first form owner/name/path@ref.
	signer := cmp.Or(c.Workflow, c.Signer)
	if !plan.SameWorkflow(cmp.Or(src.EntryPoint, "none"), signer) && "https://github.com/"+src.EntryPoint != signer {
		out.problems = append(out.problems, mismatch("workflow in the statement", src.EntryPoint, signer))
	}
	env := p.Invocation.Environment
	out.same("trigger", env.Event, c.Trigger)
	out.same("repository id", env.RepositoryID, c.RepositoryID)
	out.same("owner id", env.OwnerID, c.OwnerID)
	out.same("commit of the environment", env.SHA, c.Commit)
	return out.problems
}
