package diagnosis

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"verify-npm-release/internal/workflow"
)

// several matches commands that publish more than one package.
var several = regexp.MustCompile(`(^|\s)(-r|--recursive|-w|--workspaces?|--filter|-F|-ws|workspaces|foreach)(=|\s|$)`)

// answer is yes, no or not known.
type answer int

const (
	unknown answer = iota
	yes
	no
)

// reaches says whether a version, range or tag can mean one that is at least
// want. latest can; what is no range is not known.
func reaches(text, want string) answer {
	text = strings.TrimSpace(strings.TrimPrefix(text, "v"))
	switch strings.ToLower(text) {
	case "latest", "next", "*", "x":
		return yes
	case "":
		return unknown
	}
	least := semver.MustParse(want)
	if v, err := semver.StrictNewVersion(text); err == nil {
		if v.LessThan(least) {
			return no
		}
		return yes
	}
	c, err := semver.NewConstraint(text)
	if err != nil {
		return unknown
	}
	// A range allows one that is new enough, or none of these: the versions npm
	// and its kin number by.
	for major := least.Major(); major < least.Major()+20; major++ {
		for minor := range uint64(60) {
			for _, patch := range []uint64{0, 1, 2, 3, 5, 10, 50} {
				v := semver.New(major, minor, patch, "", "")
				if !v.LessThan(least) && c.Check(v) {
					return yes
				}
			}
		}
	}
	return no
}

// older says that got is a version and less than want.
func older(got, want string) bool {
	g, err := semver.NewVersion(got)
	if err != nil || want == "" {
		return false
	}
	// npm's own prereleases (11.5.1-pre.0) count as what they become.
	g2, _ := g.SetPrerelease("")
	return g2.LessThan(semver.MustParse(want))
}

// client is the program that uploads at a site, as far as files tell.
type client struct {
	Enough answer
	Pos    workflow.Pos
	Why    string // what it rests on
}

// npmAt says whether the npm that a site runs is at least want.
func npmAt(s *workflow.Site, want string) client {
	p := s.Publish
	if p.Version != "" && p.Tool.Client == "npm" && p.Tool.ID != "js-devtools" && p.Tool.ID != "np" && p.Tool.ID != "pnpm" {
		return client{reaches(p.Version, want), p.Pos, fmt.Sprintf("the command runs npm %s", p.Version)}
	}
	for i := len(s.Upgrades) - 1; i >= 0; i-- {
		u := s.Upgrades[i]
		if u.Tool != "npm" {
			continue
		}
		text, literal := u.Version.Literal()
		if !literal {
			return client{unknown, u.Pos, "an expression decides which npm is installed"}
		}
		return client{reaches(text, want), u.Pos, fmt.Sprintf("npm %s is installed there", text)}
	}
	n := s.Node
	if n == nil {
		return client{unknown, at(s), "no step sets up Node.js, so the npm of the runner's image publishes"}
	}
	if n.Major == 0 {
		return client{unknown, n.Pos, n.Why}
	}
	pos := nodePos(n)
	bundled, known := workflow.BundledNPM(n.Major)
	least := semver.MustParse(want)
	brings := fmt.Sprintf("Node.js %s brings npm %d, and no step before the publish upgrades it", n.Version.Text, bundled)
	switch {
	case n.Major < 18:
		return client{no, pos, fmt.Sprintf("Node.js %s brings an npm older than 11, and no step before the publish upgrades it", n.Version.Text)}
	case !known:
		return client{yes, pos, ""}
	case uint64(bundled) < least.Major():
		return client{no, pos, brings}
	case !n.Floating:
		return client{unknown, pos, fmt.Sprintf("Node.js %s is pinned, and which npm %d it brings depends on it", n.Version.Text, bundled)}
	}
	return client{yes, pos, brings}
}

// nodePos is where the version of Node.js is written, else the step.
func nodePos(n *workflow.Node) workflow.Pos {
	if n.Version.Given() {
		return n.Version.Pos
	}
	return n.Pos
}

// toolAt gives the version of a tool that a site uses: the one its command
// pins, an upgrade before it, packageManager, or a dependency.
func (p *Project) toolAt(s *workflow.Site, name string) workflow.Value {
	if s.Publish.Version != "" && strings.TrimSuffix(s.Publish.Tool.ID, "-stage") == name {
		return workflow.Value{Text: s.Publish.Version, Pos: s.Publish.Pos}
	}
	for i := len(s.Upgrades) - 1; i >= 0; i-- {
		if s.Upgrades[i].Tool == name {
			return s.Upgrades[i].Version
		}
	}
	for _, dir := range []string{s.Publish.Dir, "."} {
		pkg := p.Package(dir)
		if pkg == nil {
			continue
		}
		if v, ok := strings.CutPrefix(pkg.PackageManager.Text, name+"@"); ok {
			v, _, _ = strings.Cut(v, "+")
			return workflow.Value{Text: v, Pos: pkg.PackageManager.Pos}
		}
		if v := pkg.Tool(name); v.Given() {
			return v
		}
	}
	return workflow.Value{}
}

// uploader says who uploads at a site and whether it knows trusted publishing:
// npm, whose version counts, or the tool itself with the answer.
func (p *Project) uploader(s *workflow.Site) (byNPM bool, own client) {
	t := s.Publish.Tool
	switch t.ID {
	case "yarn-classic", "bun":
		return false, client{no, at(s), t.Title + " has no trusted publishing in any version"}
	case "npm", "npm-stage", "np", "js-devtools":
		return true, client{}
	case "changesets", "release-it", "nx", "pnpm":
		// These run pnpm where the project does, and pnpm 11 publishes by itself.
		if v := p.toolAt(s, "pnpm"); v.Given() {
			if text, ok := v.Literal(); ok && t.ID != "nx" {
				switch reaches(text, "11.0.0") {
				case yes:
					return false, client{Enough: yes, Pos: v.Pos}
				case unknown:
					return false, client{Enough: unknown, Pos: v.Pos, Why: "which pnpm runs is not known"}
				}
				return true, client{}
			}
			return false, client{Enough: unknown, Pos: v.Pos, Why: "an expression decides which pnpm runs"}
		}
		if t.ID == "pnpm" {
			return false, client{Enough: unknown, Pos: at(s), Why: "which pnpm runs is not known: 11 and newer publish by themselves, older ones run npm"}
		}
		return true, client{}
	}
	name := map[string]string{"pnpm-stage": "pnpm"}[t.ID]
	if name == "" {
		name = t.ID
	}
	v := p.toolAt(s, name)
	text, literal := v.Literal()
	if !v.Given() || !literal {
		return false, client{unknown, at(s), "which version of " + name + " runs is not known"}
	}
	pos := v.Pos
	if pos.File == "" {
		pos = at(s)
	}
	return false, client{reaches(text, t.OIDC), pos, fmt.Sprintf("%s %s is used, and trusted publishing came with %s", name, text, t.OIDC)}
}
