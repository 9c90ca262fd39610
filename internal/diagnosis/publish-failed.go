package diagnosis

import (
	"cmp"
	"fmt"
)

// PublishFailed is a publish that ended with an error: what npm said, where no
// other cause knows the words.
var PublishFailed = Cause{
	ID:       "publish-failed",
	Sentence: "npm's publish of this release ended with an error, so there is nothing to serve.",
	Mend:     "Mend what npm says, publish, and run this check after a publish that went well.",
	Explains: []string{"served"},
	After: func(k *Case) []Finding {
		if !k.failed() || k.held() {
			return nil
		}
		f := Finding{Sure: Said, Evidence: fmt.Sprintf("npm ended with %s and exit code %d (%s).", cmp.Or(k.Log.ErrorCode, unsaid), k.Log.Exit, k.Log.File)}
		for _, l := range k.Log.Errors {
			if len(l.Text) > 12 && k.Log.Releases[len(k.Log.Releases)-1] == k.Release {
				f.Evidence += " " + quote(l)
				break
			}
		}
		return []Finding{f}
	},
}
