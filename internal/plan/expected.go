package plan

import (
	"regexp"
	"strconv"
	"strings"
)

// expect sets what the build must be: the mode's own fields from the run, then
// each expected-* input over one of them.
func (p *Plan) expect(in map[string]string, run *Run) error {
	e := Expectation{Mode: strings.ToLower(in["expect"]), Given: map[string]bool{}}
	switch e.Mode {
	case "":
		e.Mode = Declared
		if p.Run != nil {
			e.Mode = ThisRun
		}
	case ThisRun, ThisRepository, Declared, None:
	default:
		return wrong("expect", "%s is none of this-run, this-repository, declared and none", quote(in["expect"]))
	}
	for _, i := range Inputs() {
		if strings.HasPrefix(i.Name, "expected-") && in[i.Name] != "" {
			e.Given[i.Name] = true
		}
	}
	if e.Mode == ThisRun || e.Mode == ThisRepository {
		if err := e.fromRun(run); err != nil {
			return err
		}
	}
	if err := e.override(in); err != nil {
		return err
	}
	p.Expect = e
	return nil
}

// fromRun takes the expectation from the run's variables. An empty one is an
// error unless its expected-* input stands in: two empty strings never match.
func (e *Expectation) fromRun(run *Run) error {
	if run.ServerURL != "" && run.ServerURL != github {
		return wrong("expect", "%s cannot be met on %s, since npm takes provenance only from github.com; set expect to declared or none to verify what was built there",
			e.Mode, quote(run.ServerURL))
	}
	var missing []string
	need := func(field *string, value, variable, input string) {
		if value == "" && !e.Given[input] {
			missing = append(missing, variable)
		}
		*field = value
	}
	var server, workflow string
	need(&server, run.ServerURL, "GITHUB_SERVER_URL", "")
	need(&e.Repository, run.Repository, "GITHUB_REPOSITORY", "expected-repository")
	need(&e.RepositoryID, run.RepositoryID, "GITHUB_REPOSITORY_ID", "expected-repository")
	need(&e.OwnerID, run.OwnerID, "GITHUB_REPOSITORY_OWNER_ID", "expected-repository")
	e.Issuer = Issuer
	if e.Mode == ThisRun {
		need(&workflow, run.Workflow, "GITHUB_WORKFLOW_REF", "expected-workflow")
		need(&e.Ref, run.Ref, "GITHUB_REF", "expected-ref")
		need(&e.Commit, run.SHA, "GITHUB_SHA", "expected-commit")
		need(&e.RunID, run.RunID, "GITHUB_RUN_ID", "expected-run")
		need(&e.Trigger, run.Event, "GITHUB_EVENT_NAME", "")
		if e.RunAttempt = run.Attempt; e.RunAttempt == 0 && !e.Given["expected-run"] {
			missing = append(missing, "GITHUB_RUN_ATTEMPT (a number above zero)")
		}
		e.Hosted = true // npm takes provenance from no other runner
	}
	if len(missing) > 0 {
		return wrong("expect", "%s needs a run of GitHub Actions, and %s not set here; elsewhere set expect to declared or none", e.Mode, are(missing))
	}
	e.Repository = server + "/" + e.Repository
	if workflow != "" {
		e.Workflow = server + "/" + workflow
	}
	return nil
}

func are(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " are"
}

// override puts the expected-* inputs over what the mode says.
func (e *Expectation) override(in map[string]string) (err error) {
	if text := in["expected-repository"]; text != "" {
		repository, ok := repositoryURL(text)
		if !ok {
			return wrong("expected-repository", "%s is not a repository; want owner/name or https://github.com/owner/name", quote(text))
		}
		e.repository(repository)
	}
	if err := e.run(in["expected-run"]); err != nil {
		return err
	}
	if text := in["expected-workflow"]; text != "" {
		if e.Workflow, err = workflowForm("expected-workflow", text); err != nil {
			return err
		}
	}
	if text := in["expected-signer"]; text != "" {
		if e.Signer, err = workflowForm("expected-signer", text); err != nil {
			return err
		}
	}
	if text := in["expected-ref"]; text != "" {
		if !strings.HasPrefix(text, "refs/") || strings.ContainsAny(text, " \t\n\r") {
			return wrong("expected-ref", "%s is not a full ref; write refs/heads/%s for a branch or refs/tags/%[2]s for a tag", quote(text), short(text))
		}
		e.Ref = text
	}
	if text := strings.ToLower(in["expected-commit"]); text != "" {
		if !commit.MatchString(text) {
			return wrong("expected-commit", "%s is not a full commit; want all 40 hex digits, as git rev-parse prints them", quote(in["expected-commit"]))
		}
		e.Commit = text
	}
	if text := in["expected-environment"]; text != "" {
		e.Environment = text
	}
	for _, at := range []string{e.Repository, e.Workflow, e.Signer} {
		if strings.HasPrefix(at, github+"/") {
			e.Issuer = Issuer // GitHub vouches for what is on github.com, nobody else
		}
	}
	return nil
}

