package workflow

import (
	"slices"
	"strings"
)

// publish notes a command that publishes, unless it is a dry run.
func (a *analysis) publish(id string, c command, args []word, pinned string, valued []string) {
	p := Publish{
		Pos:     a.pos(c.offset),
		Tool:    tool(id),
		Version: pinned,
		Stage:   strings.HasSuffix(id, "-stage"),
		Script:  a.script,
		Through: a.through,
		Guessed: c.guessed,
	}
	p.Dir, p.DirKnown = a.dir(c)
	var words []string
	for _, w := range c.words {
		words = append(words, w.text)
	}
	p.Command = clean(strings.Join(words, " "), 200)
	for _, e := range slices.Concat(a.env, c.env) {
		v := variable(e.name, Value{Text: e.value.text, Dynamic: e.value.dynamic, Pos: a.pos(e.value.offset)}, e.scope)
		if key, ok := npmConfigKey(e.name); ok && key == "dry-run" && e.value.text == "true" {
			return
		}
		p.Env = append(p.Env, v)
	}
	dry := false
	for i := 0; i < len(args); i++ {
		w := args[i]
		name, value, inline := strings.Cut(w.text, "=")
		if !inline && slices.Contains(valued, name) && i+1 < len(args) {
			i++
			value, w.dynamic = args[i].text, args[i].dynamic
		}
		v := Value{Text: clean(value, 300), Dynamic: w.dynamic, Pos: a.pos(w.offset)}
		switch name {
		case "--dry-run", "--dryRun", "--no-dry-run", "--provenance", "--no-provenance":
			v.Text = boolean(name, value, inline)
			if strings.HasSuffix(name, "provenance") {
				// nopt takes a true or false that follows as the value.
				if !inline && i+1 < len(args) && (args[i+1].text == "true" || args[i+1].text == "false") {
					i++
					v.Text = boolean(name, args[i].text, true)
				}
				p.Provenance = v
				continue
			}
			dry = v.Text == "true"
			if w.dynamic {
				dry, p.Unsure = false, "whether it is a dry run is decided by "+clean(w.text, 80)
			}
		case "--registry":
			p.Registry = v
		case "--access":
			p.Access = v
		case "--tag", "--dist-tag":
			p.Tag = v
		case "--help", "-h":
			return
		default:
			if key, ok := strings.CutPrefix(name, "--"); ok {
				// npm takes every setting of .npmrc as a flag, credentials too.
				if e, ok := a.r.npmrcEntry(key, value, v.Pos); ok && e.Form != NotCredential {
					a.entries("command line", []Entry{e})
				}
			}
			if strings.HasPrefix(w.text, "-") {
				continue
			}
			if w.dynamic && p.Unsure == "" {
				p.Unsure = "an argument is decided by " + clean(w.text, 80)
			}
			if !p.Target.Given() && slices.Contains([]string{"npm", "npm-stage", "pnpm", "pnpm-stage", "yarn-classic", "bun"}, id) {
				p.Target = Value{Text: clean(w.text, 300), Dynamic: w.dynamic, Pos: a.pos(w.offset)}
			}
		}
	}
	if !dry {
		a.step.Publishes = append(a.step.Publishes, p)
	}
}

// boolean gives "true" or "false" for --name, --no-name and --name=value.
func boolean(name, value string, inline bool) string {
	no := strings.HasPrefix(name, "--no-")
	switch {
	case !inline && no, inline && no && value == "true":
		return "false"
	case !inline, inline && no && value == "false":
		return "true"
	}
	return value
}

// upgradable are the tools whose installed version decides a publish.
var upgradable = []string{"npm", "pnpm", "yarn", "bun", "corepack", "lerna", "semantic-release", "np", "release-it", "nx", "@changesets/cli", "@semantic-release/npm"}

func (a *analysis) upgrades(c command, args []word, valued []string, by string) {
	for len(args) > 0 {
		args = args[skipFlags(args, valued...):]
		if len(args) == 0 {
			return
		}
		name, version := splitSpec(args[0].text)
		if version == "" {
			version = "latest"
		}
		a.upgrade(c, name, version, args[0].dynamic, by)
		args = args[1:]
	}
}

func (a *analysis) upgrade(c command, name, version string, dynamic bool, by string) {
	if !slices.Contains(upgradable, name) {
		return
	}
	a.step.Upgrades = append(a.step.Upgrades, Upgrade{
		Pos: a.pos(c.offset), Tool: name, By: by,
		Version: Value{Text: clean(version, 80), Dynamic: dynamic, Pos: a.pos(c.offset)},
	})
}

// corepack reads the commands of corepack itself; it tells whether it was one.
func (a *analysis) corepack(c command, rest []word) bool {
	switch rest[0].text {
	case "prepare", "use", "install", "up":
		for _, w := range rest[1:] {
			if name, version := splitSpec(w.text); version != "" {
				// corepack's specs may end in a hash: npm@11.5.1+sha512.…
				version, _, _ = strings.Cut(version, "+")
				a.upgrade(c, name, version, w.dynamic, "corepack")
			}
		}
		return true
	case "enable", "disable", "cache", "pack", "hydrate":
		return true
	}
	return false
}

// versionManager reads volta install npm@11 and nvm install-latest-npm.
func (a *analysis) versionManager(c command, name string, rest []word) {
	switch {
	case name == "nvm" && has(rest, "install-latest-npm", "--latest-npm"):
		a.upgrade(c, "npm", "latest", false, "nvm")
	case name == "volta" && len(rest) > 1 && (rest[0].text == "install" || rest[0].text == "pin"):
		a.upgrades(c, rest[1:], nil, "volta")
	}
}
