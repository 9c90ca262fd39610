package npm

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// PublicRegistry is the public npm registry, in the spelling of [NormalizeRegistry].
const PublicRegistry = "https://registry.npmjs.org"

var hostname = regexp.MustCompile(`^[a-z0-9]([a-z0-9\-_.]*[a-z0-9])?$`)

// NormalizeRegistry returns the one spelling of a registry's URL: scheme and
// host lower case, no default port, no trailing slash. Spaces around and slashes
// at the end are forgiven. It refuses every scheme but https (http on loopback),
// and user names, passwords, queries and fragments; no error repeats them.
func NormalizeRegistry(text string) (string, error) {
	t := strings.TrimRight(strings.TrimSpace(text), "/")
	if t == "" || len(t) > maxURL {
		return "", fmt.Errorf("registry URL is empty or longer than %d bytes; want one like %s", maxURL, PublicRegistry)
	}
	u, err := url.Parse(t)
	if err != nil || u.Host == "" {
		// The text is not repeated: it may hold a password.
		return "", fmt.Errorf("registry URL is not an absolute URL; want one like %s", PublicRegistry)
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	address, ipErr := netip.ParseAddr(host) // the zero address of a name is neither loopback nor version 6
	switch {
	case u.User != nil:
		return "", fmt.Errorf("registry URL for %s holds a user name or password; none is needed to read", excerpt(host))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(t, "#"):
		return "", fmt.Errorf("registry URL for %s holds a query or fragment", excerpt(host))
	case ipErr != nil && !hostname.MatchString(host), address.Zone() != "":
		return "", fmt.Errorf("registry URL's host %s is not a host name (an international one is written in punycode)", excerpt(host))
	case u.Scheme != "https" && u.Scheme != "http":
		return "", fmt.Errorf("registry URL for %s has the scheme %s; want https", excerpt(host), excerpt(u.Scheme))
	case u.Scheme == "http" && host != "localhost" && !address.IsLoopback():
		return "", fmt.Errorf("registry URL for %s is plain http, which only loopback may be; want https", excerpt(host))
	}
	if err := plainPath(u); err != nil {
		return "", fmt.Errorf("registry URL for %s: %w", excerpt(host), err)
	}
	if address.Is6() {
		host = "[" + host + "]"
	}
	if port != "" && port != map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		host += ":" + port
	}
	return u.Scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// KeysTarget returns the TUF target that holds the keys of a registry, given as
// [NormalizeRegistry] returns it: host[:port], path and "/keys.json" (npm
// lib/utils/verify-signatures.js).
func KeysTarget(registry string) string {
	_, rest, _ := strings.Cut(registry, "://")
	return strings.TrimRight(rest, "/") + "/keys.json"
}

// plainPath returns an error for a path that means another one than it shows:
// dot segments, empty segments, control characters, backslashes.
func plainPath(u *url.URL) error {
	path := u.Path
	if len(path) > maxURL {
		return errors.New("path is too long")
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return errors.New("path holds control characters or backslashes")
	}
	for i, s := range strings.Split(path, "/") {
		if s == "." || s == ".." || s == "" && i > 0 {
			return errors.New("path holds empty or dot segments")
		}
	}
	return nil
}
