package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/evidence"
)

// AttestationNotServed is a manifest that announces attestations which the
// registry does not serve.
var AttestationNotServed = Cause{
	ID:       "attestation-not-served",
	Sentence: "The manifest announces attestations, and the registry does not serve them. They come minutes after the package; a few releases never got theirs.",
	Mend:     "Run this check again in an hour. If they are still missing then, npm audit signatures fails for everyone who installs the release: publish another version and report this one to npm.",
	Explains: []string{"served", "provenance", "publish-attestation"},
	After: func(k *Case) []Finding {
		s := k.Surfaces[evidence.AttestationsSurface]
		if k.Manifest == nil || k.Manifest.Dist.Attestations == nil || k.Offline || !s.Asked || s.Ready {
			return nil
		}
		return []Finding{{Sure: Seen, Evidence: fmt.Sprintf("The last of %d answers: %s.", s.Attempts, s.Reason())}}
	},
}
