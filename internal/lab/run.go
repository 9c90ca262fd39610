package lab

import "strings"

// Run is a workflow run on GitHub: what its OIDC token claims, and what its environment says.
type Run struct {
	Server, Issuer        string
	Repository            string // owner/name
	RepositoryID, OwnerID string
	Workflow              string // path of the file, .github/workflows/release.yml
	WorkflowName          string
	Ref, Commit           string
	Event                 string
	ID, Attempt           string
	Runner                string // github-hosted or self-hosted
	Visibility            string
	Environment           string // of the deployment; "": none
	Signer                string // job_workflow_ref, owner/name/path@ref, of a reusable workflow; "": the workflow itself
	SignerCommit          string // job_workflow_sha; "": Commit
}

// NewRun returns a run of acme/demo: tag v1.0.0 pushed, on a hosted runner.
func NewRun() Run {
	return Run{
		Server:       "https://github.com",
		Issuer:       "https://token.actions.githubusercontent.com",
		Repository:   "acme/demo",
		RepositoryID: "712345678",
		OwnerID:      "9812345",
		Workflow:     ".github/workflows/release.yml",
		WorkflowName: "Release",
		Ref:          "refs/tags/v1.0.0",
		Commit:       "5f2e8f1c0f6a4b7d9c3e1a2b4c6d8e0f12345678",
		Event:        "push",
		ID:           "17686742434",
		Attempt:      "1",
		Runner:       "github-hosted",
		Visibility:   "public",
	}
}

// WorkflowRef is GITHUB_WORKFLOW_REF: owner/name/path@ref.
func (r Run) WorkflowRef() string { return r.Repository + "/" + r.Workflow + "@" + r.Ref }

// Owner is the first half of the repository's name.
func (r Run) Owner() string {
	owner, _, _ := strings.Cut(r.Repository, "/")
	return owner
}

// URL is the run invocation: SERVER/OWNER/NAME/actions/runs/ID/attempts/N.
func (r Run) URL() string {
	return r.Server + "/" + r.Repository + "/actions/runs/" + r.ID + "/attempts/" + r.Attempt
}

// Subject is the token's sub claim.
func (r Run) Subject() string {
	if r.Environment != "" {
		return "repo:" + r.Repository + ":environment:" + r.Environment
	}
	return "repo:" + r.Repository + ":ref:" + r.Ref
}

// Env is the environment that the runner gives to the run's steps, as far as npm and we read it.
func (r Run) Env() map[string]string {
	refType := "branch"
	if strings.HasPrefix(r.Ref, "refs/tags/") {
		refType = "tag"
	}
	return map[string]string{
		"CI":                         "true",
		"GITHUB_ACTIONS":             "true",
		"GITHUB_API_URL":             "https://api.github.com",
		"GITHUB_EVENT_NAME":          r.Event,
		"GITHUB_JOB":                 "publish",
		"GITHUB_REF":                 r.Ref,
		"GITHUB_REF_NAME":            r.Ref[strings.LastIndex(r.Ref, "/")+1:],
		"GITHUB_REF_TYPE":            refType,
		"GITHUB_REPOSITORY":          r.Repository,
		"GITHUB_REPOSITORY_ID":       r.RepositoryID,
		"GITHUB_REPOSITORY_OWNER":    r.Owner(),
		"GITHUB_REPOSITORY_OWNER_ID": r.OwnerID,
		"GITHUB_RUN_ATTEMPT":         r.Attempt,
		"GITHUB_RUN_ID":              r.ID,
		"GITHUB_RUN_NUMBER":          "7",
		"GITHUB_SERVER_URL":          r.Server,
		"GITHUB_SHA":                 r.Commit,
		"GITHUB_WORKFLOW":            r.WorkflowName,
		"GITHUB_WORKFLOW_REF":        r.WorkflowRef(),
		"GITHUB_WORKFLOW_SHA":        r.Commit,
		"RUNNER_ENVIRONMENT":         r.Runner,
	}
}

// uri is the certificate's subject alternative name: the workflow that ran the job.
func (r Run) uri() string {
	if r.Signer != "" {
		return r.Server + "/" + r.Signer
	}
	return r.Server + "/" + r.WorkflowRef()
}

// extensions are what Fulcio makes of the claims (sigstore/fulcio, config/identity/config.yaml).
func (r Run) extensions() map[int]string {
	signerCommit := r.SignerCommit
	if signerCommit == "" {
		signerCommit = r.Commit
	}
	ext := map[int]string{
		ExtIssuerV1:                   r.Issuer,
		ExtTriggerV1:                  r.Event,
		ExtSHAV1:                      r.Commit,
		ExtWorkflowNameV1:             r.WorkflowName,
		ExtRepositoryV1:               r.Repository,
		ExtRefV1:                      r.Ref,
		ExtIssuer:                     r.Issuer,
		ExtBuildSignerURI:             r.uri(),
		ExtBuildSignerDigest:          signerCommit,
		ExtRunnerEnvironment:          r.Runner,
		ExtSourceRepositoryURI:        r.Server + "/" + r.Repository,
		ExtSourceRepositoryDigest:     r.Commit,
		ExtSourceRepositoryRef:        r.Ref,
		ExtSourceRepositoryIdentifier: r.RepositoryID,
		ExtOwnerURI:                   r.Server + "/" + r.Owner(),
		ExtOwnerIdentifier:            r.OwnerID,
		ExtBuildConfigURI:             r.Server + "/" + r.WorkflowRef(),
		ExtBuildConfigDigest:          r.Commit,
		ExtBuildTrigger:               r.Event,
		ExtRunInvocationURI:           r.URL(),
		ExtVisibility:                 r.Visibility,
		ExtTokenSubject:               r.Subject(),
	}
	if r.Environment != "" {
		ext[ExtDeploymentEnvironment] = r.Environment
	}
	return ext
}
