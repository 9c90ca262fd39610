package diagnosis

// TokenInEnvironment is a job whose environment holds an npm credential.
var TokenInEnvironment = Cause{
	ID:       "token-in-environment",
	Sentence: "This job's environment holds an npm credential, which every step can read.",
	Mend:     "Find the env or the line that writes to GITHUB_ENV or to npm's configuration, and remove it. " + removal,
	Explains: []string{"leftover-token"},
	After:    func(k *Case) []Finding { return k.leftovers().of("token-in-environment") },
}
