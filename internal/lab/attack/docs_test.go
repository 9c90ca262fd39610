package attack

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const securityPage = "../../../docs/security.md"

// TestTheSecurityPageNamesTestsThatExist: what the page says is stopped is shown by a test of that name.
func TestTheSecurityPageNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(securityPage)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	if err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(raw, -1) {
			tests[string(m[1])] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)(?:/([^`]+))?`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 30 {
		t.Errorf("the page names %d tests", len(named))
	}
	for _, m := range named {
		if !tests[m[1]] {
			t.Errorf("there is no test %s", m[1])
		}
		if m[2] != "" && (m[1] != "TestAttacks" || groups[m[2]] == nil) {
			t.Errorf("there is no group of attacks %q", m[2])
		}
	}
	for group := range groups {
		if !strings.Contains(string(page), "`TestAttacks/"+group+"`") && group != "trust and tags" {
			t.Errorf("the page does not say what the attacks %q show", group)
		}
	}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) == 6 && !strings.Contains(line, "---") && !strings.Contains(line, "shown by") && !strings.Contains(line, "tested by") && !strings.Contains(cells[4], "`Test") && !strings.Contains(cells[4], "`Fuzz") {
			t.Errorf("a row names no test: %s", line)
		}
	}
	total := 0
	for _, rows := range groups {
		total += len(rows)
	}
	for want, in := range map[string]string{
		fmt.Sprintf("| %d in %d groups; all noticed |", total, len(groups)):  "the attacks",
		fmt.Sprintf("| %d | `go test -v -run TestUnusualAndGood", len(good)): "the good releases",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the figure of %s is not %q", in, want)
		}
	}
}

// bounded are the packages that read what others write.
var bounded = []string{"npm", "sigstore", "evidence", "github", "actions"}

// TestTheSecurityPageListsEveryBound compares the table of bounds with the constants.
func TestTheSecurityPageListsEveryBound(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(securityPage)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+\\.max\\w+)` \\| ([^|]+) \\|").FindAllStringSubmatch(string(page), -1) {
		listed[m[1]] = m[2]
	}
	for _, name := range bounded {
		for bound, value := range bounds(t, name) {
			key := name + "." + bound
			if got, ok := listed[key]; !ok || got != value {
				t.Errorf("%s: the page says %q, the code %q", key, got, value)
			}
			delete(listed, key)
		}
	}
	for key := range listed {
		t.Errorf("%s is not in the code", key)
	}
}

// bounds are the constants max… of one of our packages, as the page writes them.
func bounds(t *testing.T, name string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../" + name + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	text := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(set, file, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i, id := range v.Names {
					if strings.HasPrefix(id.Name, "max") && i < len(v.Values) {
						text[id.Name] = string(source[set.Position(v.Values[i].Pos()).Offset:set.Position(v.Values[i].End()).Offset])
					}
				}
			}
		}
	}
	out := map[string]string{}
	for id, expression := range text {
		if other, ok := text[expression]; ok {
			expression = other
		}
		out[id] = inWords(t, expression)
	}
	return out
}

// inWords writes 4 << 20 as 4 MiB, 5 * time.Minute as 5 minutes and 10_000 as 10,000.
func inWords(t *testing.T, expression string) string {
	t.Helper()
	if n, unit, ok := strings.Cut(expression, " * time."); ok {
		return n + " " + strings.ToLower(unit) + "s"
	}
	value, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expression)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := constant.Int64Val(value.Value)
	if strings.Contains(expression, "<<") {
		for _, unit := range []struct {
			name string
			size int64
		}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
			if n%unit.size == 0 {
				return fmt.Sprintf("%d %s", n/unit.size, unit.name)
			}
		}
	}
	digits := strconv.FormatInt(n, 10)
	if !strings.Contains(expression, "_") {
		return digits
	}
	var parts []string
	for len(digits) > 3 {
		parts, digits = append(parts, digits[len(digits)-3:]), digits[:len(digits)-3]
	}
	slices.Reverse(parts)
	return strings.Join(append([]string{digits}, parts...), ",")
}

// TestTrustFileBound: a trusted root from a file has at most 4 MiB (evidence.maxTrustFile, sigstore.maxTrustedRoot).
func TestTrustFileBound(t *testing.T) {
	t.Parallel()
	const bound = 4 << 20
	for _, size := range []int{bound - 1, bound, bound + 1} {
		w := newWorld(t, nil)
		w.release.TrustedRoot = append(w.release.TrustedRoot, strings.Repeat(" ", size-len(w.release.TrustedRoot))...)
		r, exit := w.judgeDirectly(t)
		if ok := size <= bound; (exit == 0) != ok || !ok && exit != 3 {
			t.Errorf("%d bytes: exit code %d: %s", size, exit, bad(r))
		}
	}
}
