//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"verify-npm-release/internal/lab"
)

// machine is where workflow runs happen: a container with the runner's tools, whose only network is the loopback that it
// shares with the gate to the world. Its folder is the same path inside, outside and for the Docker daemon, as on GitHub's
// machines, where job and daemon share a disk.
type machine struct {
	world  *lab.World
	dir    string
	image  string // of our program, as the action's Dockerfile builds it
	gate   string // containers' names
	runner string

	goCache, goModules string
}

// here is the machine of all stories.
var here *machine

// TestMain boots the machine. VERIFY_NPM_RELEASE_E2E_IMAGE names an image of our program that is ready, for trying a story;
// VERIFY_NPM_RELEASE_E2E_KEEP leaves the folder.
func TestMain(m *testing.M) {
	code, err := 1, error(nil)
	if here, err = boot(lab.NewWorld(), os.Getenv("VERIFY_NPM_RELEASE_E2E_IMAGE")); err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	here.shutdown()
	os.Exit(code)
}

// boot starts a world's gate and a runner. An empty image is built. What was started is returned with the error, too.
func boot(world *lab.World, image string) (*machine, error) {
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return nil, err
	}
	m := &machine{world: world, dir: dir, image: image}
	m.gate, m.runner = filepath.Base(dir)+"-gate", filepath.Base(dir)+"-runner"
	if err := os.Chmod(dir, 0o755); err != nil {
		return m, err
	}
	socket := filepath.Join(dir, "world.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		return m, err
	}
	m.world.Listen(l)
	for name, content := range map[string][]byte{"ca.pem": lab.TLSRoot(), "root.json": m.world.TUF.Root()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return m, err
		}
	}
	base, err := baseImage()
	if err != nil {
		return m, err
	}
	if m.image == "" {
		if m.image, err = programImage(); err != nil {
			return m, err
		}
	}
	gate := filepath.Join(dir, "world")
	if here == nil {
		err = host([]string{"CGO_ENABLED=0"}, "go", "build", "-o", gate, "../world")
	} else {
		err = host(nil, "cp", filepath.Join(here.dir, "world"), gate)
	}
	if err != nil {
		return m, err
	}
	if err := m.copyAction(); err != nil {
		return m, err
	}
	if err := m.copySource(); err != nil {
		return m, err
	}
	// Without any other network: what is not in the world cannot be reached.
	args := []string{"run", "--rm", "--detach", "--name", m.gate, "--network", "none", "--volume", dir + ":" + dir}
	for _, name := range lab.WorldHosts() {
		args = append(args, "--add-host", name+":127.0.0.1")
	}
	if err := host(nil, "docker", append(args, base, gate, "gate", "127.0.0.1:443", socket)...); err != nil {
		return m, err
	}
	docker := dockerSocket()
	args = []string{"run", "--rm", "--detach", "--name", m.runner, "--network", "container:" + m.gate, "--init",
		"--user", fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()), "--volume", dir + ":" + dir, "--volume", docker + ":" + docker}
	if info, err := os.Stat(docker); err == nil {
		args = append(args, "--group-add", fmt.Sprint(info.Sys().(*syscall.Stat_t).Gid))
	}
	if err := m.goFolders(); err != nil {
		return m, err
	}
	args = append(args, "--volume", m.goModules+":"+m.goModules+":ro", "--volume", m.goCache+":"+m.goCache)
	return m, host(nil, "docker", append(args, base, "sleep", "infinity")...)
}

// shutdown ends and removes all that boot made.
func (m *machine) shutdown() {
	if m == nil {
		return
	}
	_ = host(nil, "docker", "rm", "--force", m.runner, m.gate) // may not have started
	m.world.Close()
	if os.Getenv("VERIFY_NPM_RELEASE_E2E_KEEP") != "" {
		fmt.Fprintln(os.Stderr, "e2e: kept", m.dir)
		return
	}
	if err := os.RemoveAll(m.dir); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
}

func dockerSocket() string {
	if path, ok := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); ok {
		return path
	}
	return "/var/run/docker.sock"
}

// goFolders are Go's caches, for the action's way without Docker: the runner has no network to fill its own.
func (m *machine) goFolders() error {
	out, err := hostOutput(nil, "go", "env", "GOMODCACHE", "GOCACHE")
	if folders := strings.Fields(out); len(folders) == 2 {
		m.goModules, m.goCache = folders[0], folders[1]
	}
	return err
}

