package workflow

import "strings"

// OIDC is what npm says it did about trusted publishing (npm
// lib/utils/oidc.js). Silence is a fact too: npm older than 11.5.1 has no such
// code, and newer ones are silent outside the CI systems they know.
type OIDC string

// The outcomes.
const (
	OIDCSilent           OIDC = ""
	OIDCNoPermission     OIDC = "no-permission"      // the job has no id-token: write
	OIDCNoIDToken        OIDC = "no-id-token"        // no id_token available
	OIDCIDTokenFailed    OIDC = "id-token-failed"    // GitHub's answer was not one
	OIDCExchangeRefused  OIDC = "exchange-refused"   // npm's registry did not take it: see Answer
	OIDCExchangeNoToken  OIDC = "exchange-no-token"  // 2xx without a token
	OIDCFailed           OIDC = "failed"             // any other error
	OIDCSucceeded        OIDC = "succeeded"          // the short-lived token was used
	OIDCProvenance       OIDC = "provenance"         // and provenance was switched on
	OIDCProvenanceFailed OIDC = "provenance-failed"  // and provenance was not, by an error
	OIDCOther            OIDC = "other"              // words this version does not know
	OIDCSkipped          OIDC = "skipped"            // pnpm: Skipped OIDC, see the line
	OIDCProvenanceSkip   OIDC = "provenance-skipped" // pnpm: Skipped setting provenance
)

var oidcWords = []struct {
	prefix  string
	outcome OIDC
}{
	{"Skipped because incorrect permissions for id-token", OIDCNoPermission},
	{"Skipped because no id_token available", OIDCNoIDToken},
	{"Failed to fetch id_token from GitHub", OIDCIDTokenFailed},
	{"Failed token exchange request with body message: ", OIDCExchangeRefused},
	{"Failed because token exchange was missing the token", OIDCExchangeNoToken},
	{"Successfully retrieved and set token", OIDCSucceeded},
	{"Enabling provenance", OIDCProvenance},
	{"Failed to set provenance with message: ", OIDCProvenanceFailed},
	{"Failure with message: ", OIDCFailed},
}

func oidcOf(text string) OIDC {
	for _, w := range oidcWords {
		if strings.HasPrefix(text, w.prefix) {
			return w.outcome
		}
	}
	return OIDCOther
}
