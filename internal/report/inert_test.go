package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile are texts that mean something to one reader or another.
var hostile = []string{
	"", "nuxt", "@scope/name", "::error::boo", "  ::stop-commands::x", "\u00a0::error::boo", "\u200b::error::boo", "a\r::error::b", "a ::debug::b",
	"##[error]boo", "###[error]x", "#\u034f#[error]x", "\x1b[31mred", "\x9b31m", "\u202eabc", "a\u2028b", "\xff\xfe", "a\x00b",
	"<script>alert(1)</script>", "<img src=x onerror=y>", "&lt;b&gt;", "<!-- x", "</td></table>\n\n# heading", "a|b|c", "`code`", "``` \n```\n# out", "~~~\n",
	"[x](https://evil.example)", "![x](https://evil.example/x.png)", "https://evil.example", "www.evil.example", "a@evil.example", "@octocat", "#1", "GH-12", "octo/cat#3",
	"deadbeefdeadbeef", ":tada:", "$x^2$", "[^1]", "\n\n- list", "1. list", "> [!NOTE]", `\`, `a\|b`, `"]; click a "javascript:x"`, "end", "%% x", "#quot;", "javascript:alert(1)", "https://a.example/\"><b>", "https://a.example/)](x", "https://user:pass@a.example/",
	"../..", "@../x", "a/../../b", "x; rm -rf ~", "$(id)", "-rf", strings.Repeat("界 ", 1100), strings.Repeat("a", 2100),
}

// poisoned is a report of every status with text in each of its fields.
func poisoned(text string, status Status, packages int) *Report {
	check := func(s CheckStatus, l Level) Check {
		return Check{ID: text, Title: text, Status: s, Level: l, Detail: text, Docs: text,
			Causes: []Cause{{ID: text, Detail: text, Fix: text, Snippet: text, File: text, Line: 3, Docs: text}}}
	}
	one := Package{
		Name: text, Version: text, PURL: text, Status: status, State: text, Problem: text, Notes: []string{text},
		Checks: []Check{check(Pass, Required), check(Fail, Required), check(Unknown, Required), check(Skip, Required), check(Fail, Advisory), check(Unknown, Advisory),
			{ID: "provenance", Title: text, Status: Pass, Level: Required, Detail: text, Docs: text}},
		Waited: &Waited{Seconds: 3, Surfaces: []Surface{{Surface: text, Last: text}, {Surface: text, Ready: true}}},
		Dist:   &Dist{text, text, text}, Trust: &Trust{text, text, text},
		Source: &Source{text, text, text, text, text, text, text, text, text, "https://github.com/a/b/actions/runs/" + text, text, text},
		Log:    &Log{Index: new(int64), URL: text, IntegratedTime: text, Origin: text, TreeSize: 5},
		Links:  &Links{text, text, text}, LeftoverTokens: []Leftover{{text, text, text, 4}}, Evidence: map[string]string{text: text},
	}
	r := &Report{Schema: Schema, Status: status, Registry: text, Generated: text, Tool: text, Problem: text, Notes: []string{text}}
	for range packages {
		r.Packages = append(r.Packages, one)
	}
	return r
}

var statuses = []Status{Verified, NotVerified, Pending, Error}

// some is a number of packages: none, one, few or many.
func some(n byte) int { return []int{1, 0, 1, 2, 1, 5, 1, 12}[n/4%8] }

func seed(f *testing.F) {
	for i, text := range hostile {
		f.Add(text, byte(i))
	}
}

func FuzzConsole(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string, n byte) {
		r := poisoned(text, statuses[n%4], some(n))
		for _, o := range []ConsoleOptions{{}, {Width: 1}, {Width: -1}, {Color: true}} {
			var b bytes.Buffer
			if err := WriteConsole(&b, r, o); err != nil {
				t.Fatal(err)
			}
			out := b.String()
			if o.Color {
				out = regexp.MustCompile("\x1b\\[(31|32|33|90|0)m").ReplaceAllString(out, "")
			}
			quiet(t, strings.Split(out, "\n"))
		}
		quiet(t, []string{Plain(text)})
	})
}

