package check

import "verify-npm-release/internal/report"

// TrustedPublisher asks what the registry says about who published: a trusted
// publisher, or a person or token. The answer is unsigned registry metadata.
var TrustedPublisher = Check{
	ID:    "trusted-publisher",
	Title: "A trusted publisher published it, not a token",
	Level: report.Advisory,
	Run:   trustedPublisher,
}

// The account npm shows for trusted publishing from GitHub Actions.
const (
	oidcUser  = "GitHub Actions"
	oidcEmail = "npm-oidc-no-reply@github.com"
)

func trustedPublisher(in Input) Result {
	if in.Manifest == nil {
		return noManifest()
	}
	u := in.Manifest.User
	const unsigned = "by the registry's own, unsigned word (_npmUser)"
	switch {
	case u == nil:
		return unknown("the registry does not say who published it (_npmUser is absent)")
	case u.TrustedPublisher != nil:
		approved := ""
		if u.Approver {
			approved = ", staged and approved by a maintainer"
		}
		return pass("published through the trusted publisher %q (configuration %q)%s, %s", u.TrustedPublisher.ID, u.TrustedPublisher.OIDCConfigID, approved, unsigned)
	case u.Name == oidcUser && u.Email == oidcEmail:
		return pass("published by the account npm uses for trusted publishing, %q, %s", u.Name, unsigned)
	case u.Approver:
		return unknown("staged and approved by a maintainer; the registry does not say who staged it (_npmUser)")
	case u.Name == "" && u.Email == "":
		return unknown("the registry does not say who published it (_npmUser is empty)")
	}
	return fail("published by %q with a token or a login, want a trusted publisher, %s", u.Name, unsigned)
}