// baseImage is an image with bash, git, Go and a Docker client. Go's own has all but the client.
func baseImage() (string, error) {
	const golang = "golang:1.26-bookworm"
	if host(nil, "docker", "run", "--rm", "--network", "none", golang, "sh", "-c", "command -v docker") == nil {
		return golang, nil
	}
	const tag = "verify-npm-release-e2e-runner"
	cmd := exec.Command("docker", "build", "--quiet", "--tag", tag, "-")
	cmd.Stdin = strings.NewReader("FROM docker:cli AS docker\nFROM " + golang + "\nCOPY --from=docker /usr/local/bin/docker /usr/local/bin/docker\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the runner's image: %w\n%s", err, out)
	}
	return tag, nil
}

// programImage builds the action's image as the action itself does.
func programImage() (string, error) {
	args := []string{"build", "--quiet"}
	if os.Getenv("VERIFY_NPM_RELEASE_NETWORK") == "host" {
		args = append(args, "--network", "host")
	}
	return hostOutput([]string{"DOCKER_BUILDKIT=1"}, "docker", append(args, "../../..")...)
}

// copyAction makes the action as a release has it: the image named in action.yml. Only where trust starts is the world's:
// the input tuf-root has a default, so that a recipe needs no word of the lab.
func (m *machine) copyAction() error {
	to := filepath.Join(m.dir, "action")
	if err := os.MkdirAll(filepath.Join(to, "action"), 0o755); err != nil {
		return err
	}
	script, err := os.ReadFile("../../../action/run.sh")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(to, "action", "run.sh"), script, 0o755); err != nil {
		return err
	}
	text, err := os.ReadFile("../../../action.yml")
	if err != nil {
		return err
	}
	released := bytes.Replace(text, []byte(`VERIFY_NPM_RELEASE_IMAGE: ""`), []byte("VERIFY_NPM_RELEASE_IMAGE: "+m.image), 1)
	rooted := regexp.MustCompile(`(?m)^  tuf-root:\n`).ReplaceAll(released, []byte("  tuf-root:\n    default: "+m.dir+"/root.json\n"))
	// act drops the summary file with the job: a copy is kept.
	rooted = bytes.Replace(rooted, []byte(`run: bash "`), []byte("run: trap 'cp \"$GITHUB_STEP_SUMMARY\" \""+m.dir+"/summary-$GITHUB_RUN_ID.md\"' EXIT; bash \""), 1)
	if bytes.Equal(released, text) || bytes.Equal(rooted, released) {
		return errors.New("action.yml has no place for the image or the root")
	}
	return os.WriteFile(filepath.Join(to, "action.yml"), rooted, 0o644)
}

// step is a command that ran on the machine.
type step struct {
	code int
	log  string
}

// run runs a command on the machine, with env and nothing else in its environment but what the image sets.
func (m *machine) run(dir string, env map[string]string, command ...string) (*step, error) {
	args := []string{"exec", "--workdir", dir}
	for name, value := range env {
		args = append(args, "--env", name+"="+value)
	}
	out, err := exec.Command("docker", append(append(args, m.runner), command...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	s := &step{log: string(out)}
	if exit != nil {
		s.code = exit.ExitCode()
	}
	return s, nil
}

// copySource makes the action as an unreleased ref has it, for the way that builds with Go.
func (m *machine) copySource() error {
	to := filepath.Join(m.dir, "source")
	for _, folder := range []string{"cmd", "internal", "action"} {
		if err := os.CopyFS(filepath.Join(to, folder), os.DirFS("../../../"+folder)); err != nil {
			return err
		}
	}
	for _, file := range []string{"go.mod", "go.sum", "action.yml"} {
		content, err := os.ReadFile("../../../" + file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, file), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// program is our program out of the image.
func (m *machine) program() (string, error) {
	dir, err := prepared(m.dir, "program", func(dir string) error {
		container, err := hostOutput(nil, "docker", "create", m.image)
		if err != nil {
			return err
		}
		return errors.Join(
			host(nil, "docker", "cp", container+":/verify-npm-release", dir),
			host(nil, "docker", "rm", container))
	})
	return filepath.Join(dir, "verify-npm-release"), err
}

// borrow copies programs and folders of the machine into its bin, once; another machine sees nothing of this one's.
func (m *machine) borrow(paths ...string) error {
	_, err := prepared(m.dir, "bin", func(dir string) error {
		for _, path := range paths {
			path, err := filepath.EvalSymlinks(path)
			if err != nil {
				return err
			}
			if err := host(nil, "cp", "--recursive", path, filepath.Join(dir, filepath.Base(path))); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
