package diagnosis

// TokenReference is a workflow or action that uses an npm credential.
var TokenReference = Cause{
	ID:       "token-reference",
	Sentence: "A workflow uses a stored npm credential.",
	Mend:     "Remove the line once trusted publishing works. " + removal,
	Explains: []string{"leftover-token"},
	After:    func(k *Case) []Finding { return k.leftovers().of("token-reference") },
	Before:   func(p *Project) []Finding { return of(p.credentials(), "token-reference") },
}