// quiet fails the test on lines that the runner or a terminal would obey.
func quiet(t *testing.T, lines []string) {
	t.Helper()
	for _, line := range lines {
		switch {
		case strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::"), strings.Contains(line, "##["):
			t.Errorf("a command to the runner: %q", line)
		case strings.ContainsFunc(line, hidden):
			t.Errorf("a character that does not show: %q", line)
		case !utf8.ValidString(line):
			t.Errorf("not UTF-8: %q", line)
		}
	}
}

func FuzzSummary(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string, n byte) {
		r := poisoned(text, statuses[n%4], some(n))
		if err := inert(Summary(r), r); err != nil {
			t.Error(err)
		}
	})
}

var (
	ourTags   = regexp.MustCompile(`</?(h2|h3|h4|p|b|ul|li|table|tr|th|td|code|sub|details|summary)>|<th align="left">|<a href="https://[A-Za-z0-9._~/?#=&;:%+,@-]*">|</a>`)
	blockTags = regexp.MustCompile(`^</?(h2|h3|h4|p|ul|li|table|tr|details)>`)
	reference = regexp.MustCompile(`&#[0-9]+;`)
	codeText  = regexp.MustCompile(`<code>[^<]*</code>`)
	linked    = regexp.MustCompile(`(?i)[@#$_~*^]|://|www\.|[0-9a-f]{7}|gh-[0-9]|:[a-z0-9+_-]+:`)
	mermaid   = regexp.MustCompile(`^(flowchart LR|  [a-z]+\["[✓✗?] [a-z ]+(<br/>([\pL\p{Nd} ./-]|#[0-9]+;)*)?"\]:::(good|bad|open)|  [a-z]+( --> [a-z]+){5}|  classDef (good|bad|open) fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#ffffff)$`)
	command   = regexp.MustCompile(`^(|# [a-z, ]+|npm init --yes|(verify-npm-release|npm install --ignore-scripts|npm audit signatures)( --(registry|registry-url) https?://[A-Za-z0-9][A-Za-z0-9:/._-]*)?( [A-Za-z0-9@][A-Za-z0-9@/._+~-]*)*)$`)
	badgeForm = regexp.MustCompile(`^\[!\[([^\x00-\x1f\\\x60*_{}\[\]()<>#.|~&@:$^"'!-]|\\[!-/:-@\[-\x60{-~])+: provenance verified\]\(https://img\.shields\.io/badge/[A-Za-z0-9%._~-]+\?logo=npm\)\]\(https://www\.npmjs\.com/package/[A-Za-z0-9%._~@/+-]+(\?activeTab=provenance)?\)$`)
)

// inert checks that a summary consists of nothing but our own blocks: outside of
// code fences each line begins with one of our tags, so that it is part of an
// HTML block, and beside our tags there is nothing that HTML reads. A word
// outside of code elements is none that GitHub links.
func inert(summary string, r *Report) error {
	if len(summary) > MaxSummary || !utf8.ValidString(summary) {
		return fmt.Errorf("summary: %d bytes, valid UTF-8 %v", len(summary), utf8.ValidString(summary))
	}
	badges := map[string]bool{}
	for _, p := range r.Packages[:min(len(r.Packages), openSections)] {
		badges[Badge(p)] = true
	}
	ticks, language, depth := 0, "", map[string]int{}
	for line := range strings.SplitSeq(summary, "\n") {
		if strings.ContainsFunc(strings.ReplaceAll(line, "⚠️", ""), hidden) {
			return fmt.Errorf("a character that does not show: %q", line)
		}
		unindented := strings.TrimLeft(line, " ")
		run := len(unindented) - len(strings.TrimLeft(unindented, "`"))
		switch {
		case ticks > 0:
			// CommonMark §4.5: a closing fence is at least as long and stands alone.
			if run >= ticks && len(line)-len(unindented) <= 3 && strings.Trim(unindented, "` ") == "" {
				if line != strings.Repeat("`", ticks) {
					return fmt.Errorf("a fence closed by %q", line)
				}
				ticks = 0
			} else if language == "mermaid" && !mermaid.MatchString(line) {
				return fmt.Errorf("mermaid: %q", line)
			} else if language == "sh" && !command.MatchString(line) {
				return fmt.Errorf("command: %q", line)
			}
			continue
		case run >= 3:
			ticks, language = run, strings.Trim(line, "`")
			if !slices.Contains([]string{"", "sh", "markdown", "mermaid"}, language) {
				return fmt.Errorf("a fence opened by %q", line)
			}
			continue
		case line == "":
			continue
		case badges[line]:
			if !badgeForm.MatchString(line) {
				return fmt.Errorf("badge: %q", line)
			}
			continue
		case !blockTags.MatchString(line):
			return fmt.Errorf("outside of an HTML block: %q", line)
		}
		for _, tag := range ourTags.FindAllString(line, -1) {
			name := strings.Fields(strings.Trim(tag, "</>"))[0]
			if depth[name]++; tag[1] == '/' {
				depth[name] -= 2
			}
		}
		bare := reference.ReplaceAllString(ourTags.ReplaceAllString(line, ""), "")
		if at := strings.IndexAny(bare, "<>&`[]|*_~$\\@#{}^"); at >= 0 {
			return fmt.Errorf("live %q in %q", bare[at], line)
		}
		words := html.UnescapeString(ourTags.ReplaceAllString(codeText.ReplaceAllString(line, " "), " "))
		if found := linked.FindString(words); found != "" {
			return fmt.Errorf("GitHub may link %q in %q", found, line)
		}
	}
	for tag, n := range depth {
		if n != 0 {
			return fmt.Errorf("%d of <%s> are not closed", n, tag)
		}
	}
	if ticks > 0 {
		return fmt.Errorf("a fence is not closed")
	}
	return nil
}

