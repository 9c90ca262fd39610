package npm

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind says what to do about a failed request.
type Kind int

// The kinds of failure.
const (
	// Absent: the registry has no such document now (404, 410, an empty list of attestations).
	Absent Kind = iota + 1
	// Busy: the registry cannot answer now (408, 425, 429, 5xx).
	Busy
	// Unreachable: no complete answer came (DNS, TCP, TLS, reset, cut, stalled).
	Unreachable
	// Garbled: a 200 that is not what the endpoint serves (HTML, empty, cut short, wrong encoding).
	Garbled
	// Refused: the registry will not answer this client (401, 403, other 4xx).
	Refused
	// Wrong: a well-formed answer that waiting cannot mend (duplicate keys, wrong
	// types, too large, redirect elsewhere or too many, a URL that cannot be used).
	Wrong
	// Unwritable: the writer given by the caller failed; the registry is not to blame.
	Unwritable
)

var kindNames = [...]string{"", "absent", "busy", "unreachable", "garbled", "refused", "wrong", "unwritable"}

// String returns the kind in one word, lower case.
func (k Kind) String() string {
	if k <= 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// Error is a failed request of a [Client].
type Error struct {
	Op         string        // what was asked for: "manifest", "packument", "attestations", "tarball", "keys"
	URL        string        // the URL asked, without the cache buster; "" if none could be made
	Status     int           // HTTP status; 0 if none came
	Kind       Kind          // what to do about it
	RetryAfter time.Duration // the registry's wish, at most 5 minutes; 0 if it has none
	Err        error         // the cause; may be nil
}

// Error returns one printable line without credentials.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "get %s", e.Op)
	if e.URL != "" {
		fmt.Fprintf(&b, " from %s", e.URL)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %s", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed later. It is false
// when the caller's own context ended the request.
func (e *Error) Retryable() bool {
	if errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, context.DeadlineExceeded) {
		return false
	}
	switch e.Kind {
	case Absent, Busy, Unreachable, Garbled:
		return true
	}
	return false
}

// WrongError says that a document is about something else than was asked for.
type WrongError struct {
	Field     string // "name", "version" or "_id"
	Got, Want string
}

// Error names the field, what it says and what was asked for.
func (e *WrongError) Error() string {
	return fmt.Sprintf("%s: got %q, want %q", e.Field, e.Got, e.Want)
}

// excerpt quotes the start of text from outside: printable, one line, short.
func excerpt(text string) string {
	if len(text) > maxExcerpt {
		return strconv.QuoteToASCII(text[:maxExcerpt]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
