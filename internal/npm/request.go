package npm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// document fetches a JSON document of at most limit bytes that check accepts.
func (c *Client) document(ctx context.Context, op string, u *url.URL, limit int64, check func([]byte) error) ([]byte, error) {
	a, err := c.get(ctx, op, u, limit, false)
	if err != nil {
		return nil, err
	}
	defer a.close()
	a.small = smallAnswer
	var raw bytes.Buffer // grows in fewer steps than io.ReadAll's slice
	_, err = raw.ReadFrom(a)
	if err == nil {
		err = check(raw.Bytes())
	}
	if err != nil {
		return nil, a.fail(err)
	}
	return raw.Bytes(), nil
}

// get sends a request and returns the answer 200, to be closed. A stream may
// take longer than the client's timeout, see [watch].
func (c *Client) get(ctx context.Context, op string, u *url.URL, limit int64, stream bool) (*answer, error) {
	a := &answer{op: op, asked: u, limit: limit, parent: ctx, turns: c.turns}
	if err := c.pace.wait(ctx); err != nil {
		return nil, a.fail(err)
	}
	a.watch = newWatch(ctx, c.timeout, stream)
	err := c.follow(a, u)
	if err == nil && a.response.StatusCode != http.StatusOK {
		err = a.refusal()
	}
	if err == nil {
		err = a.fits()
	}
	if err != nil {
		defer a.close()
		return nil, a.fail(err)
	}
	return a, nil
}

// follow sends the request, and again where it is redirected: at most 5 times
// and only on the registry's own origin, so that no other host decides.
func (c *Client) follow(a *answer, u *url.URL) error {
	target := *u
	for hop := 0; ; hop++ {
		if target.RawQuery == "" {
			target.RawQuery = fmt.Sprintf("fresh=%016x", rand.Uint64())
		}
		request := &http.Request{Method: http.MethodGet, URL: &target, Host: target.Host, Header: http.Header{}}
		request.Header.Set("Accept", "application/json")
		if a.op == "tarball" {
			request.Header.Set("Accept", "application/octet-stream, */*")
			request.Header.Set("Accept-Encoding", "identity") // its bytes are hashed as they come
		}
		request.Header.Set("User-Agent", c.agent)
		c.requests.Add(1)
		response, err := c.transport.RoundTrip(request.WithContext(a.watch.ctx))
		if err != nil {
			return err
		}
		a.response = response
		a.watch.headers()
		location := response.Header.Get("Location")
		switch response.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
			http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return nil
		}
		discard(response.Body)
		next, err := target.Parse(location)
		switch {
		case err != nil || location == "" || len(location) > maxURL:
			return wrong("redirect", "to what is not a URL to follow: "+excerpt(location))
		case origin(next) != origin(c.base):
			return wrong("redirect", fmt.Sprintf("to another origin, %s; want %s", excerpt(origin(next)), origin(c.base)))
		case hop == maxRedirects:
			return wrong("redirect", fmt.Sprintf("for the %dth time; at most %d are followed", hop+1, maxRedirects))
		}
		target = url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: next.Path, RawPath: next.RawPath, RawQuery: next.RawQuery}
	}
}

// origin returns scheme, host and port of u in one spelling.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// discard reads a little of a body that is not wanted, so that the connection
// can be kept.
func discard(body io.ReadCloser) {
	io.CopyN(io.Discard, body, maxErrorBody)
	body.Close()
}
