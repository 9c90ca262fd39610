package diagnosis

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"verify-npm-release/internal/workflow"
)

// The causes about credentials share what they look at. Findings are made here,
// under the id of their cause.

// removal ends the mend of each.
const removal = "Then delete the secret on GitHub, revoke the token at https://www.npmjs.com/settings/~/tokens, and choose \"Require two-factor authentication and disallow tokens\" in the package's settings."

func of(list []Finding, id string) []Finding {
	return slices.DeleteFunc(slices.Clone(list), func(f Finding) bool { return f.ID != id })
}

// credentials finds every npm credential that the files of a repository hold,
// use or hand on. What only reads, by its name, is a notice.
func (p *Project) credentials() []Finding {
	var found []Finding
	add := func(id string, level Level, pos workflow.Pos, name, evidence string) {
		found = append(found, Finding{ID: id, Level: level, Sure: Seen, Pos: pos, Name: name, Evidence: evidence})
	}
	for _, l := range p.Literals {
		told := "It has the shape of an npm token"
		if l.Checksum {
			told += ", checksum included"
		}
		if l.Key != "" {
			told = "It stands there as " + l.Key
		}
		add("token-in-file", Error, l.Pos, l.Secret.String(), fmt.Sprintf("%s: %s, for everyone who can read the repository. Revoke it first; it stays in the history.", told, l.Secret))
	}
	for i := range p.References {
		p.reference(&p.References[i], add)
	}
	entries := slices.Clone(p.Entries)
	for _, s := range p.steps() {
		entries = append(entries, s.Writes...)
	}
	for _, e := range entries {
		p.entry(e, add)
	}
	return found
}

type adder func(id string, level Level, pos workflow.Pos, name, evidence string)

func (p *Project) reference(r *workflow.Reference, add adder) {
	place := ""
	if r.Job != "" {
		place = ", job " + r.Job
	}
	if r.Step != nil {
		place += fmt.Sprintf(", step %q", r.Step.Label())
	}
	switch r.Kind {
	case workflow.ByName, workflow.DeclaredName:
		if r.Into == "npm-token-present" {
			return // our own question, whether it is there
		}
		class := r.Class
		into := ""
		if r.Kind == workflow.DeclaredName {
			into = ", which callers hand over"
		} else if r.Into != "" && r.IntoKind != "" {
			into = fmt.Sprintf(", into %s %s", r.IntoKind, r.Into)
		}
		if class == workflow.NotNPM && p.received(r) {
			class = workflow.Candidate
		}
		switch class {
		case workflow.Strong, workflow.Candidate:
			add("token-reference", Warning, r.Pos, r.Name, fmt.Sprintf("secrets.%s%s%s.", r.Name, into, place))
		case workflow.ReadOnly:
			add("token-reference", Notice, r.Pos, r.Name, fmt.Sprintf("secrets.%s%s%s: by its name it reads only, and may stay.", r.Name, into, place))
		}
	case workflow.WholeContext:
		add("secrets-inherited", Warning, r.Pos, "secrets", "The whole secrets context is used"+place+".")
	case workflow.Computed:
		add("secrets-inherited", Warning, r.Pos, "secrets", "A computed name picks the secret"+place+", so the runner is sent all of them.")
	case workflow.Inherited:
		level, why := Warning, "which is not in this repository"
		if c := p.call(r); c != nil && c.Target != nil {
			level, why = Notice, "where each use of a secret is listed by itself"
		}
		add("secrets-inherited", level, r.Pos, "secrets", fmt.Sprintf("secrets: inherit%s, to %s, %s.", place, r.Into, why))
	}
}

// received says whether a secret of any name becomes an npm credential: it goes
// into a variable that npm takes its token from, in a job that publishes to npm.
func (p *Project) received(r *workflow.Reference) bool {
	if r.Name == "GITHUB_TOKEN" || r.Name == "" {
		return false
	}
	token := r.IntoKind == "env" && workflow.ClassifyVariable(r.Into) == workflow.Strong
	if r.IntoKind == "with" && r.Step != nil {
		name, _, _ := strings.Cut(strings.ToLower(r.Step.Uses.Text), "@")
		token = name == "js-devtools/npm-publish" && r.Into == "token"
	}
	if !token {
		return false
	}
	return slices.ContainsFunc(p.Sites, func(s *workflow.Site) bool {
		return s.File != nil && s.File.File == r.File && (r.Job == "" || s.Job.Key == r.Job)
	})
}

// call gives the call that a reference of kind Inherited belongs to.
func (p *Project) call(r *workflow.Reference) *workflow.Call {
	if w := p.Workflow(r.File); w != nil {
		for _, j := range w.Jobs {
			if j.Key == r.Job {
				return j.Call
			}
		}
	}
	return nil
}

// steps gives every step of every workflow and action.
func (p *Project) steps() []*workflow.Step {
	var all []*workflow.Step
	for _, w := range p.Workflows {
		for _, j := range w.Jobs {
			all = append(all, j.Steps...)
		}
	}
	for _, a := range p.Actions {
		all = append(all, a.Steps...)
	}
	return all
}

var credentialKeys = []string{"_authToken", "_auth", "_password", "npmAuthToken", "npmAuthIdent", "token", "password", "tokenHelper"}

// entry reports a setting that holds or names a credential for npm; those for
// other registries are none of ours. Literals have been reported by place.
func (p *Project) entry(e workflow.Entry, add adder) {
	if !slices.Contains(credentialKeys, e.Key) {
		return
	}
	if host := hostOf(e.Scope); strings.HasPrefix(e.Scope, "//") || strings.Contains(e.Scope, "://") || strings.Contains(e.Scope, ".") {
		if !strings.Contains(e.Scope, "$") && host != "" && !p.isNPM(host) {
			return
		}
	}
	target := e.Target
	if target == e.File {
		target = path.Base(target)
	}
	switch e.Form {
	case workflow.Indirect:
		level, more := Warning, ""
		if workflow.ClassifySecret(e.Variable) == workflow.ReadOnly {
			level, more = Notice, " By its name it reads only, and may stay."
		}
		if e.Variable == "GITHUB_TOKEN" {
			return
		}
		add("token-in-file", level, e.Pos, e.Variable, fmt.Sprintf("%s of %s is taken from the variable %s.%s", e.Key, target, e.Variable, more))
	case workflow.Expression:
		if slices.ContainsFunc(p.References, func(r workflow.Reference) bool { return r.Pos == e.Pos && r.Class != workflow.NotNPM }) ||
			strings.Contains(e.Value.Text, "GITHUB_TOKEN") {
			return
		}
		add("token-in-file", Warning, e.Pos, e.Key, fmt.Sprintf("%s of %s is filled in by an expression.", e.Key, target))
	case workflow.Written:
		if !slices.ContainsFunc(p.Literals, func(l workflow.Literal) bool { return l.Pos == e.Pos }) {
			add("token-in-file", Error, e.Pos, e.Key, fmt.Sprintf("%s of %s stands there in full. Revoke it first; it stays in the history.", e.Key, target))
		}
	}
}
