package workflow

import (
	"path"
	"slices"
	"strings"
)

var (
	npmValued  = strings.Fields("--registry --tag --access --otp --prefix --workspace -w --loglevel --userconfig --globalconfig --cache -C --scope --provenance-file --omit --include")
	pnpmValued = strings.Fields("--registry --tag --access --otp -C --dir --filter -F --filter-prod --loglevel --reporter --publish-branch --workspace-concurrency")
	yarnValued = strings.Fields("--registry --tag --access --otp --cwd --from --include --exclude -j --jobs --new-version")
	bunValued  = strings.Fields("--registry --tag --access --otp --auth-type --cwd --filter --config")
	otherFlags = strings.Fields("--registry --tag --access --otp --dist-tag --preid --projects --groups")
)

// tool reads a command whose first word is name. It gives the words of the
// command inside, where the tool runs another one, and the version pinned for
// it, or done.
func (a *analysis) tool(c command, name string, rest []word, pinned string) (next []word, version string, done bool) {
	switch name {
	case "npm":
		return a.npm(c, rest, pinned)
	case "pnpm":
		return a.pnpm(c, rest, pinned)
	case "yarn", "yarnpkg":
		return a.yarn(c, rest, pinned)
	case "bun":
		return a.bun(c, rest, pinned)
	case "volta", "nvm":
		a.versionManager(c, name, rest)
	case "lerna", "changeset":
		if i := skipFlags(rest, otherFlags...); i < len(rest) && rest[i].text == "publish" {
			id := map[string]string{"lerna": "lerna", "changeset": "changesets"}[name]
			a.publish(id, c, rest[i+1:], pinned, otherFlags)
		}
	case "semantic-release":
		if !has(rest, "-d", "--version", "-v") {
			a.publish("semantic-release", c, rest, pinned, []string{"-p", "--plugins", "-e", "--extends", "-b", "--branches", "-r", "--repository-url", "-t", "--tag-format"})
		}
	case "np":
		if !has(rest, "--no-publish", "--preview", "--version", "--release-draft-only") {
			a.publish("np", c, rest, pinned, otherFlags)
		}
	case "release-it":
		if !has(rest, "-d", "--no-npm", "--npm=false", "--no-npm.publish", "--npm.publish=false", "--release-version", "--changelog", "-v", "--version") {
			a.publish("release-it", c, rest, pinned, otherFlags)
		}
	case "nx":
		i := skipFlags(rest, otherFlags...)
		if i >= len(rest) || rest[i].text != "release" {
			break
		}
		args := rest[i+1:]
		j := skipFlags(args, otherFlags...)
		whole := j >= len(args) || !slices.Contains([]string{"version", "changelog", "plan", "plan:check"}, args[j].text)
		if j < len(args) && args[j].text == "publish" {
			args = slices.Concat(args[:j], args[j+1:])
		}
		if whole && !has(args, "--skip-publish", "--skipPublish", "-d") {
			a.publish("nx", c, args, pinned, otherFlags)
		}
	}
	return nil, "", true
}

func has(words []word, flags ...string) bool {
	return slices.ContainsFunc(words, func(w word) bool { return slices.Contains(flags, w.text) })
}

// flag gives the value of the first of names among words.
func flag(words []word, names ...string) (word, bool) {
	for i, w := range words {
		name, value, inline := strings.Cut(w.text, "=")
		if !slices.Contains(names, name) {
			continue
		}
		if inline {
			return word{value, w.dynamic, w.offset}, true
		}
		if i+1 < len(words) {
			return words[i+1], true
		}
	}
	return word{}, false
}

// into moves a command to the folder that a flag of its tool names.
func (c *command) into(words []word, names ...string) {
	if w, ok := flag(words, names...); ok {
		f := folder{c.dir, c.lost}.enter([]word{w})
		c.dir, c.lost = f.path, f.lost
	}
}

func (a *analysis) npm(c command, rest []word, pinned string) ([]word, string, bool) {
	i := skipFlags(rest, npmValued...)
	if i >= len(rest) {
		return nil, "", true
	}
	sub, args := rest[i].text, slices.Concat(rest[:i], rest[i+1:])
	c.into(args, "--prefix", "-C")
	switch sub {
	case "publish", "pub":
		a.publish("npm", c, args, pinned, npmValued)
	case "stage":
		if j := i + 1 + skipFlags(rest[i+1:], npmValued...); j < len(rest) && rest[j].text == "publish" {
			a.publish("npm-stage", c, slices.Concat(rest[:i], rest[i+1:j], rest[j+1:]), pinned, npmValued)
		}
	case "exec", "x":
		next, version := unwrapExec(rest[i+1:])
		return next, version, false
	case "run", "run-script", "rum", "urn":
		a.runScript(c, args, npmValued, true)
	case "install", "i", "add", "in", "isntall", "update", "up", "upgrade":
		if has(args, "-g", "--global", "--location=global") {
			a.upgrades(c, args, npmValued, "npm install")
		}
	case "config", "c", "set":
		a.configSet(c, rest[i:])
	}
	return nil, "", true
}

