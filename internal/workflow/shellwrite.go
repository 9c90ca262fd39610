package workflow

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// redirects notes what a statement writes into the files of interest.
func (s *shellWalk) redirects(stmt *syntax.Stmt) {
	for _, r := range stmt.Redirs {
		switch r.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
			if r.Word != nil {
				s.output(s.word(r.Word).text, stmt)
			}
		}
	}
}

// tee notes echo … | tee FILE.
func (s *shellWalk) tee(n *syntax.BinaryCmd) {
	if n.Op != syntax.Pipe && n.Op != syntax.PipeAll {
		return
	}
	call, ok := n.Y.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) < 2 || s.word(call.Args[0]).text != "tee" {
		return
	}
	for _, arg := range call.Args[1:] {
		s.output(s.word(arg).text, n.X)
	}
}

// output notes everything that echo, printf and here-documents below n say, as
// written into target.
func (s *shellWalk) output(target string, n syntax.Node) {
	if !interesting(target) {
		return
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Redirect:
			if n.Hdoc != nil {
				s.writes = append(s.writes, write{target, s.word(n.Hdoc).text, int(n.Hdoc.Pos().Offset()), true})
			}
		case *syntax.CallExpr:
			if len(n.Args) > 1 {
				s.say(target, n.Args)
			}
		}
		return true
	})
}

func (s *shellWalk) say(target string, args []*syntax.Word) {
	name := s.word(args[0]).text
	var words []word
	for _, a := range args[1:] {
		if w := s.word(a); len(words) > 0 || !strings.HasPrefix(w.text, "-") {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return
	}
	var text string
	switch name {
	case "echo":
		var texts []string
		for _, w := range words {
			texts = append(texts, w.text)
		}
		text = strings.Join(texts, " ")
	case "printf":
		text = words[0].text
		for _, w := range words[1:] {
			text = strings.Replace(text, "%s", w.text, 1)
		}
	default:
		return
	}
	s.writes = append(s.writes, write{target, strings.ReplaceAll(text, `\n`, "\n"), words[0].offset, false})
}

// interesting tells whether a file is one whose settings matter.
func interesting(target string) bool {
	return configOf(target) != "" || isGitHubEnv(target)
}

func isGitHubEnv(target string) bool {
	return strings.Trim(target, "${}") == "GITHUB_ENV"
}
