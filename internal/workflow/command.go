package workflow

import (
	"path"
	"slices"
	"strings"
)

// analysis reads the commands of one script into a step.
type analysis struct {
	r       *reader
	step    *Step
	job     string // key, for what the script writes
	pos     func(offset int) Pos
	base    folder
	env     []assignment // set where a followed script is called
	script  *Script      // set while a package.json script is followed
	through string
	nested  int // of sh -c
}

// run reads a whole script.
func (a *analysis) run(text, shell string) {
	s := parseScript(text, shell)
	for _, c := range s.commands {
		for _, e := range c.env {
			v := Value{Pos: a.pos(e.value.offset), Text: e.value.text}
			a.r.writtenValue(variable(e.name, v, e.scope), e.value.text)
		}
		a.command(c)
	}
	for _, w := range s.writes {
		a.write(w)
	}
}

// dir gives the folder a command runs in.
func (a *analysis) dir(c command) (string, bool) {
	if c.lost || a.base.lost {
		return "", false
	}
	return path.Join(a.base.path, c.dir), true
}

// bins are commands by the packages that bring them.
var bins = map[string]string{
	"@changesets/cli": "changeset",
	"changesets":      "changeset",
	"@lerna/cli":      "lerna",
	"@yarnpkg/cli":    "yarn",
}

// splitSpec splits name@version as in a package spec.
func splitSpec(text string) (name, version string) {
	if i := strings.LastIndexByte(text, '@'); i > 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// command unwraps a command down to the tool it runs and reads that.
func (a *analysis) command(c command) {
	pinned := ""
	for range 20 {
		if len(c.words) == 0 {
			return
		}
		name := strings.TrimSuffix(strings.TrimSuffix(path.Base(c.words[0].text), ".cmd"), ".exe")
		rest := c.words[1:]
		switch name {
		case "env", "cross-env", "cross-env-shell":
			c.words = skipEnv(&c, rest)
		case "sudo", "command", "exec", "nohup", "time", "nice", "xargs", "dotenv", "dotenvx", "then", "else", "do", "if", "!", "call", "&", "doppler", "op":
			rest = rest[skipFlags(rest, "-u", "--user", "-n", "-I", "-L", "-P", "-e", "-f"):]
			if (name == "dotenvx" || name == "doppler" || name == "op") && len(rest) > 0 && rest[0].text == "run" {
				rest = rest[1:]
				rest = rest[skipFlags(rest, "-f"):]
			}
			c.words = rest
		case "timeout":
			rest = rest[skipFlags(rest, "-s", "-k", "--signal", "--kill-after"):]
			c.words = rest[min(1, len(rest)):]
		case "bash", "sh", "zsh", "eval":
			a.inner(c, name, rest)
			return
		case "npx", "bunx", "pnpx":
			c.words, pinned = unwrapExec(rest)
		case "corepack":
			if len(rest) == 0 || a.corepack(c, rest) {
				return
			}
			c.words, pinned = unwrapExec(rest)
		default:
			next, version, done := a.tool(c, name, rest, pinned)
			if done {
				return
			}
			c.words = next
			if version != "" {
				pinned = version
			}
		}
	}
}

// inner reads sh -c 'script' and eval.
func (a *analysis) inner(c command, name string, rest []word) {
	var text string
	if name == "eval" {
		var words []string
		for _, w := range rest {
			words = append(words, w.text)
		}
		text = strings.Join(words, " ")
	} else {
		i := slices.IndexFunc(rest, func(w word) bool {
			return strings.HasPrefix(w.text, "-") && !strings.HasPrefix(w.text, "--") && strings.HasSuffix(w.text, "c")
		})
		if i < 0 || i+1 >= len(rest) {
			return
		}
		text = rest[i+1].text
	}
	if a.nested >= 2 || text == "" {
		return
	}
	in := *a
	in.nested++
	in.pos = func(int) Pos { return a.pos(c.offset) }
	in.base = folder{path.Join(a.base.path, c.dir), a.base.lost || c.lost}
	in.run(text, "")
}

// skipEnv takes NAME=value words off, as env and cross-env do.
func skipEnv(c *command, words []word) []word {
	for len(words) > 0 {
		text := words[0].text
		name, value, ok := strings.Cut(text, "=")
		switch {
		case ok && !strings.HasPrefix(text, "-"):
			c.env = append(slices.Clip(c.env), assignment{name, word{value, words[0].dynamic, words[0].offset}, "command"})
		case text == "-u" || text == "--unset" || text == "-C" || text == "--chdir":
			words = words[min(1, len(words)-1):]
		case strings.HasPrefix(text, "-"):
		default:
			return words
		}
		words = words[1:]
	}
	return nil
}

// unwrapExec takes the flags of npx and its kin off and gives the command it
// runs, and the version it pins: "npx -y npm@11 publish" runs npm publish with
// version 11, as does "npx -p npm@11 npm publish".
func unwrapExec(words []word) ([]word, string) {
	var packages []string
	for len(words) > 0 && strings.HasPrefix(words[0].text, "-") {
		flag, value, inline := strings.Cut(words[0].text, "=")
		switch flag {
		case "-p", "--package":
			if !inline && len(words) > 1 {
				value, words = words[1].text, words[1:]
			}
			packages = append(packages, value)
		case "-c", "--call":
			if len(words) > 1 {
				words[1].text, _, _ = strings.Cut(words[1].text, "&&")
				var call []word
				for _, f := range strings.Fields(words[1].text) {
					call = append(call, word{text: f, dynamic: words[1].dynamic, offset: words[1].offset})
				}
				return call, ""
			}
		case "-w", "--workspace", "--registry", "--cache", "--userconfig", "-C", "--dir", "--filter", "-F":
			if !inline && len(words) > 1 {
				words = words[1:]
			}
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return nil, ""
	}
	name, version := splitSpec(words[0].text)
	if bin, ok := bins[name]; ok {
		name = bin
	}
	first := words[0]
	first.text = name
	for _, p := range packages {
		pkg, v := splitSpec(p)
		if pkg == name || bins[pkg] == name {
			version = v
		}
	}
	return append([]word{first}, words[1:]...), version
}

// skipFlags gives the index of the first word that is not a flag, nor the
// value of one of valued.
func skipFlags(words []word, valued ...string) int {
	for i := 0; i < len(words); i++ {
		text := words[i].text
		switch {
		case text == "--":
			return i + 1
		case !strings.HasPrefix(text, "-") || text == "-":
			return i
		case slices.Contains(valued, text):
			i++
		}
	}
	return len(words)
}