func (a *analysis) pnpm(c command, rest []word, pinned string) ([]word, string, bool) {
	i := skipFlags(rest, pnpmValued...)
	if i >= len(rest) {
		return nil, "", true
	}
	sub, args := rest[i].text, slices.Concat(rest[:i], rest[i+1:])
	c.into(rest[:i], "-C", "--dir")
	switch sub {
	case "publish":
		a.publish("pnpm", c, args, pinned, pnpmValued)
	case "stage":
		if i+1 < len(rest) && rest[i+1].text == "publish" {
			a.publish("pnpm-stage", c, rest[i+2:], pinned, pnpmValued)
		}
	case "exec":
		return rest[i+1+skipFlags(rest[i+1:]):], "", false
	case "dlx":
		next, version := unwrapExec(rest[i+1:])
		return next, version, false
	case "run", "run-script":
		a.runScript(c, args, pnpmValued, false)
	case "add", "install", "i":
		if has(args, "-g", "--global") {
			a.upgrades(c, args, pnpmValued, "pnpm add")
		}
	case "self-update":
		if j := skipFlags(rest[i+1:]); i+1+j < len(rest) {
			w := rest[i+1+j]
			a.upgrade(c, "pnpm", w.text, w.dynamic, "pnpm self-update")
		} else {
			a.upgrade(c, "pnpm", "latest", false, "pnpm self-update")
		}
	case "config", "c", "set":
		a.configSet(c, rest[i:])
	default:
		return a.scriptOrBin(c, rest[i:])
	}
	return nil, "", true
}

func (a *analysis) yarn(c command, rest []word, pinned string) ([]word, string, bool) {
	i := skipFlags(rest, yarnValued...)
	if i >= len(rest) {
		return nil, "", true
	}
	c.into(rest[:i], "--cwd")
	sub, args := rest[i].text, rest[i+1:]
	switch sub {
	case "npm":
		if len(args) > 0 && args[0].text == "publish" && !has(args, "-n") {
			a.publish("yarn", c, args[1:], pinned, yarnValued)
		}
	case "publish":
		if major := a.yarnMajor(c); major != "" && major != "0" && major != "1" {
			a.follow(c, "publish", args) // not a command of modern Yarn
			break
		}
		a.publish("yarn-classic", c, args, pinned, yarnValued)
	case "workspaces":
		if len(args) == 0 || args[0].text != "foreach" && args[0].text != "run" {
			break
		}
		args = args[1:]
		c.lost = true // runs in each workspace's own folder
		return append([]word{{text: "yarn", offset: c.offset}}, args[skipFlags(args, yarnValued...):]...), pinned, false
	case "workspace":
		if len(args) < 2 {
			break
		}
		c.dir, c.lost = a.workspace(args[0])
		next, version, done := a.yarn(c, args[1:], pinned)
		return next, version, done
	case "dlx":
		next, version := unwrapExec(args)
		return next, version, false
	case "exec":
		return args[skipFlags(args):], "", false
	case "global":
		if len(args) > 0 && args[0].text == "add" {
			a.upgrades(c, args[1:], yarnValued, "yarn global add")
		}
	case "set":
		if len(args) > 1 && args[0].text == "version" {
			a.upgrade(c, "yarn", args[1].text, args[1].dynamic, "yarn set version")
		}
	case "config":
		a.configSet(c, rest[i:])
	case "run":
		return a.scriptOrBin(c, args[skipFlags(args):])
	default:
		return a.scriptOrBin(c, rest[i:])
	}
	return nil, "", true
}

// yarnMajor gives the major version of Yarn that packageManager names.
func (a *analysis) yarnMajor(c command) string {
	dir, _ := a.dir(c)
	for _, d := range []string{dir, "."} {
		if p := a.r.repo.Package(d); p != nil && strings.HasPrefix(p.PackageManager.Text, "yarn@") {
			major, _, _ := strings.Cut(strings.TrimPrefix(p.PackageManager.Text, "yarn@"), ".")
			return major
		}
	}
	return ""
}

// workspace gives the folder of the package of that name.
func (a *analysis) workspace(name word) (dir string, lost bool) {
	for _, p := range a.r.repo.Packages {
		if p.Name.Text == name.text && !name.dynamic {
			return path.Dir(p.File), a.base.path != "." && a.base.path != ""
		}
	}
	return "", true
}

func (a *analysis) bun(c command, rest []word, pinned string) ([]word, string, bool) {
	i := skipFlags(rest, bunValued...)
	if i >= len(rest) {
		return nil, "", true
	}
	c.into(rest[:i], "--cwd")
	sub, args := rest[i].text, rest[i+1:]
	switch sub {
	case "publish":
		a.publish("bun", c, args, pinned, bunValued)
	case "x":
		next, version := unwrapExec(args)
		return next, version, false
	case "add", "install", "i":
		if has(args, "-g", "--global") {
			a.upgrades(c, args, bunValued, "bun add")
		}
	case "run":
		return a.scriptOrBin(c, args[skipFlags(args, bunValued...):])
	default:
		return a.scriptOrBin(c, rest[i:])
	}
	return nil, "", true
}
