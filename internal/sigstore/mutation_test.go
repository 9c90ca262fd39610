package sigstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"verify-npm-release/internal/lab"
)

// same says whether a changed bundle that verifies says what the good one said, or less: what can be taken away
// is a promise, a proof or a timestamp, where the others suffice. The media type is a label that nothing signs.
func same(got, want *Verified) bool {
	for _, t := range got.Times {
		if !slices.Contains(want.Times, t) {
			return false
		}
	}
	g, w := got.Log, want.Log
	return reflect.DeepEqual(got.Statement, want.Statement) && reflect.DeepEqual(got.Certificate, want.Certificate) &&
		got.KeyID == want.KeyID && len(got.Times) > 0 && g.LogID == w.LogID && g.URL == w.URL &&
		(g.Index == w.Index || g.Index == -1) &&
		(g.IntegratedTime.Equal(w.IntegratedTime) || g.IntegratedTime.IsZero()) &&
		(g.Origin == w.Origin && g.TreeSize == w.TreeSize || g.Origin == "" && g.TreeSize == 0)
}

// TestEveryByte changes each byte of good bundles: what then verifies says the same.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	v := verifier(t, s.TrustedRoot())
	const stride = 29
	for n, tt := range forms {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := attestation(s)
			tt.make(a)
			good := a.Sign(lab.NewRun(), []byte(statementJSON))
			want, err := check(v, a, good)
			if err != nil {
				t.Fatal(err)
			}
			verified := 0
			for i := n; i < len(good); i += stride {
				bad := bytes.Clone(good)
				bad[i] ^= 1 << (i / stride % 6)
				got, err := check(v, a, bad)
				if err != nil {
					checkText(t, err)
					continue
				}
				verified++
				if !same(got, want) {
					t.Errorf("byte %d, after %q: got %.300s", i, good[max(0, i-40):i], fmt.Sprintf("%+v", got))
				}
			}
			t.Logf("%d of %d changed bundles verify", verified, len(good)/stride)
		})
	}
}

// TestEveryField removes, empties and exchanges each value of good bundles, those of another good bundle included.
func TestEveryField(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	v := verifier(t, s.TrustedRoot())
	for _, tt := range forms {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := attestation(s)
			tt.make(a)
			good := a.Sign(lab.NewRun(), []byte(statementJSON))
			run := lab.NewRun()
			run.Repository = "mallory/demo"
			other := a.Sign(run, bytes.Replace([]byte(statementJSON), []byte("1.0.0"), []byte("6.6.6"), 1))
			want, err := check(v, a, good)
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range variants(t, good, other) {
				got, err := check(v, a, bad)
				if err != nil {
					checkText(t, err)
				} else if !same(got, want) {
					t.Errorf("got %.300s, want %.300s", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
				}
			}
		})
	}
}

// variants returns the document with each value in turn replaced by others, or removed.
func variants(t *testing.T, good, other []byte) [][]byte {
	t.Helper()
	decode := func(raw []byte) any {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	root, donor := decode(good), decode(other)
	var out [][]byte
	emit := func() {
		raw, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, raw)
	}
	substitutes := []any{nil, "", "AAAA", "0", "-1", 0, -1, 1e30, true, []any{}, []any{nil}, map[string]any{}}
	var walk func(value, from any, set func(any))
	walk = func(value, from any, set func(any)) {
		for _, s := range append(substitutes, from) {
			set(s)
			emit()
		}
		set(value)
		switch value := value.(type) {
		case map[string]any:
			donor, _ := from.(map[string]any)
			for key, v := range value {
				delete(value, key)
				emit()
				walk(v, donor[key], func(x any) { value[key] = x })
			}
		case []any:
			donor, _ := from.([]any)
			for i, v := range value {
				var d any
				if i < len(donor) {
					d = donor[i]
				}
				walk(v, d, func(x any) { value[i] = x })
			}
		}
	}
	for key, v := range root.(map[string]any) {
		walk(v, donor.(map[string]any)[key], func(x any) { root.(map[string]any)[key] = x })
	}
	return out
}

// TestRealBytes changes bytes of a real release's bundles.
func TestRealBytes(t *testing.T) {
	dir := evidence(t)
	v := verifier(t, read(t, dir, "trusted_root.json"))
	keys := npmKeys(t, dir)
	provenance, publish := bundles(t, dir, "nuxt@4.1.2")
	for _, tt := range []struct {
		good  []byte
		check func([]byte) (*Verified, error)
	}{
		{provenance, v.Keyless},
		{publish, func(b []byte) (*Verified, error) { return v.Keyed(b, keys) }},
	} {
		want, err := tt.check(tt.good)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(tt.good); i += 31 {
			bad := bytes.Clone(tt.good)
			bad[i] ^= 1 << (i % 6)
			if got, err := tt.check(bad); err == nil && !same(got, want) {
				t.Errorf("byte %d, after %q: got %.300s", i, tt.good[max(0, i-40):i], fmt.Sprintf("%+v", got))
			}
		}
	}
}
