package sigstore

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what sort of failure an [Error] is.
type Kind int

const (
	// Malformed input is not a bundle, a statement, a trusted root or a target as its specification has it.
	Malformed Kind = iota + 1
	// Invalid input is well formed and does not verify under the trusted root.
	Invalid
	// Unsupported input cannot be decided with this version of the program: it may be genuine.
	Unsupported
	// Unreachable is a TUF repository that did not answer, or not with what was asked for.
	Unreachable
)

// String returns the kind in one or two words, for messages.
func (k Kind) String() string {
	switch k {
	case Malformed:
		return "malformed"
	case Invalid:
		return "invalid"
	case Unsupported:
		return "cannot be decided with this version"
	case Unreachable:
		return "out of reach"
	}
	return "unknown kind"
}

// Error is every failure of this package. Its text is one printable line of at most 600 bytes;
// Err, which may hold anything at all, is kept for errors.Is and errors.As and must not be printed raw.
type Error struct {
	Kind   Kind
	Detail string // what was looked at, found and wanted
	Err    error  // the cause; may be nil
}

// Error returns kind, detail and cause in one line.
func (e *Error) Error() string {
	text := e.Kind.String() + ": " + e.Detail
	if e.Err != nil {
		text += ": " + strings.ReplaceAll(e.Err.Error(), "%!w(<nil>)", "no cause given")
	}
	return oneLine(text, 600)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func malformed(cause error, format string, args ...any) error {
	return &Error{Kind: Malformed, Detail: fmt.Sprintf(format, args...), Err: cause}
}

func invalid(cause error, format string, args ...any) error {
	return &Error{Kind: Invalid, Detail: fmt.Sprintf(format, args...), Err: cause}
}

func unsupported(format string, args ...any) error {
	return &Error{Kind: Unsupported, Detail: fmt.Sprintf(format, args...)}
}

// short is text from outside as part of a message.
func short(text string) string { return oneLine(text, 120) }

// oneLine makes text from outside fit to stand in a message: printable characters only, runs of
// white space as one space, at most max bytes.
func oneLine(text string, max int) string {
	const ellipsis = "…"
	var b strings.Builder
	space := false
	for _, r := range text {
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			r = '?'
		}
		if b.Len()+1+utf8.RuneLen(r)+len(ellipsis) > max {
			b.WriteString(ellipsis)
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
