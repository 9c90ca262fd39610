package lab_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata/fetcher"

	"verify-npm-release/internal/lab"
)

// fetchTUF refreshes with sigstore-go's client and fetches both targets. A cache folder makes the client remember.
func fetchTUF(t *testing.T, r *lab.TUF, cache, target string) (trustedRoot, keys []byte, err error) {
	t.Helper()
	s := lab.Serve(r, false)
	defer s.Close()
	f := fetcher.NewDefaultFetcher()
	f.SetHTTPClient(s.Client())
	o := &tuf.Options{Root: r.Root(), RepositoryBaseURL: "http://tuf.example", Fetcher: f, CachePath: cache, DisableLocalCache: cache == ""}
	c, err := tuf.New(o)
	if err != nil {
		return nil, nil, err
	}
	if trustedRoot, err = c.GetTarget("trusted_root.json"); err != nil {
		return nil, nil, err
	}
	keys, err = c.GetTarget(target)
	return trustedRoot, keys, err
}

func TestTUFServesTrustedRootAndKeys(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	keys := lab.KeysJSON(s.NPM)
	for _, row := range []struct{ registry, target string }{
		{lab.PublicRegistry, "registry.npmjs.org/keys.json"},
		{"http://127.0.0.1:4873", "127.0.0.1:4873/keys.json"},
		{"https://npm.example/mirror/", "npm.example/mirror/keys.json"},
	} {
		r := s.TUF(row.registry, keys)
		r.Publish(lab.TUFChange{NewRoot: true})
		trustedRoot, got, err := fetchTUF(t, r, "", row.target)
		if err != nil {
			t.Fatalf("%s: %v", row.registry, err)
		}
		if !bytes.Equal(trustedRoot, s.TrustedRoot()) || !bytes.Equal(got, keys) {
			t.Errorf("%s: targets are not what was published", row.registry)
		}
	}
	if _, _, err := fetchTUF(t, s.TUF(lab.PublicRegistry, nil), "", "registry.npmjs.org/keys.json"); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("without keys: got %v, want the target not found", err)
	}
}

func TestSpoiledTUFIsRefused(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Hour)
	const host = "registry.npmjs.org"
	for _, row := range []struct {
		name   string
		change lab.TUFChange
		want   string
	}{
		{"an expired timestamp: frozen", lab.TUFChange{Expires: map[string]time.Time{lab.RoleTimestamp: past}}, "expired"},
		{"an expired root", lab.TUFChange{NewRoot: true, Expires: map[string]time.Time{lab.RoleRoot: past}}, "expired"},
		{"an expired delegation", lab.TUFChange{Expires: map[string]time.Time{host: past}}, "expired"},
		{"targets with one signature of two", lab.TUFChange{Signatures: map[string]int{lab.RoleTargets: 1}}, "not enough signatures"},
		{"a root signed by the old keys alone", lab.TUFChange{NewRoot: true, Signatures: map[string]int{lab.RoleRoot: 3}}, "not enough signatures"},
		{"a delegation without signature", lab.TUFChange{Signatures: map[string]int{host: 0}}, "not enough signatures"},
		{"a snapshot signed by a stranger", lab.TUFChange{Stranger: lab.RoleSnapshot}, "not enough signatures"},
		{"targets of an older version than the snapshot says", lab.TUFChange{Versions: map[string]int{lab.RoleTargets: 1}}, "version"},
		{"other keys than were signed", lab.TUFChange{File: func(name string, b []byte) []byte {
			if strings.HasSuffix(name, "keys.json") {
				return append(b, '\n')
			}
			return b
		}}, ""},
		{"a wrong type", lab.TUFChange{Edit: func(role string, o lab.Object) {
			if role == lab.RoleSnapshot {
				o["_type"] = "targets"
			}
		}}, "type"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := lab.NewSigstore()
			r := s.TUF(lab.PublicRegistry, lab.KeysJSON(s.NPM))
			r.Publish(row.change)
			_, _, err := fetchTUF(t, r, "", host+"/keys.json")
			if err == nil {
				t.Fatal("it is accepted")
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %q, want it to speak of %q", err, row.want)
			}
		})
	}
}

func TestTUFRollbackIsSeenByAClientThatRemembers(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	r := s.TUF(lab.PublicRegistry, lab.KeysJSON(s.NPM))
	r.Publish(lab.TUFChange{})
	cache := t.TempDir()
	if _, _, err := fetchTUF(t, r, cache, "registry.npmjs.org/keys.json"); err != nil {
		t.Fatal(err)
	}
	r.Rollback()
	if _, _, err := fetchTUF(t, r, cache, "registry.npmjs.org/keys.json"); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("got %v, want a complaint of the version", err)
	}
}
