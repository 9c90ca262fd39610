package workflow

// Publish is one command, or one action, that publishes packages to an npm
// registry. A dry run is none.
type Publish struct {
	// Pos is where the workflow says so: the line of the command in a run
	// script, or of uses.
	Pos
	// Tool is what is run; a script of package.json and wrappers such as npx
	// are followed to it.
	Tool *Tool
	// Command is the command as written, or the action with its ref; credentials
	// redacted, 200 bytes at most.
	Command string
	// Version is the version of the tool that the command itself pins: 11 in
	// "npx npm@11 publish", the ref of JS-DevTools/npm-publish; "" for none.
	Version string
	// Stage says that the version is staged for approval, not published.
	Stage bool
	// Script is the package.json script that holds the command.
	Script *Script
	// Through is the action that was given the command as an input.
	Through string
	// Dir is the folder the command runs in, relative to the folder read; DirKnown
	// is false where an expression or a variable decides it.
	Dir      string
	DirKnown bool
	// Target is the folder or tarball named after publish.
	Target Value
	// Flags are those that matter, as written.
	Provenance, Registry, Access, Tag Value
	// Env are the variables set for the command: before it or exported above it.
	Env []Variable
	// Unsure says why the command may be something else at run time: an argument
	// is an expression or a variable. "" otherwise.
	Unsure string
	// Guessed says that the script could not be parsed as a POSIX shell's and
	// the command was found by looking at words alone.
	Guessed bool
}

// Upgrade is a command that installs another version of a publishing tool.
type Upgrade struct {
	Pos
	Tool    string // "npm", "pnpm", "yarn", "lerna", …
	Version Value  // range or tag; "latest" where none is written
	By      string // "npm install", "corepack", the name of an action
}

// Tool is what is known of a publishing tool. Versions are the oldest that
// will do; "" means that no version does.
type Tool struct {
	ID string
	// Title is what people call it.
	Title string
	// Client says who uploads: the tool itself when equal to ID, else the ID of
	// the tool that is found on PATH and whose version counts; "bundled npm" for
	// a tool that brings its own npm; "package manager" for one that picks it.
	Client string
	// OwnFrom is the version from which the tool uploads by itself where an older
	// one left that to Client.
	OwnFrom string
	// OIDC is the version of the tool that first had trusted publishing; for a
	// tool that delegates, of its Client.
	OIDC string
	// Node is the oldest Node.js with which OIDC works.
	Node string
	// Provenance is the version that first could attest.
	Provenance string
	// Automatic says that provenance comes by itself with OIDC (public
	// repository, public package, nothing configured).
	Automatic bool
	// Switches are what turns provenance on otherwise.
	Switches []string
	// TokenWins says that a configured token is used in place of OIDC.
	TokenWins bool
}

var npmSwitches = []string{"--provenance", "NPM_CONFIG_PROVENANCE=true", ".npmrc provenance=true", "publishConfig.provenance"}

// Tools are all the tools whose publishing is recognised.
var Tools = []*Tool{
	{ID: "npm", Title: "npm publish", Client: "npm", OIDC: "11.5.1", Node: "22.14.0", Provenance: "9.5.0", Automatic: true, Switches: npmSwitches},
	{ID: "npm-stage", Title: "npm stage publish", Client: "npm", OIDC: "11.15.0", Node: "22.14.0", Provenance: "11.15.0", Automatic: true, Switches: npmSwitches},
	{ID: "pnpm", Title: "pnpm publish", Client: "npm", OwnFrom: "11.0.0", OIDC: "11.0.0", Node: "22.14.0", Provenance: "9.5.0", Automatic: true, Switches: npmSwitches},
	{ID: "pnpm-stage", Title: "pnpm stage publish", Client: "pnpm-stage", OIDC: "11.3.0", Node: "22.14.0", Provenance: "11.3.0", Automatic: true, Switches: npmSwitches},
	{ID: "yarn", Title: "yarn npm publish", Client: "yarn", OIDC: "4.10.0", Provenance: "4.9.0", TokenWins: true,
		Switches: []string{"--provenance", "publishConfig.provenance", "npmPublishProvenance", "YARN_NPM_CONFIG_PROVENANCE"}},
	{ID: "yarn-classic", Title: "yarn publish", Client: "yarn-classic"},
	{ID: "bun", Title: "bun publish", Client: "bun"},
	{ID: "lerna", Title: "lerna publish", Client: "lerna", OIDC: "9.0.0", Provenance: "6.6.2", Automatic: true, Switches: npmSwitches[1:]},
	{ID: "changesets", Title: "changeset publish", Client: "package manager", OIDC: "11.5.1", Node: "22.14.0", Provenance: "9.5.0", Automatic: true, Switches: npmSwitches[1:]},
	{ID: "semantic-release", Title: "semantic-release", Client: "bundled npm", OIDC: "25.0.1", Provenance: "25.0.1", Automatic: true, Switches: npmSwitches[1:]},
	{ID: "np", Title: "np", Client: "npm", OIDC: "11.5.1", Node: "22.14.0", Provenance: "9.5.0", Automatic: true, Switches: npmSwitches},
	{ID: "release-it", Title: "release-it", Client: "package manager", OIDC: "11.5.1", Node: "22.14.0", Provenance: "9.5.0", Automatic: true, Switches: npmSwitches[1:]},
	{ID: "nx", Title: "nx release publish", Client: "package manager", OIDC: "11.5.1", Node: "22.14.0", Provenance: "9.5.0", Automatic: true, Switches: npmSwitches[1:]},
	{ID: "js-devtools", Title: "JS-DevTools/npm-publish", Client: "npm", OIDC: "11.5.1", Node: "22.14.0", Provenance: "9.5.0", Automatic: true, Switches: []string{"provenance: true"}},
}

func tool(id string) *Tool {
	for _, t := range Tools {
		if t.ID == id {
			return t
		}
	}
	return nil
}
