package diagnosis

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/workflow"
)

// Project is a repository seen as one that publishes to npm.
type Project struct {
	*workflow.Repository
	Sites []*workflow.Site // those that publish to npm, or may

	registry string // beside the public one, the registry that counts as npm; "" none
}

// NewProject looks at a repository. registry is the one its releases go to; ""
// is the public one.
func NewProject(r *workflow.Repository, registry string) *Project {
	p := &Project{Repository: r, registry: hostOf(registry)}
	for i := range r.Sites {
		if s := &r.Sites[i]; p.toNPM(s) {
			p.Sites = append(p.Sites, s)
		}
	}
	return p
}

// npmHosts are the public registry and its mirrors, which take publishes too.
var npmHosts = []string{"registry.npmjs.org", "registry.npmjs.com", "registry.yarnpkg.com"}

func hostOf(address string) string {
	address = strings.TrimPrefix(strings.TrimSpace(address), "//")
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

func (p *Project) isNPM(address string) bool {
	host := hostOf(address)
	return slices.Contains(npmHosts, host) || host != "" && host == p.registry
}

// toNPM says whether a site publishes to npm; what an expression decides may.
func (p *Project) toNPM(s *workflow.Site) bool {
	name := ""
	if pkg := p.packageOf(s); pkg != nil {
		name = pkg.Name.Text
	}
	for _, r := range s.Registries {
		if r.Scope != "" && name != "" && !strings.HasPrefix(name, strings.TrimPrefix("@"+strings.TrimPrefix(r.Scope, "@"), "")+"/") {
			continue
		}
		text, literal := r.Value.Literal()
		if text == "" && literal {
			continue
		}
		return !literal || strings.Contains(text, "${") || p.isNPM(text)
	}
	return true
}

// packageOf gives the one package a site publishes; nil when it is not known or
// there are several.
func (p *Project) packageOf(s *workflow.Site) *workflow.Package {
	c := s.Publish
	if !c.DirKnown || c.Tool.Client == "package manager" || c.Tool.ID == "lerna" || several.MatchString(c.Command) {
		return nil
	}
	dir := c.Dir
	if t, ok := c.Target.Literal(); ok && t != "" {
		dir = path.Join(dir, t)
	} else if c.Target.Given() && !ok {
		return nil
	}
	return p.Package(dir)
}

// sitesOf gives the sites of a run: those of its job, else those of its workflow.
func (p *Project) sitesOf(run *plan.Run) (sites []*workflow.Site, here bool) {
	var all []*workflow.Site
	for _, s := range p.Sites {
		if s.Entry == nil || s.Job == nil || s.Entry.File != run.File() {
			continue
		}
		all = append(all, s)
		if s.Job.Key == run.Job {
			sites = append(sites, s)
		}
	}
	if len(sites) > 0 {
		return sites, true
	}
	return all, false
}

// where names a site in a sentence: the command, its job.
func where(s *workflow.Site) string {
	text := fmt.Sprintf("%q at %s", s.Publish.Command, s.Publish.Pos)
	if s.Job != nil {
		text += fmt.Sprintf(" (job %s)", s.Job.Key)
	}
	return text
}

// first is the place of a site's command.
func at(s *workflow.Site) workflow.Pos { return s.Publish.Pos }

// credential gives the variable that hands a site an npm token, if any does.
func (p *Project) credential(s *workflow.Site) (workflow.Variable, bool) {
	for _, v := range s.Env {
		switch v.Form {
		case workflow.Expression, workflow.Indirect, workflow.Written:
			if !strings.Contains(v.Value.Text, "GITHUB_TOKEN") && !strings.Contains(v.Value.Text, "github.token") {
				return v, true
			}
		}
	}
	if s.Publish.Tool.ID == "js-devtools" && len(s.Steps) > 0 {
		if v := s.Steps[len(s.Steps)-1].Input("token"); v.Given() && v.Text != "" {
			return workflow.Variable{Name: "token", Value: v}, true
		}
	}
	return workflow.Variable{}, false
}

// repositoryName is owner/name of an address on github.com in any of the forms
// npm takes, "" for others.
func repositoryName(address string) string {
	text := strings.TrimPrefix(strings.TrimSpace(address), "git+")
	if rest, ok := strings.CutPrefix(text, "github:"); ok {
		text = "https://github.com/" + rest
	}
	if rest, ok := strings.CutPrefix(text, "git@github.com:"); ok {
		text = "https://github.com/" + rest
	}
	if !strings.Contains(text, ":") && strings.Count(text, "/") == 1 {
		text = "https://github.com/" + text
	}
	u, err := url.Parse(text)
	if err != nil || !strings.EqualFold(strings.TrimPrefix(u.Hostname(), "www."), "github.com") {
		return ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "/" + strings.TrimSuffix(parts[1], ".git")
}
