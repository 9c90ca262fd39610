package workflow

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Site is one place where a release leaves the repository: a publish, seen
// from the workflow that GitHub starts. A workflow called by two others gives
// two sites.
type Site struct {
	// Entry is the workflow GitHub starts, whose file name npm's trusted
	// publisher must name; nil for an action that no workflow uses.
	Entry *Workflow
	// Outside says that Entry only runs when called, by no workflow seen here.
	Outside bool
	Calls   []*Job    // the calling jobs, outermost first
	File    *Workflow // holds Job
	Job     *Job
	Steps   []*Step // the job's step, then those of composite actions inwards; the last one publishes
	Publish Publish
	IDToken Permission
	// Node is the last setup-node before; nil where the image's Node.js is used.
	Node *Node
	// Upgrades are the tools installed since then, in order.
	Upgrades []Upgrade
	// Env are the variables the command sees, the deciding one of a name first.
	// The env of a calling workflow is not among them: GitHub does not pass it on.
	Env []Variable
	// Registries and Provenance are the settings seen, as npm ranks them: the
	// first decides. A registry for a @scope stands among them with its scope.
	Registries []Setting
	Provenance []Setting
}

// Setting is a value and the kind of place it comes from.
type Setting struct {
	Value  Value
	Source string // "flag", "publishConfig", "env", ".npmrc", ".yarnrc.yml", "npm config", "setup-node"
	Scope  string // "@scope" where the setting is for that alone
}

// Variable gives the deciding variable of a name, whatever its case.
func (s *Site) Variable(name string) (Variable, bool) {
	for _, v := range s.Env {
		if strings.EqualFold(v.Name, name) {
			return v, true
		}
	}
	return Variable{}, false
}

// Limits once composite actions are put in: steps of one job, and of all jobs
// of all chains of calls.
const (
	maxSteps    = 3000
	maxAllSteps = 100_000
)

// sites finds every site, from every workflow that something starts.
func (r *reader) sites() {
	reached := map[*Workflow]bool{}
	budget := maxSites * 5
	enter := func(w *Workflow, outside bool) {
		r.visit(w, outside, nil, nil, reached, &budget)
	}
	called := func(w *Workflow) bool {
		return len(w.Triggers) > 0 && !slices.ContainsFunc(w.Triggers, func(t Value) bool { return t.Text != "workflow_call" })
	}
	for _, w := range r.repo.Workflows {
		if !called(w) {
			enter(w, false)
		}
	}
	for _, w := range r.repo.Workflows {
		if !reached[w] {
			enter(w, true)
		}
	}
	used := map[*Action]bool{}
	for _, s := range r.repo.Sites {
		for _, step := range s.Steps {
			used[step.Action] = true
		}
	}
	for _, a := range r.repo.Actions {
		if !used[a] {
			for _, s := range a.Steps {
				for _, p := range s.Publishes {
					r.site(Site{Steps: []*Step{s}, Publish: p, IDToken: Permission{Grant: GrantUnknown, Pos: s.Pos, Why: "no workflow here uses this action"}})
				}
			}
		}
	}
}

// visit follows the calls of a workflow. files are the workflows on the way,
// and calls the jobs that led to the next.
func (r *reader) visit(w *Workflow, outside bool, files []*Workflow, calls []*Job, reached map[*Workflow]bool, budget *int) {
	reached[w] = true
	at := Pos{File: w.File}
	if len(calls) > 0 {
		at = calls[len(calls)-1].Call.Ref.Pos
	}
	if slices.Contains(files, w) {
		r.unread(at, "%s calls itself; GitHub refuses such a workflow", w.File)
		return
	}
	if *budget--; len(files) > maxCallDepth || *budget < 0 {
		r.unread(at, "calls more than %d deep, or too many, are not followed", maxCallDepth)
		return
	}
	files = append(slices.Clip(files), w)
	for _, job := range w.Jobs {
		chain := append(slices.Clip(calls), job)
		if job.Call != nil {
			if job.Call.Target != nil {
				r.visit(job.Call.Target, outside, files, chain, reached, budget)
			}
			continue
		}
		r.job(Site{Entry: files[0], Outside: outside, Calls: slices.Clip(calls), File: w, Job: job, IDToken: permitted(files, chain, outside)})
	}
}

// permitted is the id-token permission of a chain; a caller outside caps it to
// what is not known.
func permitted(files []*Workflow, chain []*Job, outside bool) Permission {
	p := effective(files, chain)
	if !outside || p.Grant == GrantNone && (chain[0].Permissions != nil || files[0].Permissions != nil) {
		return p
	}
	p.Grant = GrantUnknown
	p.Why = "the workflow only runs when called, and the caller, which is not here, decides"
	return p
}

