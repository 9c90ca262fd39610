package npm

import (
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// integritySizes are the digest sizes of the algorithms of Subresource Integrity and of npm's old sha1.
var integritySizes = map[string]int{"sha1": 20, "sha256": 32, "sha384": 48, "sha512": sha512.Size}

// ParseIntegrity returns the sha512 of npm's dist.integrity: Subresource
// Integrity metadata (w3.org/TR/SRI) of "algorithm-base64" separated by spaces,
// among them exactly one sha512. Other algorithms may stand beside it; options
// ("?…") may not, because npm writes none.
func ParseIntegrity(sri string) (sum [64]byte, err error) {
	found := false
	if len(sri) > maxURL {
		return sum, errors.New("integrity is too long")
	}
	for _, part := range strings.Fields(sri) {
		algorithm, text, _ := strings.Cut(part, "-")
		size, known := integritySizes[algorithm]
		digest, err := base64.StdEncoding.Strict().DecodeString(text)
		if !known || err != nil || len(digest) != size {
			return [64]byte{}, fmt.Errorf("integrity %s: want \"sha512-\" and the base64 of 64 bytes", excerpt(sri))
		}
		if algorithm != "sha512" {
			continue
		}
		if found {
			return [64]byte{}, fmt.Errorf("integrity %s: names two sha512", excerpt(sri))
		}
		found = true
		copy(sum[:], digest)
	}
	if !found {
		return [64]byte{}, fmt.Errorf("integrity %s: names no sha512", excerpt(sri))
	}
	return sum, nil
}

// IntegrityString returns "sha512-" and the base64 of sum, as npm writes dist.integrity.
func IntegrityString(sum [64]byte) string {
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}
