package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/workflow"
)

// unauthorised are the checks that fail when trusted publishing was not used.
var unauthorised = []string{"trusted-publisher", "provenance", "trust-downgrade", "served"}

// IDTokenPermission is a job that may not ask GitHub for an id-token, without
// which there is neither trusted publishing nor provenance.
var IDTokenPermission = Cause{
	ID:       "id-token-permission",
	Sentence: "The job that publishes may not ask GitHub for an id-token, so npm can neither use trusted publishing nor attest provenance.",
	Mend:     "Give the job that publishes id-token: write. A job's permissions replace the workflow's, and what they do not list is none; a reusable workflow needs it in the calling job as well.",
	Snippet:  "permissions:\n  contents: read\n  id-token: write",
	Explains: unauthorised,
	After:    idTokenAfter,
	Before:   idTokenBefore,
}

func idTokenAfter(k *Case) []Finding {
	if k.worked() {
		return nil
	}
	var pos workflow.Pos
	for _, s := range k.Sites {
		if s.IDToken.Grant == workflow.GrantNone {
			pos = s.IDToken.Pos
			break
		}
	}
	if k.oidc() == workflow.OIDCNoPermission {
		return []Finding{{Sure: Said, Pos: pos, Evidence: quote(k.oidcLine())}}
	}
	if l, ok := k.said(`requires "write" access to the "id-token" permission`, "error retrieving identity token"); ok {
		return []Finding{{Sure: Said, Pos: pos, Evidence: quote(l)}}
	}
	if k.oidc() != workflow.OIDCSilent || !k.byToken() && !k.unattested() && !k.failed() {
		return nil
	}
	for _, s := range k.Sites {
		if len(s.Publish.Tool.OIDC) == 0 {
			continue
		}
		if k.Here && !k.Run.IDToken {
			return []Finding{{Sure: Seen, Pos: s.IDToken.Pos, Evidence: "The runner offers this job none, and this job publishes with " + where(s) + "."}}
		}
		if !k.Here && s.IDToken.Grant == workflow.GrantNone {
			return []Finding{{Sure: Read, Pos: s.IDToken.Pos, Evidence: fmt.Sprintf("It publishes with %s: %s.", where(s), s.IDToken.Why)}}
		}
	}
	return nil
}

func idTokenBefore(p *Project) []Finding {
	var found []Finding
	for _, s := range p.Sites {
		if s.Publish.Tool.OIDC == "" || s.Job == nil {
			continue
		}
		f := Finding{Level: Error, Pos: s.IDToken.Pos, Evidence: fmt.Sprintf("It publishes with %s: %s.", where(s), s.IDToken.Why)}
		switch s.IDToken.Grant {
		case workflow.GrantNone:
			found = append(found, f)
		case workflow.GrantUnknown:
			f.Level = Notice
			f.Evidence = fmt.Sprintf("Whether that is so cannot be read here: it publishes with %s; %s.", where(s), s.IDToken.Why)
			found = append(found, f)
		}
	}
	return found
}
