package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/workflow"
)

// TokenFallback is a token that was used although trusted publishing was
// possible, or tried: npm falls back without a word.
var TokenFallback = Cause{
	ID:       "token-fallback",
	Sentence: "A token published it although the job could use trusted publishing: when the exchange does not succeed, npm goes on with whatever token it finds, and says nothing.",
	Mend:     "Take the token away from the step that publishes. Then a trusted publisher that does not match fails the publish, where now it passes unseen.",
	Explains: []string{"trusted-publisher", "provenance", "trust-downgrade"},
	After:    tokenFallbackAfter,
	Before:   tokenFallbackBefore,
}

func tokenFallbackAfter(k *Case) []Finding {
	if k.worked() || !k.byToken() || k.Run == nil {
		return nil
	}
	var pos workflow.Pos
	var by string
	for _, s := range k.Sites {
		if v, ok := k.Project.credential(s); ok {
			pos, by = v.Value.Pos, fmt.Sprintf("%s hands a token to %s.", v.Name, where(s))
			break
		}
	}
	switch outcome := k.oidc(); {
	case outcome == workflow.OIDCNoPermission:
		return nil // it was not possible: id-token-permission says so
	case outcome != workflow.OIDCSilent && outcome != workflow.OIDCOther:
		return []Finding{{Sure: Said, Pos: pos, Evidence: quote(k.oidcLine()) + " " + by}}
	case k.Log == nil && k.Here && k.Run.IDToken && by != "" && !older(k.Manifest.NPMVersion, oidcNPM):
		return []Finding{{Sure: Seen, Pos: pos, Evidence: "The job has id-token: write. " + by}}
	}
	return nil
}

func tokenFallbackBefore(p *Project) []Finding {
	var found []Finding
	for _, s := range p.Sites {
		if !s.Publish.Tool.TokenWins {
			continue
		}
		if v, ok := p.credential(s); ok {
			found = append(found, Finding{Level: Error, Pos: v.Value.Pos, Name: v.Name,
				Evidence: fmt.Sprintf("Yarn does not even try: it takes a configured token first. %s hands one to %s.", v.Name, where(s))})
		}
	}
	return found
}
