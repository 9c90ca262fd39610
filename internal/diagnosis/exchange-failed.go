package diagnosis

import "verify-npm-release/internal/workflow"

// ExchangeFailed is an exchange that broke for another reason than a trusted
// publisher that does not match.
var ExchangeFailed = Cause{
	ID:       "exchange-failed",
	Sentence: "npm could not exchange the run's id-token for a publish token.",
	Mend:     "Run the job again. If it stays so, look at githubstatus.com and status.npmjs.org; an answer of 401 means that npm does not know the issuer, as with an enterprise's own (include_enterprise_slug).",
	Explains: unauthorised,
	After: func(k *Case) []Finding {
		if k.worked() {
			return nil
		}
		switch outcome := k.oidc(); outcome {
		case workflow.OIDCExchangeRefused:
			if k.Release.Exchange.Status != 401 {
				return nil
			}
		case workflow.OIDCNoIDToken, workflow.OIDCIDTokenFailed, workflow.OIDCExchangeNoToken, workflow.OIDCFailed:
		default:
			return nil
		}
		return []Finding{{Sure: Said, Evidence: quote(k.oidcLine())}}
	},
}
