package diagnosis

// VersionTaken is a publish that npm refused because it holds the version.
var VersionTaken = Cause{
	ID:       "version-taken",
	Sentence: "npm refused the publish because it holds this version already, from an earlier attempt or another run.",
	Mend:     "Do not publish it again. If an earlier attempt of this run published it, this check verifies that one; else raise the version.",
	Snippet:  "npm version patch",
	Explains: []string{"served", "source", "trusted-publisher"},
	After: func(k *Case) []Finding {
		if l, ok := k.said("cannot publish over the previously published version", "Cannot publish over previously staged version", "Cannot stage previously published version", "Failed to save packument"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l)}}
		}
		return nil
	},
}
