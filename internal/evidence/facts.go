package evidence

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"verify-npm-release/internal/github"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/workflow"
)

// localPatience bounds the reading of the checkout and of npm's logs,
// storesPatience the listing of stored secrets, its rate limits included.
const (
	localPatience  = 20 * time.Second
	storesPatience = 3 * time.Minute
)

// RunFacts is what this run, its workflow file and npm's debug log say. Those
// that [Look] is still gathering are complete once Wait has returned. A source
// that was not consulted says why, and what it would have told is empty.
type RunFacts struct {
	// Staged are the releases that npm staged in this job, for a maintainer to
	// approve. Nothing waits for the approval of a person: once the registry
	// has said that it does not serve such a release, waiting ends.
	Staged []npm.Spec

	// Log is npm's debug logs; Logs are those of this job's publishes, the newest first.
	Log  Source
	Logs []*workflow.Log
	// Output is what lerna and pnpm left of their own words, in a log in the
	// workspace's root: the lines about OIDC.
	Output []workflow.LogLine
	// Checkout is the repository as it lies in the workspace.
	Checkout   Source
	Repository *workflow.Repository // nil when it was not read
	// Environment is what this job's environment and npm's user configuration hold.
	Environment Source
	Held        []Held
	// Stores is the secrets that GitHub keeps, by name.
	Stores  Source
	Secrets []github.Store

	local, all chan struct{} // closed once the facts of this machine, and all, are there; nil: they are
}

// Source says whether something was looked at. Why says why not, or what of it
// was left aside.
type Source struct {
	Consulted bool
	Why       string
}

// FactsOptions are what Look needs beside the plan.
type FactsOptions struct {
	Environ   []string // as os.Environ gives it
	UserAgent string
	Transport http.RoundTripper // of requests to GitHub
}

// Look begins to gather what this run says and returns at once. Outside GitHub
// Actions, and unless a leftover credential is asked for, nothing is looked at:
// the folder one happens to stand in says nothing about a release.
func Look(ctx context.Context, p *plan.Plan, o FactsOptions) *RunFacts {
	f := &RunFacts{local: make(chan struct{}), all: make(chan struct{})}
	leftover := p.CheckNPMToken || slices.Contains(p.Require, "leftover-token")
	if p.Run == nil && !leftover {
		outside := Source{Why: "this is not a run of GitHub Actions"}
		f.Log, f.Checkout, f.Environment, f.Stores = outside, outside, outside, outside
		close(f.local)
		close(f.all)
		return f
	}
	go func() {
		defer close(f.all)
		stores := make(chan struct{})
		go func() {
			defer close(stores)
			f.stores(ctx, p, o, leftover)
		}()
		f.environment(o.Environ)
		f.checkout(p.Workspace)
		f.logs(p, o.Environ)
		f.stagedBy(p)
		close(f.local)
		<-stores
	}()
	return f
}

// Wait returns once everything was looked at.
func (f *RunFacts) Wait() {
	if f != nil && f.all != nil {
		<-f.all
	}
}

func (f *RunFacts) staged(s npm.Spec) bool {
	if f == nil {
		return false
	}
	if f.local != nil {
		<-f.local
	}
	return slices.Contains(f.Staged, s)
}

// bounded runs work that cannot be cancelled and gives up on it in time.
func bounded[T any](work func() T) (T, bool) {
	done := make(chan T, 1)
	go func() { done <- work() }()
	t := time.NewTimer(localPatience)
	defer t.Stop()
	select {
	case v := <-done:
		return v, true
	case <-t.C:
		var none T
		return none, false
	}
}

func (f *RunFacts) checkout(dir string) {
	type read struct {
		repo *workflow.Repository
		err  error
	}
	r, ok := bounded(func() read {
		repo, err := workflow.Read(dir)
		return read{repo, err}
	})
	switch {
	case !ok:
		f.Checkout.Why = fmt.Sprintf("the workspace was not read within %s", localPatience)
	case r.err != nil:
		f.Checkout.Why = r.err.Error()
	default:
		f.Repository, f.Checkout.Consulted = r.repo, true
		if len(r.repo.Workflows) == 0 && !slices.ContainsFunc(r.repo.Unread, func(u workflow.Unread) bool { return strings.HasPrefix(u.File, ".github/") }) {
			f.Checkout = Source{Why: "the workspace holds no workflow files; a step of actions/checkout puts them there"}
		}
	}
}

