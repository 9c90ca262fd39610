package github

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// get makes one request, again after a rate limit where the wait is short.
func (c *Client) get(ctx context.Context, address string) ([]byte, http.Header, *Unknown) {
	for {
		body, res, err := c.once(ctx, address)
		if err != nil {
			return nil, nil, &Unknown{Reason: c.without(err)}
		}
		wait, limited := rateLimit(res, time.Now())
		if !limited {
			if res.StatusCode != http.StatusOK {
				return nil, nil, c.refusal(res, body)
			}
			if len(body) > maxBody {
				return nil, nil, &Unknown{Status: res.StatusCode, Reason: fmt.Sprintf("the answer is larger than %d bytes", maxBody)}
			}
			return body, res.Header, nil
		}
		if c.waited+wait > maxWait {
			return nil, nil, &Unknown{Status: res.StatusCode, Reason: fmt.Sprintf("the API's rate limit is used up for another %s", wait.Round(time.Second))}
		}
		c.waited += wait
		if err := c.sleep(ctx, wait); err != nil {
			return nil, nil, &Unknown{Status: res.StatusCode, Reason: "stopped while waiting for the API's rate limit"}
		}
	}
}

func (c *Client) once(ctx context.Context, address string) ([]byte, *http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	req.Header.Set("User-Agent", c.agent)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	return body, res, err
}

// rateLimit tells whether an answer is a refusal for the rate limit, and how
// long it asks to wait: Retry-After, else until x-ratelimit-reset, else a minute.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
func rateLimit(res *http.Response, now time.Time) (time.Duration, bool) {
	if res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusTooManyRequests {
		return 0, false
	}
	after, reset := res.Header.Get("Retry-After"), res.Header.Get("X-Ratelimit-Reset")
	spent := res.Header.Get("X-Ratelimit-Remaining") == "0"
	if after == "" && !spent && res.StatusCode != http.StatusTooManyRequests {
		return 0, false
	}
	wait := time.Minute
	if seconds, err := strconv.Atoi(after); err == nil && seconds >= 0 {
		wait = time.Duration(min(seconds, 86_400)) * time.Second // more could overflow
	} else if at, err := strconv.ParseInt(reset, 10, 64); err == nil && spent {
		wait = time.Unix(at, 0).Sub(now)
	}
	return max(wait, time.Second), true
}

// refusal says why an answer is not 200.
func (c *Client) refusal(res *http.Response, body []byte) *Unknown {
	u := &Unknown{Status: res.StatusCode, Missing: printable(res.Header.Get("X-Accepted-Github-Permissions"), 200)}
	var answer struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &answer) // no message, none to report
	message := printable(answer.Message, 200)
	switch code := res.StatusCode; {
	case code == http.StatusUnauthorized:
		u.Reason = "GitHub does not accept the token"
	case code == http.StatusForbidden:
		u.Reason = "the token may not list them"
	case code == http.StatusNotFound:
		u.Reason = "not found: it does not exist, or the token cannot see it"
	case code >= 300 && code < 400:
		u.Reason = "the API redirects elsewhere, as for a renamed repository; it is not followed"
		message = ""
	default:
		u.Reason = fmt.Sprintf("the API answered with status %d", code)
	}
	if message != "" {
		u.Reason += fmt.Sprintf(": %q", c.hide(message))
	}
	return u
}

// without is an error's text, which may hold addresses but never the token.
func (c *Client) without(err error) string {
	return "the API cannot be reached: " + c.hide(printable(err.Error(), 300))
}

func (c *Client) hide(text string) string {
	if c.token == "" {
		return text
	}
	return strings.ReplaceAll(text, c.token, "****")
}

// printable is a text from outside on one line, n bytes at most.
func printable(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if len(text) > n {
		text = strings.ToValidUTF8(text[:n], "")
	}
	return strings.TrimSpace(text)
}
