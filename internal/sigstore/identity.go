package sigstore

import (
	"bytes"
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
	err = i.exchange(ctx, "GitHub's token service", i.RequestToken, func() (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err == nil {
			req.Header.Set("Authorization", "Bearer "+i.RequestToken)
		}
		return req, err
	}, &answer)
	if err != nil {
		return "", "", err
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	parts := strings.Split(answer.Value, ".")
	if len(parts) == 3 {
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil || json.Unmarshal(payload, &claims) != nil {
			claims.Subject = ""
		}
	}
	if claims.Subject == "" {
		return "", "", malformed(nil, "GitHub's token service answered with something that is no token")
	}
	return answer.Value, claims.Subject, nil
}

// post sends a JSON document, made anew for each try, and reads a JSON answer;
// secret is kept out of errors.
func (i Identity) post(ctx context.Context, service, address, secret string, body func() (any, error), answer any) error {
	return i.exchange(ctx, service, secret, func() (*http.Request, error) {
		document, err := body()
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(document, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(raw))
		if err == nil {
			req.Header.Set("Content-Type", "application/json")
		}
		return req, err
	}, answer)
}

// exchange does one request, again where the service is busy or unreachable.
// Redirects are not followed: what is sent is meant for one host.
func (i Identity) exchange(ctx context.Context, service, secret string, request func() (*http.Request, error), answer any) error {
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if i.HTTP != nil {
		client.Transport = i.HTTP.Transport
	}
	pause := i.pause
	if pause == 0 {
		pause = time.Second
	}
	for n := 1; ; n++ {
		req, err := request()
		if err != nil {
			return invalid(err, "making the request to %s", service)
		}
		req.Header.Set("Accept", "application/json")
		req.Header.Set("User-Agent", i.UserAgent)
		again, err := ask(client, req, service, secret, answer)
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

// ask does one request; again says whether another may do better.
func ask(client *http.Client, req *http.Request, service, secret string, answer any) (again bool, err error) {
	res, err := client.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the URL
		}
		return true, &Error{Kind: Unreachable, Detail: service, Err: err}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return true, &Error{Kind: Unreachable, Detail: "the answer of " + service, Err: err}
	case len(raw) > maxAnswer:
		return false, malformed(nil, "%s answered with more than %d bytes", service, maxAnswer)
	case res.StatusCode/100 != 2:
		text := string(raw)
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
		again = res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500
		return again, &Error{Kind: Unreachable, Detail: service + " answered " + res.Status + ": " + short(text)}
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return false, malformed(nil, "reading the answer of %s as JSON", service)
	}
	return false, nil
}
