package npm

import (
	"context"
	"crypto/sha1" // dist.shasum, reported and never relied on
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Options of a [Client]; the zero value is good.
type Options struct {
	// UserAgent is sent with every request; "" is the name of this program.
	UserAgent string
	// HTTP gives another Transport (tests, TLS roots). Nothing else of it is
	// used: no cookies, no redirects, no timeout. Nil is a transport of our own,
	// with HTTP/2, kept connections, and the proxy of the environment.
	HTTP *http.Client
	// RequestTimeout bounds a whole request. A tarball or packument may take
	// longer, up to 30 minutes, while each RequestTimeout brings it 128 KiB.
	// 0 is 30 s.
	RequestTimeout time.Duration
	// RatePerSecond bounds requests per second over all callers, in bursts of one
	// second's worth. 0 is no bound.
	RatePerSecond float64
}

// Client speaks to one registry. It is safe for concurrent use and sends no
// credentials. Every request has a fresh query, so that a 404 that the
// registry's edge keeps for five minutes is never read twice. Every failure is
// an *[Error]. It retries nothing: that is for the caller, who knows how long to
// wait.
type Client struct {
	base      *url.URL
	transport http.RoundTripper
	agent     string
	timeout   time.Duration
	pace      *pace
	turns     *turns
	requests  atomic.Int64
}

// TarballSum is what the bytes of a tarball hash to.
type TarballSum struct {
	SHA512 [64]byte
	SHA1   [20]byte
	Size   int64 // bytes
}

// NewClient returns a client for a registry's URL, see [NormalizeRegistry].
func NewClient(registry string, o Options) (*Client, error) {
	normal, err := NormalizeRegistry(registry)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(normal)
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, agent: o.UserAgent, timeout: o.RequestTimeout, pace: newPace(o.RatePerSecond), turns: newTurns()}
	if c.agent == "" {
		c.agent = "verify-npm-release"
	}
	if c.timeout <= 0 {
		c.timeout = defaultRequestTimeout
	}
	if o.HTTP != nil {
		c.transport = o.HTTP.Transport
	}
	if c.transport == nil {
		c.transport = newTransport()
	}
	return c, nil
}

// Requests returns how many requests were sent, redirects included.
func (c *Client) Requests() int64 { return c.requests.Load() }

