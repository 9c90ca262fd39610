package diagnosis

// TokenInFile is a configuration file, or a script that writes one, which holds
// an npm credential or names the variable that does.
var TokenInFile = Cause{
	ID:       "token-in-file",
	Sentence: "A file hands npm a long-lived credential.",
	Mend:     "Remove the line; trusted publishing needs none. " + removal,
	Explains: []string{"leftover-token"},
	After:    func(k *Case) []Finding { return k.leftovers().of("token-in-file") },
	Before:   func(p *Project) []Finding { return of(p.credentials(), "token-in-file") },
}
