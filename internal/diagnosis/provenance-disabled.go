package diagnosis

import (
	"fmt"
	"slices"

	"verify-npm-release/internal/workflow"
)

// ProvenanceDisabled is provenance switched off by a setting.
var ProvenanceDisabled = Cause{
	ID:       "provenance-disabled",
	Sentence: "A setting switches provenance off.",
	Mend:     "Remove the setting. With trusted publishing npm attests by itself.",
	Explains: []string{"provenance", "trust-downgrade"},
	After: func(k *Case) []Finding {
		if !k.unattested() {
			return nil
		}
		if k.Log != nil && slices.ContainsFunc(k.Log.Args, func(a string) bool { return a == "--no-provenance" || a == "--provenance=false" }) {
			return []Finding{{Sure: Said, Pos: sitePos(k), Evidence: "npm's log has the flag on the command line (" + k.Log.File + ")."}}
		}
		found := disabled(k.Sites)
		for i := range found {
			found[i].Sure = Read
		}
		return found
	},
	Before: func(p *Project) []Finding { return disabled(p.Sites) },
}

func sitePos(k *Case) workflow.Pos {
	if len(k.Sites) > 0 {
		return at(k.Sites[0])
	}
	return workflow.Pos{}
}

func disabled(sites []*workflow.Site) []Finding {
	var found []Finding
	for _, s := range sites {
		v, ok := provenanceAt(s)
		if text, literal := v.Value.Literal(); !ok || !literal || text != "false" {
			continue
		}
		f := Finding{Level: Error, Pos: v.Value.Pos, Evidence: fmt.Sprintf("provenance is false by %s for %s.", sourceName(v.Source), where(s))}
		if v.Source == "publishConfig" {
			// npm 11.19.1 attests all the same where trusted publishing works; its
			// documentation says otherwise.
			f.Level = Warning
			f.Evidence += " npm's documentation says that this switches it off; with trusted publishing npm 11 attests all the same."
		}
		found = append(found, f)
	}
	return found
}

func sourceName(source string) string {
	return map[string]string{"flag": "a flag", "env": "an environment variable", "publishConfig": "publishConfig in package.json"}[source] + map[bool]string{true: source}[source != "flag" && source != "env" && source != "publishConfig"]
}
