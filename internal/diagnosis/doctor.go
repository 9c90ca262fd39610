package diagnosis

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"verify-npm-release/internal/workflow"
)

// Doctor tells what in a repository would keep trusted publishing or
// provenance from working, and which credentials it uses: errors first, then
// by file and line. What only npm or GitHub knows is not claimed.
func Doctor(r *workflow.Repository) []Finding {
	p := NewProject(r, "")
	var found []Finding
	type key struct {
		id, name string
		pos      workflow.Pos
	}
	seen := map[key]bool{}
	for _, cause := range All {
		if cause.Before == nil {
			continue
		}
		for _, f := range cause.Before(p) {
			f.ID, f.cause = cause.ID, cause
			// Two publishes in one job share a permission; it is mended once.
			if k := (key{f.ID, f.Name, f.Pos}); !seen[k] {
				seen[k] = true
				found = append(found, f)
			}
		}
	}
	levels := []Level{Error, Warning, Notice}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(slices.Index(levels, a.Level)-slices.Index(levels, b.Level), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return found
}

// Way is how a repository publishes: one command, and what npm's trusted
// publisher must name for it.
type Way struct {
	workflow.Pos
	Command     string
	Package     string // "" where it is not known, or they are several
	Workflow    string // file name of the workflow GitHub starts; "" where no workflow here does
	Environment string // "" where the job names none
}

// Ways lists how a repository publishes to npm.
func Ways(r *workflow.Repository) []Way {
	p := NewProject(r, "")
	var ways []Way
	for _, s := range p.Sites {
		w := Way{Pos: at(s), Command: s.Publish.Command}
		if pkg := p.packageOf(s); pkg != nil && pkg.Private.Text != "true" {
			w.Package = pkg.Name.Text
		}
		if s.Entry != nil && !s.Outside {
			w.Workflow = path.Base(s.Entry.File)
		}
		if s.Job != nil {
			w.Environment = strings.TrimSpace(s.Job.Environment.Text)
		}
		if !slices.Contains(ways, w) {
			ways = append(ways, w)
		}
	}
	return ways
}
