package workflow

import (
	"slices"
	"strings"
)

// write notes what a script writes into a configuration file or GITHUB_ENV.
func (a *analysis) write(w write) {
	if isGitHubEnv(w.target) {
		for i, line := range strings.Split(w.text, "\n") {
			name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if !ok || strings.ContainsAny(name, "< ") {
				continue
			}
			at := a.pos(w.offset)
			if w.here {
				at.Line += i
			}
			v := variable(name, Value{Text: clean(value, 300), Dynamic: strings.Contains(value, "$"), Pos: at}, "GITHUB_ENV")
			a.r.writtenValue(v, value)
			a.step.Exports = append(a.step.Exports, v)
		}
		return
	}
	entries, err := a.r.parseConfig(configOf(w.target), w.text, func(line int) Pos {
		at := a.pos(w.offset)
		if w.here {
			at.Line += line - 1
		}
		return at
	})
	if err != nil {
		a.r.unread(a.pos(w.offset), "what is written into %s was not understood: %v", w.target, err)
	}
	a.entries(w.target, entries)
}

func (a *analysis) entries(target string, entries []Entry) {
	for _, e := range entries {
		e.Target, e.Step, e.Job = clean(target, 200), a.step, a.job
		a.step.Writes = append(a.step.Writes, e)
	}
}

// configSet reads npm config set KEY VALUE, KEY=VALUE, npm set, and the same
// of pnpm and Yarn.
func (a *analysis) configSet(c command, words []word) {
	if words[0].text != "set" {
		if words = words[1:]; len(words) == 0 || words[0].text != "set" {
			return
		}
	}
	var plain []string
	for _, w := range words[1:] {
		if !strings.HasPrefix(w.text, "-") {
			plain = append(plain, w.text)
		}
	}
	if len(plain) == 2 && !strings.Contains(plain[0], "=") {
		plain = []string{plain[0] + "=" + plain[1]}
	}
	for _, setting := range plain {
		key, value, _ := strings.Cut(setting, "=")
		at := a.pos(c.offset)
		last := key[strings.LastIndexByte(key, '.')+1:]
		if slices.Contains(yarnKeys, last) {
			e := Entry{Pos: at, Format: "yarnrc", Scope: clean(strings.TrimSuffix(strings.TrimSuffix(key, last), "."), 200), Key: last}
			a.r.fill(&e, value)
			a.entries("yarn config", []Entry{e})
		} else if e, ok := a.r.npmrcEntry(key, value, at); ok {
			a.entries("npm config", []Entry{e})
		}
	}
}

// writtenOut finds credentials written out as values of env, with and secrets.
func (r *reader) writtenOut(d *document, n *node) {
	if n == nil {
		return
	}
	for i, item := range n.items {
		if n.kind == mapping {
			switch n.keys[i].text {
			case "env", "with", "secrets":
				r.writtenVariables(d, item, n.keys[i].text)
			}
		}
		r.writtenOut(d, item)
	}
}

func (r *reader) writtenVariables(d *document, n *node, scope string) {
	if n == nil || n.kind != mapping {
		return
	}
	for i, key := range n.keys {
		text := n.items[i].scalar()
		// Inputs are too many to mask whatever is called a token there.
		if scope == "with" && ClassifyVariable(key.text) == NotNPM {
			continue
		}
		r.writtenValue(variable(key.text, d.value(n.items[i]), scope), text)
	}
}
