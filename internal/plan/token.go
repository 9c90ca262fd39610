package plan

import "fmt"

// Token holds a credential that no formatting prints: it can only be asked for.
// The zero value is no credential.
type Token struct {
	value *string // behind a pointer, so that no verb reaches it from an unexported field
}

// NewToken keeps value; "" is no credential.
func NewToken(value string) Token {
	if value == "" {
		return Token{}
	}
	return Token{&value}
}

// Reveal returns the credential, for the one request it was given for.
func (t Token) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Given says whether there is a credential.
func (t Token) Given() bool { return t.value != nil }

// String returns nothing.
func (t Token) String() string { return "" }

// GoString returns nothing.
func (t Token) GoString() string { return "" }

// Format prints nothing, whatever the verb.
func (t Token) Format(fmt.State, rune) {}
