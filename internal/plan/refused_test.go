package plan

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestBadInputIsOneClearSentence(t *testing.T) {
	t.Parallel()
	const instead = "; give package: name@version, or set working-directory to where it is"
	files := func(pairs ...string) map[string]string { return vars{}.with(pairs...) }
	tests := []struct {
		sentence string
		files    map[string]string
		in       vars
		env      vars
		want     string // $DIR is the working directory, quoted text escaped as it is
	}{
		{sentence: "an input that does not exist", in: vars{"package": "a@1.0.0", "expected-repo": "x"}, want: "expected-repo: there is no such input"},
		{sentence: "no package.json", want: "package: there is no package.json" + instead},
		{sentence: "package.json is empty", files: files("package.json", " \n"), want: "package: package.json is empty, want JSON" + instead},
		{sentence: "package.json is no JSON", files: files("package.json", "{\n\"name\": a}"), want: `package: package.json is not JSON (line 2: "invalid character 'a' at start of value")` + instead},
		{sentence: "package.json says its name twice", files: files("package.json", "{\"name\":\"a\",\n\"name\":\"b\"}"), want: `package: package.json says "/name" twice (line 2)` + instead},
		{sentence: "package.json has a number for a name", files: files("package.json", `{"name":1}`), want: `package: package.json has the wrong type at "/name" (line 1)` + instead},
		{sentence: "package.json has a text for private", files: files("package.json", `{"private":"true"}`), want: `package: package.json has the wrong type at "/private" (line 1)` + instead},
		{sentence: "package.json has no name", files: files("package.json", `{"Name":"a","version":"1.0.0"}`), want: "package: package.json has no name" + instead},
		{sentence: "package.json has a null name", files: files("package.json", `{"name":null,"version":"1.0.0"}`), want: "package: package.json has no name" + instead},
		{sentence: "package.json has no version", files: files("package.json", `{"name":"a","VERSION":"1.0.0"}`), want: "package: package.json has no version" + instead},
		{sentence: "package.json has a version npm refuses", files: files("package.json", pkg("a", "1.0", "")),
			want: `package: package.json cannot be published: package "a": version "1.0" is a range, not a version; want one exact version like 1.2.3` + instead},
		{sentence: "package.json has a name npm refuses", files: files("package.json", pkg("a b", "1.0.0", "")),
			want: `package: package.json cannot be published: package name "a b" is neither a name nor @scope/name in URL-friendly characters` + instead},
		{sentence: "package.json is private", files: files("package.json", pkg("a", "1.0.0", `,"private":true`)),
			want: "package: package.json says private: true, so npm publishes nothing from here" + instead},
		{sentence: "package.json is the private root of workspaces", files: files("package.json", pkg("a", "1.0.0", `,"private":true,"workspaces":["p/*"]`)),
			want: "package: package.json is private, the root of workspaces: set packages to workspaces, or to the list of what was published"},
		{sentence: "package.json is too large", files: files("package.json", pkg("a", "1.0.0", strings.Repeat(" ", maxFile))), want: "package: package.json is larger than 4 MiB" + instead},
		{sentence: "publishConfig.registry is plain http", files: files("package.json", pkg("a", "1.0.0", `,"publishConfig":{"registry":"http://npm.example"}`)),
			want: `registry-url: publishConfig.registry of package.json: registry URL for "npm.example" is plain http, which only loopback may be; want https`},
		{sentence: "package.json is a folder", files: files("package.json/x", ""), want: "package: package.json is not a file" + instead},
		{sentence: "working-directory does not exist", in: vars{"working-directory": "nowhere"},
			want: `working-directory: there is no folder "$DIR/nowhere"; check the repository out first (actions/checkout)`},
		{sentence: "working-directory is a file", files: files("x", ""), in: vars{"working-directory": "x"}, want: `working-directory: "$DIR/x" is not a folder`},

		{sentence: "package is a tag", in: vars{"package": "a@latest"}, want: `package: package "a": version "latest" is a tag, not a version; want one exact version like 1.2.3`},
		{sentence: "package is a range", in: vars{"package": "a@^1.0.0"}, want: `package: package "a": version "^1.0.0" is a range, not a version; want one exact version like 1.2.3`},
		{sentence: "package is a version alone", in: vars{"package": "@1.2.3"}, want: `package: package name "@1.2.3" is neither a name nor @scope/name in URL-friendly characters`},
		{sentence: "package is separators alone", in: vars{"package": ", ,"}, want: `package: ", ," names nothing; want name@version`},
		{sentence: "package without version for this run", in: vars{"package": "a"}, env: ci,
			want: `package: "a" names no version, and expect this-run is about one: write a@1.2.3, or set working-directory to where its package.json is`},
		{sentence: "package and packages", in: vars{"package": "a@1.0.0", "packages": "[]"}, want: "packages: package is given too; name the releases in one of them"},
		{sentence: "more packages than one run verifies", in: vars{"package": many("a@1.0.%d", " ", maxReleases+1)}, want: "package: names 10001 releases; one run verifies at most 10000"},

		{sentence: "packages is an empty list", in: vars{"packages": "[]"}, want: "packages: the list is empty, so there is nothing to verify; run this step only when something was published"},
		{sentence: "packages is an empty summary", in: vars{"packages": `{"publishedPackages":[]}`}, want: "packages: the list is empty, so there is nothing to verify; run this step only when something was published"},
		{sentence: "packages is another object", in: vars{"packages": `{"published":[]}`}, want: `packages: the list has no "publishedPackages"; want {"publishedPackages":[{"name":"@x/y","version":"1.2.0"}]}`},
		{sentence: "packages is cut", in: vars{"packages": `[{"name":"a"`}, want: `packages: the list is not JSON (line 1: "unexpected EOF")`},
		{sentence: "packages has two lists", in: vars{"packages": `[] []`}, want: `packages: the list is not JSON (line 1: "invalid character '[' after top-level value")`},
		{sentence: "packages says a key twice", in: vars{"packages": `[{"name":"a","name":"b","version":"1.0.0"}]`}, want: `packages: the list says "/0/name" twice (line 1)`},
		{sentence: "packages spells a key otherwise", in: vars{"packages": `[{"Name":"a","version":"1.0.0"}]`}, want: `packages: entry 1 of the list has no "name"`},
		{sentence: "packages has no version", in: vars{"packages": `[{"name":"b","version":"1.0.0"},{"name":"a","version":" "}]`}, want: `packages: entry 2 of the list has no "version"`},
		{sentence: "packages has a tag for a version", in: vars{"packages": `[{"name":"a","version":"next"}]`},
			want: `packages: entry 1 of the list: package "a": version "next" is a tag, not a version; want one exact version like 1.2.3`},
		{sentence: "packages has a version in the name", in: vars{"packages": `[{"name":"a@1.0.0","version":"1.0.0"}]`},
			want: `packages: entry 1 of the list: package name "a@1.0.0" is neither a name nor @scope/name in URL-friendly characters`},
		{sentence: "packages has a number for a version", in: vars{"packages": `[{"name":"a","version":1}]`}, want: `packages: entry 1 of the list is not {"name":"@x/y","version":"1.2.0"}`},
		{sentence: "packages has a number", in: vars{"packages": `[1]`}, want: `packages: entry 1 of the list is not {"name":"@x/y","version":"1.2.0"}`},
		{sentence: "packages has a spec behind folders", files: files("package.json", pkg("a", "1.0.0", "")), in: vars{"packages": `[".",{}]`}, want: "packages: entry 2 of the list is not a folder like the first one"},
		{sentence: "packages has a folder without package.json", in: vars{"packages": `["packages/a"]`}, want: `packages: entry 1 of the list: there is no packages/a/package.json`},
		{sentence: "packages has a folder outside", in: vars{"packages": `["../x"]`}, want: `packages: ../x/package.json cannot be read inside the workspace: path escapes from parent`},
		{sentence: "packages is too large", in: vars{"packages": "[" + strings.Repeat(" ", maxFile) + "]"}, want: "packages: the list is larger than 4 MiB"},
		{sentence: "packages has too many entries", in: vars{"packages": "[" + many("%d", ",", maxReleases+1) + "]"}, want: "packages: the list has 10001 entries; one run verifies at most 10000"},
		{sentence: "packages is no file", in: vars{"packages": "a@1.0.0"},
			want: `packages: there is no file "a@1.0.0"; want JSON like [{"name":"@x/y","version":"1.2.0"}], a file holding it, or the word workspaces; name@version goes into package`},
		{sentence: "packages is an empty file", files: files("x.json", ""), in: vars{"working-directory": "", "packages": "x.json"}, want: `packages: "x.json" is empty, want JSON`},
		{sentence: "packages is a large file", files: files("x.json", strings.Repeat(" ", maxFile+1)), in: vars{"packages": "x.json"}, want: `packages: "x.json" is larger than 4 MiB`},

		{sentence: "workspaces without package.json", in: vars{"packages": "workspaces"}, want: "packages: there is no package.json"},
		{sentence: "workspaces that are not listed", files: files("package.json", pkg("a", "1.0.0", "")), in: vars{"packages": "workspaces"},
			want: "packages: neither pnpm-workspace.yaml nor package.json in working-directory lists workspaces"},
		{sentence: "workspaces is a text", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":"p/*"`)), in: vars{"packages": "workspaces"},
			want: `packages: package.json has no list of folders in "workspaces"; want ["packages/*"] or {"packages":["packages/*"]}`},
		{sentence: "workspaces match nothing", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/*"]`)), in: vars{"packages": "workspaces"},
			want: `packages: no folder with a package.json matches the workspaces of package.json: "p/*"`},
		{sentence: "workspaces are all private", files: files("package.json", pkg("a", "1.0.0", `,"private":true,"workspaces":["p/*"]`), "p/a/package.json", pkg("pa", "1.0.0", `,"private":true`)), in: vars{"packages": "workspaces"},
			want: "packages: nothing to verify at https://registry.npmjs.org: left out, private: pa"},
		{sentence: "a workspace glob leads outside", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/*","../x"]`)), in: vars{"packages": "workspaces"},
			want: `packages: workspaces of package.json: "../x" leads outside the workspace`},
		{sentence: "a workspace glob leads outside by a detour", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/../../x"]`)), in: vars{"packages": "workspaces"},
			want: `packages: workspaces of package.json: "p/../../x" leads outside the workspace`},
		{sentence: "a workspace glob goes up behind a wildcard", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["*/../x"]`)), in: vars{"packages": "workspaces"},
			want: `packages: workspaces of package.json: "*/../x" goes up again behind a wildcard; write the folder out`},
		{sentence: "a workspace glob is extended", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/!(x)"]`)), in: vars{"packages": "workspaces"},
			want: `packages: workspaces of package.json: "p/!(x)" uses an extended glob or a range, which are not read here; write the folders out`},
		{sentence: "a workspace glob is a range", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/{1..9}"]`)), in: vars{"packages": "workspaces"},
			want: `packages: workspaces of package.json: "p/{1..9}" uses an extended glob or a range, which are not read here; write the folders out`},
		{sentence: "a workspace glob has an open bracket", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/[x"]`)), in: vars{"packages": "workspaces"},
			want: `packages: workspaces of package.json: "p/[x" is not a glob: a bracket is not closed`},
		{sentence: "a workspace glob is a brace bomb", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"]`)), in: vars{"packages": "workspaces"},
			want: `packages: workspaces of package.json: "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}" has too many alternatives in braces`},
		{sentence: "too many workspace globs", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":[`+many(`"%d"`, ",", 1001)+`]`)), in: vars{"packages": "workspaces"},
			want: "packages: package.json lists more than 1000 workspace globs"},
		{sentence: "pnpm-workspace.yaml is no YAML", files: files("pnpm-workspace.yaml", "packages: [", "package.json", "{}"), in: vars{"packages": "workspaces"},
			want: `packages: pnpm-workspace.yaml cannot be read: "yaml: line 1: did not find expected node content"`},
		{sentence: "a workspace has a broken package.json", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/*"]`), "p/a/package.json", "{"), in: vars{"packages": "workspaces"},
			want: `packages: p/a/package.json is not JSON (line 1: "unexpected EOF")`},
		{sentence: "a workspace has a version npm refuses", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/*"]`), "p/a/package.json", pkg("a", "x", "")), in: vars{"packages": "workspaces"},
			want: `packages: p/a/package.json cannot be published: package "a": version "x" is a range, not a version; want one exact version like 1.2.3`},
		{sentence: "a workspace is described in YAML", files: files("package.json", "{}", "pnpm-workspace.yaml", "packages: ['p/*']", "p/a/package.yaml", "name: a"), in: vars{"packages": "workspaces"},
			want: "packages: workspaces of pnpm-workspace.yaml: p/a/package.yaml is not read here, only package.json; name the releases in package or in a list"},

		{sentence: "registry-url is plain http", in: vars{"package": "a@1.0.0", "registry-url": "http://npm.example"},
			want: `registry-url: registry URL for "npm.example" is plain http, which only loopback may be; want https`},
		{sentence: "dist-tag is a range", in: vars{"package": "a@1.0.0", "dist-tag": "1.x"}, want: `dist-tag: "1.x" reads as a version or range, which npm refuses as a dist-tag; want a word like latest or next`},
		{sentence: "dist-tag is two words", in: vars{"package": "a@1.0.0", "dist-tag": "a b"}, want: `dist-tag: "a b" is not a dist-tag; want a word like latest or next`},

		{sentence: "timeout without unit", in: vars{"timeout": "10"}, want: `timeout: "10" has no unit; write 10s for seconds or 10m for minutes`},
		{sentence: "timeout of nothing", in: vars{"timeout": "0"}, want: `timeout: "0" is no time at all; want one above zero with its unit, like 10s, 5m or 1h`},
		{sentence: "timeout of no minutes", in: vars{"timeout": "0m"}, want: `timeout: "0m" is no time at all; want one above zero, like 10s, 5m or 1h`},
		{sentence: "negative timeout", in: vars{"timeout": "-5m"}, want: `timeout: "-5m" is no time at all; want one above zero, like 10s, 5m or 1h`},
		{sentence: "timeout in words", in: vars{"timeout": "half an hour"}, want: `timeout: "half an hour" is not a duration; want a number with its unit, like 10s, 5m or 1h30m`},
		{sentence: "timeout longer than a job", in: vars{"timeout": "6h1s"}, want: "timeout: 6h1s is longer than a job can live; want at most 6h"},
		{sentence: "poll-interval without unit", in: vars{"poll-interval": "1.5"}, want: `poll-interval: "1.5" has no unit; write 1.5s for seconds or 1.5m for minutes`},
		{sentence: "poll-interval below a second", in: vars{"poll-interval": "999ms"}, want: "poll-interval: 999ms is too often for the registry; want at least 1s"},
		{sentence: "poll-interval above the timeout", in: vars{"poll-interval": "2m", "timeout": "1m"}, want: "poll-interval: 2m is longer than the timeout of 1m: there would be no second attempt"},
		{sentence: "on-timeout is neither", in: vars{"on-timeout": "pass"}, want: `on-timeout: "pass" is neither fail nor warn`},
		{sentence: "summary is neither", in: vars{"summary": "yes"}, want: `summary: "yes" is neither true nor false`},

		{sentence: "expect is no mode", in: vars{"package": "a@1.0.0", "expect": "this run"}, want: `expect: "this run" is none of this-run, this-repository, declared and none`},
		{sentence: "this run outside Actions", in: vars{"package": "a@1.0.0", "expect": "this-repository"},
			want: "expect: this-repository needs a run of GitHub Actions, and GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_REPOSITORY_ID and GITHUB_REPOSITORY_OWNER_ID are not set here; elsewhere set expect to declared or none"},
		{sentence: "this run with one variable missing", in: vars{"package": "a@1.0.0"}, env: ci.with("GITHUB_SHA", ""),
			want: "expect: this-run needs a run of GitHub Actions, and GITHUB_SHA is not set here; elsewhere set expect to declared or none"},
		{sentence: "this run on GitHub Enterprise Server", in: vars{"package": "a@1.0.0"}, env: ci.with("GITHUB_SERVER_URL", "https://ghe.example/"),
			want: `expect: this-run cannot be met on "https://ghe.example", since npm takes provenance only from github.com; set expect to declared or none to verify what was built there`},
		{sentence: "expected-repository is a name alone", in: vars{"expected-repository": "tool"}, want: `expected-repository: "tool" is not a repository; want owner/name or https://github.com/owner/name`},
		{sentence: "expected-repository is a path too long", in: vars{"expected-repository": "https://github.com/o/r/tree/main"},
			want: `expected-repository: "https://github.com/o/r/tree/main" is not a repository; want owner/name or https://github.com/owner/name`},
		{sentence: "expected-repository has a password", in: vars{"expected-repository": "https://u:topsecret@github.com/o/r"},
			want: `expected-repository: "https://***@github.com/o/r" is not a repository; want owner/name or https://github.com/owner/name`},
		{sentence: "expected-repository is dots", in: vars{"expected-repository": "../.."}, want: `expected-repository: "../.." is not a repository; want owner/name or https://github.com/owner/name`},
		{sentence: "expected-workflow is a name", in: vars{"expected-workflow": "Release"},
			want: `expected-workflow: "Release" is not a workflow file; want release.yml, .github/workflows/release.yml or owner/name/.github/workflows/release.yml`},
		{sentence: "expected-workflow is elsewhere", in: vars{"expected-workflow": "ci/release.yml"},
			want: `expected-workflow: "ci/release.yml" is not a workflow file; want release.yml, .github/workflows/release.yml or owner/name/.github/workflows/release.yml`},
		{sentence: "expected-signer ends in a branch", in: vars{"expected-signer": "o/r/.github/workflows/x.yml@main"},
			want: `expected-signer: "o/r/.github/workflows/x.yml@main" ends in no full ref; write @refs/heads/main for a branch or @refs/tags/main for a tag`},
		{sentence: "expected-ref is short", in: vars{"expected-ref": "main"}, want: `expected-ref: "main" is not a full ref; write refs/heads/main for a branch or refs/tags/main for a tag`},
		{sentence: "expected-commit is short", in: vars{"expected-commit": "abc1234"}, want: `expected-commit: "abc1234" is not a full commit; want all 40 hex digits, as git rev-parse prints them`},
		{sentence: "expected-run is a name", in: vars{"expected-run": "latest"}, want: `expected-run: "latest" is not a run; want its id or https://github.com/owner/name/actions/runs/ID`},
		{sentence: "expected-run has a password", in: vars{"expected-run": "https://u:topsecret@github.com/o/r/actions/runs/1"},
			want: `expected-run: "https://***@github.com/o/r/actions/runs/1" is not a run; want its id or https://github.com/owner/name/actions/runs/ID`},
		{sentence: "expected-run is an attempt 0", in: vars{"expected-run": "https://github.com/o/r/actions/runs/1/attempts/0"},
			want: `expected-run: "https://github.com/o/r/actions/runs/1/attempts/0" names no attempt; attempts count from 1`},
		{sentence: "expected-run is another repository's", in: vars{"expected-run": "https://github.com/o/r/actions/runs/1", "expected-repository": "o/x"},
			want: `expected-run: "https://github.com/o/r/actions/runs/1" is not a run of expected-repository "https://github.com/o/x"`},

		{sentence: "a check in both lists", in: vars{"require": "dist-tag", "skip": "source,dist-tag"}, want: `skip: check "dist-tag" is in require too; name it in one of them`},
		{sentence: "leftover-token asked for and skipped", in: vars{"check-npm-token": "true", "skip": "leftover-token"}, want: `skip: check "leftover-token" is what check-npm-token: true asks for; drop one of them`},
		{sentence: "npm-token-present is the token", in: vars{"npm-token-present": "npm_topsecret"},
			want: "npm-token-present: the value, not shown here in case it is the secret itself, is neither true nor false; write ${{ secrets.NPM_TOKEN != '' }}"},
		{sentence: "check-npm-token is a token", in: vars{"check-npm-token": "npm_topsecret"},
			want: "check-npm-token: the value, not shown here in case it is a token, is neither true nor false; true turns the check on, and no token is needed for it"},
		{sentence: "secrets-token is two lines", in: vars{"secrets-token": "ghs_topsecret\nghs_topsecret"}, want: "secrets-token: the value holds spaces or characters no token has; give one token"},
		{sentence: "allow-secrets has an open bracket", in: vars{"allow-secrets": "NPM_[A"}, want: `allow-secrets: "NPM_[A" is not a name or glob; want something like NPM_READ_TOKEN or NPM_READ_*`},

		{sentence: "trusted-root and tuf-url", in: vars{"trusted-root": "x", "tuf-url": "https://tuf.example"}, want: "trusted-root: tuf-url says to take the trusted root from a TUF repository; give one of them"},
		{sentence: "trusted-root and tuf-root", in: vars{"trusted-root": "x", "tuf-root": "y"}, want: "trusted-root: tuf-root says to take the trusted root from a TUF repository; give one of them"},
		{sentence: "trusted-root is no file", in: vars{"trusted-root": "x.json"}, want: `trusted-root: there is no file "x.json"`},
		{sentence: "registry-keys is no file", in: vars{"registry-keys": "x.json"}, want: `registry-keys: there is no file "x.json"`},
		{sentence: "tuf-root is a folder", files: files("x.json/y", ""), in: vars{"tuf-root": "x.json"}, want: `tuf-root: there is no file "x.json"`},
		{sentence: "tuf-url has a password", in: vars{"tuf-url": "https://u:topsecret@tuf.example"},
			want: "tuf-url: the value is not a URL to take trust from; want https, or http on loopback, without user name, query and fragment"},
		{sentence: "offline is nowhere", in: vars{"offline": "/nowhere/at/all"}, want: `offline: there is no evidence at "/nowhere/at/all"; want a folder that --evidence wrote`},
		{sentence: "offline and a TUF repository", in: vars{"offline": os.TempDir(), "tuf-url": "https://tuf.example"}, want: "tuf-url: needs the network, and offline uses none; drop one of them"},
		{sentence: "offline and a token", in: vars{"offline": os.TempDir(), "secrets-token": "ghs_topsecret"}, want: "secrets-token: needs the network, and offline uses none; drop one of them"},
		{sentence: "offline and two releases", in: vars{"offline": os.TempDir(), "package": "a@1.0.0 b@1.0.0"}, want: "offline: an evidence folder holds one release, and 2 are named"},
		{sentence: "offline and its own evidence", in: vars{"offline": os.TempDir(), "evidence": os.TempDir()}, want: "evidence: is the folder that offline verifies; write to another one"},

		{sentence: "tarball matches nothing", in: vars{"package": "a@1.0.0", "tarball": "*.tgz"}, want: `tarball: no file matches "*.tgz", neither in working-directory nor where the program runs`},
		{sentence: "tarball matches two files for one release", files: files("a-1.0.0.tgz", "", "a-0.9.0.tgz", ""), in: vars{"package": "a@1.0.0", "tarball": "*.tgz"},
			want: `tarball: "*.tgz" matches 2 files and one release is verified; name one of a-0.9.0.tgz, a-1.0.0.tgz`},
		{sentence: "tarball lacks that of a release", files: files("s-a-1.0.0.tgz", ""), in: vars{"package": "@s/a@1.0.0 b@2.0.0", "tarball": "*.tgz"},
			want: `tarball: "*.tgz" matches no b-2.0.0.tgz, as npm pack names b@2.0.0; it matches s-a-1.0.0.tgz`},
		{sentence: "tarball matches one release twice", files: files("x/a-1.0.0.tgz", "", "y/a-1.0.0.tgz", "", "b-1.0.0.tgz", ""), in: vars{"package": "a@1.0.0 b@1.0.0", "tarball": "**/*.tgz"},
			want: `tarball: "**/*.tgz" matches more than one a-1.0.0.tgz: $DIR/x/a-1.0.0.tgz, $DIR/y/a-1.0.0.tgz`},
		{sentence: "tarball fits two releases", files: files("s-a-1.0.0.tgz", ""), in: vars{"package": "@s/a@1.0.0 s-a@1.0.0", "tarball": "*.tgz"},
			want: "tarball: s-a-1.0.0.tgz would be that of @s/a@1.0.0 and of s-a@1.0.0; verify them in two runs"},
		{sentence: "a workspace folder has a line break in its name", files: files("package.json", pkg("a", "1.0.0", `,"workspaces":["p/*"]`), "p/a\n::error::x/package.json", "{"), in: vars{"packages": "workspaces"},
			want: `packages: "p/a\n::error::x/package.json" is not JSON (line 1: "unexpected EOF")`},
		{sentence: "tarball is a negation", files: files("x/y", ""), in: vars{"package": "a@1.0.0", "tarball": "x/!*.tgz"}, want: `tarball: "!*.tgz" starts with !; want the file or a glob of it`},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			if tt.in == nil {
				tt.in = vars{}
			}
			dir := checkout(t, tt.files)
			p, err := planOf(dir, tt.in, tt.env)
			if err == nil {
				t.Fatalf("got a plan %+v, want %q", p, tt.want)
			}
			if got := strings.ReplaceAll(err.Error(), dir, "$DIR"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			var ie *InputError
			if !errors.As(err, &ie) || p != nil {
				t.Errorf("got %T and plan %v, want an InputError alone", err, p)
			}
			if strings.Contains(err.Error(), "topsecret") || strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("got %q, want one line without secrets", err)
			}
		})
	}
}

// many joins n texts, each made of its number.
func many(format, separator string, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.Replace(format, "%d", strconv.Itoa(i), 1)
	}
	return strings.Join(out, separator)
}

func TestEvidenceThatIsAFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := checkout(t, map[string]string{"file": ""})
	_, err := planOf(dir, vars{"package": "a@1.0.0", "evidence": filepath.Join(dir, "file")}, vars{})
	if err == nil || !strings.HasSuffix(err.Error(), "is a file; want a folder to write to") {
		t.Errorf("got %v", err)
	}
}

// GitHub Enterprise Server has no npm provenance of its own, yet may verify
// releases of others.
func TestOtherServersMayVerifyWhatOthersBuilt(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{Declared, None} {
		p := mustPlan(t, t.TempDir(), vars{"package": "a@1.0.0", "expect": mode}, ci.with("GITHUB_SERVER_URL", "https://ghe.example"))
		if p.Expect.Mode != mode || p.Run == nil {
			t.Errorf("%s: got %+v", mode, p.Expect)
		}
	}
}
