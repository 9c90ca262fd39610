package diagnosis

import (
	"fmt"
	"strings"

	"verify-npm-release/internal/workflow"
)

// ProvenanceNotRequested is a publish that does not attest by itself and was
// not asked to.
var ProvenanceNotRequested = Cause{
	ID:       "provenance-not-requested",
	Sentence: "Nothing asks for provenance, and it comes by itself only with trusted publishing by npm, pnpm or lerna.",
	Mend:     "Use trusted publishing, or ask for provenance in package.json; the job needs id-token: write for either.",
	Snippet:  "\"publishConfig\": {\n  \"provenance\": true\n}",
	Explains: []string{"provenance", "trust-downgrade"},
	After: func(k *Case) []Finding {
		if !k.unattested() || k.Log != nil && (k.oidc() == workflow.OIDCSucceeded || k.Release.Signed || asked(k.Log.Args)) {
			return nil
		}
		found := notRequested(k.Project, k.Sites, true)
		for i := range found {
			found[i].Sure = Read
		}
		return found
	},
	Before: func(p *Project) []Finding { return notRequested(p, p.Sites, false) },
}

func asked(args []string) bool {
	for _, a := range args {
		if a == "--provenance" || a == "--provenance=true" {
			return true
		}
	}
	return false
}

// notRequested finds the sites that would not attest. after says that it is
// known not to have been attested, so that what is automatic did not help.
func notRequested(p *Project, sites []*workflow.Site, after bool) []Finding {
	var found []Finding
	for _, s := range sites {
		t := s.Publish.Tool
		if _, set := provenanceAt(s); set || t.Provenance == "" {
			continue
		}
		if len(s.Registries) > 0 && s.Publish.Unsure != "" {
			continue
		}
		// Where a token publishes and there is no id-token, nothing is automatic.
		_, token := p.credential(s)
		automatic := t.Automatic && !(token && s.IDToken.Grant == workflow.GrantNone)
		if automatic && !after {
			continue
		}
		f := Finding{Level: Warning, Pos: at(s), Evidence: fmt.Sprintf("%s is not given it; %s takes any of %s.", capital(where(s)), t.Title, strings.Join(t.Switches, ", "))}
		if t.ID == "yarn" {
			f.Evidence += " Yarn never attests by itself."
		}
		found = append(found, f)
	}
	return found
}
