package diagnosis

// StoredSecret is an npm credential among the secrets that GitHub keeps.
var StoredSecret = Cause{
	ID:       "stored-secret",
	Sentence: "GitHub keeps a secret that is an npm credential by its name.",
	Mend:     "Revoke the token on npm, then delete the secret. If it must stay, as for reading private packages, name it in allow-secrets.",
	Explains: []string{"leftover-token"},
	After:    func(k *Case) []Finding { return k.leftovers().of("stored-secret") },
}
