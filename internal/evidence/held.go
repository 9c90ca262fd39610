package evidence

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"verify-npm-release/internal/github"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/workflow"
)

// Held is a credential this job's environment holds: a variable's name, or the
// line of a file. Its value is known to nobody here.
type Held struct {
	Name string
	File string
	Line int
}

// environment names what the job's environment holds. Our action's script did
// that outside of the container, where the values stay.
func (f *RunFacts) environment(environ []string) {
	f.Environment.Consulted = true
	const names, files = "VERIFY_NPM_RELEASE_CREDENTIAL_NAMES", "VERIFY_NPM_RELEASE_CREDENTIAL_FILES"
	byScript := slices.ContainsFunc(environ, func(pair string) bool { return strings.HasPrefix(pair, names+"=") })
	if byScript {
		for name := range strings.FieldsSeq(setting(environ, names)) {
			f.Held = append(f.Held, Held{Name: name})
		}
	} else {
		for _, c := range workflow.EnvCredentials(slices.DeleteFunc(slices.Clone(environ), ours)) {
			f.Held = append(f.Held, Held{Name: c.Name})
		}
	}
	for place := range strings.Lines(setting(environ, files)) {
		place = strings.TrimSpace(place)
		if i := strings.LastIndexByte(place, ':'); i > 0 {
			line, _ := strconv.Atoi(place[i+1:])
			f.Held = append(f.Held, Held{Name: filepath.Base(place[:i]), File: place[:i], Line: line})
		}
	}
}

// ours tells the variables that hold no npm credential though their names may
// say so: inputs, what our own script says, switches, and GitHub's own tokens,
// which are for GitHub Packages.
func ours(pair string) bool {
	name, value, _ := strings.Cut(strings.ToUpper(pair), "=")
	if strings.HasPrefix(name, "INPUT_") || strings.HasPrefix(name, "VERIFY_NPM_RELEASE_") || slices.Contains([]string{"TRUE", "FALSE", "0", "1"}, value) {
		return true
	}
	for _, end := range []string{"_TYPE", "_FILE", "_PATH", "_DIR", "_URL", "_NAME", "_PRESENT", "_EXISTS"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return strings.HasPrefix(value, "GITHUB_PAT_") || len(value) > 4 && strings.HasPrefix(value, "GH") && value[3] == '_'
}

func (f *RunFacts) stores(ctx context.Context, p *plan.Plan, o FactsOptions, asked bool) {
	repository, api := "", "https://api.github.com"
	if p.Run != nil {
		repository, api = p.Run.Repository, cmp.Or(p.Run.APIURL, api)
	} else {
		repository = strings.TrimPrefix(p.Expect.Repository, "https://github.com/")
	}
	switch {
	case !asked:
		f.Stores.Why = "leftover credentials were not asked for"
	case !p.SecretsToken.Given():
		f.Stores.Why = "no secrets-token was given"
	case repository == "":
		f.Stores.Why = "which repository to ask about is not known; expected-repository says it"
	default:
		c, err := github.New(github.Options{BaseURL: api, Token: p.SecretsToken.Reveal(), UserAgent: o.UserAgent, Transport: o.Transport})
		if err != nil {
			f.Stores.Why = err.Error()
			return
		}
		ctx, stop := context.WithTimeout(ctx, storesPatience)
		defer stop()
		f.Secrets, f.Stores.Consulted = c.Secrets(ctx, repository), true
	}
}
