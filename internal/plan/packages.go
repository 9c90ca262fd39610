package plan

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"verify-npm-release/internal/npm"
)

// fromPackages reads the packages input: JSON, a file holding it, or the word
// workspaces.
func (p *Plan) fromPackages(text string) ([]candidate, error) {
	switch {
	case strings.EqualFold(text, "workspaces"):
		return p.fromWorkspaces()
	case strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{"):
		return p.fromJSON([]byte(text), "the list")
	}
	file := p.find(text)
	if file == "" {
		return nil, wrong("packages", "there is no file %s; want JSON like [{\"name\":\"@x/y\",\"version\":\"1.2.0\"}], a file holding it, or the word workspaces; name@version goes into package", quote(text))
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, wrong("packages", "%s cannot be opened: %v", quote(text), errors.Unwrap(err))
	}
	defer f.Close()
	raw, err := readAll(f, quote(text))
	if err != nil {
		return nil, wrong("packages", "%v", err)
	}
	return p.fromJSON(raw, quote(text))
}

// fromJSON reads a list of published packages, called name in errors:
// [{"name","version"}] as changesets gives it, {"publishedPackages":[…]} as pnpm
// does, or a list of folders as release-please does.
func (p *Plan) fromJSON(raw []byte, name string) ([]candidate, error) {
	if len(raw) > maxFile {
		return nil, wrong("packages", "%s is larger than 4 MiB", name)
	}
	var entries []jsontext.Value
	var err error
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '{' {
		var summary struct {
			Published *[]jsontext.Value `json:"publishedPackages"`
		}
		if err = parse(raw, &summary); err == nil && summary.Published == nil {
			return nil, wrong("packages", "%s has no \"publishedPackages\"; want {\"publishedPackages\":[{\"name\":\"@x/y\",\"version\":\"1.2.0\"}]}", name)
		}
		if err == nil {
			entries = *summary.Published
		}
	} else {
		err = parse(raw, &entries)
	}
	switch {
	case err != nil:
		return nil, wrong("packages", "%s %v", name, err)
	case len(entries) == 0:
		return nil, wrong("packages", "%s is empty, so there is nothing to verify; run this step only when something was published", name)
	case len(entries) > maxReleases:
		return nil, wrong("packages", "%s has %d entries; one run verifies at most %d", name, len(entries), maxReleases)
	}
	if entries[0].Kind() == '"' {
		return p.fromFolders(entries, name)
	}
	var found []candidate
	for i, entry := range entries {
		var e struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		}
		if err := json.Unmarshal(entry, &e); err != nil {
			return nil, wrong("packages", "entry %d of %s is not {\"name\":\"@x/y\",\"version\":\"1.2.0\"}", i+1, name)
		}
		e.Name, e.Version = strings.TrimSpace(e.Name), strings.TrimSpace(e.Version)
		for _, field := range []struct{ key, value string }{{"name", e.Name}, {"version", e.Version}} {
			if field.value == "" {
				return nil, wrong("packages", "entry %d of %s has no %q", i+1, name, field.key)
			}
		}
		spec, err := publishedSpec(e.Name, e.Version)
		if err != nil {
			return nil, wrong("packages", "entry %d of %s: %v", i+1, name, err)
		}
		found = append(found, candidate{spec: spec})
	}
	return found, nil
}

// fromFolders reads a list of folders, relative to the working directory.
func (p *Plan) fromFolders(entries []jsontext.Value, name string) ([]candidate, error) {
	root, at, err := p.checkout()
	if err != nil {
		return nil, wrong("packages", "open the checkout: %v", err)
	}
	defer root.Close()
	var dirs []string
	for i, entry := range entries {
		var dir string
		if err := json.Unmarshal(entry, &dir); err != nil {
			return nil, wrong("packages", "entry %d of %s is not a folder like the first one", i+1, name)
		}
		dir = path.Join(at, dir)
		if _, err := root.Stat(path.Join(dir, "package.json")); errors.Is(err, fs.ErrNotExist) {
			return nil, wrong("packages", "entry %d of %s: there is no %s", i+1, name, show(path.Join(dir, "package.json")))
		}
		dirs = append(dirs, dir)
	}
	return p.publishable(root, dirs)
}

// publishable returns what is published from the folders. What is private,
// unnamed or goes to another registry is left out with a note.
func (p *Plan) publishable(root *os.Root, dirs []string) ([]candidate, error) {
	var found []candidate
	left := map[string][]string{}
	leave := func(why, dir string, m *manifest) { left[why] = append(left[why], show(cmp.Or(m.Name, dir))) }
	for _, dir := range dirs {
		m, err := manifestIn(root, dir)
		if err != nil {
			return nil, wrong("packages", "%v", err)
		}
		if m.Private {
			leave("private", dir, m)
			continue
		}
		if m.Name == "" || m.Version == "" {
			leave("without name or version", dir, m)
			continue
		}
		c := candidate{folder: dir, tag: m.tag()}
		if c.spec, err = m.release(); err != nil {
			return nil, wrong("packages", "%s %v", show(path.Join(dir, "package.json")), err)
		}
		if text := m.registry(); text != "" {
			if c.registry, err = npm.NormalizeRegistry(text); err != nil {
				return nil, wrong("packages", "publishConfig.registry of %s: %v", show(path.Join(dir, "package.json")), err)
			}
		}
		found = append(found, c)
	}
	if len(found) == 1 && p.Registry == "" {
		p.Registry = found[0].registry
	}
	p.Registry = cmp.Or(p.Registry, npm.PublicRegistry)
	kept := found[:0]
	for _, c := range found {
		if c.registry != "" && c.registry != p.Registry {
			leave("published to "+c.registry, c.folder, &manifest{Name: c.spec.Name})
			continue
		}
		kept = append(kept, c)
	}
	p.noteLeft(left)
	if len(kept) == 0 {
		return nil, wrong("packages", "nothing to verify at %s: %s", p.Registry, strings.Join(p.Notes, "; "))
	}
	return kept, nil
}

// noteLeft says what was left out, a sentence for each reason.
func (p *Plan) noteLeft(left map[string][]string) {
	for _, why := range sorted(left) {
		p.note("left out, %s: %s", why, some(left[why]))
	}
}

// some names the first of many.
func some(names []string) string {
	const most = 10
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
