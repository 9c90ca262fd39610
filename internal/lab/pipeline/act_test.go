//go:build e2e

package pipeline

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

const actNow = "v0.2.89"

// act is the workflow runner's program, built when it is first asked for.
var act = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "install", "github.com/nektos/act@"+actNow)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOBIN="+actDir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install act: %w\n%s", err, out)
	}
	return filepath.Join(actDir, "act"), nil
})

var actDir string

func TestMain(m *testing.M) {
	var err error
	if actDir, err = os.MkdirTemp("", "pipeline-"); err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(actDir) // nothing is lost with it
	os.Exit(code)
}

// programs are what the scripts of release.yml call, and what installs them on Debian.
var programs = map[string]string{"git": "git", "gh": "gh", "skopeo": "skopeo", "jq": "jq", "docker": "docker.io"}

func needPrograms(t *testing.T) {
	t.Helper()
	var missing []string
	for program, by := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, by)
		}
	}
	if slices.Sort(missing); missing != nil {
		t.Skipf("the scripts of release.yml need more programs here: apt-get install %s", strings.Join(missing, " "))
	}
}

// leftOutRun is what a job does that is left out: it writes down what it was to build, the same on every machine.
const leftOutRun = `env | grep -E '^(VERSION|GO_IMAGE|SOURCE_DATE_EPOCH)=' | sort > "$TEST_DIR/$GITHUB_JOB.env" || true`

// derive is release.yml but for the jobs that are left out: each does nothing, and has the outputs that are given for it. The
// second result is the folder that stands in for each action that the others use.
func derive(leftOut map[string]map[string]string) ([]byte, map[string]string, error) {
	text, err := os.ReadFile("../../../.github/workflows/release.yml")
	if err != nil {
		return nil, nil, err
	}
	var workflow yaml.Node
	if err := yaml.Unmarshal(text, &workflow); err != nil {
		return nil, nil, err
	}
	jobs := value(workflow.Content[0], "jobs")
	standIns := map[string]string{}
	for i := 0; i < len(jobs.Content); i += 2 {
		name, job := jobs.Content[i].Value, jobs.Content[i+1]
		steps := value(job, "steps")
		if outputs, out := leftOut[name]; out {
			steps.Content = []*yaml.Node{{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar("run"), scalar(leftOutRun)}}}
			if node := value(job, "outputs"); node != nil {
				for i := 0; i < len(node.Content); i += 2 {
					node.Content[i+1] = scalar(outputs[node.Content[i].Value])
				}
			}
			continue
		}
		for _, step := range steps.Content {
			uses := value(step, "uses")
			if uses == nil {
				continue
			}
			action, _, _ := strings.Cut(uses.Value, "@")
			dir, err := filepath.Abs(filepath.Join("testdata", filepath.Base(action)))
			if err != nil {
				return nil, nil, err
			}
			if _, err := os.Stat(dir); err != nil {
				return nil, nil, fmt.Errorf("job %s uses an action that nothing stands in for: %w", name, err)
			}
			standIns[uses.Value] = dir
		}
	}
	derived, err := yaml.Marshal(&workflow)
	return derived, standIns, err
}

func value(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle}
}

// run has act run the workflow for a pushed candidate tag, and returns its exit code and what its steps said.
func (p *pipeline) run(version string, leftOut map[string]map[string]string) (int, string) {
	p.Helper()
	out := map[string]map[string]string{"test": nil, "build": nil}
	for job, outputs := range leftOut {
		out[job] = outputs
	}
	workflow, standIns, err := derive(out)
	p.must(err)
	ref := "refs/tags/candidate-" + version
	event := fmt.Sprintf(`{"ref": %q, "deleted": false, "after": %q, "repository": {"default_branch": "main"}}`, ref, p.commitOf(ref))
	dir, err := os.MkdirTemp(p.dir, "run-")
	p.must(err)
	p.must(write(dir, map[string][]byte{"release.yml": workflow, "event.json": []byte(event)}))

	args := []string{"push", "--workflows", "release.yml", "--eventpath", "event.json", "--actor", "ada", "--secret", "GITHUB_TOKEN=" + token,
		"--platform", "ubuntu-24.04=-self-hosted", "--platform", "ubuntu-22.04=-self-hosted", "--pull=false", "--no-skip-checkout",
		"--no-cache-server", "--artifact-server-addr", "127.0.0.1", "--env", "GITHUB_REPOSITORY=" + repository}
	for uses, dir := range standIns {
		args = append(args, "--local-repository", uses+"="+dir)
	}
	program, err := act()
	p.must(err)
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(p.env(), "TEST_ORIGIN=file://"+p.github.bare, "TEST_ARTIFACTS="+p.artifacts)
	p.must(os.RemoveAll(p.dir + "/said"))
	log, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), p.said(string(log))
}

// said is what the steps wrote, and which of them failed.
func (p *pipeline) said(log string) string {
	p.Helper()
	text, err := os.ReadFile(p.dir + "/said")
	p.must(err)
	for line := range strings.Lines(log) {
		if strings.Contains(line, "Failure - ") || strings.HasPrefix(line, "Error: ") {
			text = append(text, line...)
		}
	}
	return string(text)
}

// env is the whole environment of a run.
func (p *pipeline) env() []string {
	return []string{"HOME=" + p.home, "PATH=" + p.home + "/bin:" + os.Getenv("PATH"), "TMPDIR=" + p.dir, "TEST_DIR=" + p.dir,
		"HTTPS_PROXY=" + p.proxy.URL, "SSL_CERT_FILE=" + p.home + "/ca.pem", "DOCKER_HOST=unix://" + p.dir + "/no-docker-daemon"}
}
