package diagnosis

// StageOnlyPublisher is a trusted publisher that may stage and not publish.
var StageOnlyPublisher = Cause{
	ID:       "stage-only-publisher",
	Sentence: "The trusted publisher matched and may not publish: npm lets it stage only, which is what new ones are set to.",
	Mend:     "Allow npm publish in the package's trusted publisher on npmjs.com, or publish with npm stage publish (npm 11.15.0 or newer) and approve each release.",
	Snippet:  "- run: npm stage publish   # then approve it on npmjs.com, or with: npm stage approve",
	Explains: []string{"served", "trusted-publisher", "provenance", "trust-downgrade"},
	After: func(k *Case) []Finding {
		if l, ok := k.said("OIDC permission denied for this action"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l)}}
		}
		return nil
	},
}