// repository expects another repository. The numeric ids are those of the run's
// own repository and say nothing about another one.
func (e *Expectation) repository(url string) {
	if url != e.Repository {
		e.RepositoryID, e.OwnerID = "", ""
	}
	e.Repository = url
}

var (
	ownerName = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)
	host      = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`)
	commit    = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	runURL    = regexp.MustCompile(`^(https://[^/]+/[^/]+/[^/]+)/actions/runs/([0-9]{1,20})(?:/attempts/([0-9]{1,9}))?(?:/.*)?$`)
	digits    = regexp.MustCompile(`^[0-9]{1,20}$`)
	workflow  = regexp.MustCompile(`^\.github/workflows/[^/]+\.ya?ml$`)
)

// repositoryURL returns https://host/owner/name for the forms people paste:
// owner/name, github.com/owner/name, its URL, with git+ or .git, the ssh remote.
func repositoryURL(text string) (string, bool) {
	at := github
	t := strings.TrimPrefix(strings.TrimRight(text, "/"), "git+")
	for _, remote := range []string{"git@github.com:", "ssh://git@github.com/"} {
		t = strings.TrimPrefix(t, remote)
	}
	if rest, ok := strings.CutPrefix(t, "https://"); ok {
		h, path, _ := strings.Cut(rest, "/")
		if !host.MatchString(h) {
			return "", false
		}
		at, t = "https://"+strings.ToLower(h), path
	} else {
		t = strings.TrimPrefix(t, "github.com/")
	}
	t = strings.TrimSuffix(t, ".git")
	owner, name, _ := strings.Cut(t, "/")
	if !ownerName.MatchString(t) || strings.Trim(owner, ".") == "" || strings.Trim(name, ".") == "" {
		return "", false
	}
	return at + "/" + t, true
}

// run reads expected-run. A URL names the repository too.
func (e *Expectation) run(text string) error {
	if text == "" {
		return nil
	}
	e.RunAttempt, e.ExactAttempt = 0, false
	if digits.MatchString(text) {
		e.RunID = text
		return nil
	}
	bad := wrong("expected-run", "%s is not a run; want its id or https://github.com/owner/name/actions/runs/ID", quote(text))
	m := runURL.FindStringSubmatch(text)
	if m == nil {
		return bad
	}
	repository, ok := repositoryURL(m[1])
	if !ok {
		return bad
	}
	if e.Given["expected-repository"] && repository != e.Repository {
		return wrong("expected-run", "%s is not a run of expected-repository %s", quote(text), quote(e.Repository))
	}
	e.repository(repository)
	e.RunID = m[2]
	if m[3] != "" {
		n, err := strconv.Atoi(m[3])
		if err != nil || n < 1 {
			return wrong("expected-run", "%s names no attempt; attempts count from 1", quote(text))
		}
		e.RunAttempt, e.ExactAttempt = n, true
	}
	return nil
}

// workflowForm returns what was given in a form of [SameWorkflow].
func workflowForm(input, text string) (string, error) {
	file, ref, pinned := strings.Cut(text, "@")
	if pinned && !strings.HasPrefix(ref, "refs/") && !commit.MatchString(ref) {
		return "", wrong(input, "%s ends in no full ref; write @refs/heads/%s for a branch or @refs/tags/%[2]s for a tag", quote(text), short(ref))
	}
	bad := wrong(input, "%s is not a workflow file; want release.yml, .github/workflows/release.yml or owner/name/.github/workflows/release.yml", quote(text))
	file = strings.TrimPrefix(file, "./")
	repository, path := "", file
	if i := strings.Index(file, ".github/workflows/"); i > 0 {
		url, ok := repositoryURL(file[:i])
		if !ok {
			return "", bad
		}
		repository, path = url+"/", file[i:]
	} else if !strings.Contains(file, "/") {
		path = ".github/workflows/" + file // GitHub runs workflows from no other folder
	}
	if !workflow.MatchString(path) {
		return "", bad
	}
	if pinned {
		path += "@" + ref
	}
	return repository + path, nil
}

// short returns text for use inside a suggested ref.
func short(text string) string {
	return strings.Trim(quote(text), `"`)
}
