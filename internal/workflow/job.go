package workflow

import (
	"regexp"
	"strings"
)

// Runner says whose machine runs a job.
type Runner string

// The runners.
const (
	Hosted        Runner = "hosted"      // a label GitHub's own runners have
	SelfHosted    Runner = "self-hosted" // also the runners of other companies, which GitHub calls so
	UnknownRunner Runner = "unknown"     // an expression, a group, or a label of no known meaning
)

// RunsOn is a job's runs-on.
type RunsOn struct {
	Pos
	Kind   Runner
	Labels []Value
	Group  Value
}

var (
	hostedLabel = regexp.MustCompile(`^(?:ubuntu|windows|macos)-(?:latest|slim|[0-9]+(?:\.[0-9]+)?)(?:-(?:arm|arm64|intel|large|xlarge))?$`)
	vendorLabel = regexp.MustCompile(`^(?:blacksmith|depot|buildjet|ubicloud|warp|nscloud|namespace-profile)-|^ubicloud$`)
)

func (d *document) runsOn(n *node) RunsOn {
	r := RunsOn{Pos: d.pos(n), Kind: UnknownRunner}
	labels := n
	if n != nil && n.kind == mapping {
		r.Group, labels = d.value(n.get("group")), n.get("labels")
	}
	hosted := 0
	for _, item := range labels.list() {
		v := d.value(item)
		r.Labels = append(r.Labels, v)
		label := strings.ToLower(v.Text)
		switch {
		case label == "self-hosted" || vendorLabel.MatchString(label):
			r.Kind = SelfHosted
		case hostedLabel.MatchString(label):
			hosted++
		}
	}
	if r.Kind == UnknownRunner && hosted > 0 && hosted == len(r.Labels) && !r.Group.Given() {
		r.Kind = Hosted
	}
	return r
}

// workflow turns a parsed workflow file into facts. Local actions and called
// workflows are bound afterwards.
func (d *document) workflow() (*Workflow, map[*node]*Step) {
	w := &Workflow{
		File:        d.file,
		Name:        d.value(d.root.get("name")),
		Permissions: d.permission(d.root),
		Env:         d.variables(d.root.get("env"), "workflow"),
	}
	on := d.root.get("on")
	if on != nil && on.kind == mapping {
		for _, key := range on.keys {
			w.Triggers = append(w.Triggers, d.value(key))
		}
		if secrets := on.get("workflow_call").get("secrets"); secrets != nil {
			for _, key := range secrets.keys {
				name := strings.ToUpper(key.text)
				w.Declared = append(w.Declared, Reference{Pos: d.pos(key), Kind: DeclaredName, Name: name, Class: ClassifySecret(name)})
			}
		}
	} else {
		for _, item := range on.list() {
			w.Triggers = append(w.Triggers, d.value(item))
		}
	}
	steps := map[*node]*Step{}
	jobs := d.root.get("jobs")
	if jobs == nil || jobs.kind != mapping {
		return w, steps
	}
	for i, key := range jobs.keys {
		w.Jobs = append(w.Jobs, d.job(key, jobs.items[i], d.root.get("defaults"), steps))
	}
	return w, steps
}

func (d *document) job(key, n, defaults *node, steps map[*node]*Step) *Job {
	job := &Job{
		Pos:         d.pos(key),
		Key:         key.text,
		Name:        d.value(n.get("name")),
		If:          d.value(n.get("if")),
		Permissions: d.permission(n),
		RunsOn:      d.runsOn(n.get("runs-on")),
		Env:         d.variables(n.get("env"), "job"),
	}
	job.Environment = d.value(n.get("environment"))
	if env := n.get("environment"); env != nil && env.kind == mapping {
		job.Environment = d.value(env.get("name"))
	}
	if uses := n.get("uses"); uses != nil {
		secrets := n.get("secrets")
		job.Call = &Call{Ref: d.value(uses), Secrets: d.variables(secrets, "secrets")}
		if secrets.scalar() == "inherit" {
			job.Call.Inherit = d.value(secrets)
		}
		return job
	}
	job.Steps = d.steps(n.get("steps"), []*node{n.get("defaults").get("run"), defaults.get("run")}, steps)
	return job
}

// steps reads a list of steps. defaults are the defaults.run sections that
// apply, the nearest first.
func (d *document) steps(n *node, defaults []*node, seen map[*node]*Step) []*Step {
	if n == nil || n.kind != sequence {
		return nil
	}
	var steps []*Step
	for _, item := range n.items {
		s := &Step{
			Pos:   d.pos(item),
			Name:  d.value(item.get("name")),
			ID:    item.get("id").scalar(),
			If:    d.value(item.get("if")),
			Uses:  d.value(item.get("uses")),
			Run:   d.value(item.get("run")),
			Shell: item.get("shell").scalar(),
			Dir:   d.value(item.get("working-directory")),
			With:  d.variables(item.get("with"), "with"),
			Env:   d.variables(item.get("env"), "step"),
		}
		for _, def := range defaults {
			if s.Shell == "" {
				s.Shell = def.get("shell").scalar()
			}
			if !s.Dir.Given() {
				s.Dir = d.value(def.get("working-directory"))
			}
		}
		seen[item] = s
		steps = append(steps, s)
	}
	return steps
}

// variables reads a mapping of names to scalars. The text of a literal is not
// kept where the name says that it is an npm credential.
func (d *document) variables(n *node, scope string) []Variable {
	if n == nil || n.kind != mapping {
		return nil
	}
	var vars []Variable
	for i, key := range n.keys {
		if n.items[i].kind != scalar {
			continue
		}
		vars = append(vars, variable(key.text, d.value(n.items[i]), scope))
	}
	return vars
}

func variable(name string, value Value, scope string) Variable {
	v := Variable{Name: name, Value: value, Scope: scope}
	credential := ClassifyVariable(name) != NotNPM
	if scope == "with" {
		// Inputs are not named after npm: JS-DevTools/npm-publish takes "token".
		lower := strings.ToLower(name)
		credential = strings.HasSuffix(lower, "token") || strings.HasSuffix(lower, "password")
	}
	if credential {
		if v.Form, _ = formOf(value.Text); v.Form == Written {
			v.Value.Text = ""
		}
	}
	return v
}
