package plan

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"verify-npm-release/internal/npm"
)

// candidate is a release that was named, and what its package.json says.
type candidate struct {
	spec     npm.Spec
	folder   string // folder of its package.json below the workspace, "" none
	tag      string // publishConfig.tag
	registry string // publishConfig.registry, normalised
}

// releases resolves what to verify, at which registry, under which dist-tag.
func (p *Plan) releases(in map[string]string) (err error) {
	if tag := in["dist-tag"]; tag != "" {
		if err := validTag(tag); err != nil {
			return wrong("dist-tag", "%s %v; want a word like latest or next", quote(tag), err)
		}
	}
	if in["registry-url"] != "" {
		if p.Registry, err = npm.NormalizeRegistry(in["registry-url"]); err != nil {
			return wrong("registry-url", "%v", err)
		}
	}
	var found []candidate
	switch {
	case in["packages"] != "":
		found, err = p.fromPackages(in["packages"])
	case in["package"] != "":
		found, err = p.fromPackage(in["package"], in["dist-tag"])
	case p.Offline != "":
		found = []candidate{{}} // the folder says which release it holds
	default:
		found, err = p.fromWorkingDirectory()
	}
	if err != nil {
		return err
	}
	if p.Registry == "" {
		p.Registry = npm.PublicRegistry
	}
	seen := map[npm.Spec]bool{}
	for _, c := range found {
		if seen[c.spec] {
			continue
		}
		seen[c.spec] = true
		p.Releases = append(p.Releases, c.release(in["dist-tag"], p.Offline != ""))
	}
	if len(p.Releases) > maxReleases {
		return wrong(which(in), "names %d releases; one run verifies at most %d", len(p.Releases), maxReleases)
	}
	if len(p.Releases) > 1 && p.Offline != "" {
		return wrong("offline", "an evidence folder holds one release, and %d are named", len(p.Releases))
	}
	return nil
}

func which(in map[string]string) string {
	if in["packages"] != "" {
		return "packages"
	}
	return "package"
}

// release decides the dist-tag: the input, publishConfig.tag, else the default.
func (c candidate) release(tag string, offline bool) Release {
	r := Release{Spec: c.spec, DistTag: tag}
	if r.DistTag == "" {
		r.DistTag = c.tag
	}
	r.DistTagGiven = r.DistTag != ""
	switch {
	case r.DistTagGiven:
	case c.spec.Version != "":
		r.DistTag = DefaultDistTag(c.spec.Version)
	case !offline:
		r.DistTag = "latest" // decides the version
	}
	return r
}

// DefaultDistTag returns the tag that npm publish sets when none is asked for:
// latest for a stable version; "" for a prerelease, which must name one, and for
// what is no version.
func DefaultDistTag(version string) string {
	v, err := semver.StrictNewVersion(version)
	if err != nil || v.Prerelease() != "" {
		return ""
	}
	return "latest"
}

// rangelike is what node-semver reads as a version or range, spaces apart.
var rangelike = regexp.MustCompile(`^([<>=~^v]*([*xX]|\d+)(\.([*xX]|\d+)(\.([*xX]|\d+)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)?)?|.*\|\|.*)$`)

// validTag returns an error for a tag npm dist-tag refuses or cannot address.
func validTag(tag string) error {
	if strings.ContainsFunc(tag, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\?#%"`, r) }) || len(tag) > 256 {
		return errors.New("is not a dist-tag")
	}
	if tag == "" || rangelike.MatchString(tag) {
		return errors.New("reads as a version or range, which npm refuses as a dist-tag")
	}
	return nil
}

// fromPackage reads the package input. A name without version takes it from
// package.json of that name; where none says it and this run is not expected,
// the dist-tag decides, which is noted.
func (p *Plan) fromPackage(text, tag string) ([]candidate, error) {
	names := list(text)
	if len(names) == 0 {
		return nil, wrong("package", "%s names nothing; want name@version", quote(text))
	}
	// Only a help here: a checkout without a usable package.json is no obstacle.
	here, err := p.readManifest(".")
	if err != nil {
		here = nil
	}
	var found []candidate
	for _, name := range names {
		spec, err := npm.ParseSpec(name)
		if err != nil {
			return nil, wrong("package", "%v", err)
		}
		c := candidate{spec: spec}
		if here != nil && here.Name == spec.Name && p.Offline == "" {
			if err := p.fromHere(&c, here, len(names) == 1); err != nil {
				return nil, err
			}
		}
		if c.spec.Version == "" && p.Offline == "" {
			if p.Expect.Mode == ThisRun {
				return nil, wrong("package", "%s names no version, and expect this-run is about one: write %[2]s@1.2.3, or set working-directory to where its package.json is",
					quote(name), spec.Name)
			}
			p.note("%s: no version given, so the one that dist-tag %s points at is verified", spec.Name, cmp.Or(tag, "latest"))
		}
		found = append(found, c)
	}
	return found, nil
}

// fromHere completes c with what package.json of the same name says.
func (p *Plan) fromHere(c *candidate, here *manifest, alone bool) error {
	version, err := here.release()
	if err == nil && c.spec.Version == "" {
		c.spec = version
		p.note("%s: version %s is that of package.json", version.Name, version.Version)
	}
	if err == nil && c.spec == version {
		c.tag = here.tag()
	}
	if alone && p.Registry == "" {
		return p.adoptRegistry(here)
	}
	return nil
}

// adoptRegistry takes publishConfig.registry as the registry of the run.
func (p *Plan) adoptRegistry(m *manifest) (err error) {
	text := m.registry()
	if text == "" {
		return nil
	}
	if p.Registry, err = npm.NormalizeRegistry(text); err != nil {
		return wrong("registry-url", "publishConfig.registry of package.json: %v", err)
	}
	if p.Registry != npm.PublicRegistry {
		p.note("registry %s is that of publishConfig in package.json", p.Registry)
	}
	return nil
}

// fromWorkingDirectory takes the one package of the working directory.
func (p *Plan) fromWorkingDirectory() ([]candidate, error) {
	const instead = "give package: name@version, or set working-directory to where it is"
	m, err := p.readManifest(".")
	switch {
	case err != nil:
		return nil, wrong("package", "%v; %s", err, instead)
	case m.Private && len(m.Workspaces) > 0:
		return nil, wrong("package", "package.json is private, the root of workspaces: set packages to workspaces, or to the list of what was published")
	case m.Private:
		return nil, wrong("package", "package.json says private: true, so npm publishes nothing from here; %s", instead)
	}
	spec, err := m.release()
	if err != nil {
		return nil, wrong("package", "package.json %v; %s", err, instead)
	}
	c := candidate{spec: spec, tag: m.tag()}
	if p.Registry == "" {
		err = p.adoptRegistry(m)
	}
	return []candidate{c}, err
}

func (p *Plan) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(p.Notes, n) {
		p.Notes = append(p.Notes, n)
	}
}
