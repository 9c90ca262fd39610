package attack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"verify-npm-release/internal/report"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if dir := filepath.Dir(built); built != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

var built string // path of the program, once it was built

// program builds the real program, once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "attack")
	if err != nil {
		return "", err
	}
	built = filepath.Join(dir, "verify-npm-release")
	if runtime.GOOS == "windows" {
		built += ".exe"
	}
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", built, "verify-npm-release/cmd/verify-npm-release").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return built, nil
})

// ran is one run of the real program.
type ran struct {
	exit           int
	stdout, stderr []byte
	report         *report.Report // nil if it wrote none
	memory         int            // largest resident size, KiB; 0 where the system does not tell
	took           time.Duration
}

// execute runs the real program with inputs as flags, in an environment of the run's variables and nothing else.
func execute(t testing.TB, in, env map[string]string) ran {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	var args []string
	for _, name := range slices.Sorted(maps.Keys(in)) {
		args = append(args, "--"+name+"="+in[name])
	}
	got := start(t, append(args, "--json="+file), env)
	if raw, err := os.ReadFile(file); err == nil {
		if got.report, err = report.ReadJSON(bytes.NewReader(raw)); err != nil {
			t.Errorf("the report: %v", err)
		}
	}
	return got
}

func start(t testing.TB, args []string, env map[string]string) ran {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, path, args...)
	c.Env = []string{"HOME=" + t.TempDir(), "GOTRACEBACK=all"}
	for k, v := range env {
		c.Env = append(c.Env, k+"="+v)
	}
	c.Dir = t.TempDir()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	begin := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	memory := 0
	for tick := time.NewTicker(2 * time.Millisecond); ; {
		select {
		case err = <-done:
			tick.Stop()
			var failed *exec.ExitError
			if err != nil && !errors.As(err, &failed) {
				t.Fatal(err)
			}
			if bytes.Contains(stderr.Bytes(), []byte("goroutine ")) || c.ProcessState.ExitCode() < 0 || c.ProcessState.ExitCode() > 3 {
				t.Errorf("the program crashed, %s:\n%s", c.ProcessState, stderr.Bytes())
			}
			return ran{exit: c.ProcessState.ExitCode(), stdout: stdout.Bytes(), stderr: stderr.Bytes(), memory: memory, took: time.Since(begin)}
		case <-tick.C:
			memory = max(memory, peak(c.Process.Pid))
		}
	}
}

// peak is the largest resident size of a process so far, KiB, where /proc tells. What the parent's wait says instead counts
// in the parent's own memory at the moment of the fork.
func peak(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), "VmHWM:")
	rest, _, _ = strings.Cut(rest, "kB")
	n, err := strconv.Atoi(strings.TrimSpace(rest))
	if err != nil {
		return 0
	}
	return n
}

// TestTheProgramNotices takes a sample of the attacks through the real program: flags in, report and exit code out.
func TestTheProgramNotices(t *testing.T) {
	t.Parallel()
	const each = 12
	n := 0
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		for i, row := range groups[group] {
			if i%each != 0 {
				continue
			}
			n++
			t.Run(row.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, row.draft)
				if row.world != nil {
					row.world(w)
				}
				if w.public {
					t.Skip("asks for the public registry, which the program would reach")
				}
				got := execute(t, w.serve(t), w.env)
				if got.report == nil {
					t.Fatalf("no report, exit code %d: %s%s", got.exit, got.stdout, got.stderr)
				}
				noticed(t, row, got.report, got.exit)
			})
		}
	}
	if n < 25 {
		t.Errorf("a sample of %d attacks, want at least 25", n)
	}
}

func TestTheProgramPasses(t *testing.T) {
	t.Parallel()
	for i, row := range good {
		if i%8 != 0 {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, row.draft)
			if row.world != nil {
				row.world(w)
			}
			if got := execute(t, w.serve(t), w.env); got.exit != 0 || got.report == nil || got.report.Status != report.Verified {
				t.Errorf("exit code %d:\n%s%s", got.exit, got.stdout, got.stderr)
			}
		})
	}
}
