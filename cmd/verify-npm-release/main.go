// Command verify-npm-release verifies a release on an npm registry: that it is
// served, that bytes, registry signature and Sigstore provenance agree, and who
// built and published it. Run "verify-npm-release --help".
//
// In GitHub Actions, without arguments, it is the action: inputs come from the
// runner, and outputs, annotations and a job summary go back to it.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"verify-npm-release/internal/actions"
	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/sigstore"
)

// Exit codes; 0, 1 and 3 come from the report.
const exitUsage = 2

func main() {
	log.SetOutput(io.Discard) // net/http quotes a server's bytes there
	os.Exit(run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is main with its surroundings given: arguments, environment and the two
// streams. It returns the exit code.
func run(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills
	if len(args) == 0 && getenv("GITHUB_ACTIONS") == "true" {
		runner := actions.New(stdout, getenv)
		s := &session{getenv: getenv, console: stdout, progress: stdout, runner: runner}
		return s.verify(ctx, runner.Inputs(inputNames()))
	}
	if len(args) > 0 && args[0] == "doctor" {
		return doctor(args[1:], getenv, stdout, stderr)
	}
	in, err := parse(args)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "verify-npm-release: %s\nRun \"verify-npm-release --help\" for usage.\n", report.Plain(err.Error()))
		return exitUsage
	case in["help"] != "":
		fmt.Fprint(stdout, help())
		return 0
	case in["version"] != "":
		fmt.Fprintln(stdout, versionLine())
		return 0
	}
	s := &session{getenv: getenv, console: stdout, progress: stderr, json: stdout, color: wantsColor(stdout, getenv)}
	if in["json"] == "-" {
		s.console, s.color = stderr, wantsColor(stderr, getenv)
	}
	return s.verify(ctx, in)
}

// session is one run: where its words go, and whether a runner listens.
type session struct {
	getenv   func(string) string
	console  io.Writer
	progress io.Writer
	json     io.Writer
	color    bool
	runner   *actions.Runner    // nil outside Actions
	npm      npm.Options        // of the registry's client; zero but in tests
	folders  map[int]string     // evidence folders by package
	verifier *sigstore.Verifier // of the run's trusted root; nil where there is none
	vsa      string             // file with the verification summaries, once written
}

// verify is the pipeline: plan, gather, check, report, publish.
func (s *session) verify(ctx context.Context, in map[string]string) int {
	p, err := plan.New(in, s.getenv)
	if err == nil {
		err = p.ValidateChecks(check.IDs())
	}
	if err != nil {
		return s.refuse(in, err)
	}
	r := s.report(ctx, p)
	if err := s.publish(ctx, p, r); err != nil {
		fmt.Fprintf(s.console, "verify-npm-release: %s\n", report.Plain(err.Error()))
		return max(r.ExitCode(p.WarnOnTimeout), 3)
	}
	return r.ExitCode(p.WarnOnTimeout)
}

// report gathers the evidence of every release and has it checked.
func (s *session) report(ctx context.Context, p *plan.Plan) *report.Report {
	r := newReport()
	r.Registry, r.Notes = p.Registry, p.Notes
	s.folders = map[int]string{}
	facts := evidence.Look(ctx, p, evidence.FactsOptions{Environ: os.Environ(), UserAgent: userAgent()})
	if p.Offline != "" {
		s.offline(p, facts, r)
	} else {
		s.online(ctx, p, facts, r)
	}
	s.mask(facts)
	r.Decide()
	for i := range r.Packages {
		if pkg := &r.Packages[i]; pkg.Links != nil && pkg.Links.NPM != "" {
			pkg.Links.BadgeMarkdown = report.Badge(*pkg)
		}
	}
	return r
}

func newReport() *report.Report {
	return &report.Report{
		Schema: report.Schema, Tool: versionLine(), Packages: []report.Package{},
		Generated: time.Now().UTC().Format(time.RFC3339),
	}
}

// mask hides the credentials that stand literally in the checkout from
// everything the job logs from now on.
func (s *session) mask(facts *evidence.RunFacts) {
	facts.Wait()
	if s.runner == nil || facts.Repository == nil {
		return
	}
	for _, l := range facts.Repository.Literals {
		s.runner.Mask(l.Secret.Mask())
	}
}

func (s *session) offline(p *plan.Plan, facts *evidence.RunFacts, r *report.Report) {
	e, err := evidence.Load(p, facts)
	if err != nil {
		r.Problem = fmt.Sprintf("The evidence folder could not be verified: %v.", err)
		return
	}
	r.Packages = append(r.Packages, check.Package(e, p))
}

func (s *session) online(ctx context.Context, p *plan.Plan, facts *evidence.RunFacts, r *report.Report) {
	watch := newWatch(s.progress, p, s.runner)
	g, err := evidence.NewGatherer(p, evidence.Options{
		UserAgent: userAgent(), NPM: s.npm, Progress: watch.note,
		Hopeless: func(e *evidence.Evidence) bool { return check.Hopeless(e, p) },
	})
	if err != nil {
		r.Problem = err.Error()
		return
	}
	g.Facts = facts
	stop := watch.start()
	r.Packages = make([]report.Package, len(p.Releases))
	type done struct {
		i      int
		folder string
		trust  *evidence.Trust
	}
	finished := make(chan done)
	for i, release := range p.Releases {
		go func() {
			e := g.Gather(ctx, release)
			r.Packages[i] = check.Package(e, p)
			watch.finish(r.Packages[i])
			finished <- done{i, e.Folder, e.Trust}
		}()
	}
	for range p.Releases {
		d := <-finished
		s.folders[d.i] = d.folder
		if d.trust != nil && d.trust.Err == nil {
			s.verifier = d.trust.Verifier
		}
	}
	stop()
}
