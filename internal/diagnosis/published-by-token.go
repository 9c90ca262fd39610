package diagnosis

import "fmt"

// PublishedByToken is a release that npm says a person published: a token or a
// login.
var PublishedByToken = Cause{
	ID:       "published-by-token",
	Sentence: "A token, or a person's login, published this release.",
	Mend:     "Set up a trusted publisher for the package on npmjs.com with these values; once a release has come through it, remove the token everywhere.",
	Explains: []string{"trusted-publisher", "trust-downgrade", "leftover-token"},
	After: func(k *Case) []Finding {
		if !k.byToken() {
			return nil
		}
		f := Finding{Sure: Seen, Name: k.Manifest.User.Name,
			Evidence: fmt.Sprintf("npm names %q as its publisher (_npmUser), and no trusted publisher.", k.Manifest.User.Name)}
		if k.Run != nil {
			f.Snippet = k.values()
		}
		return []Finding{f}
	},
}
