package plan

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStatements(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	event := filepath.Join(dir, "event.json")
	for name, text := range map[string]string{"event.json": `{"repository":{"visibility":"private"}}`, "package.json": `{"name":"demo","version":"1.0.0"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vsa := filepath.Join(dir, "vsa.json")
	job := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x.example/?a=b", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary"}
	but := func(name, value string) map[string]string {
		out := maps.Clone(job)
		out[name] = value
		return out
	}
	for _, row := range []struct {
		name string
		in   map[string]string
		env  map[string]string
		want string // in the error; "" success
	}{
		{"nothing", nil, nil, ""},
		{"a badge and a summary, no id-token", map[string]string{"badge": filepath.Join(dir, "b.SVG"), "vsa": vsa}, nil, ""},
		{"a badge endpoint", map[string]string{"badge": filepath.Join(dir, "b.json")}, nil, ""},
		{"a badge of another kind", map[string]string{"badge": filepath.Join(dir, "b.png")}, nil, "badge: "},
		{"a badge in no folder", map[string]string{"badge": filepath.Join(dir, "none", "b.svg")}, nil, "there is no folder"},
		{"a summary that is a folder", map[string]string{"vsa": dir}, nil, "is not a file"},
		{"both in one file", map[string]string{"badge": vsa, "vsa": vsa}, nil, "the file of badge too"},
		{"signed", map[string]string{"vsa": vsa, "sign": "true"}, job, ""},
		{"signing nothing", map[string]string{"sign": "true"}, job, "nothing to sign"},
		{"signing without id-token", map[string]string{"vsa": vsa, "sign": "true"}, nil, "id-token: write"},
		{"signing without the credential", map[string]string{"vsa": vsa, "sign": "true"}, but("ACTIONS_ID_TOKEN_REQUEST_TOKEN", " "), "id-token: write"},
		{"a credential for plain HTTP", map[string]string{"vsa": vsa, "sign": "true"}, but("ACTIONS_ID_TOKEN_REQUEST_URL", "http://x.example"), "https"},
		{"a private repository", map[string]string{"vsa": vsa, "sign": "true"}, but("GITHUB_EVENT_PATH", event), "private repository"},
		{"sign is neither true nor false", map[string]string{"vsa": vsa, "sign": "yes"}, job, "sign: "},
		{"signing offline", map[string]string{"vsa": vsa, "sign": "true", "offline": dir}, job, "offline"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := map[string]string{"package": "demo@1.0.0"}
			maps.Copy(in, row.in)
			p, err := New(in, func(name string) string { return row.env[name] })
			if row.want != "" {
				var wrong *InputError
				if !errors.As(err, &wrong) || !strings.Contains(err.Error(), row.want) {
					t.Errorf("got %v, want %q", err, row.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if (p.Sign != nil) != (row.in["sign"] == "true") || p.Badge != row.in["badge"] || p.VSA != row.in["vsa"] {
				t.Errorf("got badge %q, summary %q, signing %t", p.Badge, p.VSA, p.Sign != nil)
			}
			if text := fmt.Sprintf("%+v %#v %v", p.Sign, p.Sign, *p); strings.Contains(text, "canary") {
				t.Errorf("formatting shows the credential: %s", text)
			}
			if p.Sign != nil && p.Sign.Token.Reveal() != "canary" {
				t.Error("the credential is not the one given")
			}
		})
	}
}
