package internal

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// table says which of our packages each package may import. An edge that is not
// here is a decision, to be taken in docs/design.md first.
var table = map[string][]string{
	"cmd/verify-npm-release": {"actions", "check", "diagnosis", "evidence", "npm", "plan", "report", "sigstore", "workflow"},
	"internal/actions":       {},
	"internal/npm":           {},
	"internal/sigstore":      {},
	"internal/workflow":      {},
	"internal/github":        {},
	"internal/report":        {},
	"internal/plan":          {"npm"},
	"internal/evidence":      {"github", "npm", "plan", "sigstore", "workflow"},
	"internal/diagnosis":     {"evidence", "github", "npm", "plan", "report", "workflow"},
	"internal/check":         {"diagnosis", "evidence", "npm", "plan", "report", "sigstore"},
}

// only says which package alone may import a library.
var only = map[string]string{
	"github.com/sigstore/sigstore-go":       "internal/sigstore",
	"github.com/sethvargo/go-githubactions": "internal/actions",
	"mvdan.cc/sh/v3":                        "internal/workflow",
}

func TestImportTable(t *testing.T) {
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		rel, err := filepath.Rel("..", filepath.Dir(path))
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(rel)
		if strings.HasPrefix(dir, "internal/lab") {
			return nil // never shipped: see TestTheLabIsNotShipped
		}
		allowed, known := table[dir]
		if !known {
			t.Errorf("package %s is not in the table", dir)
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if name, ours := strings.CutPrefix(imported, "verify-npm-release/internal/"); ours && !slices.Contains(allowed, name) {
				t.Errorf("%s imports %s, which the table does not allow", path, imported)
			}
			for library, owner := range only {
				if strings.HasPrefix(imported, library) && dir != owner {
					t.Errorf("%s imports %s; only %s may", path, imported, owner)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
