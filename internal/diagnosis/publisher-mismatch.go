package diagnosis

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"verify-npm-release/internal/workflow"
)

// PublisherMismatch is an exchange that npm refused with "package not found",
// its one answer for a package that does not exist, one without a trusted
// publisher, and one whose trusted publisher names another owner, repository,
// workflow file or environment.
var PublisherMismatch = Cause{
	ID:       "publisher-mismatch",
	Sentence: "npm found no trusted publisher that matches this run. It gives the same answer when none is set up and when owner, repository, workflow file name or environment differ, if only in case.",
	Mend:     "Compare the package's trusted publisher on npmjs.com with this run's values, letter by letter. npm does not check what is saved there.",
	Explains: unauthorised,
	After: func(k *Case) []Finding {
		if !k.refused() {
			return nil
		}
		var pos workflow.Pos
		if file := k.Run.File(); file != "" {
			pos.File = file
		}
		say := []string{quote(k.oidcLine()), fmt.Sprintf("This run is %s, workflow file %s, event %s.", cmp.Or(k.Run.Repository, unsaid), cmp.Or(path.Base(k.Run.File()), unsaid), cmp.Or(k.Run.Event, unsaid))}
		if len(k.Sites) > 0 && len(k.Sites[0].Calls) > 0 {
			s := k.Sites[0]
			say = append(say, fmt.Sprintf("The publish is in the reusable workflow %s; npm compares the file that GitHub started, %s.", path.Base(s.File.File), path.Base(s.Entry.File)))
		} else if called := reusedFile(k); called != "" {
			say = append(say, fmt.Sprintf("This job is in the reusable workflow %s; npm compares the file that GitHub started, %s.", called, path.Base(k.Run.File())))
		}
		if name := declaredName(k); name != "" && name != k.Run.Repository && strings.EqualFold(name, k.Run.Repository) {
			say = append(say, fmt.Sprintf("package.json spells the repository %s, GitHub %s: case counts.", name, k.Run.Repository))
		}
		return []Finding{{Sure: Possible, Pos: pos, Evidence: strings.Join(say, " "), Snippet: k.values()}}
	},
}

// reusedFile is the called workflow's file name, where this job is in one.
func reusedFile(k *Case) string {
	ref := k.Run.JobWorkflowRef
	if ref == "" || ref == k.Run.Workflow {
		return ""
	}
	file, _, _ := strings.Cut(ref, "@")
	return path.Base(file)
}

// declaredName is the repository that the package declares, owner/name.
func declaredName(k *Case) string {
	if k.Manifest != nil {
		return repositoryName(k.Manifest.Repository.URL)
	}
	if k.Project != nil {
		for _, s := range k.Sites {
			if pkg := k.Project.packageOf(s); pkg != nil {
				return repositoryName(pkg.Repository.Text)
			}
		}
	}
	return ""
}
