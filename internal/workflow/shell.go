package workflow

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxScript bounds what is parsed as a shell script, in bytes; the parser
// recurses as deep as a script nests. Longer ones are read word by word.
const maxScript = 64 << 10

// word is one word of a command.
type word struct {
	text    string // quotes removed; expressions and variables as written
	dynamic bool   // an expression, a variable or a substitution is part of it
	offset  int    // in the script
}

// command is one simple command of a script.
type command struct {
	words   []word
	env     []assignment // before the command, and exported above it
	offset  int
	dir     string // what cd did to the working directory, "" for nothing
	lost    bool   // a cd whose folder is not known
	guessed bool
}

type assignment struct {
	name  string
	value word
	scope string
}

// write is text that a script writes into a file.
type write struct {
	target string
	text   string
	offset int
	here   bool // a here-document: its lines are lines of the script
}

// script is what a run script does, as far as it matters here.
type script struct {
	commands []command
	writes   []write
}

// parseScript reads a script. shell is the step's, "" for the runner's
// default, bash. Scripts of other shells, and those bash's grammar refuses, are
// read word by word, and their commands are marked as guessed.
func parseScript(text, shell string) script {
	name, _, _ := strings.Cut(strings.TrimSpace(shell), " ")
	switch path.Base(name) {
	case "", ".", "bash", "sh", "zsh", "dash":
	case "pwsh", "powershell", "cmd":
		return guessScript(text)
	default:
		return guessCode(text)
	}
	if len(text) > maxScript || strings.Count(text, "(")+strings.Count(text, "{")+strings.Count(text, "`") > 5000 {
		return guessScript(text)
	}
	// Expressions are not shell; letters of the same length keep every offset.
	masked := []byte(text)
	for _, e := range expressions(text) {
		for i := e.offset - 3; i < e.offset+len(e.text)+2; i++ {
			masked[i] = 'x'
		}
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(string(masked)), "")
	if err != nil {
		return guessScript(text)
	}
	s := &shellWalk{text: text}
	syntax.Walk(file, s.visit)
	return s.script
}

type folder struct {
	path string
	lost bool
}

type shellWalk struct {
	script
	text    string
	cwd     folder
	exports []assignment
	stack   []*folder // what to go back to at the end of each open node
}

func (s *shellWalk) visit(n syntax.Node) bool {
	if n == nil {
		last := len(s.stack) - 1
		if back := s.stack[last]; back != nil {
			s.cwd = *back
		}
		s.stack = s.stack[:last]
		return true
	}
	var back *folder
	switch n := n.(type) {
	case *syntax.Subshell, *syntax.CmdSubst:
		back = &folder{s.cwd.path, s.cwd.lost}
	case *syntax.Stmt:
		s.redirects(n)
	case *syntax.BinaryCmd:
		s.tee(n)
	case *syntax.DeclClause:
		if n.Variant.Value == "export" {
			for _, a := range n.Args {
				s.export(a)
			}
		}
	case *syntax.CallExpr:
		s.call(n)
	}
	s.stack = append(s.stack, back)
	return true
}

func (s *shellWalk) export(a *syntax.Assign) {
	if a.Name != nil && a.Value != nil {
		s.exports = append(s.exports, assignment{a.Name.Value, s.word(a.Value), "export"})
	}
}

func (s *shellWalk) call(n *syntax.CallExpr) {
	if len(n.Args) == 0 {
		return
	}
	c := command{offset: int(n.Pos().Offset()), dir: s.cwd.path, lost: s.cwd.lost}
	c.env = append(c.env, s.exports...)
	for _, a := range n.Assigns {
		if a.Name != nil && a.Value != nil {
			c.env = append(c.env, assignment{a.Name.Value, s.word(a.Value), "command"})
		}
	}
	for _, w := range n.Args {
		c.words = append(c.words, s.word(w))
	}
	s.commands = append(s.commands, c)
	switch name := c.words[0].text; {
	case name == "cd" || name == "pushd":
		s.cwd = s.cwd.enter(c.words[1:])
	case name == "popd":
		s.cwd.lost = true
	}
}

// enter gives the folder after cd with these arguments.
func (f folder) enter(args []word) folder {
	for len(args) > 0 && strings.HasPrefix(args[0].text, "-") && args[0].text != "-" {
		args = args[1:]
	}
	if len(args) != 1 || args[0].dynamic || args[0].text == "-" || path.IsAbs(args[0].text) || strings.HasPrefix(args[0].text, "~") {
		return folder{lost: true}
	}
	return folder{path.Join(f.path, args[0].text), f.lost}
}

// word reads a word: what the shell will make of it where that is known.
func (s *shellWalk) word(w *syntax.Word) word {
	out := word{offset: int(w.Pos().Offset())}
	var b strings.Builder
	s.parts(&b, &out.dynamic, w.Parts, false)
	out.text = b.String()
	return out
}

func (s *shellWalk) parts(b *strings.Builder, dynamic *bool, parts []syntax.WordPart, quoted bool) {
	for _, p := range parts {
		raw := s.source(p)
		switch p := p.(type) {
		case *syntax.Lit:
			if strings.Contains(raw, "${{") {
				*dynamic = true
			} else {
				raw = unescape(raw, quoted)
			}
			b.WriteString(raw)
		case *syntax.SglQuoted:
			if p.Dollar {
				raw = p.Value
			} else {
				raw = strings.TrimSuffix(strings.TrimPrefix(raw, "'"), "'")
			}
			*dynamic = *dynamic || strings.Contains(raw, "${{")
			b.WriteString(raw)
		case *syntax.DblQuoted:
			s.parts(b, dynamic, p.Parts, true)
		default:
			*dynamic = true
			b.WriteString(raw)
		}
	}
}

func (s *shellWalk) source(n syntax.Node) string {
	from, to := int(n.Pos().Offset()), int(n.End().Offset())
	if from < 0 || to > len(s.text) || from > to {
		return ""
	}
	return s.text[from:to]
}

// unescape removes the backslashes the shell removes.
func unescape(text string, quoted bool) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (!quoted || strings.IndexByte("$`\"\\\n", text[i+1]) >= 0) {
			if i++; text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
