package plan

import (
	"slices"
	"strings"
)

// Input is one input of the action and one flag of the command.
type Input struct {
	Name      string
	Default   string // literal value that stands for "not given"; "" none
	Otherwise string // in words, where the value comes from when Default is ""; "" nowhere
	Usage     string // what it says, in one line
	Group     string // heading in help and documents
	Value     string // what help shows for the value: FILE, DIR, URL; "" for switches
	FlagOnly  bool   // the action does not have it
	Bool      bool   // true or false
}

// Headings of the table of inputs.
const (
	groupWhat   = "What to verify"
	groupWait   = "Waiting"
	groupExpect = "What it must be"
	groupChecks = "Checks"
	groupToken  = "Leftover credentials"
	groupTrust  = "Trust"
	groupOutput = "Output"
)

// Inputs returns the table of inputs, in the order of the documents: the one
// source of flags, action.yml and README.
func Inputs() []Input {
	return []Input{
		{Name: "package", Group: groupWhat, Value: "SPEC", Otherwise: "`package.json` in `working-directory`",
			Usage: "`name` or `name@version`, several by space, comma or newline"},
		{Name: "packages", Group: groupWhat, Value: "LIST",
			Usage: "JSON list `[{\"name\":\"@x/y\",\"version\":\"1.2.0\"}]` (changesets' `publishedPackages`), pnpm's `{\"publishedPackages\":[…]}`, a JSON list of folders (release-please's `paths_released`), a file holding one of these, or `workspaces`"},
		{Name: "working-directory", Group: groupWhat, Value: "DIR", Default: ".",
			Usage: "where `package.json` is"},
		{Name: "registry-url", Group: groupWhat, Value: "URL", Otherwise: "`publishConfig.registry`, else the public registry",
			Usage: "the registry to ask; plain `http:` only for loopback"},
		{Name: "timeout", Group: groupWait, Value: "DURATION", Default: "30m",
			Usage: "how long to wait for the release to be served, at most `6h`"},
		{Name: "poll-interval", Group: groupWait, Value: "DURATION", Default: "10s",
			Usage: "how long to wait between two attempts, at least `1s`"},
		{Name: "on-timeout", Group: groupWait, Value: "fail|warn", Default: "fail",
			Usage: "`warn`: exit 0 with status `pending`"},
		{Name: "expect", Group: groupExpect, Value: "MODE", Otherwise: "`this-run` in Actions, else `declared`",
			Usage: "who must have built it: `this-run`, `this-repository`, `declared` (the manifest's `repository`) or `none`"},
		{Name: "expected-repository", Group: groupExpect, Value: "REPO", Otherwise: "from `expect`",
			Usage: "source repository, `owner/name` or its URL"},
		{Name: "expected-workflow", Group: groupExpect, Value: "FILE", Otherwise: "from `expect`",
			Usage: "workflow the run was started from: `release.yml`, its path, or `owner/name/.github/workflows/release.yml@refs/heads/main`"},
		{Name: "expected-ref", Group: groupExpect, Value: "REF", Otherwise: "from `expect`",
			Usage: "source ref in full: `refs/heads/main`, `refs/tags/v1.2.3`"},
		{Name: "expected-commit", Group: groupExpect, Value: "SHA", Otherwise: "from `expect`",
			Usage: "source commit, all 40 hex digits"},
		{Name: "expected-run", Group: groupExpect, Value: "RUN", Otherwise: "from `expect`",
			Usage: "run id or run URL; a URL with `/attempts/N` means that attempt"},
		{Name: "expected-signer", Group: groupExpect, Value: "FILE", Otherwise: "from `expect`",
			Usage: "workflow that signed, where a reusable one did; written like `expected-workflow`"},
		{Name: "expected-environment", Group: groupExpect, Value: "NAME", Otherwise: "from `expect`",
			Usage: "deployment environment of the publishing job"},
		{Name: "tarball", Group: groupExpect, Value: "FILE",
			Usage: "file or glob: what this job packed; its bytes must be the bytes served"},
		{Name: "dist-tag", Group: groupExpect, Value: "TAG", Otherwise: "`publishConfig.tag`, else `latest` for a stable version",
			Usage: "the tag that must point at the version"},
		{Name: "require", Group: groupChecks, Value: "IDS",
			Usage: "ids of checks that must pass too: `trusted-publisher dist-tag`"},
		{Name: "skip", Group: groupChecks, Value: "IDS",
			Usage: "ids of checks to leave out"},
		{Name: "check-npm-token", Group: groupToken, Bool: true, Default: "false",
			Usage: "require that no long-lived npm credential is left (`leftover-token`)"},
		{Name: "npm-token-present", Group: groupToken, Value: "true|false",
			Usage: "whether the secret is still there: `${{ secrets.NPM_TOKEN != '' }}`"},
		{Name: "secrets-token", Group: groupToken, Value: "TOKEN",
			Usage: "a GitHub App or fine-grained token with Secrets: read; lists names, never values"},
		{Name: "allow-secrets", Group: groupToken, Value: "NAMES",
			Usage: "names or globs of credentials that may stay: `NPM_READ_TOKEN`"},
		{Name: "trusted-root", Group: groupTrust, Value: "FILE", Otherwise: "from the TUF repository",
			Usage: "Sigstore trusted root, for air-gapped use"},
		{Name: "registry-keys", Group: groupTrust, Value: "FILE", Otherwise: "from the TUF repository",
			Usage: "the registry's public keys, for air-gapped use"},
		{Name: "tuf-url", Group: groupTrust, Value: "URL", Otherwise: "Sigstore's public one",
			Usage: "another TUF repository: a mirror or a private Sigstore"},
		{Name: "tuf-root", Group: groupTrust, Value: "FILE", Otherwise: "the embedded root",
			Usage: "the `root.json` to start the TUF repository from"},
		{Name: "evidence", Group: groupOutput, Value: "DIR",
			Usage: "folder to write the evidence to"},
		{Name: "badge", Group: groupOutput, Value: "FILE",
			Usage: "file to write the badge to: `.svg`, or `.json` for a shields endpoint; none is written of what did not verify"},
		{Name: "vsa", Group: groupOutput, Value: "FILE",
			Usage: "file to write the verdict to as a SLSA verification summary, one line of JSON for each release"},
		{Name: "sign", Group: groupOutput, Bool: true, Default: "false",
			Usage: "sign what `vsa` writes as a Sigstore bundle in this run's name, in Sigstore's public log; needs `id-token: write`"},
		{Name: "summary", Group: groupOutput, Bool: true, Default: "true",
			Usage: "write the job summary"},
		{Name: "offline", Group: groupWhat, Value: "DIR", FlagOnly: true,
			Usage: "verify a saved evidence folder with no network; a spec beside it says which release it must be"},
		{Name: "json", Group: groupOutput, Value: "FILE", FlagOnly: true,
			Usage: "write the report as JSON; `-` is stdout"},
		{Name: "version", Group: groupOutput, Bool: true, FlagOnly: true,
			Usage: "print version, commit and Go version"},
	}
}

// clean returns the inputs that were given, trimmed, with defaults for the rest.
// A name that is no input is refused: a typo must not weaken what is checked.
func clean(in map[string]string) (map[string]string, error) {
	table, out := Inputs(), map[string]string{}
	for name := range in {
		if !slices.ContainsFunc(table, func(i Input) bool { return i.Name == name }) {
			return nil, wrong(name, "there is no such input")
		}
	}
	for _, i := range table {
		if out[i.Name] = strings.TrimSpace(in[i.Name]); out[i.Name] == "" {
			out[i.Name] = i.Default
		}
	}
	return out, nil
}

// given says whether the input was set to something other than its default.
func given(in map[string]string, name string) bool {
	i := slices.IndexFunc(Inputs(), func(i Input) bool { return i.Name == name })
	return in[name] != Inputs()[i].Default
}

// list splits a list by spaces, commas and newlines, each entry once.
func list(text string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range strings.FieldsFunc(text, separator) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func separator(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }
