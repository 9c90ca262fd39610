package workflow

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Limits of one repository. Beyond them the rest is Unread.
const (
	maxFile       = 1 << 20 // bytes of one file; GitHub itself takes workflows up to 512 KiB
	maxWorkflows  = 1000
	maxConfigs    = 1000   // package.json and configuration files, each
	maxEntries    = 60_000 // folder entries seen on the walk
	maxWalkDepth  = 8
	maxCallDepth  = 10 // of calls, and of composite actions in each other (runner: CompositeActionsMaxDepth)
	maxSites      = 2000
	maxUnread     = 500
	maxReferences = 5000
	maxLiterals   = 500
)

// Repository is what a folder says about publishing.
type Repository struct {
	Workflows  []*Workflow
	Actions    []*Action // local actions: those used, and those at the root or below .github
	Packages   []*Package
	Entries    []Entry // settings of .npmrc, .yarnrc.yml and bunfig.toml in the folder
	References []Reference
	Literals   []Literal
	Sites      []Site
	Unread     []Unread
}

// Package gives the package.json of a folder ("." is the root), nil when there
// is none or it was not read.
func (r *Repository) Package(dir string) *Package {
	for _, p := range r.Packages {
		if path.Dir(p.File) == path.Clean(dir) {
			return p
		}
	}
	return nil
}

// Workflow gives the workflow of a file such as .github/workflows/x.yml.
func (r *Repository) Workflow(file string) *Workflow {
	for _, w := range r.Workflows {
		if w.File == path.Clean(file) {
			return w
		}
	}
	return nil
}

// Read reads the repository checked out at dir. The error says that dir itself
// cannot be opened; all else that cannot be read is listed in Unread.
func Read(dir string) (*Repository, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the repository's folder: %w", err)
	}
	defer root.Close()
	r := &reader{root: root, repo: &Repository{}, actions: map[string]*Action{}}
	r.walk()
	r.workflows()
	for _, f := range r.actionFiles {
		r.action(path.Dir(f), Pos{File: f}, 0)
	}
	r.bindCalls()
	r.sites()
	slices.SortStableFunc(r.repo.References, func(a, b Reference) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return r.repo, nil
}

// reader is one reading of a repository.
type reader struct {
	root        *os.Root
	repo        *Repository
	actions     map[string]*Action // by folder; nil while being read and when unreadable
	actionFiles []string
	workFiles   []string
	followed    int // steps seen by sites
}

func (r *reader) unread(p Pos, format string, args ...any) {
	u := Unread{Pos: p, Why: clean(fmt.Sprintf(format, args...), 300)}
	if len(r.repo.Unread) < maxUnread && !slices.Contains(r.repo.Unread, u) {
		r.repo.Unread = append(r.repo.Unread, u)
	}
}

// read gives the bytes of a regular file with tokens taken out.
func (r *reader) read(file string) ([]byte, error) {
	// Stat before open: opening a pipe would wait for its other end.
	info, err := r.root.Stat(file)
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := r.root.Open(file)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(src) > maxFile {
		return nil, fmt.Errorf("larger than the %d bytes that are read", maxFile)
	}
	src, found := takeTokens(file, src)
	for _, l := range found {
		r.literal(l)
	}
	return src, nil
}

func (r *reader) literal(l Literal) {
	same := func(x Literal) bool { return x.Pos == l.Pos && x.Key == l.Key && x.Secret.Mask() == l.Secret.Mask() }
	if len(r.repo.Literals) < maxLiterals && !slices.ContainsFunc(r.repo.Literals, same) {
		r.repo.Literals = append(r.repo.Literals, l)
	}
}

// reason is an error without the path, which names the machine's folders.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

var skippedFolders = []string{"node_modules", ".git", "bower_components", ".pnpm-store"}

// walk finds the files to read, nearest to the root first, so that what a
// limit cuts off is the deepest. Links to folders are not followed.
func (r *reader) walk() {
	entries := 0
	for level, folders := 0, []string{"."}; len(folders) > 0; level++ {
		var next []string
		for _, dir := range folders {
			list, err := r.list(dir, maxEntries-entries)
			if err != nil {
				r.unread(Pos{File: dir}, "folder not listed: %v", err)
			}
			for _, e := range list {
				entries++
				name := path.Join(dir, e.Name())
				if e.IsDir() {
					if !slices.Contains(skippedFolders, e.Name()) {
						next = append(next, name)
					}
					continue
				}
				r.file(name)
			}
		}
		if level == maxWalkDepth && len(next) > 0 {
			r.unread(Pos{File: next[0]}, "nested more than %d folders deep; this one and others are not looked at", maxWalkDepth)
			return
		}
		if entries >= maxEntries {
			r.unread(Pos{File: "."}, "more than %d files and folders; the rest is not looked at", maxEntries)
			return
		}
		folders = next
	}
}

func (r *reader) list(dir string, limit int) ([]fs.DirEntry, error) {
	if limit <= 0 {
		return nil, nil
	}
	f, err := r.root.Open(dir)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	list, err := f.ReadDir(limit)
	if err != nil && !errors.Is(err, io.EOF) {
		return list, reason(err)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// file reads a file the walk met, or keeps it for later.
func (r *reader) file(name string) {
	dir, base := path.Split(name)
	switch base {
	case ".npmrc", ".yarnrc.yml", "bunfig.toml":
		r.config(name)
	case "package.json":
		r.packageFile(name)
	case "action.yml", "action.yaml":
		if dir == "" || strings.HasPrefix(dir, ".github/") {
			r.actionFiles = append(r.actionFiles, name)
		}
	}
	if ext := path.Ext(base); dir == ".github/workflows/" && (ext == ".yml" || ext == ".yaml") {
		r.workFiles = append(r.workFiles, name)
	}
}

// workflows reads every workflow file.
func (r *reader) workflows() {
	for i, file := range r.workFiles {
		if i == maxWorkflows {
			r.unread(Pos{File: file}, "more than %d workflow files; this one and those after it are not analysed", maxWorkflows)
			return
		}
		src, err := r.read(file)
		if err != nil {
			r.unread(Pos{File: file}, "not analysed: %v", err)
			continue
		}
		d, err := parseDocument(file, src)
		if err == nil && d.root.kind != mapping {
			err = errors.New("not a mapping")
		}
		if err != nil {
			r.unread(Pos{File: file}, "not analysed: %v", err)
			continue
		}
		w, steps := d.workflow()
		r.repo.Workflows = append(r.repo.Workflows, w)
		r.secrets(d, w, steps)
		for _, job := range w.Jobs {
			r.steps(d, job.Key, job.Steps, steps, 0)
		}
	}
}

// secrets collects the references and the written-out credentials of a file.
func (r *reader) secrets(d *document, w *Workflow, steps map[*node]*Step) {
	for _, l := range d.hidden {
		r.literal(l)
	}
	d.references(d.root, place{}, steps, &r.repo.References)
	r.writtenOut(d, d.root)
	if w == nil {
		return
	}
	r.repo.References = append(r.repo.References, w.Declared...)
	for _, job := range w.Jobs {
		if job.Call != nil && job.Call.Inherit.Given() {
			r.repo.References = append(r.repo.References, Reference{Pos: job.Call.Inherit.Pos, Kind: Inherited, Job: job.Key, Into: job.Call.Ref.Text, IntoKind: "secrets"})
		}
	}
}
