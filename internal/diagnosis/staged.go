package diagnosis

import (
	"slices"

	"verify-npm-release/internal/evidence"
)

// Staged is a release that waits for a maintainer's approval.
var Staged = Cause{
	ID:       "staged",
	Sentence: "The release was staged: nothing of it is public until a maintainer approves it.",
	Mend:     "Approve it on npmjs.com or with npm stage approve, then run this check again. Do not publish the version again.",
	Snippet:  "npm stage list\nnpm stage approve ID",
	Explains: []string{"served"},
	After: func(k *Case) []Finding {
		if k.State != evidence.StateStaged && !(k.Manifest == nil && k.Evidence.Run != nil && slices.Contains(k.Evidence.Run.Staged, k.Evidence.Release.Spec)) {
			return nil
		}
		if l, ok := k.said("has been staged"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l)}}
		}
		for _, s := range k.Sites {
			if s.Publish.Stage {
				return []Finding{{Sure: Seen, Pos: at(s), Evidence: "This job stages with " + where(s) + "."}}
			}
		}
		return []Finding{{Sure: Seen}}
	},
}
