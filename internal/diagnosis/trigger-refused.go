package diagnosis

import "fmt"

// TriggerRefused is an event that npm takes no releases from.
var TriggerRefused = Cause{
	ID:       "trigger-refused",
	Sentence: "npm takes no release by trusted publishing from a run that a pull request started.",
	Mend:     "Publish from a workflow that a push, a tag, a release or workflow_dispatch starts.",
	Snippet:  "on:\n  push:\n    tags: ['v*']",
	Explains: unauthorised,
	After: func(k *Case) []Finding {
		if !k.refused() && (k.Run == nil || !k.Run.Fork || k.worked()) {
			return nil
		}
		switch k.Run.Event {
		case "pull_request_target":
			return []Finding{{Sure: Possible, Evidence: "npm refused the exchange, and the event is pull_request_target."}}
		case "pull_request":
			if k.Run.Fork && !k.Run.IDToken {
				return []Finding{{Sure: Seen, Evidence: "The event is a pull request out of a fork, to which GitHub gives no id-token."}}
			}
		}
		return nil
	},
	Before: func(p *Project) []Finding {
		var found []Finding
		for _, s := range p.Sites {
			if s.Entry == nil {
				continue
			}
			for _, t := range s.Entry.Triggers {
				if t.Text == "pull_request_target" {
					found = append(found, Finding{Level: Warning, Pos: t.Pos, Evidence: fmt.Sprintf("pull_request_target starts the workflow with %s.", where(s))})
				}
			}
		}
		return found
	},
}
