package plan

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// Bounds of one expansion: alternatives of braces, names looked at, folders in
// each other.
const (
	maxBraces = 256
	maxNames  = 200_000
	maxDepth  = 100
)

// pattern is one glob as segments between slashes: "**" any number of folders,
// the rest as path.Match. Braces are expanded before.
type pattern struct {
	segments []segment
	negated  bool
}

type segment struct {
	text string
	glob bool // else text is a name
}

func (g pattern) String() string {
	var names []string
	for _, s := range g.segments {
		names = append(names, s.text)
	}
	return path.Clean(strings.Join(names, "/"))
}

var extended = regexp.MustCompile(`[@!+?*]\(|\{[^{},]*\.\.[^{},]*\}`)

// parseGlob reads one glob of the folder at, which is a name. "!" before it
// negates; a leading "/" or "./" and a backslash for a slash are forgiven, as npm
// forgives them. It refuses what leads above the top and what it does not know:
// extended globs and ranges.
func parseGlob(at, text string) ([]pattern, error) {
	trimmed := strings.TrimSpace(text)
	rest := strings.TrimLeft(trimmed, "!")
	negated := (len(trimmed)-len(rest))%2 == 1
	rest = strings.ReplaceAll(rest, `\`, "/")
	if extended.MatchString(trimmed) {
		return nil, fmt.Errorf("%s uses an extended glob or a range, which are not read here; write the folders out", quote(text))
	}
	alternatives, err := braces(rest)
	if err != nil {
		return nil, fmt.Errorf("%s %w", quote(text), err)
	}
	var out []pattern
	for _, a := range alternatives {
		g := pattern{negated: negated}
		for name := range strings.SplitSeq(path.Clean(at), "/") {
			g.segments = append(g.segments, segment{text: name})
		}
		if err := g.add(a); err != nil {
			return nil, fmt.Errorf("%s %w", quote(text), err)
		}
		out = append(out, g)
	}
	return out, nil
}

// add appends the segments of a glob without braces.
func (g *pattern) add(text string) error {
	g.segments = slices.DeleteFunc(g.segments, func(s segment) bool { return s.text == "." })
	for name := range strings.SplitSeq(text, "/") {
		s := segment{text: strings.ReplaceAll(name, "[!", "[^"), glob: strings.ContainsAny(name, "*?[")}
		last := len(g.segments) - 1
		switch {
		case name == "" || name == ".":
		case name == ".." && last < 0:
			return errors.New("leads outside the workspace")
		case name == ".." && g.segments[last].glob:
			return errors.New("goes up again behind a wildcard; write the folder out")
		case name == "..":
			g.segments = g.segments[:last]
		default:
			if _, err := path.Match(s.text, ""); s.glob && err != nil {
				return errors.New("is not a glob: a bracket is not closed")
			}
			g.segments = append(g.segments, s)
		}
	}
	return nil
}

// braces expands {a,b}, also nested. A brace without comma is a name.
func braces(text string) ([]string, error) {
	todo, done := []string{text}, []string(nil)
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		open, parts, rest := innermost(t)
		if parts == nil {
			done = append(done, t)
			continue
		}
		for i := len(parts) - 1; i >= 0; i-- {
			todo = append(todo, t[:open]+parts[i]+rest)
		}
		if len(todo)+len(done) > maxBraces {
			return nil, errors.New("has too many alternatives in braces")
		}
	}
	return done, nil
}

// innermost returns the first {a,b} that holds no other brace: where it opens,
// its parts, and what follows. parts is nil where there is none.
func innermost(t string) (open int, parts []string, rest string) {
	open = -1
	for i, r := range t {
		switch {
		case r == '{':
			open = i
		case r == '}' && open >= 0:
			if parts = strings.Split(t[open+1:i], ","); len(parts) > 1 {
				return open, parts, t[i+1:]
			}
			open = -1
		}
	}
	return -1, nil, ""
}

// match says whether the pattern means the path, hidden names included.
func (g pattern) match(name string) bool {
	names := strings.Split(name, "/")
	if name == "." {
		names = nil
	}
	// reach[i] says that the segments so far can consume names[:i].
	reach := make([]bool, len(names)+1)
	reach[0] = true
	for _, s := range g.segments {
		next := make([]bool, len(reach))
		for i, ok := range reach {
			switch {
			case s.glob && s.text == "**":
				next[i] = ok || i > 0 && next[i-1]
			case i > 0 && reach[i-1]:
				next[i] = s.match(names[i-1])
			}
		}
		reach = next
	}
	return reach[len(names)]
}

func (s segment) match(name string) bool {
	if !s.glob {
		return s.text == name
	}
	ok, err := path.Match(s.text, name)
	return ok && err == nil
}

// walker expands patterns below root, to folders or to files. It goes into no
// node_modules, into hidden folders only by name, and follows symbolic links
// inside root alone, none for "**". A link out of root is an error.
type walker struct {
	root  *os.Root
	files bool            // find regular files, not folders
	found map[string]bool // paths relative to root
	names int             // looked at so far
	seen  map[state]bool  // of one pattern, done
}

// state is a folder that was reached and how many segments are left from it.
type state struct {
	dir  string
	left int
}

func (w *walker) expand(g pattern) error {
	w.seen = map[state]bool{}
	return w.step(".", g.segments)
}

// step goes on from a folder with the segments that are left.
func (w *walker) step(dir string, left []segment) error {
	here := state{dir, len(left)}
	if w.seen[here] {
		return nil
	}
	w.seen[here] = true
	if strings.Count(dir, "/") > maxDepth {
		return fmt.Errorf("%s lies too deep", show(dir))
	}
	if len(left) == 0 {
		if !w.files {
			w.found[dir] = true
		}
		return nil
	}
	s := left[0]
	if !s.glob {
		return w.enter(path.Join(dir, s.text), left[1:])
	}
	deep := s.text == "**"
	if deep {
		if err := w.step(dir, left[1:]); err != nil {
			return err
		}
	}
	entries, err := w.read(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if name == "node_modules" || name[0] == '.' && s.text[0] != '.' {
			continue
		}
		switch {
		case deep && e.IsDir():
			err = w.step(path.Join(dir, name), left)
		case deep && w.files && len(left) == 1, !deep && s.match(name):
			err = w.enter(path.Join(dir, name), left[1:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enter goes on from a name that matched, if it is what is looked for.
func (w *walker) enter(name string, left []segment) error {
	if w.names++; w.names > maxNames {
		return errors.New("too many files to look at; write narrower globs")
	}
	info, err := w.root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return nil
	case err != nil:
		return refused(name, err)
	case info.IsDir():
		return w.step(name, left)
	case w.files && len(left) == 0 && info.Mode().IsRegular():
		w.found[name] = true
	}
	return nil
}

// read lists a folder, sorted; what is no folder is empty.
func (w *walker) read(dir string) ([]fs.DirEntry, error) {
	f, err := w.root.Open(dir)
	if err != nil {
		return nil, refused(dir, err)
	}
	defer f.Close()
	entries, err := f.ReadDir(maxNames - w.names + 1)
	if err != nil && err != io.EOF {
		return nil, refused(dir, err)
	}
	if w.names += len(entries); w.names > maxNames {
		return nil, errors.New("too many files to look at; write narrower globs")
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}
