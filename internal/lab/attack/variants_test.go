package attack

import (
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"

	"verify-npm-release/internal/lab"
)

// variant is a JSON document of which one value is spoilt.
type variant struct {
	pointer string // of the value
	kind    string // one of kinds
	raw     []byte
}

// kinds are the ways in which every value of a document is spoilt.
var kinds = []string{
	"null",
	"huge number",
	"twice, the wrong one first", // the key, before the right value
	"twice, the wrong one last",
	"in other case beside", // a look-alike of the key with a wrong value
	"in other case instead",
}

// variants spoils every value of a document in every way. Keys and indices as in a JSON pointer.
func variants(document []byte) []variant {
	var root any
	d := json.NewDecoder(strings.NewReader(string(document)))
	d.UseNumber()
	if err := d.Decode(&root); err != nil {
		panic(err)
	}
	var pointers []string
	walk(root, "", func(pointer string) { pointers = append(pointers, pointer) })
	var out []variant
	for _, pointer := range pointers {
		for _, kind := range kinds {
			key := pointer[strings.LastIndex(pointer, "/")+1:]
			_, err := strconv.Atoi(key)
			if inList := err == nil; inList && kind != "null" && kind != "huge number" {
				continue
			}
			if strings.Contains(kind, "case") && otherCase(key) == key {
				continue
			}
			out = append(out, variant{pointer, kind, []byte(write(root, "", pointer, kind))})
		}
	}
	return out
}

func walk(v any, pointer string, visit func(string)) {
	if pointer != "" {
		visit(pointer)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sorted(v) {
			walk(v[key], pointer+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key), visit)
		}
	case []any:
		for i := range v {
			walk(v[i], pointer+"/"+strconv.Itoa(i), visit)
		}
	}
}

func sorted(o map[string]any) []string {
	var keys []string
	for key := range o {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// otherCase exchanges the case of the first letter.
func otherCase(key string) string {
	for i, r := range key {
		upper, lower := strings.ToUpper(string(r)), strings.ToLower(string(r))
		if upper != lower {
			if string(r) == upper {
				return key[:i] + lower + key[i+len(upper):]
			}
			return key[:i] + upper + key[i+len(lower):]
		}
	}
	return key
}

// wrong is a value of the same type that means something else.
func wrong(v any) string {
	switch v.(type) {
	case string:
		return `"wrong"`
	case map[string]any:
		return `{}`
	case []any:
		return `[]`
	}
	return `7`
}

// write is the document with the value at one pointer spoilt.
func write(v any, at, pointer, kind string) string {
	if at == pointer && at != "" {
		switch kind {
		case "null":
			return "null"
		case "huge number":
			return "1e999"
		}
	}
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, key := range sorted(v) {
			below := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
			name, value := string(lab.JSON(key)), write(v[key], below, pointer, kind)
			bad := name + ":" + wrong(v[key])
			if below == pointer {
				switch kind {
				case "twice, the wrong one first":
					members = append(members, bad)
				case "twice, the wrong one last":
					members = append(members, name+":"+value)
					value = wrong(v[key])
				case "in other case beside":
					members = append(members, string(lab.JSON(otherCase(key)))+":"+wrong(v[key]))
				case "in other case instead":
					name = string(lab.JSON(otherCase(key)))
				}
			}
			members = append(members, name+":"+value)
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		var items []string
		for i := range v {
			items = append(items, write(v[i], at+"/"+strconv.Itoa(i), pointer, kind))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	return string(lab.JSON(v))
}

func (v variant) twice() bool   { return strings.HasPrefix(v.kind, "twice") }
func (v variant) beside() bool  { return v.kind == "in other case beside" }
func (v variant) instead() bool { return v.kind == "in other case instead" }

// is says whether the pointer is one of patterns; * stands for one key, a last ** for nothing or anything.
func (v variant) is(patterns ...string) bool {
	keys := strings.Split(v.pointer, "/")
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		want := strings.Split(pattern, "/")
		for i, w := range want {
			if w == "**" {
				return true
			}
			if i >= len(keys) || w != "*" && w != keys[i] {
				return false
			}
		}
		return len(want) == len(keys)
	})
}
