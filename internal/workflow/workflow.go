// Package workflow reads what a repository says about how it publishes to npm,
// and what npm wrote about having done so: GitHub workflow files, local
// composite actions, package.json, .npmrc, .yarnrc.yml, bunfig.toml, and npm's
// debug log. It delivers facts with file and line and judges nothing: what is
// unknown stays unknown, and what could not be read is itself a fact.
//
// Everything read is hostile. Files are opened below one folder that links
// cannot leave, every size, count and depth is bounded, and nothing is
// executed, expanded or fetched. The value of a literal credential is replaced
// before anything is parsed; [Secret] alone still knows it, for masking.
package workflow

import (
	"fmt"
	"strings"
)

// Pos is a place in a file. File is relative to the folder read, with slashes.
// Line counts from 1; 0 means that no line is known.
type Pos struct {
	File string
	Line int
}

// String gives file:line, or the file alone where no line is known.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Value is a scalar as written, with the place where it stands. npm tokens in
// it are replaced by stars. The zero Value was not written at all.
type Value struct {
	Text    string
	Dynamic bool // a ${{ expression }} or a shell variable decides the value
	Pos     Pos
}

// Given says whether the value was written, be it empty.
func (v Value) Given() bool { return v.Pos.Line != 0 }

// Literal gives the text when nothing but the text decides the value.
func (v Value) Literal() (text string, ok bool) {
	if !v.Given() || v.Dynamic {
		return "", false
	}
	return v.Text, true
}

// Unread says why a file, or a part of it, was not analysed.
type Unread struct {
	Pos
	Why string
}

// String gives place and reason.
func (u Unread) String() string { return u.Pos.String() + ": " + u.Why }

// Workflow is one file of .github/workflows.
type Workflow struct {
	File        string
	Name        Value
	Triggers    []Value     // names of events, in the order written
	Permissions *Permission // nil: the file has no permissions key
	Env         []Variable
	Declared    []Reference // on.workflow_call.secrets: names the callers must hand over
	Jobs        []*Job
}

// Triggered says whether an event of that name starts the workflow.
func (w *Workflow) Triggered(event string) bool {
	for _, t := range w.Triggers {
		if t.Text == event {
			return true
		}
	}
	return false
}

// Job is one job of a workflow: steps, or a call of a reusable workflow.
type Job struct {
	Pos
	Key         string
	Name        Value
	If          Value
	Permissions *Permission // nil: the job has no permissions key
	Environment Value       // name of the deployment environment, literal or expression
	RunsOn      RunsOn
	Env         []Variable
	Call        *Call // nil: the job has steps
	Steps       []*Step
}

// Call is a job's use of a reusable workflow.
type Call struct {
	Ref     Value     // as written after uses:
	Target  *Workflow // nil: see Why
	Why     string    // why Target was not analysed: external, absent, unreadable
	Inherit Value     // secrets: inherit, where written
	Secrets []Variable
}

// Step is one step of a job or of a composite action.
type Step struct {
	Pos
	Name      Value
	ID        string
	If        Value
	Uses      Value
	Run       Value
	Shell     string // as written or from defaults.run; "" is the runner's default
	Dir       Value  // working-directory, from defaults.run when the step has none
	With      []Variable
	Env       []Variable
	Action    *Action // the local action behind Uses; nil when it is not local or not read
	Publishes []Publish
	Upgrades  []Upgrade
	Writes    []Entry    // lines a run script puts into .npmrc, .yarnrc.yml, bunfig.toml
	Exports   []Variable // variables a run script puts into GITHUB_ENV
}

// Label is the name a reader finds the step by: its name, id, action or the
// first words of its script.
func (s *Step) Label() string {
	for _, text := range []string{s.Name.Text, s.ID, s.Uses.Text} {
		if text != "" {
			return clean(text, 80)
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(s.Run.Text), "\n")
	return clean(first, 80)
}

// Input gives an input of the step's action; names are not case-sensitive.
func (s *Step) Input(name string) Value {
	for _, v := range s.With {
		if strings.EqualFold(v.Name, name) {
			return v.Value
		}
	}
	return Value{}
}

// Action is a local action.
type Action struct {
	File  string
	Using string // "composite", "node24", "docker"
	Steps []*Step
}

// Variable is a name and its value in env, with, secrets or a script.
type Variable struct {
	Name  string
	Value Value
	// Form says what stands there for a variable that holds an npm credential
	// by its name, and NotCredential for all others. The text of a literal
	// credential is not kept in Value.
	Form Form
	// Scope is where it was set: "workflow", "job", "step", "GITHUB_ENV",
	// "export" or "command".
	Scope string
}

// short cuts a text to n bytes at most, at a rune.
func short(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