func FuzzAnnotations(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string, n byte) {
		r := poisoned(text, statuses[n%4], some(n))
		list := r.Annotations(n%2 == 0)
		if len(list) > 2*maxAnnotations {
			t.Errorf("got %d annotations, want at most %d", len(list), 2*maxAnnotations)
		}
		for _, a := range list {
			quiet(t, append(strings.Split(a.Message, "\n"), a.Title, a.File))
			if a.Level != "error" && a.Level != "warning" {
				t.Errorf("level %q", a.Level)
			}
		}
	})
}

func FuzzBadge(f *testing.F) {
	for _, name := range hostile {
		f.Add(name, "1.0.0", true)
		f.Add("nuxt", name, false)
	}
	f.Fuzz(func(t *testing.T, name, version string, publisher bool) {
		p := Package{Name: name, Version: version, Status: Verified, Checks: []Check{{ID: "provenance", Status: Pass, Level: Required}},
			Links: &Links{NPM: "https://www.npmjs.com/package/x"}}
		if publisher {
			p.Checks = append(p.Checks, Check{ID: "trusted-publisher", Status: Pass, Level: Advisory})
		}
		for _, got := range []string{Badge(p), VersionBadge(p)} {
			if got == "" {
				continue
			}
			if !badgeForm.MatchString(got) {
				t.Errorf("badge %q", got)
			}
			target, err := url.Parse(strings.TrimSuffix(got[strings.LastIndex(got, "](")+2:], ")"))
			if err != nil {
				t.Fatal(err)
			}
			want := "/package/" + name
			if target.RawQuery == "" {
				want += "/v/" + version
			}
			if target.Path != want || target.JoinPath().Path != want && !strings.HasSuffix(want, "/") {
				t.Errorf("leads to %q, want %q", target.Path, want)
			}
		}
		var endpoint struct{ Label, Message string }
		if err := json.Unmarshal(BadgeEndpoint(p), &endpoint); err != nil || endpoint.Message != "provenance verified" {
			t.Errorf("endpoint: %+v, %v", endpoint, err)
		}
		if err := xml.Unmarshal(BadgeSVG(p), new(struct{})); err != nil {
			t.Errorf("svg: %v", err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, text := range hostile {
		var b bytes.Buffer
		if err := WriteJSON(&b, poisoned(text, NotVerified, 1)); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := ReadJSON(bytes.NewReader(raw))
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := WriteJSON(&once, r); err != nil {
			t.Fatal(err)
		}
		quiet(t, strings.Split(once.String(), "\n"))
		back, err := ReadJSON(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("what was written does not read: %v", err)
		}
		if err := WriteJSON(&twice, back); err != nil {
			t.Fatal(err)
		}
		if once.String() != twice.String() || !reflect.DeepEqual(r.withLists(), back.withLists()) {
			t.Errorf("got %s, want %s", twice.String(), once.String())
		}
	})
}
