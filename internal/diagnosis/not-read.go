package diagnosis

import (
	"strings"

	"verify-npm-release/internal/workflow"
)

// NotRead is a file that could not be analysed, so that what it says is not known.
var NotRead = Cause{
	ID:       "not-read",
	Sentence: "A file that may say how this repository publishes was not analysed, so nothing is claimed about it.",
	Mend:     "Mend the file, or look at it by hand.",
	Before: func(p *Project) []Finding {
		var found []Finding
		for _, u := range p.Unread {
			f := Finding{Level: Notice, Pos: u.Pos, Evidence: u.Why + "."}
			if p.matters(u) {
				f.Level = Warning
			}
			found = append(found, f)
		}
		return found
	},
}

// matters says whether what was not read could hold a publish or a credential
// that GitHub acts on. A workflow of another repository is no file of this one.
func (p *Project) matters(u workflow.Unread) bool {
	for _, w := range p.Workflows {
		for _, j := range w.Jobs {
			if j.Call != nil && j.Call.Ref.Pos == u.Pos {
				return strings.HasPrefix(j.Call.Ref.Text, "./") || strings.HasPrefix(j.Call.Ref.Text, "$/")
			}
		}
	}
	return strings.HasPrefix(u.File, ".github/") || u.File == "action.yml" || u.File == "action.yaml"
}
