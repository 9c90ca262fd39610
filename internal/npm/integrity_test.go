package npm

import (
	"crypto/sha512"
	"encoding/base64"
	"strings"
	"testing"
)

func TestParseIntegrity(t *testing.T) {
	t.Parallel()
	sum := sha512.Sum512([]byte("tarball"))
	other := sha512.Sum512([]byte("other"))
	good, b64 := IntegrityString(sum), base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		why, in string
		ok      bool
	}{
		{"one sha512", good, true},
		{"spaces around", " " + good + "\n", true},
		{"beside a sha1", "sha1-" + b64(make([]byte, 20)) + " " + good, true},
		{"beside sha256 and sha384", good + " sha256-" + b64(make([]byte, 32)) + " sha384-" + b64(make([]byte, 48)), true},
		{"nothing", "", false},
		{"a sha1 alone", "sha1-" + b64(make([]byte, 20)), false},
		{"two sha512", good + " " + IntegrityString(other), false},
		{"the same sha512 twice", good + " " + good, false},
		{"an option", good + "?x", false},
		{"an unknown algorithm beside it", good + " md5-" + b64(make([]byte, 16)), false},
		{"upper case", "SHA512-" + b64(sum[:]), false},
		{"a short digest", "sha512-" + b64(sum[:63]), false},
		{"a long digest", "sha512-" + b64(append(sum[:], 0)), false},
		{"no padding", strings.TrimRight(good, "="), false},
		{"URL-safe base64", "sha512-" + base64.URLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 64))), false},
		{"loose padding bits", good[:len(good)-3] + "B==", false},
		{"hex", "sha512-" + strings.Repeat("ab", 64), false},
		{"an empty digest", "sha512-", false},
		{"an unknown algorithm without a digest beside it", "md5- " + good, false},
		{"as long as may be", good + strings.Repeat(" ", maxURL-len(good)), true},
		{"a byte longer", good + strings.Repeat(" ", maxURL-len(good)+1), false},
		{"a megabyte", strings.Repeat(good+" ", 10000), false},
	} {
		got, err := ParseIntegrity(c.in)
		if (err == nil) != c.ok || c.ok && got != sum || !c.ok && got != [64]byte{} {
			t.Errorf("%s: got %x, %v, want ok %v", c.why, got[:4], err, c.ok)
		}
	}
}
