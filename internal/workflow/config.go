package workflow

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Entry is one setting of a package manager's configuration file that matters
// here: a credential, a registry, or provenance.
type Entry struct {
	Pos
	// Target is the file that holds the setting: Pos.File itself, or what a run
	// script writes to, as written ("~/.npmrc", "npm config").
	Target string
	Format string // "npmrc", "yarnrc" or "bunfig"
	// Scope is what the setting is for: "//host/" or "@scope" in .npmrc, the key
	// below npmRegistries, npmScopes or [install.scopes]; "" for all.
	Scope string
	// Key is the setting as its tool spells it: _authToken, _auth, _password,
	// username, certfile, keyfile, tokenHelper, npmAuthToken, npmAuthIdent, token,
	// password; registry, npmRegistryServer, npmPublishRegistry; provenance,
	// npmPublishProvenance.
	Key string
	// Form says what stands there for a credential, and NotCredential for a
	// setting. Variable is the NAME of an Indirect one.
	Form     Form
	Variable string
	// Value is the text of a setting; the text of a credential is not kept.
	Value Value
	Job   string // of an entry that a run script writes
	Step  *Step
}

// configOf gives the format of a configuration file by its name, "" for other
// files. $NPM_CONFIG_USERCONFIG is where setup-node keeps its .npmrc.
func configOf(file string) string {
	switch base := path.Base(strings.ReplaceAll(file, `\`, "/")); {
	case base == ".npmrc" || strings.EqualFold(strings.Trim(base, "${}"), "NPM_CONFIG_USERCONFIG"):
		return "npmrc"
	case base == ".yarnrc.yml":
		return "yarnrc"
	case base == "bunfig.toml" || base == ".bunfig.toml":
		return "bunfig"
	}
	return ""
}

// config reads a configuration file of the repository.
func (r *reader) config(file string) {
	if len(r.repo.Entries) >= maxConfigs {
		r.unread(Pos{File: file}, "more than %d settings; this file and those after it are not read", maxConfigs)
		return
	}
	src, err := r.read(file)
	if err != nil {
		r.unread(Pos{File: file}, "not read: %v", err)
		return
	}
	entries, err := r.parseConfig(configOf(file), string(src), func(line int) Pos { return Pos{file, line} })
	if err != nil {
		r.unread(Pos{File: file}, "not read: %v", err)
	}
	for _, e := range entries {
		e.Target = file
		r.repo.Entries = append(r.repo.Entries, e)
	}
}

// parseConfig reads a text in one of the formats; pos places its lines, from 1.
func (r *reader) parseConfig(format, text string, pos func(line int) Pos) ([]Entry, error) {
	switch format {
	case "yarnrc":
		return r.yarnrc(text, pos)
	case "bunfig":
		return r.bunfig(text, pos), nil
	}
	return r.npmrc(text, pos), nil
}

var npmKeys = []string{"_authToken", "_auth", "_password", "username", "certfile", "keyfile", "tokenHelper", "registry", "provenance"}

// npmrc reads npm's ini: key = value, ; and # comments, quotes around values.
func (r *reader) npmrc(text string, pos func(int) Pos) []Entry {
	var found []Entry
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\uFEFF"))
		if line == "" || line[0] == ';' || line[0] == '#' || line[0] == '[' {
			continue
		}
		key, value, has := strings.Cut(line, "=")
		if !has {
			value = "true" // as ini reads a key alone
		}
		if e, ok := r.npmrcEntry(unquote(key), unquote(value), pos(i+1)); ok && len(found) < maxConfigs {
			found = append(found, e)
		}
	}
	return found
}

func (r *reader) npmrcEntry(key, value string, at Pos) (Entry, bool) {
	scope := ""
	if i := strings.LastIndexByte(key, ':'); i >= 0 && (strings.HasPrefix(key, "//") || strings.HasPrefix(key, "@")) {
		scope, key = key[:i], key[i+1:]
	}
	i := slices.IndexFunc(npmKeys, func(k string) bool { return strings.EqualFold(k, key) })
	if i < 0 {
		return Entry{}, false
	}
	e := Entry{Pos: at, Format: "npmrc", Scope: clean(scope, 200), Key: npmKeys[i]}
	r.fill(&e, value)
	return e, true
}

// fill sets what an entry says, without keeping the text of a credential.
func (r *reader) fill(e *Entry, text string) {
	switch e.Key {
	case "registry", "provenance", "npmRegistryServer", "npmPublishRegistry", "npmPublishProvenance":
		dynamic := strings.ContainsAny(text, "$")
		e.Value = Value{Text: clean(text, 300), Dynamic: dynamic, Pos: e.Pos}
		return
	}
	e.Form, e.Variable = formOf(text)
	switch e.Key {
	case "username", "certfile", "keyfile", "tokenHelper":
		return // names and paths, nothing to mask
	}
	r.writtenValue(Variable{Name: e.Key, Form: e.Form, Value: Value{Pos: e.Pos}}, text)
}

// writtenValue keeps a credential that is written out, for masking. Tokens
// known by their shape have been taken out of the text, and kept, before.
func (r *reader) writtenValue(v Variable, text string) {
	if v.Form == Written && !strings.Contains(text, "npm_*") {
		r.literal(Literal{Pos: v.Value.Pos, Key: v.Name, Secret: newSecret(text)})
	}
}

func unquote(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}

var yarnKeys = []string{"npmAuthToken", "npmAuthIdent", "npmRegistryServer", "npmPublishRegistry", "npmPublishProvenance"}

// yarnrc reads Yarn's YAML: the keys at the top and below npmRegistries and
// npmScopes.
func (r *reader) yarnrc(text string, pos func(int) Pos) ([]Entry, error) {
	root, hidden, err := parseYAML([]byte(text))
	if err != nil {
		return nil, err
	}
	for _, l := range hidden {
		l.Pos = pos(l.Line)
		r.literal(l)
	}
	var found []Entry
	section := func(scope string, n *node) {
		for _, key := range yarnKeys {
			if k, v := n.pair(key); v != nil && v.kind == scalar {
				e := Entry{Pos: pos(k.line), Format: "yarnrc", Scope: clean(scope, 200), Key: key}
				r.fill(&e, v.text)
				found = append(found, e)
			}
		}
	}
	section("", root)
	for _, list := range []string{"npmRegistries", "npmScopes"} {
		if n := root.get(list); n != nil && n.kind == mapping {
			for i, key := range n.keys {
				section(key.text, n.items[i])
			}
		}
	}
	return found, nil
}

var bunSetting = regexp.MustCompile(`(?:^|[{,\s])(token|password|username|registry|url)\s*=\s*(?:"([^"]*)"|'([^']*)')`)

var bunScope = regexp.MustCompile(`^["']?(@?[^"'\s=]+)["']?\s*=`)

// bunfig reads the lines of bun's TOML that set a registry, a token or a
// password in [install] and [install.scopes].
func (r *reader) bunfig(text string, pos func(int) Pos) []Entry {
	var found []Entry
	section := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[] ")
			continue
		}
		for _, m := range bunSetting.FindAllStringSubmatch(line, 8) {
			if section != "install" && !strings.HasPrefix(section, "install.") || len(found) >= maxConfigs {
				continue
			}
			e := Entry{Pos: pos(i + 1), Format: "bunfig", Key: m[1]}
			if scope := bunScope.FindStringSubmatch(line); scope != nil && section == "install.scopes" {
				e.Scope = clean(scope[1], 200)
			}
			if e.Key == "url" {
				e.Key = "registry"
			}
			r.fill(&e, m[2]+m[3])
			found = append(found, e)
		}
	}
	return found
}

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
