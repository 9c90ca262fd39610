package workflow

import "strings"

// expression is the text between ${{ and }}, with its offset in the scalar.
type expression struct {
	text   string
	offset int
}

// expressions finds every ${{ … }} of a text. Quotes ('…', with ” for one
// quote) may hold }}. An expression that does not end is not one.
func expressions(text string) []expression {
	var found []expression
	for i := 0; ; {
		at := strings.Index(text[i:], "${{")
		if at < 0 {
			return found
		}
		start := i + at + 3
		end := expressionEnd(text, start)
		if end < 0 {
			return found
		}
		found = append(found, expression{text: text[start:end], offset: start})
		i = end + 2
	}
}

func expressionEnd(text string, i int) int {
	for quoted := false; i < len(text); i++ {
		switch {
		case text[i] == '\'':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], "}}"):
			return i
		}
	}
	return -1
}

// use is one use of the secrets context inside an expression.
type use struct {
	kind   ReferenceKind
	name   string // upper case, for a use by name
	offset int    // in the expression
}

// secretUses finds how an expression uses the secrets context: by name
// (secrets.NAME, secrets['NAME']), by a computed name, or whole, which hands
// over every secret. Names are not case-sensitive.
func secretUses(text string) []use {
	var found []use
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return found
			}
			i += end + 2
		case isName(c):
			end := i
			for end < len(text) && isName(text[end]) {
				end++
			}
			// github.event.secrets is a property, not the context.
			before := strings.TrimRight(text[:i], " \t\r\n")
			if strings.EqualFold(text[i:end], "secrets") && !strings.HasSuffix(before, ".") {
				u, next := secretUse(text, i, end)
				found = append(found, u)
				end = next
			}
			i = end
		default:
			i++
		}
	}
	return found
}

// secretUse reads what follows the word secrets, which ends at end.
func secretUse(text string, start, end int) (use, int) {
	u := use{kind: WholeContext, offset: start}
	i := skipSpace(text, end)
	switch {
	case i < len(text) && text[i] == '.':
		i = skipSpace(text, i+1)
		from := i
		for i < len(text) && isName(text[i]) {
			i++
		}
		if from == i { // secrets.*
			return u, min(i+1, len(text))
		}
		u.kind, u.name = ByName, strings.ToUpper(text[from:i])
		return u, i
	case i < len(text) && text[i] == '[':
		i = skipSpace(text, i+1)
		if i < len(text) && text[i] == '\'' {
			if quote := strings.IndexByte(text[i+1:], '\''); quote >= 0 {
				name := text[i+1 : i+1+quote]
				if next := skipSpace(text, i+quote+2); next < len(text) && text[next] == ']' {
					u.kind, u.name = ByName, strings.ToUpper(name)
					return u, next + 1
				}
			}
		}
		if i < len(text) && text[i] == '*' {
			return u, i + 1
		}
		u.kind = Computed
		return u, i
	}
	return u, end
}

func skipSpace(text string, i int) int {
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	return i
}

func isName(c byte) bool { return isWord(c) || c == '-' }
