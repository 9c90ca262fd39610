package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/sigstore"
)

// Trust is what everything is verified against.
type Trust struct {
	Verifier *sigstore.Verifier
	Keys     *npm.KeySet // nil: the registry offers none
	RootFrom string      // where the trusted root came from, in words
	KeysFrom string      // where the keys came from, or why there are none
	Err      error       // set: there is nothing to verify against

	root, keys []byte
}

// A TUF repository or a key endpoint that is out of reach is asked trustAttempts
// times, with 1, 2 and 4 seconds between: without trust nothing can be verified,
// and a release step should learn of it soon.
const trustAttempts = 4

// maxTrustFile bounds the files of --trusted-root, --registry-keys and --tuf-root.
const maxTrustFile = 4 << 20

// fetchTrust gets the trusted root and the registry's keys: from the files the
// plan names, else from the TUF repository, where npm's keys are a target named
// after the registry's host (npm: lib/utils/verify-signatures.js, setKeys). The
// registry's own key endpoint is asked only where the TUF repository says, under
// its signature, that it has no such target, or where no TUF repository is used.
func fetchTrust(ctx context.Context, until time.Time, p *plan.Plan, client *npm.Client, o Options) *Trust {
	t := &Trust{}
	if err := t.files(p.TrustedRoot, p.RegistryKeys); err != nil {
		t.Err = err
		return t
	}
	// A trusted root from a file means a deployment without TUF, unless a TUF
	// repository is named too. The public registry's keys always come from TUF.
	useTUF := t.root == nil || (t.keys == nil && (p.TUFURL != "" || p.Registry == npm.PublicRegistry))
	if useTUF {
		if err := t.tuf(ctx, until, p, o); err != nil {
			t.Err = err
			return t
		}
	}
	if t.keys == nil {
		if p.Registry == npm.PublicRegistry {
			t.Err = fmt.Errorf("the TUF repository holds no keys for the public registry (target %s)", npm.KeysTarget(p.Registry))
			return t
		}
		if err := t.endpoint(ctx, until, client, useTUF); err != nil {
			t.Err = err
			return t
		}
	}
	t.parse()
	return t
}

func (t *Trust) files(root, keys string) error {
	var err error
	if root != "" {
		if t.root, err = readFile(root, maxTrustFile); err != nil {
			return fmt.Errorf("read the trusted root: %w", err)
		}
		t.RootFrom = "the file " + filepath.Base(root)
	}
	if keys != "" {
		if t.keys, err = readFile(keys, maxTrustFile); err != nil {
			return fmt.Errorf("read the registry keys: %w", err)
		}
		t.KeysFrom = "the file " + filepath.Base(keys)
	}
	return nil
}

func (t *Trust) tuf(ctx context.Context, until time.Time, p *plan.Plan, o Options) error {
	repo := sigstore.TUF{URL: p.TUFURL, UserAgent: o.UserAgent, HTTP: o.NPM.HTTP}
	if p.TUFRoot != "" {
		root, err := readFile(p.TUFRoot, maxTrustFile)
		if err != nil {
			return fmt.Errorf("read the TUF root: %w", err)
		}
		repo.Root = root
	}
	var material *sigstore.Material
	err := again(ctx, until, func() (err error) {
		material, err = repo.Fetch(ctx, npm.KeysTarget(p.Registry))
		return err
	}, func(err error) bool {
		var e *sigstore.Error
		return errors.As(err, &e) && e.Kind == sigstore.Unreachable
	})
	if err != nil {
		return fmt.Errorf("refresh the trust root from the TUF repository: %w", err)
	}
	from := "Sigstore's TUF repository"
	if p.TUFURL != "" {
		from = "the TUF repository " + p.TUFURL
	}
	if t.root == nil {
		t.root, t.RootFrom = material.TrustedRoot, from
	}
	if t.keys == nil && material.Keys != nil {
		t.keys, t.KeysFrom = material.Keys, from
	}
	return nil
}

func (t *Trust) endpoint(ctx context.Context, until time.Time, client *npm.Client, askedTUF bool) error {
	var raw []byte
	err := again(ctx, until, func() (err error) {
		raw, err = client.Keys(ctx)
		return err
	}, func(err error) bool {
		var e *npm.Error
		return errors.As(err, &e) && e.Retryable() && e.Kind != npm.Absent
	})
	var e *npm.Error
	switch {
	case errors.As(err, &e) && e.Kind == npm.Absent:
		t.KeysFrom = "this registry offers no signing keys"
		return nil
	case err != nil:
		return fmt.Errorf("fetch the registry's keys: %w", err)
	}
	t.keys = raw
	t.KeysFrom = "the registry's own key endpoint, vouched for by nothing else"
	if askedTUF {
		t.KeysFrom = "the registry's own key endpoint (the TUF repository has no keys for it)"
	}
	return nil
}

func (t *Trust) parse() {
	verifier, err := sigstore.NewVerifier(t.root)
	if err != nil {
		t.Err = fmt.Errorf("read the trusted root (from %s): %w", t.RootFrom, err)
		return
	}
	t.Verifier = verifier
	if t.keys == nil {
		return
	}
	if t.Keys, err = npm.ParseKeys(t.keys); err != nil {
		t.Err = fmt.Errorf("read the registry keys (from %s): %w", t.KeysFrom, err)
	}
}

// again calls do until it succeeds, fails for good, or has been tried enough;
// no attempt begins later than until.
func again(ctx context.Context, until time.Time, do func() error, retry func(error) bool) error {
	for n := 1; ; n++ {
		err := do()
		if err == nil || n == trustAttempts || !retry(err) {
			return err
		}
		d := min(time.Second<<(n-1), time.Until(until))
		if d <= 0 || !sleep(ctx, d, nil, nil) {
			return err
		}
	}
}

// readFile reads a regular file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is not a regular file", filepath.Base(name)))
	}
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", filepath.Base(name), limit)
	}
	return raw, nil
}
