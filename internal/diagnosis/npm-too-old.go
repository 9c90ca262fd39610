package diagnosis

import (
	"fmt"
	"strings"

	"verify-npm-release/internal/workflow"
)

// oidcNPM is the npm that first had trusted publishing.
const oidcNPM = "11.5.1"

// NPMTooOld is an npm without trusted publishing: older than 11.5.1, or 11.15.0
// for staging. Node.js 20 and 22 bring npm 10.
var NPMTooOld = Cause{
	ID:       "npm-too-old",
	Sentence: "The npm that publishes is too old for trusted publishing, which came with npm 11.5.1 (staging with 11.15.0); an older one does not even try.",
	Mend:     "Set up Node.js 24, which brings npm 11, or upgrade npm in a step before the publish.",
	Snippet:  "- uses: actions/setup-node@v6\n  with:\n    node-version: 24\n\n# or, with Node.js 22.14 or later\n- run: npm install --global npm@11",
	Explains: unauthorised,
	After:    npmTooOldAfter,
	Before:   npmTooOldBefore,
}

// nodeLine is where a site sets up its Node.js, to point at.
func nodeLine(sites []*workflow.Site) workflow.Pos {
	for _, s := range sites {
		if c := npmAt(s, oidcNPM); c.Enough == no {
			return c.Pos
		}
	}
	if len(sites) > 0 {
		return at(sites[0])
	}
	return workflow.Pos{}
}

func npmTooOldAfter(k *Case) []Finding {
	if k.worked() {
		return nil
	}
	want := oidcNPM
	if k.Log != nil && k.Log.NPM != "" {
		if strings.HasPrefix(k.Log.Command, "stage") {
			want = "11.15.0"
		}
		if older(k.Log.NPM, want) && k.suspect() {
			return []Finding{{Sure: Said, Pos: nodeLine(k.Sites), Evidence: fmt.Sprintf("npm's log names npm %s on Node.js %s, want npm %s or newer.", k.Log.NPM, k.Log.Node, want)}}
		}
		return nil
	}
	if !k.byToken() {
		return nil
	}
	// pnpm's own publisher and Yarn leave _npmVersion out; lerna writes its own.
	if v := k.Manifest.NPMVersion; v != "" && !strings.Contains(v, "/") {
		if older(v, oidcNPM) {
			return []Finding{{Sure: Seen, Pos: nodeLine(k.Sites), Evidence: fmt.Sprintf("The manifest names npm %s (_npmVersion), want %s or newer.", v, oidcNPM)}}
		}
		return nil
	}
	for _, f := range npmTooOldAt(k.Project, k.Sites) {
		if f.Level == Error {
			f.Sure = Read
			return []Finding{f}
		}
	}
	return nil
}

func npmTooOldBefore(p *Project) []Finding { return npmTooOldAt(p, p.Sites) }

func npmTooOldAt(p *Project, sites []*workflow.Site) []Finding {
	var found []Finding
	for _, s := range sites {
		byNPM, own := p.uploader(s)
		want := oidcNPM
		if s.Publish.Tool.ID == "npm-stage" {
			want = s.Publish.Tool.OIDC
		}
		c := npmAt(s, want)
		switch {
		case byNPM && c.Enough == no:
			found = append(found, Finding{Level: Error, Pos: c.Pos, Evidence: fmt.Sprintf("%s: %s.", capital(c.Why), where(s))})
		case byNPM && c.Enough == unknown:
			found = append(found, Finding{Level: Notice, Pos: c.Pos, Evidence: fmt.Sprintf("Whether that is so cannot be read here: %s, for %s; want npm %s or newer.", c.Why, where(s), want)})
		case !byNPM && own.Enough == unknown && s.Publish.Tool.Client == "npm" && c.Enough == no:
			found = append(found, Finding{Level: Notice, Pos: c.Pos, Evidence: fmt.Sprintf("Whether that matters cannot be read here: %s, for %s; %s.", own.Why, where(s), c.Why)})
		}
	}
	return found
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
