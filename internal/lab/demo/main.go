// Command demo shows verify-npm-release at work with nothing but this machine:
// it starts a registry and a Sigstore of its own on loopback, publishes a release
// that npm "serves" surface by surface, and runs the real program on it, first
// as the step of a workflow run and then as a command on the evidence that the
// step saved.
//
//	go run ./internal/lab/demo
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"verify-npm-release/internal/lab"
)

func main() {
	if err := demo(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo() error {
	dir, err := os.MkdirTemp("", "verify-npm-release-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "bin", "verify-npm-release")
	build := exec.Command("go", "build", "-o", program, "./cmd/verify-npm-release")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the program (run this from the repository's root): %w", err)
	}

	// A registry and a Sigstore, and a release of the run that we pretend to be.
	sigstore := lab.NewSigstore()
	registry := lab.NewRegistry(lab.Options{Edge: true})
	defer registry.Close()
	draft := lab.NewDraft(sigstore)
	draft.Registry = registry.URL
	draft.Published = time.Now()
	release := draft.Release()
	tuf := sigstore.TUF(registry.URL, release.Keys)
	trust := lab.Serve(tuf, false)
	defer trust.Close()

	// npm accepted it and exited 0; the registry serves it bit by bit.
	now := time.Now()
	registry.AddWhen(release, lab.Ready{
		lab.SurfaceManifest:     now.Add(2 * time.Second),
		lab.SurfaceTarball:      now.Add(2 * time.Second),
		lab.SurfaceAttestations: now.Add(6 * time.Second),
		lab.SurfacePackument:    now.Add(4 * time.Second),
		lab.SurfaceDistTag:      now.Add(4 * time.Second),
	})

	root := filepath.Join(dir, "root.json")
	packageJSON := filepath.Join(dir, "package.json")
	output := filepath.Join(dir, "output")
	summary := filepath.Join(dir, "summary.md")
	evidence := filepath.Join(dir, "evidence")
	for name, content := range map[string]string{
		root:        string(tuf.Root()),
		packageJSON: fmt.Sprintf(`{"name":%q,"version":%q}`, release.Name, release.Version),
		output:      "",
		summary:     "",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return err
		}
	}

	heading("The step after npm publish, in the run that published " + release.Spec())
	step := exec.Command(program)
	step.Dir = dir
	step.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE="+dir, "RUNNER_TEMP="+dir,
		"GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+summary,
		"INPUT_REGISTRY-URL="+registry.URL, "INPUT_TUF-URL="+trust.URL, "INPUT_TUF-ROOT="+root,
		"INPUT_EVIDENCE="+evidence, "INPUT_TIMEOUT=1m", "INPUT_POLL-INTERVAL=1s")
	for name, value := range draft.Run.Env() {
		step.Env = append(step.Env, name+"="+value)
	}
	if err := show(step, 0); err != nil {
		return err
	}

	markdown, err := os.ReadFile(summary)
	if err != nil {
		return err
	}
	heading("The job summary it wrote")
	fmt.Println(strings.TrimSpace(string(markdown)))

	heading("The evidence it saved, verified again with no network at all")
	if err := show(command(dir, program, release.Spec(), "--offline", evidence, "--registry-url", registry.URL), 0); err != nil {
		return err
	}

	heading("The same evidence after somebody changed one byte of the tarball")
	tarball := filepath.Join(evidence, "package.tgz")
	content, err := os.ReadFile(tarball)
	if err != nil {
		return err
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(tarball, content, 0o600); err != nil {
		return err
	}
	return show(command(dir, program, "--offline", evidence, "--registry-url", registry.URL), 1)
}

func command(dir, program string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Dir = dir
	fmt.Printf("$ verify-npm-release %s\n", strings.Join(args, " "))
	return c
}

// show runs c before the reader's eyes; it must end with the exit code wanted.
func show(c *exec.Cmd, want int) error {
	c.Stdout, c.Stderr = os.Stdout, os.Stdout
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	if got := c.ProcessState.ExitCode(); got != want {
		return fmt.Errorf("got exit code %d, want %d", got, want)
	}
	fmt.Printf("(exit code %d)\n", want)
	return nil
}

func heading(text string) { fmt.Printf("\n━━ %s\n\n", text) }
