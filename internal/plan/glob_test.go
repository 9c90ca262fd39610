package plan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestGlobsMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		glob, name string
		want       bool
	}{
		{"packages/*", "packages/a", true},
		{"packages/*", "packages/a/b", false},
		{"packages/*", "packages", false},
		{"packages/**", "packages", true},
		{"packages/**", "packages/a/b", true},
		{"packages/**", "package", false},
		{"**/test", "test", true},
		{"**/test/**", "a/b/test/c", true},
		{"**/test/**", "a/btest/c", false},
		{"a/**/b/**/c", "a/x/b/y/z/c", true},
		{"a/**/b/**/c", "a/x/y/z/c", false},
		{"{a,b{1,2}}/x", "b2/x", true},
		{"{a,b{1,2}}/x", "b/x", false},
		{"{a}/x", "{a}/x", true},
		{"[!a]*", "bc", true},
		{"[!a]*", "ab", false},
		{"a?c", "abc", true},
		{"./a//b/", "a/b", true},
		{"a/../b", "b", true},
		{".", ".", true},
		{"**", ".", true},
	}
	for _, tt := range tests {
		patterns, err := parseGlob(".", tt.glob)
		if err != nil {
			t.Errorf("%q: %v", tt.glob, err)
			continue
		}
		if got := slices.ContainsFunc(patterns, func(g pattern) bool { return g.match(tt.name) }); got != tt.want {
			t.Errorf("%q means %q: got %t, want %t", tt.glob, tt.name, got, tt.want)
		}
	}
	for glob, want := range map[string]bool{"a": false, "!a": true, "!!a": false, " !!!a": true} {
		if patterns, err := parseGlob(".", glob); err != nil || patterns[0].negated != want || patterns[0].String() != "a" {
			t.Errorf("%q: got %+v, %v, want negated %t", glob, patterns, err, want)
		}
	}
}

// The work of one expansion is bounded, whatever the globs and the checkout.
func TestExpansionIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	deep := filepath.Join(dir, filepath.Join(strings.Split(strings.Repeat("d ", maxDepth+5), " ")...))
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	_, err = (&workspaces{globs: []string{"**"}}).folders(root, ".")
	if err == nil || !strings.HasSuffix(err.Error(), "lies too deep") {
		t.Errorf("deep folders: got %v", err)
	}
	w := walker{root: root, found: map[string]bool{}, names: maxNames}
	patterns, err := parseGlob(".", "d/*")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.expand(patterns[0]); err == nil || !strings.HasPrefix(err.Error(), "too many files") {
		t.Errorf("too many names: got %v", err)
	}
	// Many ** would be exponential without the memory of states.
	flat := t.TempDir()
	if err := os.MkdirAll(filepath.Join(flat, filepath.Join(strings.Split(strings.Repeat("d ", 40), " ")...)), 0o755); err != nil {
		t.Fatal(err)
	}
	if root, err = os.OpenRoot(flat); err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := (&workspaces{globs: []string{strings.Repeat("**/d/", 10) + "none"}}).folders(root, "."); err != nil {
		t.Errorf("many **: %v", err)
	}
}