// logs reads npm's log folder: where npm's own variables put it, else npm's default.
func (f *RunFacts) logs(p *plan.Plan, environ []string) {
	dir := cmp.Or(setting(environ, "npm_config_logs_dir"), below(setting(environ, "npm_config_cache"), "_logs"))
	if dir == "" {
		dir = below(setting(environ, "HOME"), ".npm/_logs")
		if runtime.GOOS == "windows" {
			dir = below(setting(environ, "LOCALAPPDATA"), "npm-cache/_logs")
		}
	}
	if dir == "" {
		f.Log.Why = "where npm keeps its logs is not known"
		return
	}
	o := workflow.LogOptions{Workspace: p.Workspace}
	// npm writes its folder with links resolved.
	if real, err := filepath.EvalSymlinks(p.Workspace); err == nil {
		o.Workspace = real
	}
	// A machine of one's own keeps logs of earlier jobs; the runner writes the
	// event's file when a job begins.
	if p.Run != nil && p.Run.Runner == "self-hosted" {
		if info, err := os.Stat(setting(environ, "GITHUB_EVENT_PATH")); err == nil {
			o.After = info.ModTime().Add(-time.Minute)
		}
	}
	type read struct {
		logs   []*workflow.Log
		unread []workflow.Unread
		err    error
	}
	f.Output = output(p.Workspace)
	r, ok := bounded(func() read {
		logs, unread, err := workflow.ReadLogs(dir, o)
		return read{logs, unread, err}
	})
	if !ok {
		f.Log.Why = fmt.Sprintf("npm's log folder was not read within %s", localPatience)
		return
	}
	if r.err != nil {
		f.Log.Why = "npm left no log folder in this job, or it cannot be read"
		return
	}
	f.Log.Consulted = true
	var aside []string
	for _, l := range r.logs {
		if l.Foreign == "" {
			f.Logs = append(f.Logs, l)
		} else {
			aside = append(aside, l.File+": "+l.Foreign)
		}
	}
	for _, u := range r.unread {
		aside = append(aside, u.String())
	}
	if len(aside) > 0 {
		f.Log.Why = "left aside: " + strings.Join(aside[:min(len(aside), 5)], "; ")
	}
}

// maxOutput bounds a log of another tool, in bytes.
const maxOutput = 4 << 20

// output reads the logs that lerna and pnpm write where they fail.
func output(dir string) []workflow.LogLine {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	var lines []workflow.LogLine
	for _, name := range []string{"lerna-debug.log", "pnpm-debug.log", ".pnpm-debug.log"} {
		info, err := root.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		file, err := root.Open(name)
		if err != nil {
			continue
		}
		raw, _ := io.ReadAll(io.LimitReader(file, maxOutput)) // what came before an error counts
		file.Close()
		lines = append(lines, workflow.ReadOutput(name, string(raw))...)
	}
	return lines
}

// setting gives a variable of an environment; npm takes the names of its own in
// any case.
func setting(environ []string, name string) string {
	for _, pair := range environ {
		n, value, _ := strings.Cut(pair, "=")
		if value != "" && (n == name || strings.HasPrefix(name, "npm_config_") && strings.EqualFold(n, name)) {
			return value
		}
	}
	return ""
}

func below(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// stagedBy finds the releases that were staged: by npm's own word, or, where a
// tool leaves no log, because every publishing command of this job stages.
func (f *RunFacts) stagedBy(p *plan.Plan) {
	said := map[npm.Spec]bool{}
	for _, l := range f.Logs {
		for _, r := range l.Releases {
			s := npm.Spec{Name: r.Name, Version: r.Version}
			if _, newer := said[s]; !newer && r.Sent.Status/100 == 2 {
				said[s] = r.Staged || l.Command == "stage publish"
			}
		}
	}
	commands := f.stagesOnly(p.Run)
	for _, r := range p.Releases {
		staged, known := said[r.Spec]
		if r.Spec.Version != "" && (staged || !known && commands) {
			f.Staged = append(f.Staged, r.Spec)
		}
	}
}

func (f *RunFacts) stagesOnly(run *plan.Run) bool {
	if f.Repository == nil || run == nil {
		return false
	}
	some := false
	for _, s := range f.Repository.Sites {
		if s.Entry == nil || s.Job == nil || s.Job.Key != run.Job || s.Entry.File != run.File() {
			continue
		}
		if !s.Publish.Stage || s.Publish.Unsure != "" {
			return false
		}
		some = true
	}
	return some
}
