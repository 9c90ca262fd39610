package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/workflow"
)

// SelfHostedRunner is a machine that is not GitHub's: npm takes no release by
// trusted publishing and no provenance from it.
var SelfHostedRunner = Cause{
	ID:       "self-hosted-runner",
	Sentence: "npm takes trusted publishing and provenance from GitHub's own runners only; machines of one's own and of other companies count as self-hosted.",
	Mend:     "Run the job that publishes on a GitHub-hosted runner; build and test where you like and hand the tarball over as an artifact.",
	Snippet:  "runs-on: ubuntu-latest",
	Explains: append([]string{"source"}, unauthorised...),
	After: func(k *Case) []Finding {
		var pos workflow.Pos
		for _, s := range k.Sites {
			if s.Job != nil {
				pos = s.Job.RunsOn.Pos
				break
			}
		}
		if l, ok := k.said("Unsupported GitHub Actions runner environment"); ok {
			return []Finding{{Sure: Said, Pos: pos, Evidence: quote(l)}}
		}
		if v := k.Provenance.Verified; v != nil {
			if v.Certificate != nil && v.Certificate.RunnerEnvironment == "self-hosted" {
				return []Finding{{Sure: Said, Pos: pos, Evidence: "The certificate names the runner environment self-hosted."}}
			}
			return nil
		}
		if k.worked() || k.Run == nil || !k.byToken() && !k.unattested() && !k.failed() {
			return nil
		}
		if k.Here && k.Run.Runner == "self-hosted" {
			return []Finding{{Sure: Seen, Pos: pos, Evidence: "This job publishes, and its runner says of itself that it is self-hosted (RUNNER_ENVIRONMENT)."}}
		}
		for _, s := range k.Sites {
			if !k.Here && s.Job != nil && s.Job.RunsOn.Kind == workflow.SelfHosted {
				return []Finding{{Sure: Read, Pos: s.Job.RunsOn.Pos, Evidence: fmt.Sprintf("It publishes with %s.", where(s))}}
			}
		}
		return nil
	},
	Before: func(p *Project) []Finding {
		var found []Finding
		for _, s := range p.Sites {
			if s.Job == nil {
				continue
			}
			f := Finding{Level: Error, Pos: s.Job.RunsOn.Pos, Evidence: fmt.Sprintf("The job runs %s.", where(s))}
			switch {
			case s.Job.RunsOn.Kind == workflow.SelfHosted:
				found = append(found, f)
			case s.Job.RunsOn.Kind == workflow.UnknownRunner && f.File != "":
				f.Level = Notice
				f.Evidence = fmt.Sprintf("Whether this is one cannot be read here: runs-on of the job with %s is an expression, a group or a label of your own.", where(s))
				found = append(found, f)
			}
		}
		return found
	},
}
