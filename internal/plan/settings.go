package plan

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"verify-npm-release/internal/npm"
)

// maxTimeout is the life of a job on a GitHub-hosted runner
// (docs.github.com "Actions limits").
const maxTimeout = 6 * time.Hour

// folders finds the working directory and the root of the checkout around it.
func (p *Plan) folders(in map[string]string) error {
	dir, err := filepath.Abs(in["working-directory"])
	if err != nil {
		return wrong("working-directory", "cannot be found from here: %v", err)
	}
	if info, err := os.Stat(dir); err != nil {
		return wrong("working-directory", "there is no folder %s; check the repository out first (actions/checkout)", quote(in["working-directory"]))
	} else if !info.IsDir() {
		return wrong("working-directory", "%s is not a folder", quote(in["working-directory"]))
	}
	p.WorkingDirectory, p.Workspace = dir, dir
	if p.Run != nil && p.Run.Workspace != "" {
		if w, err := filepath.Abs(p.Run.Workspace); err == nil && within(w, dir) {
			p.Workspace = w
		}
		return nil
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			p.Workspace = d
			return nil
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}

// within says whether path is root or below it, by name alone.
func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

// switches reads what is true or false.
func (p *Plan) switches(in map[string]string) (err error) {
	if p.CheckNPMToken, err = boolean(in, "check-npm-token"); err != nil {
		return err
	}
	if p.Summary, err = boolean(in, "summary"); err != nil {
		return err
	}
	if in["npm-token-present"] != "" {
		present, err := boolean(in, "npm-token-present")
		if err != nil {
			return err
		}
		p.NPMTokenPresent = &present
	}
	p.WarnOnTimeout, err = choice(in, "on-timeout", "warn", "fail")
	return err
}

// choice reads one of two words and says whether it is the first.
func choice(in map[string]string, name, yes, no string) (bool, error) {
	switch strings.ToLower(in[name]) {
	case yes:
		return true, nil
	case no:
		return false, nil
	}
	return false, wrong(name, "%s is neither %s nor %s", quote(in[name]), no, yes)
}

func boolean(in map[string]string, name string) (bool, error) {
	v, err := choice(in, name, "true", "false")
	switch {
	case err == nil:
		return v, nil
	case name == "npm-token-present":
		// The usual slip hands over the secret itself.
		return false, wrong(name, "the value, not shown here in case it is the secret itself, is neither true nor false; write ${{ secrets.NPM_TOKEN != '' }}")
	case name == "check-npm-token":
		return false, wrong(name, "the value, not shown here in case it is a token, is neither true nor false; true turns the check on, and no token is needed for it")
	}
	return false, wrong(name, "%s is neither true nor false", quote(in[name]))
}

// waiting reads the budget of time.
func (p *Plan) waiting(in map[string]string) (err error) {
	if p.Timeout, err = duration(in, "timeout"); err != nil {
		return err
	}
	if p.PollInterval, err = duration(in, "poll-interval"); err != nil {
		return err
	}
	switch {
	case p.Timeout > maxTimeout:
		return wrong("timeout", "%s is longer than a job can live; want at most 6h", in["timeout"])
	case p.PollInterval < time.Second:
		return wrong("poll-interval", "%s is too often for the registry; want at least 1s", in["poll-interval"])
	case p.PollInterval <= p.Timeout:
		return nil
	case given(in, "poll-interval"):
		return wrong("poll-interval", "%s is longer than the timeout of %s: there would be no second attempt", in["poll-interval"], in["timeout"])
	}
	p.PollInterval = max(p.Timeout, time.Second) // the default gives way to a short timeout
	return nil
}

// duration reads a Go duration above zero: 90s, 10m, 1h30m.
func duration(in map[string]string, name string) (time.Duration, error) {
	text := in[name]
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		if n <= 0 {
			return 0, wrong(name, "%s is no time at all; want one above zero with its unit, like 10s, 5m or 1h", quote(text))
		}
		return 0, wrong(name, "%s has no unit; write %ss for seconds or %sm for minutes", quote(text), text, text)
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, wrong(name, "%s is not a duration; want a number with its unit, like 10s, 5m or 1h30m", quote(text))
	case d <= 0:
		return 0, wrong(name, "%s is no time at all; want one above zero, like 10s, 5m or 1h", quote(text))
	}
	return d, nil
}

