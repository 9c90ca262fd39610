package sigstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	audience  = "sigstore" // what Fulcio accepts tokens for
	maxAnswer = 1 << 20    // of the token service, Fulcio or Rekor; they answer with a few kB
	signTries = 4          // with 1, 2 and 4 seconds between
)

// Identity is what a job with id-token: write has to show for itself: where to
// ask for a token, and the credential to ask with (docs.github.com "OpenID
// Connect reference", ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN). The credential
// goes to that URL's host alone, over TLS alone.
type Identity struct {
	RequestURL   string
	RequestToken string
	HTTP         *http.Client // its Transport is used; nil: the default
	UserAgent    string       // "": none is sent

	pause time.Duration // before the first retry, doubled for each; 0: a second
}

// token asks for an id-token and returns it with its subject.
func (i Identity) token(ctx context.Context) (token, subject string, err error) {
	u, err := url.Parse(i.RequestURL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", "", malformed(nil, "the URL to request an id-token from is not a plain https one")
	}
	query := u.Query()
	query.Set("audience", audience)
	u.RawQuery = query.Encode()
	var answer struct {
		Value string `json:"value"`
	}
	err = i.exchange(ctx, request{service: "GitHub's token service", method: http.MethodGet, address: u.String(), credential: i.RequestToken}, &answer)
	if err != nil {
		return "", "", err
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	parts := strings.Split(answer.Value, ".")
	if len(parts) == 3 {
		payload := base64.NewDecoder(base64.RawURLEncoding, strings.NewReader(parts[1]))
		if json.UnmarshalRead(payload, &claims) != nil {
			claims.Subject = ""
		}
	}
	if claims.Subject == "" {
		return "", "", malformed(nil, "GitHub's token service answered with something that is no token")
	}
	return answer.Value, claims.Subject, nil
}

// request is what exchange asks of a service.
type request struct {
	service         string // its name, for errors
	method, address string
	credential      string              // sent in a header; "" none
	secret          string              // in the document: as the credential, it is kept out of errors
	document        func() (any, error) // to send as JSON, made anew for each try; nil: none
}

// exchange does one request and reads a JSON answer, again where the service is
// busy or unreachable. Redirects are not followed: what is sent is meant for one
// host.
func (i Identity) exchange(ctx context.Context, r request, answer any) error {
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if i.HTTP != nil {
		client.Transport = i.HTTP.Transport
	}
	pause := cmp.Or(i.pause, time.Second)
	for n := 1; ; n++ {
		req, err := i.build(ctx, r)
		if err != nil {
			return invalid(err, "making the request to %s", r.service)
		}
		again, err := ask(client, req, r, answer)
		if !again || n == signTries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause << (n - 1)):
		}
	}
}

func (i Identity) build(ctx context.Context, r request) (*http.Request, error) {
	var body io.Reader
	header := http.Header{"Accept": {"application/json"}, "User-Agent": {i.UserAgent}}
	if r.credential != "" {
		header.Set("Authorization", "Bearer "+r.credential)
	}
	if r.document != nil {
		document, err := r.document()
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(document, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
		header.Set("Content-Type", "application/json")
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.address, body)
	if err != nil {
		return nil, err
	}
	req.Header = header
	return req, nil
}

// ask does one request; again says whether another may do better.
func ask(client *http.Client, req *http.Request, r request, answer any) (again bool, err error) {
	res, err := client.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the URL
		}
		return true, &Error{Kind: Unreachable, Detail: r.service, Err: err}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return true, &Error{Kind: Unreachable, Detail: "the answer of " + r.service, Err: err}
	case len(raw) > maxAnswer:
		return false, malformed(nil, "%s answered with more than %d bytes", r.service, maxAnswer)
	case res.StatusCode/100 != 2:
		text := string(raw)
		for _, secret := range []string{r.credential, r.secret} {
			if secret != "" {
				text = strings.ReplaceAll(text, secret, "***")
			}
		}
		again = res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500
		return again, &Error{Kind: Unreachable, Detail: r.service + " answered " + res.Status + ": " + short(text)}
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return false, malformed(nil, "reading the answer of %s as JSON", r.service)
	}
	return false, nil
}
