package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/workflow"
)

// EnvironmentMismatch is an environment of the publishing job that npm's
// trusted publisher may not name.
var EnvironmentMismatch = Cause{
	ID:       "environment-mismatch",
	Sentence: "The job that publishes runs in a deployment environment, which npm's trusted publisher must name exactly; one set up without an environment does not match it.",
	Mend:     "Put the environment's name into the trusted publisher on npmjs.com, or take environment: off the job.",
	Explains: unauthorised,
	After: func(k *Case) []Finding {
		if !k.refused() {
			return nil
		}
		for _, s := range k.Sites {
			if s.Job != nil && s.Job.Environment.Given() {
				return []Finding{{Sure: Possible, Pos: environmentPos(s), Snippet: k.values(),
					Evidence: fmt.Sprintf("npm refused the exchange, and job %s names the environment %q.", s.Job.Key, s.Job.Environment.Text)}}
			}
		}
		return nil
	},
}

func environmentPos(s *workflow.Site) workflow.Pos { return s.Job.Environment.Pos }
