package workflow

import (
	"bytes"
	"hash/crc32"
	"regexp"
	"strings"
	"unicode"
)

// Secret is a literal credential found in a file or in a log. It prints as its
// prefix and stars whatever the verb, and marshals so.
type Secret struct {
	// A function, because fmt prints the contents of unexported fields.
	reveal func() string
	prefix string
}

func newSecret(value string) Secret {
	s := Secret{reveal: func() string { return value }, prefix: "****"}
	if strings.HasPrefix(value, "npm_") {
		s.prefix = "npm_****"
	}
	return s
}

// Mask gives the literal itself, for the runner's add-mask command alone; it
// must reach no other output.
func (s Secret) Mask() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// String gives what may be shown: "npm_****" or "****".
func (s Secret) String() string { return s.prefix }

// GoString gives the same as String.
func (s Secret) GoString() string { return s.prefix }

// MarshalText gives the same as String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.prefix), nil }

// Literal is a credential written out in a file.
type Literal struct {
	Pos
	// Key is the setting that holds it, such as "_authToken"; "" for a token
	// known by its shape alone.
	Key string
	// Checksum says that the last six characters are the checksum of the 30
	// before them, as in tokens GitHub and npm mint. A token without it may be
	// real all the same: not one genuine npm token was at hand to prove the rule.
	Checksum bool
	Secret   Secret
}

var tokenLike = regexp.MustCompile(`npm_[A-Za-z0-9]{36,}`)

// redact replaces what looks like an npm token, and longer runs of the kind,
// by stars of the same length, so that every position stays true.
func redact(text string) string {
	if !strings.Contains(text, "npm_") {
		return text
	}
	return tokenLike.ReplaceAllStringFunc(text, func(t string) string {
		return "npm_" + strings.Repeat("*", len(t)-4)
	})
}

// takeTokens gives src with tokens replaced, and the tokens of exact shape:
// npm_ and 36 letters or digits, with no word character on either side.
func takeTokens(file string, src []byte) ([]byte, []Literal) {
	if !bytes.Contains(src, []byte("npm_")) {
		return src, nil
	}
	var found []Literal
	for _, at := range tokenLike.FindAllIndex(src, maxLiterals) {
		if at[1]-at[0] != 40 || at[0] > 0 && isWord(src[at[0]-1]) || at[1] < len(src) && isWord(src[at[1]]) {
			continue
		}
		token := string(src[at[0]:at[1]])
		found = append(found, Literal{
			Pos:      Pos{File: file, Line: 1 + bytes.Count(src[:at[0]], []byte("\n"))},
			Checksum: checksum(token),
			Secret:   newSecret(token),
		})
	}
	return []byte(redact(string(src))), found
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// checksum tells whether a token of 40 characters ends with the CRC-32 (IEEE)
// of its 30 random ones, in base 62 with digits first, six places.
// https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
func checksum(token string) bool {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if len(token) != 40 {
		return false
	}
	sum := crc32.ChecksumIEEE([]byte(token[4:34]))
	var want [6]byte
	for i := len(want) - 1; i >= 0; i-- {
		want[i] = alphabet[sum%62]
		sum /= 62
	}
	return string(want[:]) == token[34:]
}

var secretText = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:_authToken|_auth|_password|npmAuthToken|npmAuthIdent|bearer|basic)["']?(?:\s*[=:]\s*|\s+)["']?)[^\s"'$][^\s"']*`),
	regexp.MustCompile(`()eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?`),
	regexp.MustCompile(`(://)[^/\s@"']+@`),
	regexp.MustCompile(`()\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}`),
	regexp.MustCompile(`(?i)()\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`),
}

// hush replaces credentials of other shapes than npm's; lengths change.
func hush(text string) string {
	for _, re := range secretText {
		text = re.ReplaceAllString(text, "${1}****")
	}
	return text
}

// clean makes a text from outside fit to keep: credentials of known shape
// replaced, one line of printable characters, n bytes at most.
func clean(text string, n int) string {
	if len(text) > 8*n {
		text = text[:8*n] // bound the work; what is cut is beyond what is kept
	}
	// What does not print goes first: it could stand in the middle of a token.
	text = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = hush(redact(text))
	return short(strings.TrimSpace(text), n)
}
