package report

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// The escapes, one for each target. All of them start from [flat], so that no
// control, bidirectional or zero-width character of the input reaches any
// reader as itself.

// hidden reports whether a rune does not show as itself: controls, ANSI's
// escape, bidirectional, zero-width and otherwise ignorable characters, line and
// paragraph separators, private use and unassigned code points. .NET's string
// comparison, by which the runner looks for commands, skips the ignorable ones.
func hidden(c rune) bool {
	if ' ' <= c && c <= '~' {
		return false
	}
	return !unicode.IsGraphic(c) ||
		unicode.In(c, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// flat is text in one line: each kind of space is a plain one, hidden runes
// are their escapes, bytes that are not UTF-8 are U+FFFD.
func flat(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case unicode.IsSpace(c):
			b.WriteByte(' ')
		case hidden(c):
			fmt.Fprintf(&b, `\u{%x}`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// flatLines is text split at its line breaks, each line flat and without space
// at its end, blank lines at the ends left out, cut with "…" after 200 lines.
func flatLines(text string) []string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\t", "  ")
	var lines []string
	for line := range strings.SplitSeq(strings.Trim(text, "\r\n"), "\n") {
		if len(lines) == 200 {
			return append(lines, "…")
		}
		lines = append(lines, strings.TrimRight(flat(line), " "))
	}
	return lines
}

// clip cuts text to at most n runes, the last of them "…" where something was cut.
func clip(text string, n int) string {
	last, count := 0, 0
	for i := range text {
		switch count {
		case n - 1:
			last = i
		case n:
			return text[:last] + "…"
		}
		count++
	}
	return text
}

// utf16Units is c as JSON's \u escapes spell it.
func utf16Units(c rune) []uint16 { return utf16.AppendRune(nil, c) }

// quietLine makes one line harmless for a job's log. The runner takes a line for
// a command if it starts with "::" after any space, or has "##[" anywhere
// (ActionCommand.TryParseV2 and TryParse in the runner).
func quietLine(line string) string {
	line = strings.ReplaceAll(flat(line), "##[", "## [")
	if rest := strings.TrimLeft(line, " "); strings.HasPrefix(rest, "::") {
		line = strings.Replace(line, "::", ": :", 1)
	}
	return line
}

// entities is text for the inside of an HTML element in Markdown: whatever could
// mean something to HTML, Markdown or GitHub's own links is a character
// reference.
func entities(text string) string {
	var b strings.Builder
	for _, c := range flat(text) {
		if c > unicode.MaxASCII || unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune(` ,.;-/+?%'"()=`, c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "&#%d;", c)
		}
	}
	return strings.ReplaceAll(b.String(), "&#58; ", ": ") // a colon before a space begins no address
}

// code is text as an HTML code element, in which GitHub links nothing.
func code(text string) string { return "<code>" + entities(clip(text, 1000)) + "</code>" }

// plainWord matches what GitHub shows as it stands. It links mentions, issue
// numbers, commits and addresses and turns :names: and $formulas$ into pictures.
var (
	plainWord = regexp.MustCompile(`^[\pL\pN\pM.,;!?'"()=+%–—·…/-]*$`)
	linkWord  = regexp.MustCompile(`(?i)[0-9a-f]{7}|gh-[0-9]|www\.|:.+:`)
	wordEdges = `"'(),.;:!?`
)

// prose is text as inline HTML, with the words that GitHub could take for a link
// as code.
func prose(text string) string {
	words := strings.Split(flat(clip(text, 2000)), " ")
	for i, w := range words {
		core := strings.TrimLeft(strings.TrimRight(w, wordEdges), `"'(`) // a name may begin with a dot
		if plainWord.MatchString(core) && !linkWord.MatchString(w) {
			words[i] = entities(w)
			continue
		}
		at := strings.Index(w, core)
		words[i] = entities(w[:at]) + code(core) + entities(w[at+len(core):])
	}
	return strings.Join(words, " ")
}

// fence is text as a fenced code block. The fence is longer than any run of
// backticks inside, so nothing inside can end it.
func fence(language string, lines []string) string {
	ticks := 3
	for _, line := range lines {
		run := 0
		for _, c := range line {
			if c != '`' {
				run = 0
				continue
			}
			run++
			ticks = max(ticks, run+1)
		}
	}
	mark := strings.Repeat("`", ticks)
	return mark + language + "\n" + strings.Join(lines, "\n") + "\n" + mark + "\n\n"
}

// safeURL is text as an https address made of characters that mean nothing to
// HTML, Markdown or a terminal, or "" if it is none.
func safeURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > 2000 || u.Scheme != "https" || u.User != nil || u.Opaque != "" || !hostName.MatchString(u.Host) {
		return ""
	}
	return percent(u.String(), "/?#=&:%+,@")
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// percent encodes every byte of text that is neither unreserved (RFC 3986 §2.3)
// nor in keep.
func percent(text, keep string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c < 0x80 && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || strings.IndexByte("-._~"+keep, c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// link is an HTML link to address that shows text as code, or text alone where
// the address is none to follow.
func link(address, text string) string {
	if address = safeURL(address); address == "" {
		return code(text)
	}
	return `<a href="` + strings.ReplaceAll(address, "&", "&amp;") + `">` + code(text) + "</a>"
}

// diagram is text for the inside of a quoted mermaid label: everything but
// letters, digits and a few marks is one of mermaid's own character codes.
func diagram(text string) string {
	var b strings.Builder
	for _, c := range flat(clip(text, 60)) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune(" ./-", c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "#%d;", c)
		}
	}
	return b.String()
}

// What the commands of the summary may hold: a release and a registry that a
// shell takes as one word each and npm as nothing else.
var (
	plainSpec     = regexp.MustCompile(`^(@[A-Za-z0-9_~][A-Za-z0-9._~-]*/)?[A-Za-z0-9_][A-Za-z0-9._~-]*@[0-9][0-9A-Za-z.+-]*$`)
	plainRegistry = regexp.MustCompile(`^https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?$`)
)
