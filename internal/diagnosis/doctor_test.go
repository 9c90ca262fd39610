package diagnosis

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/workflow"
)

func TestReaches(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text, want string
		answer     answer
	}{
		{"latest", "11.5.1", yes}, {"11", "11.5.1", yes}, {"^11.0.0", "11.5.1", yes}, {"11.5.1", "11.5.1", yes}, {"11.6", "11.5.1", yes},
		{"v12.2.0", "11.5.1", yes}, {">=11.5.1", "11.5.1", yes}, {"~11.5.0", "11.5.1", yes}, {"*", "11.5.1", yes}, {"12", "11.5.1", yes},
		{"11.5.0", "11.5.1", no}, {"10", "11.5.1", no}, {"^10.9.2", "11.5.1", no}, {"11.4", "11.5.1", no}, {"9.x", "11.5.1", no},
		{"<11", "11.5.1", no}, {"~11.5.0 <11.5.1", "11.5.1", no}, {"^8.1.0 || ^9.0.0", "9.0.0", yes},
		{"", "11.5.1", unknown}, {"next-10", "11.5.1", unknown}, {"workspace:*", "9.0.0", unknown}, {"file:../x", "9.0.0", unknown},
	} {
		if got := reaches(row.text, row.want); got != row.answer {
			t.Errorf("%q for %s: got %d, want %d", row.text, row.want, got, row.answer)
		}
	}
}

func TestRepositoryName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"git+https://github.com/acme/demo.git": "acme/demo", "https://github.com/Acme/Demo": "Acme/Demo", "acme/demo": "acme/demo",
		"github:acme/demo": "acme/demo", "git@github.com:acme/demo.git": "acme/demo", "git+ssh://git@github.com/acme/demo.git": "acme/demo",
		"git://github.com/acme/demo.git": "acme/demo", "https://github.com/acme/demo/tree/main/packages/x": "acme/demo",
		"": "", "gitlab:acme/demo": "", "https://gitlab.com/acme/demo": "", "https://github.com.evil.example/acme/demo": "", "https://github.com/acme": "", "%zz": "",
	} {
		if got := repositoryName(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A repository with hundreds of workflows is examined in seconds on a slow machine.
func TestDoctorOnManyWorkflows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".github/workflows"), 0o755); err != nil {
		t.Fatal(err)
	}
	const n = 500
	for i := range n {
		text := strings.Replace(goodWorkflow, "npm publish\n", "npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n", 1)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf(".github/workflows/w%d.yml", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	repo, err := workflow.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(Doctor(repo)); got != n {
		t.Errorf("got %d findings, want one for each of %d workflows", got, n)
	}
	took := time.Since(begin)
	t.Logf("%d workflows in %s", n, took)
	if took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}

// FuzzVersions: what stands for a version or an address never panics, and a
// version older than the one wanted is never taken for new enough.
func FuzzVersions(f *testing.F) {
	for _, s := range []string{"11", "^10.9.2", "11.5.1 || 9", "git+https://github.com/a/b.git", "git@github.com:a/b", "//x/", ">=99999999999999999999", "1.2.3-é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if reaches(text, oidcNPM) == yes && older(text, oidcNPM) && strings.Count(text, ".") == 2 && !strings.ContainsAny(text, "-+ ") {
			t.Errorf("%q is older and taken for new enough", text)
		}
		if name := repositoryName(text); name != "" && strings.Count(name, "/") != 1 {
			t.Errorf("%q gives the repository %q", text, name)
		}
		p := NewProject(&workflow.Repository{}, text)
		if p.isNPM("https://registry.npmjs.org.evil.example/") && hostOf(text) != "registry.npmjs.org.evil.example" {
			t.Errorf("%q makes another host npm's", text)
		}
		if !p.isNPM(npm.PublicRegistry) {
			t.Error("the public registry is not npm's")
		}
	})
}
