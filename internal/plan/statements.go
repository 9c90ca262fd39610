package plan

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Sign is the credential of a job with id-token: write: where to ask for a
// token, and what to show there.
type Sign struct {
	URL   string // https, without user name
	Token Token
}

// statements reads where badge and verification summary go, and whether the
// latter is signed.
func (p *Plan) statements(in map[string]string, run *Run, getenv func(string) string) error {
	p.Badge, p.VSA = in["badge"], in["vsa"]
	for _, name := range []string{"badge", "vsa"} {
		if err := writable(name, in[name]); err != nil {
			return err
		}
	}
	if ext := strings.ToLower(filepath.Ext(p.Badge)); p.Badge != "" && ext != ".svg" && ext != ".json" {
		return wrong("badge", "%s ends in neither .svg (an image) nor .json (an endpoint for shields.io)", quote(p.Badge))
	}
	if p.VSA != "" && filepath.Clean(p.VSA) == filepath.Clean(p.Badge) {
		return wrong("vsa", "%s is the file of badge too; name another one", quote(p.VSA))
	}
	sign, err := boolean(in, "sign")
	if err != nil || !sign {
		return err
	}
	switch {
	case p.VSA == "":
		return wrong("sign", "there is nothing to sign; name a file for the verification summary with vsa")
	case in["offline"] != "":
		return wrong("sign", "needs the network, and offline uses none; drop one of them")
	case run.Visibility == "private" || run.Visibility == "internal":
		return wrong("sign", "the signature would write the names of this %s repository and its workflow into Sigstore's public log; leave the summary unsigned", run.Visibility)
	}
	address, token := strings.TrimSpace(getenv("ACTIONS_ID_TOKEN_REQUEST_URL")), strings.TrimSpace(getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
	if address == "" || token == "" {
		return wrong("sign", "this job has no id-token to sign with; give it permissions: id-token: write (pull requests from forks get none)")
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return wrong("sign", "ACTIONS_ID_TOKEN_REQUEST_URL is not a plain https URL, so no token is asked for there")
	}
	p.Sign = &Sign{address, NewToken(token)}
	return nil
}

// writable refuses a file that could not be written at the end of the run.
func writable(input, name string) error {
	if name == "" {
		return nil
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return wrong(input, "%s is not a file; want the name of one to write", quote(name))
	}
	if info, err := os.Stat(filepath.Dir(name)); err != nil || !info.IsDir() {
		return wrong(input, "there is no folder %s to write the file in", quote(filepath.Dir(name)))
	}
	return nil
}