// Manifest fetches one version's manifest, at most 4 MiB, and returns it and its
// bytes as served: GET /{name}/{version}. It has a name, a version and a dist;
// whether they are those of s is for [Manifest.Check].
func (c *Client) Manifest(ctx context.Context, s Spec) (m *Manifest, raw []byte, err error) {
	const op = "manifest"
	if err := s.exact(); err != nil {
		return nil, nil, &Error{Op: op, Kind: Wrong, Err: err}
	}
	raw, err = c.document(ctx, op, c.path("/"+s.EscapedName()+"/"+s.Version), maxManifest, func(raw []byte) error {
		m, err = ParseManifest(raw)
		if err == nil && (m.Name == "" || m.Version == "" || m.Dist.Tarball == "" && m.Dist.Integrity == "") {
			return garbled(op, "has no name, version or dist")
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return m, raw, nil
}

// Packument fetches the full packument of a package, at most 256 MiB, and
// parses it as it comes: GET /{name}. The bytes as served go to w, unless it is
// nil; after an error they are to be thrown away.
func (c *Client) Packument(ctx context.Context, name string, w io.Writer) (*Packument, error) {
	const op = "packument"
	if err := ValidName(name); err != nil {
		return nil, &Error{Op: op, Kind: Wrong, Err: err}
	}
	a, err := c.get(ctx, op, c.path("/"+Spec{Name: name}.EscapedName()), maxPackument, true)
	if err != nil {
		return nil, err
	}
	defer a.close()
	a.small = smallStream
	var body io.Reader = a
	if w != nil {
		body = io.TeeReader(a, writer{w})
	}
	p, err := parsePackument(body, maxPackument, a.crowd)
	if err == nil && p.Name == "" {
		err = garbled(op, "has no name")
	}
	if err != nil {
		return nil, a.fail(err)
	}
	return p, nil
}

// Attestations fetches the attestations of a release, at most 4 MiB, and returns
// them and their bytes as served. Of ref.URL only the path is used, on the
// registry's own origin, as pacote does (lib/registry.js); without a ref it is the
// path that npm uses, /-/npm/v1/attestations/{name}@{version}. There is at least
// one: an empty list is [Absent].
func (c *Client) Attestations(ctx context.Context, s Spec, ref *AttestationsRef) (list *Attestations, raw []byte, err error) {
	const op = "attestations"
	u := c.path("/-/npm/v1/attestations/" + s.EscapedName() + "@" + s.Version)
	err = s.exact()
	if err == nil && ref != nil {
		u, err = c.ownPath(ref.URL)
	}
	if err != nil {
		return nil, nil, &Error{Op: op, Kind: Wrong, Err: err}
	}
	raw, err = c.document(ctx, op, u, maxAttestations, func(raw []byte) error {
		list, err = ParseAttestations(raw)
		if err == nil && len(list.Entries) == 0 {
			return errEmpty
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return list, raw, nil
}

var errEmpty = errors.New("the list of attestations is empty")

// Tarball fetches the tarball of m, at most 1 GiB, writes it to w (unless nil)
// as it comes and hashes it. Of dist.tarball only the path is used, on the
// registry's own origin. It does not compare the hashes; after an error what w
// got is to be thrown away.
func (c *Client) Tarball(ctx context.Context, m *Manifest, w io.Writer) (TarballSum, error) {
	const op = "tarball"
	u, err := c.ownPath(m.Dist.Tarball)
	if err != nil {
		return TarballSum{}, &Error{Op: op, Kind: Wrong, Err: err}
	}
	a, err := c.get(ctx, op, u, maxTarball, true)
	if err != nil {
		return TarballSum{}, err
	}
	defer a.close()
	h512, h1 := sha512.New(), sha1.New()
	sinks := []io.Writer{h512, h1}
	if w != nil {
		sinks = append(sinks, writer{w})
	}
	start := make([]byte, 64)
	n, _ := io.ReadFull(a, start)
	start = start[:n]
	if err = a.err; err == nil { // it may be shorter than that
		err = looksPacked(start)
	}
	all := io.MultiWriter(sinks...)
	if err == nil {
		_, err = all.Write(start)
	}
	var size int64
	if err == nil {
		size, err = io.CopyBuffer(all, struct{ io.Reader }{a}, make([]byte, 64<<10))
	}
	if err != nil {
		return TarballSum{}, a.fail(err)
	}
	sum := TarballSum{Size: int64(n) + size}
	h512.Sum(sum.SHA512[:0])
	h1.Sum(sum.SHA1[:0])
	return sum, nil
}

// looksPacked returns an error for a page or a JSON answer in place of a
// tarball, which the next attempt may mend; anything else is left to the hash.
func looksPacked(start []byte) error {
	trimmed := strings.TrimLeft(strings.TrimPrefix(string(start), "\ufeff"), " \t\r\n")
	switch {
	case trimmed == "":
		return garbled("tarball", "is empty")
	case trimmed[0] == '<' || trimmed[0] == '{':
		return garbled("tarball", "is a page, not a tarball")
	}
	return nil
}

// Keys fetches the registry's keys, at most 1 MiB, as served: GET
// /-/npm/v1/keys. What it returns is JSON; reading it is for [ParseKeys], whose
// answer for a registry without keys the caller judges.
func (c *Client) Keys(ctx context.Context) ([]byte, error) {
	const op = "keys"
	return c.document(ctx, op, c.path("/-/npm/v1/keys"), maxKeys, func(raw []byte) error {
		var w struct {
			Keys jsontext.Value `json:"keys"`
		}
		if err := decode(op, raw, maxKeys, &w); err != nil {
			return err
		}
		if w.Keys.Kind() != jsontext.KindBeginArray {
			return garbled(op, "have no list of keys")
		}
		return nil
	})
}

// path returns the URL of an endpoint, given escaped, under the registry's URL.
func (c *Client) path(escaped string) *url.URL {
	u := *c.base
	u.RawPath = u.EscapedPath() + escaped
	u.Path, _ = url.PathUnescape(u.RawPath)
	return &u
}

// ownPath returns the path of a URL from a document, on the registry's origin.
// Its host is never asked, its query and fragment are dropped.
func (c *Client) ownPath(text string) (*url.URL, error) {
	given, err := url.Parse(text)
	if err != nil || len(text) > maxURL || given.Host == "" || len(given.Path) < 2 {
		return nil, fmt.Errorf("%s is not a URL with a host and a path", excerpt(text))
	}
	if err := plainPath(given); err != nil {
		return nil, fmt.Errorf("%s: %w", excerpt(text), err)
	}
	return &url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: given.Path, RawPath: given.RawPath}, nil
}
