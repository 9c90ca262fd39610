package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/workflow"
)

// oidcNode is the oldest Node.js that npm documents for trusted publishing.
const oidcNode = "22.14.0"

// NodeTooOld is a Node.js older than npm asks for with trusted publishing.
var NodeTooOld = Cause{
	ID:       "node-too-old",
	Sentence: "npm asks for Node.js 22.14.0 or newer with trusted publishing, and the Node.js that publishes is older.",
	Mend:     "Set up Node.js 24, which brings npm 11 as well.",
	Snippet:  "- uses: actions/setup-node@v6\n  with:\n    node-version: 24",
	Explains: []string{"trusted-publisher", "served"},
	After: func(k *Case) []Finding {
		if !k.suspect() {
			return nil
		}
		pos := workflow.Pos{}
		if len(k.Sites) > 0 && k.Sites[0].Node != nil {
			pos = nodePos(k.Sites[0].Node)
		}
		if k.Log != nil {
			if !older(k.Log.Node, oidcNode) {
				return nil
			}
			return []Finding{{Sure: Possible, Pos: pos, Evidence: fmt.Sprintf("npm's log names Node.js %s.", k.Log.Node)}}
		}
		if !k.byToken() || !older(k.Manifest.NodeVersion, oidcNode) {
			return nil
		}
		return []Finding{{Sure: Possible, Pos: pos, Evidence: fmt.Sprintf("The manifest names Node.js %s (_nodeVersion).", k.Manifest.NodeVersion)}}
	},
	Before: func(p *Project) []Finding {
		var found []Finding
		for _, s := range p.Sites {
			n := s.Node
			if n == nil || n.Major == 0 || s.Publish.Tool.Node == "" {
				continue
			}
			text, _ := n.Version.Literal()
			if n.Major < 22 || n.Major == 22 && !n.Floating && reaches(text, oidcNode) == no {
				found = append(found, Finding{Level: Warning, Pos: nodePos(n), Evidence: fmt.Sprintf("Node.js %s is set up for %s.", text, where(s))})
			}
		}
		return found
	},
}
