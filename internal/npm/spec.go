package npm

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Spec is one release: an exact version of one package. Version is "" where
// only a package is named.
type Spec struct{ Name, Version string }

// ParseSpec reads "name@version" or "name". It forgives what people paste:
// spaces around, a leading "npm:", a trailing "/", and "v" or "=" before the
// version. It refuses ranges and tags, names that npm refuses ([ValidName]), and
// versions that are not strict semver 2.0.0 (semver.org): what is verified is one
// exact version.
func ParseSpec(text string) (Spec, error) {
	t := strings.TrimSpace(text)
	if len(t) > maxName+maxVersion+16 {
		return Spec{}, fmt.Errorf("package %s: longer than any name and version", excerpt(t))
	}
	t = strings.TrimSpace(strings.TrimPrefix(t, "npm:"))
	t = strings.TrimRight(t, "/ ")
	name, version, named := t, "", false
	if i := strings.LastIndexByte(t, '@'); i > 0 {
		name, version, named = strings.TrimSpace(t[:i]), strings.TrimSpace(t[i+1:]), true
	}
	if err := ValidName(name); err != nil {
		return Spec{}, err
	}
	if !named {
		return Spec{Name: name}, nil
	}
	v := strings.TrimSpace(strings.TrimPrefix(version, "="))
	if len(v) > 1 && (v[0] == 'v' || v[0] == 'V') && v[1] >= '0' && v[1] <= '9' {
		v = v[1:]
	}
	if err := validVersion(v); err != nil {
		return Spec{}, fmt.Errorf("package %s: version %s is %w; want one exact version like 1.2.3", excerpt(name), excerpt(version), err)
	}
	return Spec{Name: name, Version: v}, nil
}

// String returns name@version, or the name alone.
func (s Spec) String() string {
	if s.Version == "" {
		return s.Name
	}
	return s.Name + "@" + s.Version
}

// PURL returns the package URL that npm writes into attestations: only the
// leading @ is encoded, a +build is kept (npm-package-arg lib/npa.js toPurl).
func (s Spec) PURL() string {
	name := s.Name
	if strings.HasPrefix(name, "@") {
		name = "%40" + name[1:]
	}
	return "pkg:npm/" + Spec{name, s.Version}.String()
}

// EscapedName returns the name as npm writes it into URLs: @scope%2fname
// (npm-package-arg lib/npa.js setName).
func (s Spec) EscapedName() string { return strings.Replace(s.Name, "/", "%2f", 1) }

// exact returns an error unless s names one release.
func (s Spec) exact() error {
	if err := ValidName(s.Name); err != nil {
		return err
	}
	if err := validVersion(s.Version); err != nil {
		return fmt.Errorf("version %s is %w", excerpt(s.Version), err)
	}
	return nil
}

var (
	// friendly is what encodeURIComponent leaves as it is.
	friendly = regexp.MustCompile(`^[A-Za-z0-9\-_.!~*'()]+$`)
	scoped   = regexp.MustCompile(`^@([^/]+)/([^/]+)$`)
)

// ValidName returns nil for a name that npm's registry may serve: what
// validate-npm-package-name calls validForOldPackages, so mixed case and core
// module names pass, in at most 512 bytes.
func ValidName(name string) error {
	refuse := func(why string) error { return fmt.Errorf("package name %s %s", excerpt(name), why) }
	switch {
	case name == "":
		return errors.New("package name is empty")
	case len(name) > maxName:
		return refuse("is too long")
	case strings.ContainsAny(name[:1], ".-_"):
		return refuse("starts with a period, hyphen or underscore")
	case strings.EqualFold(name, "node_modules"), strings.EqualFold(name, "favicon.ico"):
		return refuse("is reserved by npm")
	}
	if friendly.MatchString(name) {
		return nil
	}
	m := scoped.FindStringSubmatch(name)
	if m == nil || !friendly.MatchString(m[1]) || !friendly.MatchString(m[2]) {
		return refuse("is neither a name nor @scope/name in URL-friendly characters")
	}
	if m[2][0] == '.' {
		return refuse("starts with a period after its scope")
	}
	return nil
}

var tag = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._\-]*$`)

// validVersion returns nil for a strict semver 2.0.0 version within
// node-semver's limits, else an error that reads after "version x is".
func validVersion(v string) error {
	if v == "" {
		return errors.New("empty")
	}
	if len(v) > maxVersion {
		return errors.New("too long")
	}
	parsed, err := semver.StrictNewVersion(v)
	if err == nil {
		for _, n := range []uint64{parsed.Major(), parsed.Minor(), parsed.Patch()} {
			if n > 1<<53-1 { // Number.MAX_SAFE_INTEGER, node-semver's limit
				return errors.New("beyond npm's largest number " + strconv.Itoa(1<<53-1))
			}
		}
		return nil
	}
	if _, err := semver.NewConstraint(v); err == nil {
		return errors.New("a range, not a version")
	}
	if tag.MatchString(v) {
		return errors.New("a tag, not a version")
	}
	return errors.New("not a semver version")
}
