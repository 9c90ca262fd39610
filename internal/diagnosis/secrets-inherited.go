package diagnosis

// SecretsInherited is a workflow that hands over all secrets at once.
var SecretsInherited = Cause{
	ID:       "secrets-inherited",
	Sentence: "A workflow hands over all secrets at once, an npm credential among them where one is stored.",
	Mend:     "Name the secrets that are needed, one by one; publishing needs none.",
	Snippet:  "secrets:\n  NAME: ${{ secrets.NAME }}",
	Explains: []string{"leftover-token"},
	After:    func(k *Case) []Finding { return k.leftovers().of("secrets-inherited") },
	Before:   func(p *Project) []Finding { return of(p.credentials(), "secrets-inherited") },
}
