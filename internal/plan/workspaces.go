package plan

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"
)

const maxPatterns = 1000

// fromWorkspaces finds the workspaces of the working directory: those of
// pnpm-workspace.yaml, else "workspaces" of package.json as npm and yarn read it.
func (p *Plan) fromWorkspaces() ([]candidate, error) {
	root, at, err := p.checkout()
	if err != nil {
		return nil, wrong("packages", "open the checkout: %v", err)
	}
	defer root.Close()
	w, err := readWorkspaces(root, at)
	if err != nil {
		return nil, wrong("packages", "%v", err)
	}
	dirs, err := w.folders(root, at)
	if err != nil {
		return nil, wrong("packages", "workspaces of %s: %v", show(w.file), err)
	}
	if len(dirs) == 0 {
		return nil, wrong("packages", "no folder with a package.json matches the workspaces of %s: %s", show(w.file), quote(some(w.globs)))
	}
	if m, err := manifestIn(root, at); err == nil && !m.Private && m.Name != "" && !slices.Contains(dirs, path.Clean(at)) {
		p.note("left out, the root and no workspace: %s", show(m.Name))
	}
	return p.publishable(root, dirs)
}

// workspaces is a list of globs and who reads it.
type workspaces struct {
	file  string
	globs []string
	pnpm  bool
}

func readWorkspaces(root *os.Root, at string) (*workspaces, error) {
	w := &workspaces{file: path.Join(at, "pnpm-workspace.yaml"), pnpm: true}
	raw, err := readIn(root, w.file)
	if err == nil {
		if w.globs, err = pnpmGlobs(raw); err != nil {
			return nil, errors.New(show(w.file) + " " + err.Error())
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(w.globs) == 0 {
		m, err := manifestIn(root, at)
		if err != nil {
			return nil, err
		}
		w = &workspaces{file: path.Join(at, "package.json")}
		if w.globs, err = m.globs(); err != nil {
			return nil, errors.New(show(w.file) + " " + err.Error())
		}
	}
	switch {
	case len(w.globs) == 0:
		return nil, errors.New("neither pnpm-workspace.yaml nor package.json in working-directory lists workspaces")
	case len(w.globs) > maxPatterns:
		return nil, errors.New(show(w.file) + " lists more than 1000 workspace globs")
	}
	return w, nil
}

// pnpmGlobs reads pnpm-workspace.yaml (pnpm.io "pnpm-workspace.yaml").
func pnpmGlobs(raw []byte) ([]string, error) {
	var file struct {
		Packages []string `yaml:"packages"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		return nil, errors.New("cannot be read: " + quote(err.Error()))
	}
	return file.Packages, nil
}

// globs reads "workspaces" of package.json: a list, or {"packages": list}.
func (m *manifest) globs() ([]string, error) {
	var globs []string
	var err error
	switch m.Workspaces.Kind() {
	case '[':
		err = json.Unmarshal(m.Workspaces, &globs)
	case '{':
		var object struct {
			Packages []string `json:"packages"`
		}
		err = json.Unmarshal(m.Workspaces, &object)
		globs = object.Packages
	case 'n', 0:
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		return nil, errors.New(`has no list of folders in "workspaces"; want ["packages/*"] or {"packages":["packages/*"]}`)
	}
	return globs, nil
}

// folders returns the folders with a package.json that the globs mean, relative
// to root and sorted. at is the folder of the globs.
//
// In npm a later glob takes back an earlier "!" that covers it
// (@npmcli/map-workspaces appendNegatedPatterns); in pnpm a "!" always holds, and
// the root is a workspace too (@pnpm/fs.find-packages).
func (w *workspaces) folders(root *os.Root, at string) ([]string, error) {
	var wanted, unwanted []pattern
	for _, text := range w.globs {
		patterns, err := parseGlob(at, text)
		if err != nil {
			return nil, err
		}
		for _, g := range patterns {
			if g.negated {
				unwanted = append(unwanted, g)
				continue
			}
			if !w.pnpm {
				unwanted = slices.DeleteFunc(unwanted, func(n pattern) bool { return n.match(g.String()) })
			}
			wanted = append(wanted, g)
		}
	}
	walk := walker{root: root, found: map[string]bool{}}
	for _, g := range wanted {
		if err := walk.expand(g); err != nil {
			return nil, err
		}
	}
	if w.pnpm {
		walk.found[path.Clean(at)] = true
	}
	var dirs []string
	for _, dir := range slices.Sorted(maps.Keys(walk.found)) {
		if slices.ContainsFunc(unwanted, func(n pattern) bool { return n.match(dir) }) {
			continue
		}
		_, err := root.Stat(path.Join(dir, "package.json"))
		switch {
		case err == nil:
			dirs = append(dirs, dir)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, refused(path.Join(dir, "package.json"), err)
		case w.pnpm:
			// pnpm reads two more forms. Left out in silence, a release would go unverified.
			for _, other := range []string{"package.yaml", "package.json5"} {
				if _, err := root.Stat(path.Join(dir, other)); err == nil {
					return nil, errors.New(show(path.Join(dir, other)) + " is not read here, only package.json; name the releases in package or in a list")
				}
			}
		}
	}
	if len(dirs) > maxReleases {
		return nil, errors.New("more than 10000 folders match")
	}
	return dirs, nil
}

func sorted(m map[string][]string) []string { return slices.Sorted(maps.Keys(m)) }
