package plan

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// maxEvent bounds the event payload; GitHub caps webhook payloads at 25 MB.
const maxEvent = 32 << 20

// Run is the run of GitHub Actions we are in, as its environment tells it
// (docs.github.com "Variables reference"). Steps of the job can alter these
// variables: they say what is expected, and prove nothing. A field is "" where
// the variable is not set.
type Run struct {
	ServerURL      string // https://github.com
	APIURL         string // https://api.github.com
	Repository     string // owner/name
	RepositoryID   string
	Owner          string
	OwnerID        string
	Ref            string // refs/heads/main
	SHA            string
	Workflow       string // GITHUB_WORKFLOW_REF: owner/name/.github/workflows/f.yml@refs/heads/main
	WorkflowSHA    string
	RunID          string
	Attempt        int // 0 where not set or no number
	Event          string
	Runner         string // RUNNER_ENVIRONMENT: github-hosted, self-hosted
	Workspace      string
	Job            string
	JobWorkflowRef string // VERIFY_NPM_RELEASE_JOB_WORKFLOW_REF, which action.yml sets from job.workflow_ref: differs from Workflow in a reusable one
	Visibility     string // public, private, internal; from the event payload
	Fork           bool   // the event is a pull request out of another repository
	IDToken        bool   // the runner offers OIDC tokens: id-token: write
}

// File is the path of the workflow file in its repository, from Workflow:
// .github/workflows/f.yml. "" where Workflow is none.
func (r *Run) File() string {
	path, _, _ := strings.Cut(r.Workflow, "@")
	path, ok := strings.CutPrefix(path, r.Repository+"/")
	if !ok {
		return ""
	}
	return path
}

// readRun reads the environment, and from the event payload what has no
// variable. A payload that cannot be read leaves its fields unset.
func readRun(getenv func(string) string) *Run {
	env := func(name string) string { return strings.TrimSpace(getenv(name)) }
	r := &Run{
		ServerURL:      strings.TrimRight(env("GITHUB_SERVER_URL"), "/"),
		APIURL:         strings.TrimRight(env("GITHUB_API_URL"), "/"),
		Repository:     env("GITHUB_REPOSITORY"),
		RepositoryID:   env("GITHUB_REPOSITORY_ID"),
		Owner:          env("GITHUB_REPOSITORY_OWNER"),
		OwnerID:        env("GITHUB_REPOSITORY_OWNER_ID"),
		Ref:            env("GITHUB_REF"),
		SHA:            env("GITHUB_SHA"),
		Workflow:       env("GITHUB_WORKFLOW_REF"),
		WorkflowSHA:    env("GITHUB_WORKFLOW_SHA"),
		RunID:          env("GITHUB_RUN_ID"),
		Event:          env("GITHUB_EVENT_NAME"),
		Runner:         env("RUNNER_ENVIRONMENT"),
		Workspace:      env("GITHUB_WORKSPACE"),
		Job:            env("GITHUB_JOB"),
		JobWorkflowRef: env("VERIFY_NPM_RELEASE_JOB_WORKFLOW_REF"),
		// The URL alone: the token beside it is a credential and is not read.
		// Into the container goes neither, but the answer, from our action.
		IDToken: env("ACTIONS_ID_TOKEN_REQUEST_URL") != "" || env("VERIFY_NPM_RELEASE_ID_TOKEN") == "true",
	}
	if n, err := strconv.Atoi(env("GITHUB_RUN_ATTEMPT")); err == nil && n > 0 {
		r.Attempt = n
	}
	if path := env("GITHUB_EVENT_PATH"); path != "" {
		r.readEvent(path)
	}
	return r
}

// readEvent takes visibility and fork from the webhook payload
// (docs.github.com "Webhook events and payloads").
func (r *Run) readEvent(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	var event struct {
		Repository struct {
			Visibility string `json:"visibility"`
			Private    *bool  `json:"private"`
			FullName   string `json:"full_name"`
		} `json:"repository"`
		PullRequest *struct {
			Head struct {
				Repo *struct {
					FullName string `json:"full_name"`
				} `json:"repo"`
			} `json:"head"`
		} `json:"pull_request"`
	}
	if json.UnmarshalRead(io.LimitReader(f, maxEvent), &event) != nil {
		return
	}
	repo := event.Repository
	switch {
	case repo.Visibility != "":
		r.Visibility = repo.Visibility
	case repo.Private != nil && !*repo.Private:
		r.Visibility = "public"
	case repo.Private != nil:
		r.Visibility = "private" // or internal, which older servers do not tell apart
	}
	if pr := event.PullRequest; pr != nil {
		// A head without repository is a fork that was deleted since.
		r.Fork = pr.Head.Repo == nil || pr.Head.Repo.FullName != repo.FullName
	}
}
