package npm

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// documentError says why a document cannot be used.
type documentError struct {
	what, why string
	garbled   bool // not the JSON object an endpoint serves, as a broken proxy or a cut connection leaves it
}

func (e *documentError) Error() string { return e.what + ": " + e.why }

func garbled(what, why string) error { return &documentError{what, why, true} }
func wrong(what, why string) error   { return &documentError{what, why, false} }

// lenient lets an unpaired surrogate escape ("\ud83d", RFC 8259 section 8.2)
// stand: npm cuts descriptions and readmes in UTF-16 units, so real documents
// hold halves of emoji. It reads as U+FFFD, which equals no name we look for.
// Raw bytes that are not UTF-8 are refused by [decode].
var lenient = jsontext.AllowInvalidUTF8(true)

// decode reads the JSON object raw, of at most limit bytes, into v. Keys match
// exactly; a key given twice, anywhere, is an error; unknown keys are ignored.
func decode(what string, raw []byte, limit int, v any) error {
	switch {
	case len(raw) > limit:
		return wrong(what, fmt.Sprintf("is larger than %d bytes", limit))
	case !utf8.Valid(raw):
		return garbled(what, "is not UTF-8")
	case tooDeep(raw):
		return wrong(what, fmt.Sprintf("is nested deeper than %d", maxDepth))
	}
	if err := json.Unmarshal(raw, v, lenient); err != nil {
		return decodeError(what, err)
	}
	// Unmarshal takes null for any Go value.
	if jsontext.Value(raw).Kind() != jsontext.KindBeginObject {
		return garbled(what, "is not a JSON object")
	}
	return nil
}

// decodeError words an error of the JSON packages, whose own text names Go types.
func decodeError(what string, err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return wrong(what, "names a key twice: "+excerpt(string(syntax.JSONPointer)))
		}
		return garbled(what, fmt.Sprintf("is not JSON at byte %d", syntax.ByteOffset))
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		if semantic.JSONPointer == "" {
			return garbled(what, "is not a JSON object")
		}
		return wrong(what, "has a value of the wrong type: "+excerpt(string(semantic.JSONPointer)))
	}
	return garbled(what, "cannot be decoded")
}

// tooDeep reports whether raw nests arrays and objects deeper than maxDepth,
// before anything recurses into it. What is not JSON may get either answer.
func tooDeep(raw []byte) bool {
	if bytes.Count(raw, []byte("["))+bytes.Count(raw, []byte("{")) <= maxDepth {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// text returns the string that v is, or "" if it is anything else.
func text(v jsontext.Value) string {
	var s string
	if v.Kind() != jsontext.KindString || json.Unmarshal(v, &s, lenient) != nil {
		return ""
	}
	return s
}

// isObject reports whether v is present and an object.
func isObject(v jsontext.Value) bool { return v.Kind() == jsontext.KindBeginObject }
