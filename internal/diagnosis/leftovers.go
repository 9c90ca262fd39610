package diagnosis

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/github"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/workflow"
)

// Leftovers is what was found of long-lived npm credentials.
type Leftovers struct {
	Found   []Finding // credentials that are left
	Stay    []Finding // those that only read by their names, or are allowed
	Signals []Signal  // what was looked at
	Listed  bool      // stored secrets were listed in full, or npm-token-present said that there is none
}

// Signal is one place where a credential can be.
type Signal struct {
	Name  string
	State SignalState
	Why   string
}

// SignalState says what a signal told.
type SignalState string

// The states. Unanswered was asked and got no answer; it is never clean.
const (
	Clean        SignalState = "clean"
	Left         SignalState = "found"
	NotConsulted SignalState = "not consulted"
	Unanswered   SignalState = "not known"
)

// FindLeftovers looks for credentials in all that was gathered.
func FindLeftovers(e *evidence.Evidence, p *plan.Plan) *Leftovers {
	return newCase(e, p).leftovers()
}

func (k *Case) leftovers() *Leftovers {
	if k.left != nil {
		return k.left
	}
	k.left = &Leftovers{}
	l := k.left
	facts := k.Evidence.Run
	if facts == nil {
		facts = &evidence.RunFacts{}
	}
	l.publisher(k)
	l.environment(k, facts)
	l.stores(k, facts)
	l.files(k, facts)
	slices.SortStableFunc(l.Found, func(a, b Finding) int { return rank(a.ID) - rank(b.ID) })
	return l
}

func rank(id string) int {
	return slices.Index([]string{"token-in-file", "token-reference", "token-in-environment", "stored-secret", "secrets-inherited"}, id)
}

// of gives what was found under one cause.
func (l *Leftovers) of(id string) []Finding {
	return of(l.Found, id)
}

// Report is the list for the report.
func (l *Leftovers) Report() []report.Leftover {
	var list []report.Leftover
	for _, f := range l.Found {
		list = append(list, report.Leftover{ID: f.ID, Name: f.Name, File: f.File, Line: f.Line})
	}
	return list
}

// signal notes what a source told, by the findings since mark.
func (l *Leftovers) signal(name string, mark int, why string) {
	state := Clean
	if len(l.Found) > mark {
		state = Left
	}
	l.Signals = append(l.Signals, Signal{name, state, why})
}

func (l *Leftovers) publisher(k *Case) {
	const name = "who published it, by npm's word"
	switch {
	case k.Manifest == nil || k.Manifest.User == nil:
		l.Signals = append(l.Signals, Signal{name, NotConsulted, "the registry does not say"})
	case k.byToken():
		l.Found = append(l.Found, Finding{ID: "published-by-token", Name: k.Manifest.User.Name,
			Evidence: fmt.Sprintf("npm names %q as its publisher (_npmUser), and no trusted publisher.", k.Manifest.User.Name)})
		l.Signals = append(l.Signals, Signal{name, Left, ""})
	default:
		l.Signals = append(l.Signals, Signal{name, Clean, ""})
	}
}

// allowed says whether a name may stay by allow-secrets; case does not matter.
func allowed(p *plan.Plan, name string) bool {
	return slices.ContainsFunc(p.AllowSecrets, func(glob string) bool {
		ok, err := path.Match(strings.ToUpper(glob), strings.ToUpper(name))
		return err == nil && ok
	})
}

// put takes a finding in, or sets it aside where it may stay.
func (l *Leftovers) put(k *Case, f Finding) {
	f.Sure = Seen
	switch {
	case allowed(k.Plan, f.Name):
		f.Evidence += " allow-secrets lets it stay."
		l.Stay = append(l.Stay, f)
	case f.Level == Notice:
		l.Stay = append(l.Stay, f)
	default:
		l.Found = append(l.Found, f)
	}
}

func (l *Leftovers) environment(k *Case, facts *evidence.RunFacts) {
	const name = "this job's environment"
	if !facts.Environment.Consulted {
		l.Signals = append(l.Signals, Signal{name, NotConsulted, facts.Environment.Why})
		return
	}
	mark := len(l.Found)
	for _, h := range facts.Held {
		f := Finding{ID: "token-in-environment", Level: Warning, Name: h.Name, Pos: workflow.Pos{File: h.File, Line: h.Line},
			Evidence: fmt.Sprintf("The variable %s holds one.", h.Name)}
		if h.File != "" {
			f.Evidence = fmt.Sprintf("npm's user configuration holds one, %s.", f.Pos)
		} else if workflow.ClassifySecret(h.Name) == workflow.ReadOnly {
			f.Level = Notice
		}
		l.put(k, f)
	}
	l.signal(name, mark, "")
}

