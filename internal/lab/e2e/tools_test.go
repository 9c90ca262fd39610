//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Versions of what the stories run. npm 11.5.1 is the first that can use trusted publishing; 10 cannot.
const (
	npmNow    = "11.19.1"
	npmFirst  = "11.5.1"
	npmNext   = "12"
	npmBefore = "10"
	nodeNow   = "24.21.0"
	actNow    = "v0.2.89"
	cosignNow = "v2.6.1"
)

// tool prepares something once, for all that ask.
type tool struct {
	once sync.Once
	dir  string
	err  error
}

var (
	toolsMu sync.Mutex
	tools   = map[string]*tool{}
)

// prepared is the folder base/NAME, filled by fill when it is first asked for.
func prepared(base, name string, fill func(dir string) error) (string, error) {
	toolsMu.Lock()
	dir := filepath.Join(base, name)
	t := tools[dir]
	if t == nil {
		t = &tool{dir: dir}
		tools[dir] = t
	}
	toolsMu.Unlock()
	t.once.Do(func() {
		if t.err = os.MkdirAll(t.dir, 0o755); t.err == nil {
			t.err = fill(t.dir)
		}
	})
	return t.dir, t.err
}

// fromNPM installs an exact package from the npm registry, through the machine's own npm configuration.
func (m *machine) fromNPM(spec string) (string, error) {
	return prepared(m.dir, "from-npm/"+strings.NewReplacer("@", "-", "/", "-").Replace(spec), func(dir string) error {
		return host(nil, "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--no-save", "--loglevel", "error", spec)
	})
}

// node is the folder with Node's program: a build of the npm registry, since machines have theirs of any age.
func (m *machine) node() (string, error) {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	dir, err := m.fromNPM("node-linux-" + arch + "@" + nodeNow)
	return filepath.Join(dir, "node_modules", "node-linux-"+arch, "bin"), err
}

// npm is the folder with npm's program of a version.
func (m *machine) npm(version string) (string, error) {
	dir, err := m.fromNPM("npm@" + version)
	return filepath.Join(dir, "node_modules", ".bin"), err
}

// fromGo builds a program of the module proxy, statically, so that it runs in any container. Go keeps what it compiled.
func (m *machine) fromGo(program string) (string, error) {
	name := filepath.Base(strings.Split(program, "@")[0])
	dir, err := prepared(m.dir, "from-go-"+name, func(dir string) error {
		return host([]string{"CGO_ENABLED=0", "GOBIN=" + dir, "GOFLAGS="}, "go", "install", program)
	})
	return filepath.Join(dir, name), err
}

// host runs a program on the machine itself; its output is the error's.
func host(env []string, name string, args ...string) error {
	_, err := hostOutput(env, name, args...)
	return err
}

func hostOutput(env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
