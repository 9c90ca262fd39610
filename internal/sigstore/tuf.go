package sigstore

import (
	"context"
	"errors"
	"net/http"
)

// TUF names a TUF repository that distributes a Sigstore trusted root.
type TUF struct {
	URL       string       // "" is Sigstore's public repository; https, or http on a loopback host
	Root      []byte       // root.json to start from; nil is the embedded one of Sigstore's public repository
	HTTP      *http.Client // nil is a client with this package's bounds
	UserAgent string
}

// Material is what a TUF repository vouches for.
type Material struct {
	TrustedRoot []byte // trusted_root.json
	Keys        []byte // the keys target; nil where the repository has none, which its signed metadata says
}

// Fetch refreshes the repository's metadata once, in memory, and returns trusted_root.json and the target
// keysTarget. Keys is nil only if the signed metadata has no such target; any other failure is an *[Error].
func (t TUF) Fetch(ctx context.Context, keysTarget string) (*Material, error) {
	return nil, &Error{Kind: Unreachable, Detail: "not built yet", Err: errors.ErrUnsupported}
}