func (l *Leftovers) stores(k *Case, facts *evidence.RunFacts) {
	mark := len(l.Found)
	switch present := k.Plan.NPMTokenPresent; {
	case present == nil:
		l.Signals = append(l.Signals, Signal{"npm-token-present", NotConsulted, "it was not given"})
	case *present:
		l.put(k, Finding{ID: "stored-secret", Level: Warning, Name: "NPM_TOKEN", Evidence: "npm-token-present says so."})
		l.signal("npm-token-present", mark, "")
	default:
		l.Listed = true
		l.signal("npm-token-present", mark, "")
	}
	const name = "stored secrets, by name"
	if !facts.Stores.Consulted {
		l.Signals = append(l.Signals, Signal{name, NotConsulted, facts.Stores.Why})
		if k.Plan.SecretsToken.Given() {
			l.Signals[len(l.Signals)-1].State = Unanswered
		}
		return
	}
	var missing []string
	mark = len(l.Found)
	for _, s := range facts.Secrets {
		where := string(s.Kind) + " secrets"
		if s.Environment != "" {
			where = fmt.Sprintf("secrets of the environment %q", s.Environment)
		} else if s.Kind == github.EnvironmentSecrets {
			where = "the list of environments"
		}
		for _, n := range s.Names {
			f := Finding{ID: "stored-secret", Level: Warning, Name: n, Snippet: deletion(k, s, n), Evidence: fmt.Sprintf("%s, among the %s.", n, where)}
			switch workflow.ClassifySecret(n) {
			case workflow.NotNPM:
				continue
			case workflow.ReadOnly:
				f.Level = Notice
			}
			l.put(k, f)
		}
		if s.Unknown != nil {
			missing = append(missing, fmt.Sprintf("%s: %v", where, s.Unknown))
		}
	}
	if len(missing) > 0 {
		l.Signals = append(l.Signals, Signal{name, Unanswered, strings.Join(missing, ", ")})
		return
	}
	l.Listed = true
	l.signal(name, mark, "")
}

// deletion is the command that deletes a stored secret.
func deletion(k *Case, s github.Store, name string) string {
	if k.Plan.Run == nil {
		return ""
	}
	flags := map[github.Kind]string{
		github.OrganizationSecrets: " --org " + k.Plan.Run.Owner,
		github.DependabotSecrets:   " --app dependabot --repo " + k.Plan.Run.Repository,
	}[s.Kind]
	if flags == "" {
		flags = " --repo " + k.Plan.Run.Repository
	}
	if s.Environment != "" {
		flags += " --env '" + strings.ReplaceAll(s.Environment, "'", `'\''`) + "'"
	}
	return "gh secret delete " + name + flags
}

func (l *Leftovers) files(k *Case, facts *evidence.RunFacts) {
	const name = "workflows and configuration files"
	if facts.Repository == nil || !facts.Checkout.Consulted {
		l.Signals = append(l.Signals, Signal{name, NotConsulted, facts.Checkout.Why})
		if facts.Repository == nil {
			return
		}
	}
	project := k.Project
	if project == nil {
		project = NewProject(facts.Repository, k.Plan.Registry)
	}
	mark := len(l.Found)
	// Whoever is handed every secret is handed none of npm's where none is stored.
	none := facts.Stores.Consulted && l.Listed && !slices.ContainsFunc(l.Found, func(f Finding) bool { return f.ID == "stored-secret" })
	for _, f := range project.credentials() {
		if f.ID == "secrets-inherited" && none {
			f.Level = Notice
			f.Evidence += " No npm credential is stored, so none is handed over."
		}
		l.put(k, f)
	}
	found := len(l.Found) > mark
	var unread []string
	for _, u := range project.Unread {
		if project.matters(u) || slices.Contains([]string{".npmrc", ".yarnrc.yml", "bunfig.toml"}, path.Base(u.File)) {
			unread = append(unread, u.String())
		}
	}
	switch {
	case found:
		l.signal(name, mark, strings.Join(unread, ", "))
	case len(unread) > 0:
		l.Signals = append(l.Signals, Signal{name, Unanswered, strings.Join(unread[:min(len(unread), 10)], ", ")})
	case facts.Checkout.Consulted:
		l.signal(name, mark, "")
	}
}
