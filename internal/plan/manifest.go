package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"verify-npm-release/internal/npm"
)

// maxFile bounds a JSON input and every file of the checkout that is read.
const maxFile = 4 << 20

// manifest is what a package.json says of its publishing.
type manifest struct {
	Name          string                    `json:"name"`
	Version       string                    `json:"version"`
	Private       bool                      `json:"private"`
	Workspaces    jsontext.Value            `json:"workspaces"`
	PublishConfig map[string]jsontext.Value `json:"publishConfig"`
}

// release returns the release that npm publish makes of m. Its version is
// cleaned as libnpmpublish does: build metadata is not published.
func (m *manifest) release() (npm.Spec, error) {
	switch {
	case m.Name == "":
		return npm.Spec{}, errors.New("has no name")
	case m.Version == "":
		return npm.Spec{}, errors.New("has no version")
	}
	spec, err := publishedSpec(m.Name, m.Version)
	if err != nil {
		return npm.Spec{}, fmt.Errorf("cannot be published: %w", err)
	}
	return spec, nil
}

// publishedSpec is the spec under which npm publishes name and version.
func publishedSpec(name, version string) (npm.Spec, error) {
	if err := npm.ValidName(name); err != nil {
		return npm.Spec{}, err
	}
	spec, err := npm.ParseSpec(name + "@" + version)
	if err != nil {
		return npm.Spec{}, err
	}
	spec.Version, _, _ = strings.Cut(spec.Version, "+")
	return spec, nil
}

// tag returns publishConfig.tag, "" where there is no usable one.
func (m *manifest) tag() string {
	tag := m.config("tag")
	if validTag(tag) != nil {
		return ""
	}
	return tag
}

// registry returns the registry publishConfig names; for a scoped name the
// scope's own comes first, as in npm (npm-registry-fetch pickRegistry).
func (m *manifest) registry() string {
	if scope, _, ok := strings.Cut(m.Name, "/"); ok {
		if r := m.config(scope + ":registry"); r != "" {
			return r
		}
	}
	return m.config("registry")
}

func (m *manifest) config(key string) string {
	var text string
	if json.Unmarshal(m.PublishConfig[key], &text) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// checkout opens the folder no file is read outside of: the workspace, or the
// working directory where that lies elsewhere. at is the working directory in it.
func (p *Plan) checkout() (root *os.Root, at string, err error) {
	top := p.Workspace
	if !within(top, p.WorkingDirectory) {
		top = p.WorkingDirectory
	}
	rel, err := filepath.Rel(top, p.WorkingDirectory)
	if err != nil {
		return nil, "", err
	}
	root, err = os.OpenRoot(top)
	return root, filepath.ToSlash(rel), err
}

// readManifest reads the package.json of a folder relative to the working
// directory. Its errors name the file.
func (p *Plan) readManifest(dir string) (*manifest, error) {
	root, at, err := p.checkout()
	if err != nil {
		return nil, fmt.Errorf("open the checkout: %w", err)
	}
	defer root.Close()
	return manifestIn(root, path.Join(at, dir))
}

func manifestIn(root *os.Root, dir string) (*manifest, error) {
	file := path.Join(dir, "package.json")
	raw, err := readIn(root, file)
	if err != nil {
		return nil, err
	}
	m := new(manifest)
	if err := parse(raw, m); err != nil {
		return nil, fmt.Errorf("%s %w", show(file), err)
	}
	return m, nil
}

// readIn reads a file of the checkout. An absent one is fs.ErrNotExist.
func readIn(root *os.Root, file string) ([]byte, error) {
	info, err := root.Stat(filepath.FromSlash(file))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, absentError(file)
	case err != nil:
		return nil, refused(file, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", show(file))
	}
	f, err := root.Open(filepath.FromSlash(file))
	if err != nil {
		return nil, refused(file, err)
	}
	defer f.Close()
	return readAll(f, show(file))
}

// absentError names a file that is not there; it is fs.ErrNotExist.
type absentError string

func (e absentError) Error() string { return "there is no " + show(string(e)) }

func (e absentError) Is(target error) bool { return target == fs.ErrNotExist }

func readAll(r io.Reader, name string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", name, err)
	}
	if len(raw) > maxFile {
		return nil, fmt.Errorf("%s is larger than 4 MiB", name)
	}
	return bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), nil
}

// refused says why os.Root does not open a path.
func refused(name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s cannot be read inside the workspace: %w", show(name), err)
}

// parse reads JSON with exact keys; a key said twice is an error. Errors read
// after the name of the file.
func parse(raw []byte, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return errors.New("is empty, want JSON")
	}
	err := json.Unmarshal(raw, into)
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Errorf("says %s twice (line %d)", quote(string(syntactic.JSONPointer)), line(raw, syntactic.ByteOffset))
	case errors.As(err, &syntactic):
		return fmt.Errorf("is not JSON (line %d: %s)", line(raw, syntactic.ByteOffset), quote(strings.TrimPrefix(syntactic.Err.Error(), "jsontext: ")))
	case errors.As(err, &semantic):
		return fmt.Errorf("has the wrong type at %s (line %d)", quote(string(semantic.JSONPointer)), line(raw, semantic.ByteOffset))
	}
	return errors.New("is not JSON")
}

// line returns the line of a byte offset, counted from 1.
func line(raw []byte, offset int64) int {
	return 1 + bytes.Count(raw[:min(max(offset, 0), int64(len(raw)))], []byte("\n"))
}
