package evidence

import (
	"slices"

	"verify-npm-release/internal/npm"
)

// RunFacts is what this run, its workflow file and npm's debug log say.
type RunFacts struct {
	// Staged are the releases that npm staged in this job, for a maintainer to
	// approve. Such a release is waited for like any other, and told apart when
	// it is not served in time.
	Staged []npm.Spec
}

func (f *RunFacts) staged(s npm.Spec) bool {
	return f != nil && slices.Contains(f.Staged, s)
}
