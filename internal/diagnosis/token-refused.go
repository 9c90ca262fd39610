package diagnosis

// TokenRefused is a token that the registry did not take.
var TokenRefused = Cause{
	ID:       "token-refused",
	Sentence: "npm did not take the token that was sent: it is expired, revoked, or may not publish this package without a second factor.",
	Mend:     "Do not make another token: classic ones are gone, and those that skip the second factor lose publishing in January 2027. Set up a trusted publisher and remove the token.",
	Explains: []string{"served"},
	After: func(k *Case) []Finding {
		if l, ok := k.said("Access token expired or revoked", "Two-factor authentication or granular access token with bypass 2fa", "401 Unauthorized - PUT"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l), Snippet: k.values()}}
		}
		return nil
	},
}
