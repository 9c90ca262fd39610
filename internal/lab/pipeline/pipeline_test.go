//go:build e2e

package pipeline

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"verify-npm-release/internal/lab"
)

// pipeline is a repository at GitHub, its image's registry, and a maintainer's clone.
type pipeline struct {
	*testing.T
	dir, home, clone, artifacts string

	github *gitHub
	ghcr   *registry
	proxy  *lab.Proxy
}

// newPipeline has a repository with one commit on main: the files of ours that a release reads, an executable, a link.
func newPipeline(t *testing.T) *pipeline {
	t.Helper()
	needPrograms(t)
	dir := t.TempDir()
	p := &pipeline{T: t, dir: dir, home: dir + "/home", clone: dir + "/clone", artifacts: dir + "/artifacts"}
	p.must(write(p.home, map[string][]byte{"ca.pem": lab.TLSRoot()}))
	for name, to := range map[string]string{"bash": "bin", "docker-buildx": ".docker/cli-plugins"} {
		program, err := os.ReadFile("testdata/" + name)
		p.must(err)
		p.must(write(p.home, map[string][]byte{to + "/" + name: program}))
		p.must(os.Chmod(filepath.Join(p.home, to, name), 0o755))
	}

	p.github, p.ghcr = newGitHub(t, dir+"/origin"), newRegistry()
	hosts := []string{"api.github.com", "uploads.github.com", "ghcr.io"}
	server := lab.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "ghcr.io" {
			p.ghcr.ServeHTTP(w, r)
		} else {
			p.github.ServeHTTP(w, r)
		}
	}), true, hosts...)
	t.Cleanup(server.Close)
	names := map[string]*lab.Server{}
	for _, host := range hosts {
		names[host] = server
	}
	p.proxy = lab.NewProxy(names)
	t.Cleanup(p.proxy.Close)

	p.git(dir, "init", "--quiet", "--bare", "--initial-branch", "main", "origin")
	p.git(dir+"/origin", "config", "uploadpack.allowAnySHA1InWant", "true")
	p.git(dir, "clone", "--quiet", "origin", "clone")
	for _, name := range []string{"action.yml", "Dockerfile", "action/run.sh"} {
		content, err := os.ReadFile(filepath.Join("../../..", name))
		p.must(err)
		p.must(write(p.clone, map[string][]byte{name: content}))
	}
	p.must(os.Chmod(p.clone+"/action/run.sh", 0o755))
	p.must(os.Symlink("action/run.sh", p.clone+"/run"))
	p.must(write(p.clone, map[string][]byte{"CHANGELOG.md": []byte("# Changelog\n\n## Unreleased\n")}))
	p.commit("Begin")
	return p
}

// as is the same for a part of the test.
func (p *pipeline) as(t *testing.T) *pipeline {
	part := *p
	part.T = t
	return &part
}

func (p *pipeline) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// git runs git as the maintainer.
func (p *pipeline) git(dir string, args ...string) string {
	p.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=ada", "-c", "user.email=ada@acme.example"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+p.home)
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit commits what the clone holds to main.
func (p *pipeline) commit(message string) {
	p.Helper()
	p.git(p.clone, "add", "--all")
	p.git(p.clone, "commit", "--quiet", "--message", message)
	p.git(p.clone, "push", "--quiet", "origin", "HEAD:main")
}

// candidate writes the version's entry, tags it as a candidate, and has it built.
func (p *pipeline) candidate(version string) {
	p.Helper()
	p.must(write(p.clone, map[string][]byte{"CHANGELOG.md": []byte("# Changelog\n\n## " + strings.TrimPrefix(version, "v") + "\n\nBetter.\n")}))
	p.commit("Write the changelog of " + version)
	p.tag(version)
	p.build(version, goImage(p))
}

// tag pushes a candidate tag, with a message as one that is signed has, on what the clone has checked out.
func (p *pipeline) tag(version string) {
	p.Helper()
	p.git(p.clone, "tag", "--annotate", "--message", version, "candidate-"+version)
	p.git(p.clone, "push", "--quiet", "origin", "candidate-"+version)
}

func (p *pipeline) commitOf(ref string) string {
	p.Helper()
	return p.github.must("rev-parse", "--verify", ref+"^{commit}")
}

// goImage is the toolchain's image as check names it: the Dockerfile's tag, with the digest that docker buildx has for it.
func goImage(p *pipeline) string {
	p.Helper()
	dockerfile, err := os.ReadFile(p.clone + "/Dockerfile")
	p.must(err)
	for line := range strings.Lines(string(dockerfile)) {
		if tag, ok := strings.CutPrefix(strings.TrimSpace(line), "ARG GO_IMAGE="); ok {
			return tag + "@" + digestOf([]byte(tag))
		}
	}
	p.Fatal("Dockerfile has no ARG GO_IMAGE")
	return ""
}
