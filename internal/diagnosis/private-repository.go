package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/workflow"
)

// PrivateRepository is a source repository that is not public: npm attests no
// provenance for its releases, though trusted publishing works.
var PrivateRepository = Cause{
	ID:       "private-repository",
	Sentence: "The repository is not public, and npm attests provenance from public repositories only; trusted publishing works from private ones, and leaves provenance out without a word.",
	Mend:     "Make the repository public, or do without provenance and verify the rest. Provenance that is asked for in words makes the publish fail where it cannot be had.",
	Snippet:  "with:\n  skip: provenance source publish-attestation",
	Explains: []string{"provenance", "served", "trust-downgrade"},
	After: func(k *Case) []Finding {
		if l, ok := k.said("Unsupported GitHub Actions source repository visibility"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l)}}
		}
		if k.Run == nil || k.Run.Visibility != "private" && k.Run.Visibility != "internal" || !k.unattested() {
			return nil
		}
		f := Finding{Sure: Seen, Evidence: fmt.Sprintf("The event says that %s is %s.", k.Run.Repository, k.Run.Visibility)}
		if k.oidc() == workflow.OIDCSucceeded {
			f.Evidence += " npm's log says that trusted publishing worked and does not say that provenance was switched on."
		}
		return []Finding{f}
	},
}
