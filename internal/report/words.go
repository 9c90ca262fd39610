package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The sentences that console, summary and annotations share.

// spec is the release as npm writes it.
func (p *Package) spec() string {
	if p.Version == "" {
		return p.Name
	}
	return p.Name + "@" + p.Version
}

// claim ends the headline that starts with the release's name.
func (s Status) claim() string {
	switch s {
	case Verified:
		return "is verified"
	case Pending:
		return "is pending"
	case Error:
		return "could not be checked"
	}
	return "is not verified"
}

// states says what [Package.State] means for a reader.
var states = map[string]string{
	"processing":           "The registry does not serve it yet; npm may still be scanning it, which takes minutes, sometimes an hour.",
	"staged":               "It is staged on npm and waits for a maintainer's approval.",
	"partly-served":        "npm serves the manifest, but not the tarball yet.",
	"attestations-pending": "npm serves the package, but not its attestations yet.",
	"no-provenance":        "npm serves it without provenance. That is final: waiting does not mend it.",
	"unreachable":          "The registry could not be reached.",
	"no-trust-root":        "Without a trust root nothing can be verified.",
	"interrupted":          "The run was stopped before it could finish.",
}

// again forbids the wrong mend: a version that npm accepted cannot be published twice.
const again = "Do not publish this version again; run this check again later."

// verdict says why the package has its status, in sentences without markup. It
// may hold text from outside. A Problem, where the caller wrote one, says all
// that its state would.
func (p *Package) verdict() string {
	var say []string
	if p.Problem != "" {
		say = append(say, sentence(p.Problem))
	} else if s := states[p.State]; s != "" {
		say = append(say, s)
	}
	switch p.Status {
	case Verified:
		say = append(say, "Every required check passed ("+p.tally()+").")
	case Pending:
		if p.Problem == "" {
			say = append(say, again)
		}
	case Error:
		if len(say) == 0 {
			say = append(say, "What was needed to decide could not be had.")
		}
	default:
		say = append(say, p.shortfall())
	}
	return strings.Join(say, " ")
}

// findings is a check's detail in its parts: one for each mismatch.
func (c *Check) findings() []string { return strings.Split(c.Detail, "; ") }

// shortfall names the required checks that kept the package from being verified.
func (p *Package) shortfall() string {
	var failed, open []string
	passed := false
	for _, c := range p.Checks {
		switch {
		case !c.required() || c.Status == Skip:
		case c.Status == Pass:
			passed = true
		case c.Status == Fail:
			failed = append(failed, c.ID)
		default:
			open = append(open, c.ID)
		}
	}
	var say []string
	if len(failed) > 0 {
		say = append(say, "Required and failed: "+strings.Join(failed, ", ")+".")
	}
	if len(open) > 0 {
		say = append(say, "Required and undecided: "+strings.Join(open, ", ")+".")
	}
	switch {
	case len(p.Checks) == 0:
		say = append(say, "No check was made.")
	case len(say) == 0 && !passed:
		say = append(say, "No required check passed.")
	}
	return strings.Join(say, " ")
}

// tally counts the answers: "8 passed, 1 skipped".
func (p *Package) tally() string {
	n := map[CheckStatus]int{}
	for _, c := range p.Checks {
		n[c.Status]++
	}
	return count(n[Pass], "passed", n[Fail], "failed", n[Unknown], "undecided", n[Skip], "skipped")
}

// tally counts the packages: "10 verified, 1 not verified".
func (r *Report) tally() string {
	n := map[Status]int{}
	for _, p := range r.Packages {
		n[p.Status]++
	}
	return count(n[Verified], "verified", n[NotVerified], "not verified", n[Error], "could not be checked", n[Pending], "pending")
}

// headline is the first line of a report on several packages or none.
func (r *Report) headline() string {
	total := len(r.Packages)
	if total == 0 {
		return "No release was checked"
	}
	good := 0
	for _, p := range r.Packages {
		if p.Status == Verified {
			good++
		}
	}
	switch {
	case good == total && r.Status == Verified:
		return fmt.Sprintf("All %d releases are verified", total)
	case good == total:
		return fmt.Sprintf("%d releases pass, but the run did not finish", total)
	}
	return fmt.Sprintf("%d of %d releases are verified", good, total)
}

// count is a list of numbers and words, zeros left out.
func count(pairs ...any) string {
	var say []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] != 0 {
			say = append(say, fmt.Sprint(pairs[i], " ", pairs[i+1]))
		}
	}
	if say == nil {
		return "none"
	}
	return strings.Join(say, ", ")
}

// sentence ends text with a full stop, unless it ends a sentence already.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if last, _ := utf8.DecodeLastRuneInString(text); text == "" || strings.ContainsRune(".!?:…", last) {
		return text
	}
	return text + "."
}

// place is where a cause was seen, "file:line", or "".
func (c *Cause) place() string { return place(c.File, c.Line) }

func (l *Leftover) place() string { return place(l.File, l.Line) }

func place(file string, line int) string {
	if file == "" || line < 1 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// fact is one line of a card: a label of ours, text from outside, and the
// address it leads to, if any.
type fact struct{ label, text, address string }

// facts lists what is known of a release's origin, in the order a reader asks.
func (p *Package) facts() []fact {
	var list []fact
	add := func(label, text, address string) {
		if text != "" {
			list = append(list, fact{label, text, address})
		}
	}
	if s := p.Source; s != nil {
		add("repository", s.Repository, s.Repository)
		add("commit", s.Commit, s.at("commit", ""))
		add("ref", s.Ref, "")
		add("workflow", s.workflowPath(), s.at("blob", s.workflowPath()))
		if s.Signer != s.Workflow {
			add("signer", s.Signer, "")
		}
		add("run", s.Run, s.Run)
		add("trigger", s.Trigger, "")
		add("runner", s.Runner, "")
		add("environment", s.Environment, "")
		add("visibility", s.Visibility, "")
	}
	if l := p.Log; l != nil {
		if l.Index != nil {
			add("log index", fmt.Sprint(*l.Index), l.URL)
		} else {
			add("log entry", l.URL, l.URL)
		}
		add("logged at", l.IntegratedTime, "")
		origin := l.Origin
		if origin != "" && l.TreeSize > 0 {
			origin = fmt.Sprintf("%s, tree size %d", origin, l.TreeSize)
		}
		add("log", origin, "")
	}
	if t := p.Trust; t != nil {
		add("trust level", t.Level, "")
		if t.Publisher != "" {
			add("publisher", t.Publisher+" (as the registry says, unsigned)", "")
		}
	}
	if d := p.Dist; d != nil {
		add("integrity", d.Integrity, "")
		add("tarball", d.Tarball, d.Tarball)
	}
	if l := p.Links; l != nil {
		add("npm", l.NPM, l.NPM)
		add("attestations", l.Attestations, l.Attestations)
	}
	return list
}

var commitID = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// at is an address below the source repository at the commit, or "" where
// repository or commit are not known for sure.
func (s *Source) at(kind, path string) string {
	if s.Repository == "" || !commitID.MatchString(s.Commit) || kind == "blob" && path == "" {
		return ""
	}
	address := strings.TrimSuffix(s.Repository, "/") + "/" + kind + "/" + s.Commit
	if path != "" {
		address += "/" + percent(path, "/@+")
	}
	return address
}

// workflowPath is the workflow file in the repository: the certificate's build
// config URI without the repository and the ref.
func (s *Source) workflowPath() string {
	path := strings.TrimPrefix(s.Workflow, strings.TrimSuffix(s.Repository, "/")+"/")
	path, _, _ = strings.Cut(path, "@")
	return path
}
