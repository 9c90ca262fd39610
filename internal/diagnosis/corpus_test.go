package diagnosis

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"verify-npm-release/internal/workflow"
)

// A token of the right shape and checksum, put together here so that no
// scanner of this repository takes it for real.
var goodToken = "npm_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0m" + "Lq17"

// writeFiles writes the files of a story below a new folder and gives the one
// named want.
func writeFiles(t *testing.T, a *txtar.Archive) (dir, want string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range a.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		file := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(f.Data), "{{good}}", goodToken[4:])), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, want
}

// TestCorpus examines each repository in testdata, one story each, and compares
// level, cause and place of every finding. UPDATE=1 rewrites what is wanted, to
// be read before it is kept.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 60 {
		t.Fatalf("found %d stories, %v; want at least 60", len(files), err)
	}
	met := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dir, want := writeFiles(t, a)
		repo, err := workflow.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, f := range Doctor(repo) {
			met[f.ID] = true
			fmt.Fprintf(&got, "%s %s %s\n", f.Level, f.ID, f.Pos)
			if f.Evidence == "" || f.Mend() == "" || f.Docs() != Docs+"#"+f.ID || strings.Contains(f.Detail()+f.Paste(), "  It") {
				t.Errorf("%s: the finding %s lacks something: %+v", name, f.ID, f)
			}
			if strings.Contains(fmt.Sprintf("%+v %s", f, f.Detail()), goodToken[4:]) {
				t.Errorf("%s: a finding shows the token", name)
			}
			if strings.HasPrefix(name, "quiet-") {
				t.Errorf("%s: is to be quiet, got %s: %s", name, f.ID, f.Detail())
			}
		}
		if os.Getenv("UPDATE") != "" {
			a.Files = append(slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" }), txtar.File{Name: "want", Data: []byte(got.String())})
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got.String() != want {
			t.Errorf("%s: %sgot:\n%swant:\n%s", name, a.Comment, got.String(), want)
		}
	}
	for _, c := range All {
		if c.Before != nil && !met[c.ID] {
			t.Errorf("no story leads doctor to %s", c.ID)
		}
	}
}
