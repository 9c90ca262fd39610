package actions

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	r := New(new(bytes.Buffer), env("INPUT_DIST-TAG", " next\n", "INPUT_TARBALL", "", "INPUT_BLANK", " \n", "INPUT_TWO_WORDS", "x", "INPUT_DIST_TAG", "wrong"))
	got := r.Inputs([]string{"dist-tag", "tarball", "blank", "two words", "absent"})
	if len(got) != 2 || got["dist-tag"] != "next" || got["two words"] != "x" {
		t.Errorf("got %q, want dist-tag and two words", got)
	}
}

// parseOutputs reads a file of outputs as the runner does
// (EnvFileKeyValuePairs in its FileCommandManager, on Linux).
func parseOutputs(text string) ([][2]string, error) {
	var list [][2]string
	index := 0
	readLine := func() (line string, newline int, ok bool) {
		if index >= len(text) {
			return "", 0, false
		}
		rest := text[index:]
		if at := strings.Index(rest, "\n"); at >= 0 {
			index += at + 1
			return rest[:at], 1, true
		}
		index = len(text)
		return rest, 0, true
	}
	for line, _, ok := readLine(); ok; line, _, ok = readLine() {
		if line == "" {
			continue
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			list = append(list, [2]string{line[:equals], line[equals+1:]})
		case heredoc > 0 && heredoc+2 < len(line):
			start, end := index, index
			for {
				value, newline, ok := readLine()
				if !ok {
					return nil, fmt.Errorf("delimiter %q not found", line[heredoc+2:])
				}
				if value == line[heredoc+2:] {
					break
				}
				end = index - newline
			}
			list = append(list, [2]string{line[:heredoc], text[start:max(start, end)]})
		default:
			return nil, fmt.Errorf("invalid format %q", line)
		}
	}
	return list, nil
}

func FuzzOutput(f *testing.F) {
	for _, value := range []string{"", "x", "\n", "a\n", "\na", "a\r\nb\r", "a=b", "x<<end_\nend_", "_GitHubActionsFileCommandDelimeter_\nverified=true\n", "\xff", "\x00", "end_" + strings.Repeat("0", 32), "EOF\n\nstatus=verified\n"} {
		f.Add(value, value)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		file := filepath.Join(t.TempDir(), "output")
		r := New(new(bytes.Buffer), env("GITHUB_OUTPUT", file))
		want := [][2]string{{"status", one}, {"badge-markdown", two}}
		for _, pair := range want {
			if err := r.SetOutput(pair[0], pair[1]); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseOutputs(string(text))
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			want[i][1] = strings.ToValidUTF8(want[i][1], "\uFFFD")
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestOutputsUseADelimiterOfTheirOwn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "output")
	r := New(new(bytes.Buffer), env("GITHUB_OUTPUT", file))
	for range 2 {
		if err := r.SetOutput("a", "b"); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if lines[0] == lines[3] {
		t.Errorf("got %q twice, want two delimiters", lines[0])
	}
}

func TestFilesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	nowhere := filepath.Join(t.TempDir(), "no", "such", "folder")
	for _, row := range []struct {
		name string
		do   func(*Runner) error
		env  func(string) string
		want string
	}{
		{"no variable for outputs", func(r *Runner) error { return r.SetOutput("a", "b") }, env(), "GITHUB_OUTPUT is not set"},
		{"no folder for outputs", func(r *Runner) error { return r.SetOutput("a", "b") }, env("GITHUB_OUTPUT", nowhere), "no such file"},
		{"no variable for the summary", func(r *Runner) error { return r.AppendSummary("x") }, env(), "GITHUB_STEP_SUMMARY is not set"},
		{"no folder for the summary", func(r *Runner) error { return r.AppendSummary("x") }, env("GITHUB_STEP_SUMMARY", nowhere), "no such file"},
		{"an output without a name", func(r *Runner) error { return r.SetOutput("", "b") }, env("GITHUB_OUTPUT", nowhere), "no output name"},
		{"an output whose name is two lines", func(r *Runner) error { return r.SetOutput("a\nb", "b") }, env("GITHUB_OUTPUT", nowhere), "no output name"},
		{"an output whose name holds a delimiter", func(r *Runner) error { return r.SetOutput("a<<b", "b") }, env("GITHUB_OUTPUT", nowhere), "no output name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := row.do(New(new(bytes.Buffer), row.env)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error that says %q", err, row.want)
			}
		})
	}
}

