package plan

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/npm"
)

// oneLine fails unless err is an InputError that a log can print.
func oneLine(t *testing.T, err error) {
	t.Helper()
	var ie *InputError
	if !errors.As(err, &ie) || len(err.Error()) > 2000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("got %T %q, want an InputError of one short line", err, err)
	}
}

func FuzzList(f *testing.F) {
	f.Add("a@1.0.0, b\n\tc,,a@1.0.0")
	f.Fuzz(func(t *testing.T, text string) {
		got := list(text)
		for i, s := range got {
			if s == "" || strings.ContainsFunc(s, separator) || slices.Contains(got[:i], s) || !strings.Contains(text, s) {
				t.Errorf("list(%q): got %q", text, got)
			}
		}
		if again := list(strings.Join(got, ", ")); !slices.Equal(again, got) {
			t.Errorf("list(%q): got %q, read again %q", text, got, again)
		}
	})
}

func FuzzPackages(f *testing.F) {
	for _, s := range []string{`[{"name":"@x/y","version":"1.2.0"}]`, `{"publishedPackages":[{"name":"a","version":"v1.0.0+b"}]}`, `["."]`, `["../x",1]`, `[{"name":"a"}]`, "workspaces", "[[[", `[{"name":"a","name":"a"}]`, "\xff"} {
		f.Add(s)
	}
	dir := checkout(f, map[string]string{"package.json": pkg("a", "1.0.0", "")})
	f.Fuzz(func(t *testing.T, text string) {
		p := &Plan{WorkingDirectory: dir, Workspace: dir}
		got, err := p.fromJSON([]byte(text), "the list")
		if err != nil {
			oneLine(t, err)
			return
		}
		if len(got) == 0 || len(got) > maxReleases {
			t.Errorf("got %d releases", len(got))
		}
		for _, c := range got {
			if again, err := npm.ParseSpec(c.spec.String()); err != nil || again != c.spec || c.spec.Version == "" || strings.Contains(c.spec.Version, "+") {
				t.Errorf("got %q, read again %q, %v", c.spec, again, err)
			}
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"10s", "10", "1h30m", "-1s", "0", "1e3", "NaN", "Inf", "999999h", "1µs", "0x1p-2", ".5m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := new(Plan)
		err := p.waiting(map[string]string{"timeout": text, "poll-interval": "10s"})
		if err != nil {
			oneLine(t, err)
			return
		}
		d, err := time.ParseDuration(text)
		if err != nil || d != p.Timeout || d <= 0 || d > maxTimeout || p.PollInterval < time.Second {
			t.Errorf("timeout %q: got %s every %s, want %s (%v)", text, p.Timeout, p.PollInterval, d, err)
		}
	})
}

func FuzzPackageJSON(f *testing.F) {
	f.Add(pkg("@s/a", "1.0.0", `,"private":false,"publishConfig":{"tag":"next","registry":"https://npm.example","@s:registry":1}`))
	f.Add(`{"workspaces":["p/*"],"private":true}`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := planOf(dir, vars{}, vars{})
		if err != nil {
			oneLine(t, err)
			return
		}
		r := p.Releases[0]
		if _, err := npm.ParseSpec(r.Spec.String()); err != nil || r.Spec.Version == "" || len(p.Releases) != 1 {
			t.Errorf("%q: got %+v", text, p.Releases)
		}
		if again, err := npm.NormalizeRegistry(p.Registry); err != nil || again != p.Registry {
			t.Errorf("%q: got registry %q", text, p.Registry)
		}
	})
}

// FuzzWorkspaces expands any glob in a checkout with a way out: a link, and a
// package beside it. Nothing outside is ever found, and what is found matches.
func FuzzWorkspaces(f *testing.F) {
	for _, s := range []string{"packages/*", "**", "!**/b", "../outside", "packages/../../outside", "out", "*/{a,b}", "packages/[a-b]", "/./packages/a/", "**/**/**/**", "!!packages/*", "{,}{,}", `packages\a`, "packages/!(a)", "out/*", "*/..", ""} {
		f.Add(s)
	}
	top := checkout(f, map[string]string{"outside/package.json": "{}", "in/package.json": "{}", "in/packages/a/package.json": "{}", "in/packages/b/package.json": "{}",
		"in/packages/a/node_modules/c/package.json": "{}", "in/.git/package.json": "{}"})
	if err := os.Symlink(filepath.Join(top, "outside"), filepath.Join(top, "in", "out")); err != nil {
		f.Skip("no symbolic links here:", err)
	}
	root, err := os.OpenRoot(filepath.Join(top, "in"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { root.Close() })
	known := []string{".", ".git", "packages/a", "packages/b"}
	f.Fuzz(func(t *testing.T, text string) {
		for _, pnpm := range []bool{false, true} {
			w := workspaces{globs: []string{text}, pnpm: pnpm}
			dirs, err := w.folders(root, ".")
			if err != nil {
				oneLine(t, wrong("packages", "%v", err))
				continue
			}
			patterns, err := parseGlob(".", text)
			if err != nil {
				t.Fatal(err)
			}
			for _, dir := range dirs {
				named := slices.ContainsFunc(patterns, func(g pattern) bool { return g.match(dir) })
				if !slices.Contains(known, dir) && !strings.Contains(dir, "node_modules") || !named && dir != "." {
					t.Errorf("%q: got %q of %q", text, dir, dirs)
				}
			}
		}
		globs, err := pnpmGlobs([]byte(text))
		if err != nil {
			oneLine(t, wrong("packages", "%v", err))
		} else if len(globs) > len(text) {
			t.Errorf("%q: got %d globs", text, len(globs))
		}
	})
}

func FuzzExpected(f *testing.F) {
	for _, s := range []string{"o/r", "https://github.com/o/r.git", "git@github.com:o/r.git", "release.yml", "o/r/.github/workflows/x.yml@refs/heads/main", "https://github.com/o/r/actions/runs/1/attempts/2", "@", "//"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if url, ok := repositoryURL(text); ok {
			if again, ok := repositoryURL(url); !ok || again != url || !strings.HasPrefix(url, "https://") || strings.Count(url, "/") != 4 {
				t.Errorf("repository %q: got %q, read again %q", text, url, again)
			}
		}
		form, err := workflowForm("expected-workflow", text)
		if err != nil {
			oneLine(t, err)
		} else if again, err := workflowForm("expected-workflow", form); err != nil || again != form {
			t.Errorf("workflow %q: got %q, read again %q, %v", text, form, again, err)
		}
		e := new(Expectation)
		if err := e.run(text); err != nil {
			oneLine(t, err)
		} else if text != "" && !digits.MatchString(e.RunID) {
			t.Errorf("run %q: got %q", text, e.RunID)
		}
	})
}
