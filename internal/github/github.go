// Package github lists the names of the secrets a repository keeps on GitHub,
// through the REST API. Names are all the API gives; values cannot be read.
//
// The token goes to the API's own host and to no other. What the API does not
// answer with 200 is [Unknown] with the permission that is missing, and never
// an empty list.
package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Limits. GitHub keeps at most 100 secrets in a repository or environment and
// 1,000 in an organization.
const (
	maxBody         = 4 << 20 // bytes of one answer
	maxPages        = 20
	maxEnvironments = 100
	maxWait         = 90 * time.Second // for the rate limit, over the whole client
	requestTimeout  = 30 * time.Second
)

// Options are what a Client needs.
type Options struct {
	BaseURL   string // GITHUB_API_URL, such as https://api.github.com or https://HOST/api/v3
	Token     string
	UserAgent string // GitHub refuses requests without one
	Transport http.RoundTripper
}

// Client lists names. It is for one listing by one goroutine.
type Client struct {
	base   *url.URL
	token  string
	agent  string
	http   *http.Client
	waited time.Duration
	sleep  func(context.Context, time.Duration) error
}

// New makes a client. The base must be https; plain http is for loopback hosts.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.BaseURL)
	switch {
	case err != nil || base.Host == "":
		return nil, fmt.Errorf("the API's base %q is not a URL", o.BaseURL)
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the API's base must have no user, query or fragment")
	case base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())):
		return nil, fmt.Errorf("the API's base %q must be https", base.Redacted())
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = ""
	if o.UserAgent == "" {
		o.UserAgent = "verify-npm-release"
	}
	return &Client{
		base: base, token: o.Token, agent: o.UserAgent, sleep: sleep,
		http: &http.Client{
			Transport: o.Transport,
			Timeout:   requestTimeout,
			// A renamed repository answers with a redirect. It is not followed: it
			// could lead to another host, and the caller's name is the wrong one.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Store is one place where secrets are kept.
type Store struct {
	Kind        Kind
	Environment string // of an environment's secrets
	Names       []string
	// Unknown says why Names is not the whole list; nil when it is.
	Unknown *Unknown
}

// Kind is a kind of store.
type Kind string

// The stores of a repository.
const (
	RepositorySecrets   Kind = "repository"
	OrganizationSecrets Kind = "organization" // those the repository may use
	EnvironmentSecrets  Kind = "environment"  // with no Environment: the list of environments itself
	DependabotSecrets   Kind = "dependabot"
)

// Unknown is an answer that could not be had.
type Unknown struct {
	Status int    // of the answer; 0 when there was none
	Reason string // one sentence
	// Missing is what GitHub says would be enough, such as "secrets=read", from
	// X-Accepted-GitHub-Permissions; "" when it does not say.
	Missing string
}

// Error gives the reason and what is missing.
func (u *Unknown) Error() string {
	if u.Missing != "" {
		return u.Reason + " (a permission that suffices: " + u.Missing + ")"
	}
	return u.Reason
}

// Secrets lists the names in every store of owner/repo: one Store each for the
// repository, its organization and Dependabot, and one an environment. A store
// that could not be listed is there with Unknown.
func (c *Client) Secrets(ctx context.Context, repository string) []Store {
	owner, repo, ok := strings.Cut(repository, "/")
	if !ok || !validName(owner) || !validName(repo) {
		return []Store{{Kind: RepositorySecrets, Unknown: &Unknown{Reason: fmt.Sprintf("%q is not owner/repository", printable(repository, 100))}}}
	}
	root := "/repos/" + owner + "/" + repo
	stores := []Store{
		c.store(ctx, Store{Kind: RepositorySecrets}, root+"/actions/secrets"),
		c.store(ctx, Store{Kind: OrganizationSecrets}, root+"/actions/organization-secrets"),
		c.store(ctx, Store{Kind: DependabotSecrets}, root+"/dependabot/secrets"),
	}
	environments, unknown := c.list(ctx, root+"/environments", "environments")
	if len(environments) > maxEnvironments {
		environments, unknown = environments[:maxEnvironments], &Unknown{Status: http.StatusOK, Reason: fmt.Sprintf("there are more than %d environments", maxEnvironments)}
	}
	if unknown != nil {
		stores = append(stores, Store{Kind: EnvironmentSecrets, Unknown: unknown})
	}
	for _, e := range environments {
		stores = append(stores, c.store(ctx, Store{Kind: EnvironmentSecrets, Environment: e}, root+"/environments/"+url.PathEscape(e)+"/secrets"))
	}
	return stores
}

// validName tells owners and repositories from what would change a path.
func validName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 100 &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return r != '-' && r != '_' && r != '.' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
		})
}

func (c *Client) store(ctx context.Context, s Store, path string) Store {
	s.Names, s.Unknown = c.list(ctx, path, "secrets")
	return s
}

// list reads all pages of a list and gives the names in it.
func (c *Client) list(ctx context.Context, path, key string) ([]string, *Unknown) {
	next := c.base.Scheme + "://" + c.base.Host + c.base.Path + path + "?per_page=100"
	var names []string
	total := 0
	for page := 0; next != ""; page++ {
		if page == maxPages {
			return names, &Unknown{Status: http.StatusOK, Reason: fmt.Sprintf("the list has more than %d pages", maxPages)}
		}
		body, header, unknown := c.get(ctx, next)
		if unknown != nil {
			return names, unknown
		}
		found, count, err := decode(body, key)
		if err != nil {
			return names, &Unknown{Status: http.StatusOK, Reason: err.Error()}
		}
		names, total = append(names, found...), count
		link := nextLink(header.Values("Link"))
		if link == "" {
			break
		}
		if next, err = c.sameOrigin(next, link); err != nil {
			return names, &Unknown{Status: http.StatusOK, Reason: err.Error()}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) < total {
		return names, &Unknown{Status: http.StatusOK, Reason: fmt.Sprintf("GitHub counts %d and listed %d", total, len(names))}
	}
	return names, nil
}

// decode reads {"total_count":N, KEY:[{"name":…}]}. An answer without the list
// is no list, and not an empty one.
func decode(body []byte, key string) (names []string, total int, err error) {
	var page map[string]json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, 0, errors.New("the answer is not the JSON that was expected")
	}
	var items []struct {
		Name string `json:"name"`
	}
	if page[key] == nil || json.Unmarshal(page[key], &items) != nil || items == nil {
		return nil, 0, fmt.Errorf("the answer holds no list of %s", key)
	}
	if json.Unmarshal(page["total_count"], &total) != nil {
		return nil, 0, errors.New("the answer holds no total_count")
	}
	for _, item := range items {
		name := printable(item.Name, 255)
		if name == "" {
			return nil, 0, fmt.Errorf("the answer lists one of %s without a name", key)
		}
		names = append(names, name)
	}
	return names, total, nil
}

// sameOrigin resolves the address of the next page, which must be on the host
// the token was given for.
func (c *Client) sameOrigin(from, link string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", errors.New("the address of the page is not a URL")
	}
	u, err := base.Parse(link)
	if err != nil || u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil {
		return "", errors.New("the list continues on another host, to which the token does not go")
	}
	if u.String() == from {
		return "", errors.New("the list continues with the same page")
	}
	return u.String(), nil
}