// job finds the publishing steps of a job and what comes before each.
func (r *reader) job(base Site) {
	outer := slices.Concat(base.Job.Env, base.File.Env)
	var exports []Variable
	var upgrades []Upgrade
	var node *Node
	var writes []Entry
	count := 0
	var walk func(steps []*Step, trail []*Step)
	walk = func(steps []*Step, trail []*Step) {
		for _, s := range steps {
			count++
			r.followed++
			if count > maxSteps || r.followed > maxAllSteps {
				r.unread(base.Job.Pos, "more than %d steps once actions are put in, or %d in all; the rest is not followed", maxSteps, maxAllSteps)
				return
			}
			trail := append(slices.Clip(trail), s)
			var env []Variable
			for _, t := range slices.Backward(trail) {
				env = append(env, t.Env...)
			}
			env = slices.Concat(env, exports, outer)
			if n := r.setupNode(s, env); n != nil {
				node = n
				if n.Version.Given() { // another Node.js comes with its own npm
					upgrades = slices.DeleteFunc(slices.Clone(upgrades), func(u Upgrade) bool { return u.Tool == "npm" })
				}
			}
			for _, p := range s.Publishes {
				site := base
				site.Steps, site.Publish, site.Node = trail, p, node
				// Those of the step itself count when written above the command.
				site.Upgrades = slices.Clone(upgrades)
				for _, u := range s.Upgrades {
					if u.Line <= p.Line {
						site.Upgrades = append(site.Upgrades, u)
					}
				}
				for _, v := range slices.Backward(p.Env) {
					site.Env = append(site.Env, v)
				}
				site.Env = append(site.Env, env...)
				r.settings(&site, slices.Concat(writes, s.Writes))
				r.site(site)
			}
			upgrades = append(upgrades, s.Upgrades...)
			writes = append(writes, s.Writes...)
			exports = slices.Concat(slices.Clone(s.Exports), exports)
			if s.Action != nil {
				walk(s.Action.Steps, trail)
			}
		}
	}
	walk(base.Job.Steps, nil)
}

func (r *reader) site(s Site) {
	// npm_config_dry_run of an env further out makes a publish a rehearsal too.
	for _, v := range s.Env {
		if key, ok := npmConfigKey(v.Name); ok && key == "dry-run" {
			if v.Value.Text == "true" {
				return
			}
			break
		}
	}
	if len(r.repo.Sites) >= maxSites {
		r.unread(Pos{File: "."}, "more than %d publishing steps; the rest is left out", maxSites)
		return
	}
	r.repo.Sites = append(r.repo.Sites, s)
}

// settings ranks what is said about the registry and provenance: flags, then
// publishConfig (npm lib/commands/publish.js: all but the command line gives
// way to it), then environment, project, user.
func (r *reader) settings(s *Site, writes []Entry) {
	p := s.Publish
	add := func(list *[]Setting, v Value, source, scope string) {
		if v.Given() {
			*list = append(*list, Setting{v, source, scope})
		}
	}
	add(&s.Registries, p.Registry, "flag", "")
	add(&s.Provenance, p.Provenance, "flag", "")
	var pkg *Package
	dirs := []string{"."}
	if p.DirKnown {
		dir := p.Dir
		if t, ok := p.Target.Literal(); ok && r.repo.Package(path.Join(p.Dir, t)) != nil {
			dir = path.Join(p.Dir, t)
		}
		pkg = r.repo.Package(dir)
		dirs = slices.Compact([]string{p.Dir, "."})
	}
	if pkg != nil {
		for _, v := range pkg.PublishConfig {
			scope, key := "", v.Name
			if i := strings.LastIndexByte(key, ':'); i > 0 && strings.HasPrefix(key, "@") {
				scope, key = key[:i], key[i+1:]
			}
			switch key {
			case "registry":
				add(&s.Registries, v.Value, "publishConfig", scope)
			case "provenance":
				add(&s.Provenance, v.Value, "publishConfig", "")
			}
		}
	}
	for _, v := range s.Env {
		key, ok := npmConfigKey(v.Name)
		switch {
		case ok && key == "registry", strings.EqualFold(v.Name, "YARN_NPM_PUBLISH_REGISTRY"), strings.EqualFold(v.Name, "YARN_NPM_REGISTRY_SERVER"):
			add(&s.Registries, v.Value, "env", "")
		case ok && key == "provenance", strings.EqualFold(v.Name, "YARN_NPM_CONFIG_PROVENANCE"):
			add(&s.Provenance, v.Value, "env", "")
		}
	}
	for _, e := range r.ranked(dirs, writes) {
		if !slices.Contains(formatsOf(p.Tool.ID), e.Format) {
			continue
		}
		source := path.Base(e.Target)
		switch e.Key {
		case "registry", "npmPublishRegistry", "npmRegistryServer":
			add(&s.Registries, e.Value, source, e.Scope)
		case "provenance", "npmPublishProvenance":
			add(&s.Provenance, e.Value, source, "")
		}
	}
	if s.Node != nil {
		add(&s.Registries, s.Node.Registry, "setup-node", s.Node.Scope.Text)
	}
}

// formatsOf gives the configuration files that a tool reads.
func formatsOf(id string) []string {
	switch id {
	case "yarn":
		return []string{"yarnrc"}
	case "bun":
		return []string{"bunfig", "npmrc"}
	}
	return []string{"npmrc"}
}

// ranked gives the settings of files, the deciding ones first: those written
// into the project's file, those in it, the nearest folder first, and those
// written elsewhere, into the user's. Of one file the last line decides.
func (r *reader) ranked(dirs []string, writes []Entry) []Entry {
	var project, user []Entry
	for _, e := range slices.Backward(writes) {
		if path.Base(e.Target) == path.Clean(e.Target) && configOf(e.Target) != "" && !strings.HasPrefix(e.Target, "$") {
			project = append(project, e)
		} else {
			user = append(user, e)
		}
	}
	for _, dir := range dirs {
		for _, e := range slices.Backward(r.repo.Entries) {
			if path.Dir(e.File) == dir {
				project = append(project, e)
			}
		}
	}
	return append(project, user...)
}

// String names the site: workflow, job and step, for messages.
func (s *Site) String() string {
	if s.Job == nil {
		return s.Publish.String()
	}
	return fmt.Sprintf("%s, job %s", s.Publish.Pos, s.Job.Key)
}
