package diagnosis

import "verify-npm-release/internal/evidence"

// StillProcessing is a release that npm accepted and does not serve yet.
var StillProcessing = Cause{
	ID:       "still-processing",
	Sentence: "npm does not serve the release yet; it scans what it accepts, which takes minutes and sometimes an hour.",
	Mend:     "Wait, and run this check again; timeout gives it longer. Do not publish the version again: npm keeps the one it accepted.",
	Snippet:  "with:\n  timeout: 60m",
	Explains: []string{"served"},
	After: func(k *Case) []Finding {
		if k.State != evidence.StateProcessing && k.State != evidence.StatePartlyServed || k.failed() && !k.held() {
			return nil
		}
		if l, ok := k.said("is being processed"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l)}}
		}
		if l, ok := k.said("Cannot publish over previously staged version"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l) + " npm answers so while it processes what it accepted."}}
		}
		if k.Log != nil && k.Log.Published() {
			return []Finding{{Sure: Seen, Evidence: "npm's log says that the publish went well (" + k.Log.File + ")."}}
		}
		return []Finding{{Sure: Seen, Evidence: "The registry answers that it does not have it."}}
	},
}

// held says that the registry refused because it has the version already.
func (k *Case) held() bool {
	_, ok := k.said("Cannot publish over previously staged version", "cannot publish over the previously published", "Failed to save packument")
	return ok
}
