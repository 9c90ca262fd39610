package sigstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

const (
	maxRequests  = 64       // documents asked for in one Fetch, retries and redirects not counted
	maxFetched   = 32 << 20 // bytes of one Fetch, decompressed
	maxDocument  = 8 << 20  // bytes of one document, decompressed, whatever signed metadata says of its length
	maxRedirects = 5
	tries        = 3
)

// fetcher downloads documents of one TUF repository for one Fetch. go-tuf's own has no context, no bound on
// redirects and takes the lengths from the metadata.
type fetcher struct {
	ctx       context.Context
	client    *http.Client
	userAgent string
	requests  int
	left      int64
	pause     time.Duration // before the first retry; doubled for each
}

// fetchFailure is a request without an answer, or with a useless one.
type fetchFailure struct {
	url   string
	cause error
}

func (e *fetchFailure) Error() string { return fmt.Sprintf("GET %s: %v", e.url, e.cause) }
func (e *fetchFailure) Unwrap() error { return e.cause }

func newFetcher(ctx context.Context, t TUF) *fetcher {
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: checkRedirect}
	if t.HTTP != nil {
		client.Transport = t.HTTP.Transport
		if t.HTTP.Timeout > 0 {
			client.Timeout = t.HTTP.Timeout
		}
	}
	return &fetcher{ctx: ctx, client: client, userAgent: t.UserAgent, left: maxFetched, pause: 250 * time.Millisecond}
}

// checkRedirect follows a few redirects, to another host too: what is fetched is signed, and nothing secret is
// sent. Never from https to http.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if err := checkScheme(req.URL); err != nil {
		return fmt.Errorf("redirect to a URL that %w", err)
	}
	if req.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
		return errors.New("redirect from https to http")
	}
	return nil
}

// DownloadFile returns the document at a URL, at most maxLength bytes of it; the third argument is go-tuf's and
// has no use. Status 404 is a *metadata.ErrDownloadHTTP, by which go-tuf knows that it has the newest root.
func (f *fetcher) DownloadFile(address string, maxLength int64, _ time.Duration) ([]byte, error) {
	f.requests++
	if f.requests > maxRequests {
		return nil, &fetchFailure{address, fmt.Errorf("more than %d requests", maxRequests)}
	}
	for try := 1; ; try++ {
		raw, again, err := f.get(address, min(maxLength, maxDocument, f.left))
		f.left -= int64(len(raw))
		if err == nil {
			return raw, nil
		}
		if !again || try == tries {
			return nil, err
		}
		select {
		case <-f.ctx.Done():
			return nil, &fetchFailure{address, errors.Join(f.ctx.Err(), err)}
		case <-time.After(f.pause << (try - 1)):
		}
	}
}

// get does one request; again says whether another may do better.
func (f *fetcher) get(address string, limit int64) (raw []byte, again bool, err error) {
	req, err := http.NewRequestWithContext(f.ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, false, &fetchFailure{address, err}
	}
	req.Header.Set("User-Agent", f.userAgent)
	res, err := f.client.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the method and URL, which fetchFailure adds
		}
		return nil, res == nil, &fetchFailure{address, err} // an answer beside the error is a redirect that is not followed
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		again = res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500
		return nil, again, &metadata.ErrDownloadHTTP{StatusCode: res.StatusCode, URL: address}
	}
	raw, err = io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return raw, true, &fetchFailure{address, err}
	}
	if int64(len(raw)) > limit {
		return raw, false, &fetchFailure{address, fmt.Errorf("more than %d bytes", limit)}
	}
	return raw, false, nil
}
