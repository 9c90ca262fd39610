package workflow

import (
	"path"
	"strings"
)

// steps reads what the steps of a document do: scripts, known actions, local
// actions. nodes are the steps' nodes; depth counts composite actions.
func (r *reader) steps(d *document, job string, steps []*Step, nodes map[*node]*Step, depth int) {
	scripts := map[*Step]*node{}
	for n, s := range nodes {
		scripts[s] = n.get("run")
	}
	for _, s := range steps {
		a := &analysis{r: r, step: s, job: job, base: workingFolder(s.Dir)}
		if run := scripts[s]; run != nil && run.kind == scalar {
			a.pos = func(offset int) Pos { return Pos{File: d.file, Line: d.lineAt(run, offset)} }
			a.run(run.text, s.Shell)
		}
		if s.Uses.Given() {
			a.pos = func(int) Pos { return s.Uses.Pos }
			a.uses(depth)
		}
	}
}

// workingFolder gives the folder of a working-directory.
func workingFolder(v Value) folder {
	if !v.Given() {
		return folder{path: "."}
	}
	text := strings.TrimSpace(v.Text)
	if e := expressions(text); len(e) > 0 && strings.TrimSpace(e[0].text) == "github.workspace" && e[0].offset == 3 {
		text = "." + text[e[0].offset+len(e[0].text)+2:]
	}
	if strings.Contains(text, "${{") || path.IsAbs(text) || strings.HasPrefix(text, "~") || strings.HasPrefix(text, "$") {
		return folder{lost: true}
	}
	return folder{path: path.Clean(text)}
}

// uses reads a step's action: those that publish or change what publishes, and
// local ones.
func (a *analysis) uses(depth int) {
	s := a.step
	if dir, ok := localPath(s.Uses.Text); ok {
		s.Action = a.r.action(dir, s.Uses.Pos, depth)
		return
	}
	name, ref, _ := strings.Cut(s.Uses.Text, "@")
	switch name = strings.ToLower(name); name {
	case "js-devtools/npm-publish":
		a.publishAction("js-devtools", ref, "dry-run")
		if n := len(s.Publishes); n > 0 && s.Publishes[n-1].Pos == s.Uses.Pos {
			if t := s.Input("package"); t.Given() {
				s.Publishes[n-1].Target = t
			}
		}
	case "cycjimmy/semantic-release-action":
		a.publishAction("semantic-release", s.Input("semantic_version").Text, "dry_run")
	case "changesets/action", "changesets/action/publish":
		// Without publish: the action opens a pull request and publishes nothing.
		in := s.Input("publish")
		if name == "changesets/action" && in.Text == "" {
			return
		}
		before := len(s.Publishes)
		a.through, a.base = s.Uses.Text, workingFolder(s.Input("cwd"))
		for _, input := range []string{"publish", "script"} {
			if v := s.Input(input); v.Given() {
				a.pos = func(int) Pos { return v.Pos }
				a.run(v.Text, "")
			}
		}
		if len(s.Publishes) == before {
			a.pos = func(int) Pos { return s.Uses.Pos }
			a.publishAction("changesets", "", "")
		}
	case "nick-fields/retry", "nick-invision/retry":
		if v := s.Input("command"); v.Given() {
			a.through = s.Uses.Text
			a.pos = func(int) Pos { return v.Pos }
			a.run(v.Text, s.Input("shell").Text)
		}
	case "pnpm/action-setup":
		if v := s.Input("version"); v.Given() {
			s.Upgrades = append(s.Upgrades, Upgrade{Pos: v.Pos, Tool: "pnpm", Version: v, By: name})
		}
	}
}

// publishAction notes an action that publishes, with the version of the tool
// that it pins. dry is the input that keeps it from publishing.
func (a *analysis) publishAction(id, version, dry string) {
	s := a.step
	p := Publish{
		Pos: s.Uses.Pos, Tool: tool(id), Command: clean(s.Uses.Text, 200), Version: version, Through: a.through,
		Dir: a.base.path, DirKnown: !a.base.lost,
		Provenance: s.Input("provenance"), Registry: s.Input("registry"), Access: s.Input("access"), Tag: s.Input("tag"),
	}
	if dry != "" {
		v := s.Input(dry)
		text, literal := v.Literal()
		if literal && text == "true" {
			return
		}
		if v.Given() && !literal {
			p.Unsure = "whether it is a dry run is decided by " + clean(v.Text, 80)
		}
	}
	s.Publishes = append(s.Publishes, p)
}

// localPath gives the folder or file of a uses that starts with ./ or $/, both
// of which mean this repository.
func localPath(uses string) (string, bool) {
	for _, prefix := range []string{"./", "$/"} {
		if rest, ok := strings.CutPrefix(uses, prefix); ok {
			return path.Clean(rest), true
		}
	}
	return "", uses == "."
}

// action reads the local action in a folder, once. at is the place that uses it.
func (r *reader) action(dir string, at Pos, depth int) *Action {
	dir = path.Clean(dir)
	if a, seen := r.actions[dir]; seen {
		if a == nil {
			r.unread(at, "the action %s uses itself or was not analysed", dir)
		}
		return a
	}
	if depth >= maxCallDepth {
		r.unread(at, "actions nested more than %d deep are not analysed", maxCallDepth)
		return nil
	}
	r.actions[dir] = nil // until it is read: an action that uses itself meets this
	var src []byte
	var err error
	file := ""
	for _, base := range []string{"action.yml", "action.yaml"} {
		file = path.Join(dir, base)
		if src, err = r.read(file); err == nil {
			break
		}
	}
	if err != nil {
		r.unread(at, "the action %s is not analysed: %v", dir, err)
		return nil
	}
	d, err := parseDocument(file, src)
	if err != nil {
		r.unread(Pos{File: file}, "not analysed: %v", err)
		return nil
	}
	runs := d.root.get("runs")
	a := &Action{File: file, Using: runs.get("using").scalar()}
	nodes := map[*node]*Step{}
	a.Steps = d.steps(runs.get("steps"), nil, nodes)
	r.secrets(d, nil, nodes)
	r.steps(d, "", a.Steps, nodes, depth+1)
	r.actions[dir] = a
	r.repo.Actions = append(r.repo.Actions, a)
	return a
}

// bindCalls finds the local workflows that jobs call.
func (r *reader) bindCalls() {
	for _, w := range r.repo.Workflows {
		for _, job := range w.Jobs {
			if job.Call == nil {
				continue
			}
			file, ok := localPath(job.Call.Ref.Text)
			target := r.repo.Workflow(file)
			switch {
			case !ok:
				job.Call.Why = "a workflow of another repository, or of this one at another ref, is not analysed"
			case target == nil:
				job.Call.Why = "the file is not there or was not analysed"
			case !target.Triggered("workflow_call"):
				job.Call.Why = "the file has no workflow_call trigger"
			default:
				job.Call.Target = target
			}
			if !job.Call.Ref.Given() {
				job.Call.Ref.Pos, job.Call.Why = job.Pos, "uses is not text"
			}
			if job.Call.Why != "" {
				r.unread(job.Call.Ref.Pos, "%s: %s", job.Call.Ref.Text, job.Call.Why)
			}
		}
	}
}
