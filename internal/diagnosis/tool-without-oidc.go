package diagnosis

import "fmt"

// ToolWithoutOIDC is a publishing tool, or a version of one, that has no
// trusted publishing.
var ToolWithoutOIDC = Cause{
	ID:       "tool-without-oidc",
	Sentence: "The tool that publishes has no trusted publishing.",
	Mend:     "Publish with a tool that has it: npm 11.5.1, pnpm 11, Yarn 4.10, lerna 9 or semantic-release 25, each or newer. Packing can stay with the tool you have.",
	Explains: unauthorised,
	After: func(k *Case) []Finding {
		if k.worked() || k.Log != nil || !k.byToken() && !k.unattested() {
			return nil
		}
		found := withoutOIDC(k.Project, k)
		for i := range found {
			found[i].Sure = Read
		}
		return found
	},
	Before: func(p *Project) []Finding { return withoutOIDC(p, nil) },
}

func withoutOIDC(p *Project, k *Case) []Finding {
	if p == nil {
		return nil
	}
	sites := p.Sites
	if k != nil {
		sites = k.Sites
	}
	var found []Finding
	for _, s := range sites {
		byNPM, own := p.uploader(s)
		if byNPM || own.Enough != no {
			continue
		}
		f := Finding{Level: Error, Pos: own.Pos, Evidence: fmt.Sprintf("It is %s: %s.", where(s), own.Why)}
		switch s.Publish.Tool.ID {
		case "bun":
			f.Snippet = "- run: bunx npm@11 publish"
		case "yarn-classic":
			f.Snippet = "- run: npx npm@11 publish"
		case "lerna":
			f.Snippet = "npm install --save-dev lerna@9"
		case "semantic-release":
			f.Snippet = "npm install --save-dev semantic-release@25"
		case "yarn":
			f.Snippet = "yarn set version stable"
		}
		found = append(found, f)
	}
	return found
}
