package diagnosis

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"verify-npm-release/internal/workflow"
)

// RepositoryURL is a package.json whose repository is missing or names another
// one than the run's: npm refuses provenance for it.
var RepositoryURL = Cause{
	ID:       "repository-url",
	Sentence: "package.json must name the repository that publishes in repository.url, or npm refuses the provenance; case counts, and each package of a monorepo needs it.",
	Mend:     "Set repository in the package's own package.json.",
	Snippet:  repositorySnippet,
	Explains: []string{"served", "provenance", "source"},
	After:    repositoryAfter,
	Before:   repositoryBefore,
}

func repositoryAfter(k *Case) []Finding {
	if k.Run == nil {
		return nil
	}
	f := Finding{Snippet: strings.Replace(repositorySnippet, "OWNER/REPOSITORY", k.Run.Repository, 1)}
	if k.Project != nil {
		for _, pkg := range k.Project.Packages {
			if pkg.Name.Text == k.Evidence.Release.Spec.Name {
				f.Pos = pkg.Repository.Pos
				if f.File == "" {
					f.Pos = workflow.Pos{File: pkg.File, Line: 1}
				}
			}
		}
	}
	if l, ok := k.said("Failed to validate repository information"); ok {
		f.Sure, f.Evidence = Said, quote(l)
		return []Finding{f}
	}
	if k.Manifest == nil || !k.unattested() {
		return nil
	}
	got := k.Manifest.Repository.URL
	switch name := repositoryName(got); {
	case got == "":
		f.Evidence = "The manifest names no repository."
	case name != k.Run.Repository:
		f.Evidence = fmt.Sprintf("The manifest names %q, this run is of %q.", got, k.Run.Repository)
	default:
		return nil
	}
	f.Sure = Seen
	return []Finding{f}
}

// repositorySnippet is the entry to paste, with OWNER/REPOSITORY to fill in.
const repositorySnippet = "\"repository\": {\n  \"type\": \"git\",\n  \"url\": \"git+https://github.com/OWNER/REPOSITORY.git\"\n}"

// asides are folders whose packages are for tests and shows, not for npm.
var asides = regexp.MustCompile(`(^|/)(__tests__|__fixtures__|tests?|fixtures?|testdata|examples?|templates?|e2e|playgrounds?|docs|website|demos?|benchmarks?|sandbox)(/|$)`)

func repositoryBefore(p *Project) []Finding {
	var found []Finding
	seen := map[*workflow.Package]bool{}
	note := func(pkg *workflow.Package, level Level, s *workflow.Site) {
		if pkg == nil || seen[pkg] || pkg.Private.Text == "true" || pkg.Name.Text == "" {
			return
		}
		seen[pkg] = true
		f := Finding{Level: level, Pos: pkg.Repository.Pos}
		text, literal := pkg.Repository.Literal()
		switch {
		case !pkg.Repository.Given() || literal && text == "":
			if f.File == "" {
				f.Pos = workflow.Pos{File: pkg.File, Line: max(pkg.Name.Pos.Line, 1)}
			}
			f.Evidence = fmt.Sprintf("%s names none, and %s publishes it.", pkg.Name.Text, where(s))
		case literal && repositoryName(text) == "":
			f.Evidence = fmt.Sprintf("%s names %q, which is no repository on github.com.", pkg.Name.Text, text)
		default:
			return
		}
		found = append(found, f)
	}
	for _, s := range p.Sites {
		c := s.Publish
		if pkg := p.packageOf(s); pkg != nil && pkg.Private.Text != "true" {
			note(pkg, Error, s)
			continue
		}
		if c.DirKnown && !several.MatchString(c.Command) && c.Tool.Client != "package manager" && c.Tool.ID != "lerna" {
			continue // a folder that a build makes
		}
		for _, pkg := range p.Packages {
			if pkg.Version.Text != "" && !asides.MatchString(path.Dir(pkg.File)) {
				note(pkg, Warning, s)
			}
		}
	}
	return found
}
