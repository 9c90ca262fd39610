package lab

import (
	"encoding/hex"
	"strings"
)

// Predicate types of the attestations that npm serves.
const (
	PredicateSLSA1   = "https://slsa.dev/provenance/v1"
	PredicateSLSA02  = "https://slsa.dev/provenance/v0.2"
	PredicatePublish = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
)

const (
	statementV1  = "https://in-toto.io/Statement/v1"
	statementV01 = "https://in-toto.io/Statement/v0.1"
)

type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     any       `json:"predicate"`
}

type subject struct {
	Name   string `json:"name"`
	Digest struct {
		SHA512 string `json:"sha512"`
	} `json:"digest"`
}

func subjectOf(name, version string, sha512 [64]byte) []subject {
	s := subject{Name: PURL(name, version)}
	s.Digest.SHA512 = hex.EncodeToString(sha512[:])
	return []subject{s}
}

// PURL is the package URL as npm writes it: only a leading @ is encoded (npm-package-arg, toPurl).
func PURL(name, version string) string {
	if scoped, ok := strings.CutPrefix(name, "@"); ok {
		name = "%40" + scoped
	}
	return "pkg:npm/" + name + "@" + version
}

// provenance1 is the statement that npm 9.6.5 and later write on GitHub (libnpmpublish, lib/provenance.js), keys in their order.
func provenance1(r Run, subjects []subject) []byte {
	type workflow struct {
		Ref        string `json:"ref"`
		Repository string `json:"repository"`
		Path       string `json:"path"`
	}
	type github struct {
		EventName string `json:"event_name"`
		RepoID    string `json:"repository_id"`
		OwnerID   string `json:"repository_owner_id"`
	}
	type dependency struct {
		URI    string            `json:"uri"`
		Digest map[string]string `json:"digest"`
	}
	type definition struct {
		BuildType            string              `json:"buildType"`
		ExternalParameters   map[string]workflow `json:"externalParameters"`
		InternalParameters   map[string]github   `json:"internalParameters"`
		ResolvedDependencies []dependency        `json:"resolvedDependencies"`
	}
	type details struct {
		Builder  map[string]string `json:"builder"`
		Metadata map[string]string `json:"metadata"`
	}
	type predicate struct {
		BuildDefinition definition `json:"buildDefinition"`
		RunDetails      details    `json:"runDetails"`
	}
	repository := r.Server + "/" + r.Repository
	return encode(statement{statementV1, subjects, PredicateSLSA1, predicate{
		definition{
			BuildType:          "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
			ExternalParameters: map[string]workflow{"workflow": {r.Ref, repository, r.Workflow}},
			InternalParameters: map[string]github{"github": {r.Event, r.RepositoryID, r.OwnerID}},
			ResolvedDependencies: []dependency{
				{"git+" + repository + "@" + r.Ref, map[string]string{"gitCommit": r.Commit}},
			},
		},
		details{
			Builder:  map[string]string{"id": "https://github.com/actions/runner/" + r.Runner},
			Metadata: map[string]string{"invocationId": r.URL()},
		},
	}})
}

// provenance02 is the statement that npm 9.5 wrote, as sigstore@1.0.0 carries it.
func provenance02(r Run, npm string, subjects []subject) []byte {
	repository := "git+" + r.Server + "/" + r.Repository
	sha1 := Object{"sha1": r.Commit}
	environment := Object{"GITHUB_ACTOR_ID": "398027"}
	env := r.Env()
	for _, name := range []string{
		"EVENT_NAME", "REF", "REF_TYPE", "REPOSITORY", "REPOSITORY_ID", "REPOSITORY_OWNER_ID", "RUN_ATTEMPT",
		"RUN_ID", "RUN_NUMBER", "SHA", "WORKFLOW_REF", "WORKFLOW_SHA",
	} {
		environment["GITHUB_"+name] = env["GITHUB_"+name]
	}
	return encode(statement{statementV01, subjects, PredicateSLSA02, Object{
		"buildType": "https://github.com/npm/cli/gha@v0",
		"builder":   Object{"id": "https://github.com/npm/cli@" + npm},
		"invocation": Object{
			"configSource": Object{"uri": repository + "@" + r.Ref, "digest": sha1, "entryPoint": r.WorkflowRef()},
			"parameters":   Object{},
			"environment":  environment,
		},
		"metadata": Object{
			"buildInvocationId": r.ID + "-" + r.Attempt,
			"completeness":      Object{"parameters": false, "environment": false, "materials": false},
			"reproducible":      false,
		},
		"materials": []Object{{"uri": repository, "digest": sha1}},
	}})
}

// publication is the registry's own statement (npm/attestation, specs/publish/v0.1).
func publication(name, version, registry string, subjects []subject) []byte {
	return encode(statement{statementV01, subjects, PredicatePublish, struct {
		Name     string `json:"name"`
		Version  string `json:"version"`
		Registry string `json:"registry"`
	}{name, version, registry}})
}
