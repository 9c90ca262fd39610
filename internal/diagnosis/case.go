package diagnosis

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/workflow"
)

// Case is a release that failed and all that is known of it. Facts of this run
// are there only where this run is the one that should have published it.
type Case struct {
	*evidence.Evidence
	Plan    *plan.Plan
	Run     *plan.Run            // nil: another run, or none
	Project *Project             // nil: the checkout was not read
	Log     *workflow.Log        // npm's log of this release; nil: none was found
	Release *workflow.LogRelease // what Log says of it
	Sites   []*workflow.Site     // where this run publishes
	Here    bool                 // Sites are of this very job

	left *Leftovers
}

func newCase(e *evidence.Evidence, p *plan.Plan) *Case {
	k := &Case{Evidence: e, Plan: p}
	if facts := e.Run; facts != nil && ownRun(e, p) {
		k.Run = p.Run
		k.Log, k.Release = logOf(facts.Logs, e.Release.Spec)
		if k.Log == nil {
			k.Log, k.Release = outputOf(facts.Output)
		}
		if facts.Repository != nil {
			k.Project = NewProject(facts.Repository, p.Registry)
			k.Sites, k.Here = k.Project.sitesOf(p.Run)
		}
	}
	return k
}

// ownRun says whether the release is expected to come from this run, or at
// least from its repository.
func ownRun(e *evidence.Evidence, p *plan.Plan) bool {
	if p.Run == nil {
		return false
	}
	if p.Expect.Mode == plan.ThisRun || p.Expect.Mode == plan.ThisRepository {
		return !p.Expect.Given["expected-run"] && !p.Expect.Given["expected-repository"]
	}
	return e.Manifest != nil && p.Run.Repository != "" && strings.EqualFold(repositoryName(e.Manifest.Repository.URL), p.Run.Repository)
}

// logOf finds what the newest log says of a release.
func logOf(logs []*workflow.Log, s npm.Spec) (*workflow.Log, *workflow.LogRelease) {
	for _, l := range logs {
		for _, r := range l.Releases {
			if r.Name == s.Name && r.Version == s.Version {
				return l, r
			}
		}
	}
	// A publish that ended before npm named the package is known by its address.
	for _, l := range logs {
		for _, r := range l.Releases {
			for _, u := range []string{r.Exchange.URL, r.Sent.URL} {
				if r.Name == "" && u != "" && strings.HasSuffix(u, "/"+s.EscapedName()) {
					return l, r
				}
			}
		}
	}
	return nil, nil
}

// outputOf takes what lerna or pnpm say about OIDC for a log, where all of it
// says the same: it names no package.
func outputOf(lines []workflow.LogLine) (*workflow.Log, *workflow.LogRelease) {
	if len(lines) == 0 || slices.ContainsFunc(lines, func(l workflow.LogLine) bool { return l.OIDC != lines[0].OIDC }) {
		return nil, nil
	}
	r := &workflow.LogRelease{OIDC: lines}
	return &workflow.Log{File: lines[0].File, Exit: -1, Releases: []*workflow.LogRelease{r}}, r
}

// said finds words in what npm and the registry said of this release.
func (k *Case) said(words ...string) (workflow.LogLine, bool) {
	if k.Release == nil {
		return workflow.LogLine{}, false
	}
	lines := slices.Concat(k.Release.OIDC, k.Release.Notices)
	if k.Log.Releases[len(k.Log.Releases)-1] == k.Release {
		lines = append(lines, k.Log.Errors...)
	}
	for _, w := range words {
		for _, l := range lines {
			if strings.Contains(l.Text, w) {
				return l, true
			}
		}
	}
	return workflow.LogLine{}, false
}

// quote is a line of npm's log as evidence.
func quote(l workflow.LogLine) string {
	return fmt.Sprintf("%s says %q (%s).", map[bool]string{true: "npm's log", false: "The log of the tool that publishes"}[strings.HasSuffix(l.File, "-debug-0.log")], l.Text, l.Pos)
}

// oidc is what became of OIDC by npm's log; silent where there is no log.
func (k *Case) oidc() workflow.OIDC {
	if k.Release == nil {
		return workflow.OIDCSilent
	}
	outcome, _ := k.Release.Outcome()
	return outcome
}

// oidcLine is the line that says so.
func (k *Case) oidcLine() workflow.LogLine {
	outcome := k.oidc()
	for _, l := range slices.Backward(k.Release.OIDC) {
		if l.OIDC == outcome {
			return l
		}
	}
	return workflow.LogLine{}
}

// worked says that trusted publishing was used, by the registry or by npm.
func (k *Case) worked() bool {
	if k.Manifest != nil && k.Manifest.User != nil && (k.Manifest.User.TrustedPublisher != nil || k.Manifest.User.Email == oidcEmail) {
		return true
	}
	return k.oidc() == workflow.OIDCSucceeded
}

