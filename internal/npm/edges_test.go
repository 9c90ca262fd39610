package npm

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"verify-npm-release/internal/lab"
)

// TestKindsOfFailure: what a broken body is called, so that asking again or not follows from it.
func TestKindsOfFailure(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		err    error
		parent context.Context
		want   Kind
		text   string
	}{
		{flate.CorruptInputError(3), context.Background(), Garbled, "cannot be unpacked"},
		{fmt.Errorf("read: %w", flate.CorruptInputError(3)), context.Background(), Garbled, "cannot be unpacked"},
		{gzip.ErrHeader, context.Background(), Garbled, "cannot be unpacked"},
		{gzip.ErrChecksum, context.Background(), Garbled, "cannot be unpacked"},
		{io.ErrUnexpectedEOF, context.Background(), Unreachable, "cut short after 7 bytes"},
		{io.EOF, context.Background(), Unreachable, "cut short after 7 bytes"},
		{errEmpty, context.Background(), Absent, "empty"},
		{errors.New("no route"), context.Background(), Unreachable, "no route"},
		{errors.New("no route"), ended, Unreachable, "context canceled"},
		{wrong("manifest", "is odd"), ended, Wrong, "is odd"},
		{garbled("manifest", "is odd"), ended, Garbled, "is odd"},
	} {
		a := &answer{op: "manifest", asked: &url.URL{Scheme: "https", Host: "x.example"}, parent: tt.parent, read: 7}
		var got *Error
		if err := a.fail(tt.err); !errors.As(err, &got) || got.Kind != tt.want || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%v: got %v (%v), want %v with %q", tt.err, err, got.Kind, tt.want, tt.text)
		}
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	for k, want := range map[Kind]string{-1: "Kind(-1)", 0: "Kind(0)", Absent: "absent", Wrong: "wrong", Unwritable: "unwritable", Unwritable + 1: "Kind(8)"} {
		if got := k.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for k, want := range map[SignatureKind]string{-1: "SignatureKind(-1)", 0: "SignatureKind(0)", SignatureMissing: "missing", SignatureTimeUnknown: "time-unknown", SignatureTimeUnknown + 1: "SignatureKind(8)"} {
		if got := k.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestOwnPathBound(t *testing.T) {
	t.Parallel()
	c, err := NewClient("https://registry.example", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{maxURL - 1, maxURL, maxURL + 1} {
		text := "https://other.example/"
		text += strings.Repeat("a", n-len(text))
		u, err := c.ownPath(text)
		if (err == nil) != (n <= maxURL) || err == nil && u.Host != "registry.example" {
			t.Errorf("an address of %d bytes: got %v, %v", n, u, err)
		}
	}
}

// TestKeysOfOtherKinds: a key is npm's only kind in every word, or it is left out.
func TestKeysOfOtherKinds(t *testing.T) {
	t.Parallel()
	good, other := lab.NewSigningKey(), lab.NewSigningKey()
	for _, field := range []string{"/keys/1/keytype", "/keys/1/scheme"} {
		for _, value := range []any{"ssh-ed25519", "", nil} {
			set, err := ParseKeys(lab.Edit(lab.KeysAPI(good, other), lab.Set(field, value)))
			if err != nil || len(set.Keys) != 1 || set.Unsupported != 1 {
				t.Errorf("%s %v: got %+v, %v", field, value, set, err)
			}
		}
	}
}
