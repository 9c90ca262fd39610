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
