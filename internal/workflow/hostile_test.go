package workflow

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const plain = "on: push\njobs:\n  p:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm publish\n"

// TestHostileFiles puts one hostile file beside a good one: the good one is
// read all the same, the hostile one is named with the reason, in short time.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	for _, row := range []struct{ name, text, why string }{
		{"aliases that grow tenfold eleven times", bomb, "more than 50000 values"},
		{"an alias to itself", "on: push\njobs: &a\n  x: *a\n", "nested more than"},
		{"five megabytes", "on: push\n" + strings.Repeat("# filler\n", 5<<20/9), "larger than"},
		{"nested mappings", strings.Repeat("{a: ", 300) + strings.Repeat("}", 300), "nested more than 64"},
		{"nested lists", strings.Repeat("[", 200_000), "not analysed"},
		{"many values", "on: push\nx: [" + strings.Repeat("1,", 60_000) + "1]", "more than 50000 values"},
		{"bytes that are no text", "\x00\xff\xfe\x01on: push", "not analysed"},
		{"a key that is a list", "? [a]\n: b\n", "not text"},
		{"tabs", "on:\n\t- push", "not analysed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, ".github/workflows/bad.yml"), row.text)
			writeFile(t, filepath.Join(dir, ".github/workflows/good.yml"), plain)
			start := time.Now()
			repo, err := Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			if len(repo.Sites) != 1 || repo.Sites[0].Publish.Pos != (Pos{".github/workflows/good.yml", 6}) {
				t.Errorf("got sites %v, want the good file's", repo.Sites)
			}
			if len(repo.Unread) != 1 || repo.Unread[0].File != ".github/workflows/bad.yml" || !strings.Contains(repo.Unread[0].Why, row.why) {
				t.Errorf("got unread %v, want bad.yml and %q", repo.Unread, row.why)
			}
		})
	}
}

// TestHostileScripts reads scripts made to exhaust a parser; what is found in
// them matters less than that reading ends.
func TestHostileScripts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text string }{
		{"open parentheses", strings.Repeat("(", 60_000)},
		{"open substitutions", strings.Repeat("$(", 4_900)},
		{"open arithmetic", strings.Repeat("$((", 2_400)},
		{"open ifs", strings.Repeat("if ", 20_000)},
		{"open quotes", strings.Repeat(`"$(echo `, 4_900)},
		{"negations", strings.Repeat("! ", 30_000) + "npm publish"},
		{"pipes", strings.Repeat("a|", 30_000) + "npm publish"},
		{"a long line", strings.Repeat("npm publish ; ", 20_000)},
		{"wrappers without end", strings.Repeat("env ", 30_000) + "npm publish"},
		{"sh in sh", strings.Repeat(`sh -c "`, 1000)},
		{"expressions without end", strings.Repeat("${{ ", 15_000)},
	} {
		start := time.Now()
		parseScript(row.text, "")
		parseScript(row.text, "pwsh")
		parseScript(row.text, "python")
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: took %s", row.name, took)
		}
	}
}

func TestNothingOutsideTheFolder(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	writeFile(t, filepath.Join(outside, "evil.yml"), plain)
	writeFile(t, filepath.Join(outside, ".npmrc"), "_authToken=outside\n")
	writeFile(t, filepath.Join(outside, "sub/.npmrc"), "_authToken=outside\n")
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, ".github/workflows/good.yml"), plain+"      - uses: ./../x\n      - uses: ./linked\n")
	writeFile(t, filepath.Join(dir, "inside.yml"), plain)
	for from, to := range map[string]string{
		".github/workflows/evil.yml":   filepath.Join(outside, "evil.yml"),
		".github/workflows/inside.yml": "../../inside.yml",
		".github/workflows/loop.yml":   "loop.yml",
		".npmrc":                       filepath.Join(outside, ".npmrc"),
		"linked":                       outside,
		"sub":                          filepath.Join(outside, "sub"),
	} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, ".github/workflows/pipe.yml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".github/workflows/folder.yml"), 0o700); err != nil {
		t.Fatal(err)
	}
	repo, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, w := range repo.Workflows {
		files = append(files, w.File)
	}
	if got, want := strings.Join(files, " "), ".github/workflows/good.yml .github/workflows/inside.yml"; got != want {
		t.Errorf("got workflows %q, want %q", got, want)
	}
	if len(repo.Entries) != 0 || len(repo.Literals) != 0 {
		t.Errorf("got %v and %v from outside", repo.Entries, repo.Literals)
	}
	unread := fmt.Sprint(repo.Unread)
	for _, want := range []string{"evil.yml", "loop.yml", "pipe.yml", ".npmrc", "../x", "linked"} {
		if !strings.Contains(unread, want) {
			t.Errorf("got unread %s, want %s among them", unread, want)
		}
	}
	if strings.Contains(unread, outside) {
		t.Errorf("unread names a folder of the machine: %s", unread)
	}
}

func TestReadOfNoFolder(t *testing.T) {
	t.Parallel()
	if _, err := Read(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("got no error for a folder that is not there")
	}
	repo, err := Read(t.TempDir())
	if err != nil || len(repo.Workflows)+len(repo.Unread) != 0 {
		t.Errorf("got %v, %v for an empty folder", repo, err)
	}
}

// TestManyCalls has workflows that each call the next ten times, and actions
// that do the same: both end at a limit that is named.
func TestManyCalls(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 9 {
		text := "on: [push, workflow_call]\njobs:\n  p: {runs-on: x, steps: [{run: npm publish}, {uses: ./a0}]}\n"
		for j := range 10 {
			text += fmt.Sprintf("  c%d: {uses: ./.github/workflows/w%d.yml}\n", j, i+1)
		}
		writeFile(t, filepath.Join(dir, fmt.Sprintf(".github/workflows/w%d.yml", i)), text)
		action := "runs:\n  using: composite\n  steps:\n"
		for range 10 {
			action += fmt.Sprintf("    - uses: ./a%d\n", i+1)
		}
		writeFile(t, filepath.Join(dir, fmt.Sprintf("a%d/action.yml", i)), action)
	}
	start := time.Now()
	repo, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 60*time.Second {
		t.Errorf("took %s", took)
	}
	if len(repo.Sites) > maxSites || len(repo.Unread) > maxUnread {
		t.Errorf("got %d sites and %d unread", len(repo.Sites), len(repo.Unread))
	}
	for _, want := range []string{"deep, or too many", "steps once actions are put in"} {
		if !strings.Contains(fmt.Sprint(repo.Unread), want) {
			t.Errorf("no limit says %q", want)
		}
	}
}

func TestManyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range maxWorkflows + 2 {
		writeFile(t, filepath.Join(dir, fmt.Sprintf(".github/workflows/w%04d.yml", i)), "on: push\njobs: {}\n")
	}
	deep := filepath.Join(dir, strings.Repeat("d/", maxWalkDepth+1))
	writeFile(t, filepath.Join(deep, ".npmrc"), "provenance=false\n")
	repo, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(repo.Workflows) != maxWorkflows || len(repo.Entries) != 0 || len(repo.Unread) != 2 {
		t.Errorf("got %d workflows, %d entries, unread %v", len(repo.Workflows), len(repo.Entries), repo.Unread)
	}
}
