package sigstore

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// fmtMistake is what the fmt package writes where verbs and values do not fit.
var fmtMistake = regexp.MustCompile(`%!.?\(`)

// checkText checks what every error text must be: one line, printable, bounded.
func checkText(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); fmtMistake.MatchString(text) {
		t.Errorf("got %q", text)
	}
	checkLine(t, err)
}

// checkLine is for errors that repeat what a fuzzer made up, which may look like fmt's mistakes.
func checkLine(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if len(text) > 600 {
		t.Errorf("got %d bytes: %q", len(text), text)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			t.Errorf("got %q in %q", r, text)
		}
	}
}

func write(t *testing.T, name string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("one\r\n::error::two\x1b[31m\u202e\xff %!w(<nil>)" + strings.Repeat("x", 10000))
	err := invalid(cause, "a %s", "detail")
	checkText(t, err)
	if want := "invalid: a detail: one ::error::two?[31m?? no cause givenxxx"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %.80q, want it to begin with %q", err, want)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	for kind, want := range map[Kind]string{Malformed: "malformed", Invalid: "invalid", Unreachable: "out of reach",
		Unsupported: "cannot be decided with this version", 0: "unknown kind"} {
		if got := kind.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
