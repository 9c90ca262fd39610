package sigstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

// trustedRootTarget is the name under which every Sigstore TUF repository has its trusted root.
const trustedRootTarget = "trusted_root.json"

// TUF names a TUF repository that distributes a Sigstore trusted root.
type TUF struct {
	URL       string       // "" is Sigstore's public repository; https, or http on a loopback host
	Root      []byte       // root.json to start from; nil is the one of Sigstore's public repository that we embed
	HTTP      *http.Client // for its transport; nil is http.DefaultClient
	UserAgent string
}

// Material is what a TUF repository vouches for.
type Material struct {
	TrustedRoot []byte // trusted_root.json
	Keys        []byte // the keys target; nil where the repository has none, which its signed metadata says
}

// Fetch refreshes the repository's metadata once (TUF specification §5), in memory, and returns the targets
// trusted_root.json and keysTarget ("registry.npmjs.org/keys.json"), which may be in a delegated role; an empty
// keysTarget asks for none. Keys is nil only if the signed metadata has no such target. It takes at most two
// minutes, 64 documents and 32 MiB. Without a cache of what was seen before, a repository can be rolled back to
// any state whose signatures have not expired, which for Sigstore's is a few days.
//
// The error is an *[Error]: Unreachable if the repository did not answer with what it should have, Invalid if
// what it served does not verify, Malformed if URL or Root are not usable.
func (t TUF) Fetch(ctx context.Context, keysTarget string) (material *Material, err error) {
	base, err := repositoryURL(t.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	rootJSON := t.Root
	if rootJSON == nil {
		rootJSON = tuf.DefaultRoot()
	}
	cfg, err := config.New(base, rootJSON)
	if err != nil {
		return nil, malformed(err, "TUF repository %q", short(base))
	}
	cfg.DisableLocalCache = true
	// go-tuf looks for metadata on disk even without a cache, by default in the working directory: no file
	// system has a name with a NUL in it.
	cfg.LocalMetadataDir, cfg.LocalTargetsDir = "\x00", "\x00"
	cfg.Fetcher = newFetcher(ctx, t)
	// go-tuf assumes fields that a signed but careless document may lack.
	defer func() {
		if r := recover(); r != nil {
			material, err = nil, invalid(fmt.Errorf("panic: %v", r), "refreshing TUF repository %q", short(base))
		}
	}()
	up, err := updater.New(cfg)
	if err != nil {
		return nil, malformed(err, "the TUF root to start from")
	}
	if err := up.Refresh(); err != nil {
		return nil, fetchError(err, fmt.Sprintf("refreshing TUF repository %q", short(base)))
	}
	material = new(Material)
	if material.TrustedRoot, err = target(up, trustedRootTarget); err != nil {
		return nil, fetchError(err, fmt.Sprintf("target %q of TUF repository %q", trustedRootTarget, short(base)))
	}
	if keysTarget == "" {
		return material, nil
	}
	material.Keys, err = target(up, keysTarget)
	if err != nil && !absent(up.GetTrustedMetadataSet().Targets, keysTarget) {
		return nil, fetchError(err, fmt.Sprintf("target %q of TUF repository %q", short(keysTarget), short(base)))
	}
	return material, nil
}

func target(up *updater.Updater, name string) ([]byte, error) {
	info, err := up.GetTargetInfo(name)
	if err != nil {
		return nil, err
	}
	_, raw, err := up.DownloadTarget(info, "", "")
	return raw, err
}

// absent says whether the metadata of every role that could name the target was loaded, and so verified, and
// none does. go-tuf's error for that is the same as for a delegation too deep, and its text might change.
func absent(roles map[string]*metadata.Metadata[metadata.TargetsType], name string) bool {
	seen := map[string]bool{}
	for visit := []string{metadata.TARGETS}; len(visit) > 0; visit = visit[1:] {
		if seen[visit[0]] {
			continue
		}
		seen[visit[0]] = true
		role := roles[visit[0]]
		if role == nil {
			return false
		}
		if _, ok := role.Signed.Targets[name]; ok {
			return false
		}
		if role.Signed.Delegations == nil {
			continue
		}
		for _, r := range role.Signed.Delegations.GetRolesForTarget(name) {
			visit = append(visit, r.Name)
			if r.Terminating {
				break
			}
		}
	}
	return true
}

// fetchError sorts a failure of go-tuf: what the network did, or what the metadata says.
func fetchError(err error, what string) error {
	kind := Invalid
	var unreachable *fetchFailure
	if errors.As(err, &unreachable) || errors.Is(err, &metadata.ErrDownload{}) {
		kind = Unreachable
	}
	return &Error{Kind: kind, Detail: what, Err: err}
}

// repositoryURL checks the URL of a TUF repository and returns it without a trailing slash.
func repositoryURL(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return tuf.DefaultMirror, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		// Not the text: it may hold credentials that could not be told apart.
		return "", malformed(nil, "the URL of the TUF repository is not a URL")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", malformed(nil, "the URL of the TUF repository at %q has credentials, a query or a fragment, want none", short(u.Host))
	}
	if err := checkScheme(u); err != nil {
		return "", malformed(err, "the URL of the TUF repository, %q", short(text))
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// checkScheme refuses all but https, and http to a loopback host.
func checkScheme(u *url.URL) error {
	if u.Hostname() == "" {
		return errors.New("names no host")
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("is of scheme %q, want https (http only for a loopback host)", short(u.Scheme))
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, _ := netip.ParseAddr(host) // the zero address is no loopback
	return addr.IsLoopback()
}

const fetchTimeout = 2 * time.Minute