func TestSummaryIsAppendedUpToTheLimit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "summary")
	r := New(new(bytes.Buffer), env("GITHUB_STEP_SUMMARY", file))
	if err := r.AppendSummary("one"); err != nil {
		t.Fatal(err)
	}
	if err := r.AppendSummary(strings.Repeat("x", maxSummary-5)); err != nil {
		t.Errorf("up to the limit: %v", err)
	}
	if err := r.AppendSummary(""); err == nil {
		t.Error("one byte over the limit was written")
	}
	got, err := os.ReadFile(file)
	if err != nil || len(got) != maxSummary || !strings.HasPrefix(string(got), "one\nx") {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, maxSummary)
	}
}

// parseCommand reads a line as the runner does (ActionCommand.TryParseV2).
func parseCommand(line string) (name string, at map[string]string, data string, ok bool) {
	line = strings.TrimLeftFunc(line, unicode.IsSpace)
	if !strings.HasPrefix(line, "::") {
		return
	}
	info, data, ok := strings.Cut(line[2:], "::")
	if !ok {
		return
	}
	name, properties, _ := strings.Cut(info, " ")
	unescape := func(s string, marks ...string) string {
		for i := 0; i < len(marks); i += 2 {
			s = strings.ReplaceAll(s, marks[i], marks[i+1])
		}
		return s
	}
	at = map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimSpace(properties), ",") {
		if key, value, found := strings.Cut(pair, "="); found {
			at[key] = unescape(value, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
		}
	}
	return name, at, unescape(data, "%0D", "\r", "%0A", "\n", "%25", "%"), true
}

func FuzzAnnotate(f *testing.F) {
	f.Add("error", ".github/workflows/a.yml", 3, "title: a, b", "one\ntwo\r\n100% %0A")
	f.Add("warning", "", 0, "", "::error::x")
	f.Add("notice", "a,line=4::", -1, "%3A", "##[error]x")
	f.Add("error", "a", 1, "t", strings.Repeat("😀%\n", 3000))
	f.Add("debug", "a", 1, "t", "m")
	f.Add("error", "a", 1, "t", strings.Repeat("x", maxMessage))
	f.Fuzz(func(t *testing.T, level, file string, line int, title, message string) {
		var b bytes.Buffer
		err := New(&b, env()).Annotate(Annotation{Level: level, File: file, Line: line, Title: title, Message: message})
		if level != "error" && level != "warning" && level != "notice" {
			if err == nil || b.Len() > 0 {
				t.Errorf("level %q: got %q, %v; want an error", level, b.String(), err)
			}
			return
		}
		out := b.String()
		if err != nil || strings.Count(out, "\n") != 1 || strings.Contains(out, "\r") {
			t.Fatalf("got %q, %v; want one line", out, err)
		}
		name, at, data, ok := parseCommand(strings.TrimSuffix(out, "\n"))
		if !ok || name != level {
			t.Fatalf("got command %q from %q", name, out)
		}
		if got := len(utf16.Encode([]rune(data))); got > maxMessage {
			t.Errorf("message of %d units, want at most %d", got, maxMessage)
		}
		if strings.TrimSpace(message) != "" && len(message) < maxMessage && utf8.ValidString(message) && data != message {
			t.Errorf("message: got %q, want %q", data, message)
		}
		if prefix, cut := strings.CutSuffix(data, "…"); cut && utf8.ValidString(message) && message != data && strings.TrimSpace(message) != "" && !strings.HasPrefix(message, prefix) {
			t.Errorf("message %q is no beginning of what was given", data)
		}
		if utf8.ValidString(file) && strings.TrimSpace(file) == file && at["file"] != file {
			t.Errorf("file: got %q, want %q", at["file"], file)
		}
		if want := fmt.Sprint(line); file != "" && line > 0 && at["line"] != want || (file == "" || line < 1) && at["line"] != "" {
			t.Errorf("line: got %q, want %q", at["line"], want)
		}
	})
}

func TestCommands(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := New(&b, env())
	r.Group("a\n::error::b")
	r.Mask("npm_x%\ny")
	r.Mask(" \n")
	r.EndGroup()
	want := "::group::a%0A::error::b\n::add-mask::npm_x%25%0Ay\n::endgroup::\n"
	if got := b.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVerbatim(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := New(&b, env()).Verbatim("::error::x\n##[error]y\n"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	token, ok := strings.CutPrefix(lines[0], "::stop-commands::")
	if !ok || len(token) < 32 || len(lines) != 4 || lines[3] != "::"+token+"::" {
		t.Errorf("got %q, want the text between stop and resume", lines)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("pipe closed") }

func TestALogThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	r := New(brokenWriter{}, env())
	r.Group("a")
	if err := r.Annotate(Annotation{Level: "error", Message: "x"}); err == nil {
		t.Error("got no error, want one")
	}
}