// oidcEmail is the address of the account npm shows for trusted publishing
// from GitHub Actions.
const oidcEmail = "npm-oidc-no-reply@github.com"

// byToken says that the registry names a person as the publisher, which is to
// say a token or a login.
func (k *Case) byToken() bool {
	if k.Manifest == nil || k.Manifest.User == nil {
		return false
	}
	u := k.Manifest.User
	return u.TrustedPublisher == nil && !u.Approver && u.Email != oidcEmail && (u.Name != "" || u.Email != "")
}

// failed says that npm's publish of this release ended with an error.
func (k *Case) failed() bool {
	return k.Log != nil && k.Log.Exit > 0 && k.Release.Sent.Status/100 != 2
}

// PublishEnded says that, by npm's log, the publish of the release failed and
// the registry does not hold it: there is nothing to wait for.
func PublishEnded(e *evidence.Evidence, p *plan.Plan) bool {
	k := newCase(e, p)
	return k.failed() && !k.held()
}

// suspect says whether there is reason to ask why trusted publishing was not
// used: npm says so of a release by token, or npm's publish failed.
func (k *Case) suspect() bool { return !k.worked() && (k.byToken() || k.failed()) }

// unattested says that the release was published without provenance.
func (k *Case) unattested() bool { return k.Manifest != nil && k.Manifest.Dist.Attestations == nil }

// refused says that npm's registry did not exchange the id-token, with the
// answer that fits several causes.
func (k *Case) refused() bool {
	return k.oidc() == workflow.OIDCExchangeRefused && !k.worked() && k.Release.Exchange.Status != 401
}

// values are what npm's trusted publisher must say for this run to match, as
// its form asks for them.
func (k *Case) values() string {
	owner, repo, _ := strings.Cut(k.Run.Repository, "/")
	environment := "(as in the job that publishes; empty if it names none)"
	if len(k.Sites) > 0 {
		environment = environmentOf(k.Sites[0])
	}
	return trustForm(k.Evidence.Release.Spec.Name, owner, repo, path.Base(k.Run.File()), environment)
}

func environmentOf(s *workflow.Site) string {
	if s.Job == nil || !s.Job.Environment.Given() {
		return "(leave empty: the job names none)"
	}
	if text, ok := s.Job.Environment.Literal(); ok {
		return text
	}
	return "(decided by " + s.Job.Environment.Text + ")"
}

// trustForm is npm's form for a trusted publisher, filled in.
func trustForm(name, owner, repo, file, environment string) string {
	at := "https://www.npmjs.com/package/" + name + "/access"
	if name == "" {
		at = "https://www.npmjs.com, the package's settings"
	}
	return "Trusted publisher: GitHub Actions  (" + at + ")\n" +
		"  Organization or user   " + owner + "\n" +
		"  Repository             " + repo + "\n" +
		"  Workflow filename      " + file + "\n" +
		"  Environment name       " + environment + "\n" +
		"  Allowed actions        npm publish"
}

// lookedAt lists the sources, consulted or not.
func (k *Case) lookedAt() string {
	say := []string{"what the registry serves"}
	f := k.Evidence.Run
	if f == nil || k.Run == nil {
		return say[0] + "; nothing of the run that published it is at hand here"
	}
	switch {
	case k.Log != nil:
		say = append(say, "npm's debug log of this release ("+k.Log.File+")")
	case f.Log.Consulted:
		say = append(say, "npm's debug logs, none of which is of this release"+aside(f.Log.Why))
	default:
		say = append(say, "no debug log of npm: "+f.Log.Why)
	}
	switch {
	case len(k.Sites) > 0:
		say = append(say, "the workflow file "+k.Sites[0].File.File)
	case f.Checkout.Consulted && k.Run.File() != "" && k.Project.Workflow(k.Run.File()) == nil:
		say = append(say, "the checkout, which does not hold this run's workflow file "+k.Run.File())
	case f.Checkout.Consulted:
		say = append(say, "this run's workflow file, in which no publishing command was recognised")
	default:
		say = append(say, "no workflow file: "+f.Checkout.Why)
	}
	token := "not available"
	if k.Run.IDToken {
		token = "available"
	}
	return strings.Join(append(say, fmt.Sprintf("the runner (%s, event %s, visibility %s, id-token %s in this job)", cmp.Or(k.Run.Runner, unsaid), cmp.Or(k.Run.Event, unsaid), cmp.Or(k.Run.Visibility, unsaid), token)), "; ")
}

func aside(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

// unsaid stands for a fact that the run or the log does not tell.
const unsaid = "unknown"
