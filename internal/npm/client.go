package npm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Options of a client.
type Options struct {
	UserAgent      string
	HTTP           *http.Client
	RequestTimeout time.Duration
	RatePerSecond  float64
}

// Client speaks to one registry. It is safe for concurrent use.
type Client struct{}

// TarballSum is what a tarball hashes to.
type TarballSum struct {
	SHA512 [64]byte
	SHA1   [20]byte
	Size   int64
}

// NewClient returns a client.
func NewClient(registry string, o Options) (*Client, error) { return nil, errors.ErrUnsupported }

// Manifest fetches the manifest of s.
func (c *Client) Manifest(ctx context.Context, s Spec) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Packument fetches the packument.
func (c *Client) Packument(ctx context.Context, name string, w io.Writer) (*Packument, error) {
	return nil, errors.ErrUnsupported
}

// Attestations fetches the attestations.
func (c *Client) Attestations(ctx context.Context, s Spec, ref *AttestationsRef) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Tarball fetches the tarball.
func (c *Client) Tarball(ctx context.Context, m *Manifest, w io.Writer) (TarballSum, error) {
	return TarballSum{}, errors.ErrUnsupported
}

// DistTags fetches the dist-tags.
func (c *Client) DistTags(ctx context.Context, name string) (map[string]string, error) {
	return nil, errors.ErrUnsupported
}

// Keys fetches the keys.
func (c *Client) Keys(ctx context.Context) ([]byte, error) { return nil, errors.ErrUnsupported }

// Requests returns the number of requests sent.
func (c *Client) Requests() int64 { return 0 }
