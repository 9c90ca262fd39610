package diagnosis

// ProvenanceRefused is a provenance that the registry did not accept for
// another reason than those with a cause of their own.
var ProvenanceRefused = Cause{
	ID:       "provenance-refused",
	Sentence: "npm refused the release because it could not verify the provenance that came with it.",
	Mend:     "Run the publish job again if it speaks of TUF metadata, which is npm's own trouble. If the certificate lacks the ref, publish from a pushed tag in place of a release event.",
	Explains: []string{"served", "provenance"},
	After: func(k *Case) []Finding {
		l, ok := k.said("Error verifying sigstore provenance bundle", "Failed to set provenance with message")
		if !ok {
			return nil
		}
		for _, own := range []string{"Failed to validate repository information", "Unsupported GitHub Actions runner environment", "Unsupported GitHub Actions source repository visibility"} {
			if _, known := k.said(own); known {
				return nil
			}
		}
		return []Finding{{Sure: Said, Evidence: quote(l)}}
	},
}
