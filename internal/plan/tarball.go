package plan

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"verify-npm-release/internal/npm"
)

// tarballs finds what this job packed and gives each release its own.
func (p *Plan) tarballs(in map[string]string) error {
	text := in["tarball"]
	if text == "" {
		return nil
	}
	files, err := p.packed(text)
	switch {
	case err != nil:
		return wrong("tarball", "%v", err)
	case len(files) == 0:
		return wrong("tarball", "no file matches %s, neither in working-directory nor where the program runs", quote(text))
	case len(p.Releases) == 1 && len(files) > 1:
		return wrong("tarball", "%s matches %d files and one release is verified; name one of %s", quote(text), len(files), some(names(files)))
	case len(p.Releases) == 1:
		p.Releases[0].Tarball = files[0]
		return nil
	}
	taken := map[string]npm.Spec{}
	for i, r := range p.Releases {
		want := packedName(r.Spec)
		var mine []string
		for _, f := range files {
			if filepath.Base(f) == want {
				mine = append(mine, f)
			}
		}
		switch {
		case len(mine) == 0:
			return wrong("tarball", "%s matches no %s, as npm pack names %s; it matches %s", quote(text), want, r.Spec, some(names(files)))
		case len(mine) > 1:
			return wrong("tarball", "%s matches more than one %s: %s", quote(text), want, some(mine))
		case taken[mine[0]] != npm.Spec{}:
			return wrong("tarball", "%s would be that of %s and of %s; verify them in two runs", want, taken[mine[0]], r.Spec)
		}
		taken[mine[0]], p.Releases[i].Tarball = r.Spec, mine[0]
	}
	return nil
}

// packedName is the file npm pack writes (npm lib/utils/tar.js).
func packedName(s npm.Spec) string {
	return strings.Replace(strings.Replace(s.Name, "@", "", 1), "/", "-", 1) + "-" + s.Version + ".tgz"
}

func names(files []string) []string {
	var out []string
	for _, f := range files {
		out = append(out, filepath.Base(f))
	}
	return out
}

// packed returns the regular files that text names or matches: in the working
// directory, else in the folder the program runs in.
func (p *Plan) packed(text string) ([]string, error) {
	if file := p.find(text); file != "" {
		return []string{file}, nil
	}
	places := []string{p.WorkingDirectory, "."}
	if filepath.IsAbs(text) {
		places = []string{filepath.VolumeName(text) + string(filepath.Separator)}
		text = text[len(places[0]):]
	}
	for _, place := range places {
		files, err := glob(place, filepath.ToSlash(text))
		if err != nil || len(files) > 0 {
			return files, err
		}
	}
	return nil, nil
}

// glob returns the regular files below place that text matches. The names
// before the first wildcard may lead anywhere; from there on no link leads out.
func glob(place, text string) ([]string, error) {
	at, rest := "", text
	for {
		name, after, more := strings.Cut(rest, "/")
		if !more || strings.ContainsAny(name, `*?[{`) {
			break
		}
		at, rest = filepath.Join(at, name), after
	}
	place = filepath.Join(place, at)
	patterns, err := parseGlob(".", rest)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(place); err != nil || !info.IsDir() {
		return nil, nil
	}
	root, err := os.OpenRoot(place)
	if err != nil {
		return nil, refused(place, err)
	}
	defer root.Close()
	if patterns[0].negated {
		return nil, fmt.Errorf("%s starts with !; want the file or a glob of it", quote(rest))
	}
	w := walker{root: root, files: true, found: map[string]bool{}}
	for _, g := range patterns {
		if err := w.expand(g); err != nil {
			return nil, err
		}
	}
	var files []string
	for _, name := range slices.Sorted(maps.Keys(w.found)) {
		files = append(files, filepath.Join(place, name))
	}
	return files, nil
}
