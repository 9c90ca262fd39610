package workflow

import (
	"regexp"
	"strings"
)

var (
	separator = regexp.MustCompile(`&&|\|\||[;|&(){}]`)
	codeCall  = regexp.MustCompile(`\b(npm|pnpm|yarn|bun|npx|pnpx|bunx)\b((?:["'\x60\s,]+[A-Za-z0-9@/._=-]+)+)`)
)

// guessScript reads a script of another shell: one command a line or between
// separators, words at white space.
func guessScript(text string) script {
	var s script
	offset := 0
	for _, line := range strings.SplitAfter(text, "\n") {
		start := offset
		offset += len(line)
		trimmed := strings.TrimSpace(line)
		lower := strings.ToLower(trimmed)
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "::") || strings.HasPrefix(lower, "rem ") {
			continue
		}
		if i := strings.Index(line, " #"); i >= 0 {
			line = line[:i]
		}
		for _, part := range separator.Split(line, -1) {
			c := command{offset: start, guessed: true}
			for _, field := range strings.Fields(part) {
				plain := strings.Trim(field, `"'`)
				c.words = append(c.words, word{text: plain, dynamic: strings.ContainsAny(plain, "$%"), offset: start})
			}
			if len(c.words) > 0 && len(s.commands) < 10_000 {
				s.commands = append(s.commands, c)
			}
		}
	}
	return s
}

// guessCode looks through a program of another language for calls that spell
// a package manager and its arguments.
func guessCode(text string) script {
	var s script
	for _, m := range codeCall.FindAllStringSubmatchIndex(text, 1000) {
		c := command{offset: m[0], guessed: true, words: []word{{text: text[m[2]:m[3]], offset: m[0]}}}
		for _, f := range strings.FieldsFunc(text[m[4]:m[5]], func(r rune) bool { return strings.ContainsRune("\"'`, \t\r\n", r) }) {
			c.words = append(c.words, word{text: f, offset: m[0]})
		}
		s.commands = append(s.commands, c)
	}
	return s
}
