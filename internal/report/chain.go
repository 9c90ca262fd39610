package report

import (
	"fmt"
	"path"
	"strings"
)

// chain is the chain of custody as a mermaid picture, which GitHub draws: each
// station green, red or grey as the checks that answer for it. It is empty for a
// release of which nothing was checked.
func chain(p *Package) string {
	if len(p.Checks) == 0 || p.unfinished() {
		return ""
	}
	source, log := Source{}, Log{}
	if p.Source != nil {
		source = *p.Source
	}
	if p.Log != nil {
		log = *p.Log
	}
	entry := ""
	if log.Index != nil {
		entry = fmt.Sprint("index ", *log.Index)
	}
	commit, integrity := source.Commit, ""
	if commitID.MatchString(commit) {
		commit = commit[:12]
	}
	if p.Dist != nil {
		integrity = clip(p.Dist.Integrity, 20)
	}
	stations := []struct {
		id, label, text string
		colour          string
	}{
		{"commit", "commit", commit, p.answer("source")},
		{"run", "workflow run", runName(source.Run), p.answer("source")},
		{"certificate", "certificate", path.Base("/" + source.workflowPath()), p.answer("provenance")},
		{"log", "transparency log", entry, p.answer("provenance")},
		{"registry", "registry", p.spec(), p.answer("registry-signature", "publish-attestation")},
		{"tarball", "tarball", integrity, p.answer("tarball-integrity")},
	}
	lines := []string{"flowchart LR"}
	var ids []string
	for _, s := range stations {
		label := marks[s.colour] + " " + s.label
		if text := strings.Trim(s.text, "/ "); text != "" {
			label += "<br/>" + diagram(text)
		}
		lines = append(lines, fmt.Sprintf(`  %s["%s"]:::%s`, s.id, label, s.colour))
		ids = append(ids, s.id)
	}
	lines = append(lines, "  "+strings.Join(ids, " --> "),
		"  classDef good fill:#1a7f37,stroke:#1a7f37,color:#ffffff",
		"  classDef bad fill:#cf222e,stroke:#cf222e,color:#ffffff",
		"  classDef open fill:#6e7781,stroke:#6e7781,color:#ffffff")
	return fence("mermaid", lines)
}

// Colours alone are not seen by everyone.
var marks = map[string]string{"good": "✓", "bad": "✗", "open": "?"}

// answer sums up the named checks: good if all passed, bad if one failed, else open.
func (p *Package) answer(ids ...string) string {
	answer := "good"
	for _, id := range ids {
		passed := false
		for _, c := range p.Checks {
			switch {
			case c.ID != id:
			case c.Status == Fail:
				return "bad"
			case c.Status == Pass:
				passed = true
			default:
				answer = "open"
			}
		}
		if !passed {
			answer = "open"
		}
	}
	return answer
}

// runName is the run's number out of its address.
func runName(address string) string {
	_, number, found := strings.Cut(address, "/actions/runs/")
	if !found {
		return ""
	}
	number, attempt, _ := strings.Cut(number, "/attempts/")
	if attempt != "" {
		number += " attempt " + attempt
	}
	return number
}
