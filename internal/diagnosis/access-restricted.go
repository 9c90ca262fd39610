package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/workflow"
)

// AccessRestricted is a package that npm takes to be private: provenance is for
// public ones, and a scoped package is private unless it says otherwise.
var AccessRestricted = Cause{
	ID:       "access-restricted",
	Sentence: "npm takes the package to be private, and attests provenance for public packages only; a new scoped package is private unless it says otherwise.",
	Mend:     "Set access to public in package.json, or on the command line.",
	Snippet:  "\"publishConfig\": {\n  \"access\": \"public\"\n}",
	Explains: []string{"served", "provenance"},
	After: func(k *Case) []Finding {
		if l, ok := k.said("Can't generate provenance for new or private package", "402 Payment Required"); ok {
			return []Finding{{Sure: Said, Evidence: quote(l)}}
		}
		return nil
	},
	Before: func(p *Project) []Finding {
		var found []Finding
		for _, s := range p.Sites {
			v := s.Publish.Access
			if !v.Given() {
				v = p.packageOf(s).Config("access")
			}
			if text, _ := v.Literal(); text == "restricted" || text == "private" {
				found = append(found, Finding{Level: Warning, Pos: v.Pos, Evidence: fmt.Sprintf("Access is %s for %s.", text, where(s))})
			}
		}
		return found
	},
}

// provenanceAt gives the setting that decides about provenance at a site.
func provenanceAt(s *workflow.Site) (workflow.Setting, bool) {
	if len(s.Provenance) == 0 {
		return workflow.Setting{}, false
	}
	return s.Provenance[0], true
}