// checks reads the lists of check ids.
func (p *Plan) checks(in map[string]string) error {
	p.Require, p.Skip = list(strings.ToLower(in["require"])), list(strings.ToLower(in["skip"]))
	for _, id := range p.Skip {
		if slices.Contains(p.Require, id) {
			return wrong("skip", "check %s is in require too; name it in one of them", quote(id))
		}
		if id == "leftover-token" && p.CheckNPMToken {
			return wrong("skip", "check %s is what check-npm-token: true asks for; drop one of them", quote(id))
		}
	}
	return nil
}

// ValidateChecks returns an error unless require and skip name known checks.
func (p *Plan) ValidateChecks(known []string) error {
	for _, in := range []struct {
		name string
		ids  []string
	}{{"require", p.Require}, {"skip", p.Skip}} {
		for _, id := range in.ids {
			if !slices.Contains(known, id) {
				return wrong(in.name, "there is no check %s; the checks are %s", quote(id), strings.Join(known, ", "))
			}
		}
	}
	return nil
}

// credentials reads what the search for leftover credentials needs.
func (p *Plan) credentials(in map[string]string) error {
	token := in["secrets-token"]
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return wrong("secrets-token", "the value holds spaces or characters no token has; give one token")
	}
	p.SecretsToken = NewToken(token)
	p.AllowSecrets = list(in["allow-secrets"])
	for _, glob := range p.AllowSecrets {
		if _, err := path.Match(glob, ""); err != nil {
			return wrong("allow-secrets", "%s is not a name or glob; want something like NPM_READ_TOKEN or NPM_READ_*", quote(glob))
		}
	}
	return nil
}

// trust reads where trust comes from.
func (p *Plan) trust(in map[string]string) (err error) {
	if in["trusted-root"] != "" {
		for _, name := range []string{"tuf-url", "tuf-root"} {
			if in[name] != "" {
				return wrong("trusted-root", "%s says to take the trusted root from a TUF repository; give one of them", name)
			}
		}
	}
	if in["tuf-url"] != "" {
		// The rules are those for a registry: https, loopback apart.
		if p.TUFURL, err = npm.NormalizeRegistry(in["tuf-url"]); err != nil {
			return wrong("tuf-url", "the value is not a URL to take trust from; want https, or http on loopback, without user name, query and fragment")
		}
	}
	for _, f := range []struct {
		name string
		path *string
	}{{"trusted-root", &p.TrustedRoot}, {"registry-keys", &p.RegistryKeys}, {"tuf-root", &p.TUFRoot}} {
		if in[f.name] == "" {
			continue
		}
		if *f.path = p.find(in[f.name]); *f.path == "" {
			return wrong(f.name, "there is no file %s", quote(in[f.name]))
		}
	}
	return nil
}

// find returns where the regular file name is: in the working directory, else
// in the folder the program runs in; "" in neither.
func (p *Plan) find(name string) string {
	places := []string{filepath.Join(p.WorkingDirectory, name), name}
	if filepath.IsAbs(name) {
		places = places[1:]
	}
	for _, place := range places {
		if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() {
			return place
		}
	}
	return ""
}

// conflicts refuses inputs that contradict each other.
func (p *Plan) conflicts(in map[string]string) error {
	if in["package"] != "" && in["packages"] != "" {
		return wrong("packages", "package is given too; name the releases in one of them")
	}
	if info, err := os.Stat(p.Evidence); p.Evidence != "" && err == nil && !info.IsDir() {
		return wrong("evidence", "%s is a file; want a folder to write to", quote(p.Evidence))
	}
	if p.Offline == "" {
		return nil
	}
	for _, name := range []string{"tuf-url", "tuf-root", "secrets-token"} {
		if in[name] != "" {
			return wrong(name, "needs the network, and offline uses none; drop one of them")
		}
	}
	saved, err := os.Stat(p.Offline)
	if err != nil {
		return wrong("offline", "there is no evidence at %s; want a folder that --evidence wrote", quote(p.Offline))
	}
	if info, err := os.Stat(p.Evidence); p.Evidence != "" && err == nil && os.SameFile(info, saved) {
		return wrong("evidence", "is the folder that offline verifies; write to another one")
	}
	return nil
}

var userinfo = regexp.MustCompile(`://[^/@\s]+@`)

// show returns the name of a file or package as it is, quoted where it could not
// stand in a sentence.
func show(name string) string {
	if name == "" || len(name) > 300 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return quote(name)
	}
	return name
}

// quote returns text from outside on one line, printable and short, without the
// user name and password of a URL.
func quote(text string) string {
	const most = 120
	text = userinfo.ReplaceAllString(text, "://***@")
	if len(text) > most {
		return strconv.QuoteToASCII(strings.ToValidUTF8(text[:most], "")) + "…"
	}
	return strconv.QuoteToASCII(text)
}
