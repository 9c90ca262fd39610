package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Object is a JSON object under edit. Numbers read from a document are json.Number.
type Object = map[string]any

// Set returns an edit that puts value at the JSON pointer (RFC 6901), making objects on the way; "-" appends to a list.
// The value may be anything encoding/json can write, json.RawMessage included.
func Set(pointer string, value any) func(Object) {
	return func(o Object) { change(o, split(pointer), func(any) (any, bool) { return value, true }) }
}

// Delete returns an edit that removes what the JSON pointer names; it panics if there is nothing.
func Delete(pointer string) func(Object) {
	return func(o Object) {
		change(o, split(pointer), func(old any) (any, bool) {
			if old == nil {
				panic("lab: nothing to delete at " + pointer)
			}
			return nil, false
		})
	}
}

// Change returns an edit that replaces what the JSON pointer names by f of it.
func Change(pointer string, f func(any) any) func(Object) {
	return func(o Object) { change(o, split(pointer), func(old any) (any, bool) { return f(old), true }) }
}

// Edits makes one edit out of several.
func Edits(edits ...func(Object)) func(Object) {
	return func(o Object) {
		for _, edit := range edits {
			edit(o)
		}
	}
}

// Edit applies an edit to a JSON document. The keys come out sorted.
func Edit(document []byte, edit func(Object)) []byte {
	o, ok := decode(document).(Object)
	if !ok {
		panic("lab: not a JSON object")
	}
	edit(o)
	return encode(o)
}

// Get returns what the JSON pointer names in the document; it panics if there is nothing.
func Get(document []byte, pointer string) any {
	v := decode(document)
	for _, key := range split(pointer) {
		v = child(v, key)
	}
	if v == nil {
		panic("lab: nothing at " + pointer)
	}
	return v
}

// Text is Get for a string.
func Text(document []byte, pointer string) string {
	return Get(document, pointer).(string)
}

// Replace returns an edit of raw bytes: every occurrence of old becomes new. It panics if there is none.
func Replace(old, new string) func([]byte) []byte {
	return func(b []byte) []byte {
		if !bytes.Contains(b, []byte(old)) {
			panic(fmt.Sprintf("lab: no %q to replace", old))
		}
		return bytes.ReplaceAll(b, []byte(old), []byte(new))
	}
}

func split(pointer string) []string {
	if !strings.HasPrefix(pointer, "/") {
		panic("lab: not a JSON pointer: " + pointer)
	}
	keys := strings.Split(pointer[1:], "/")
	for i, key := range keys {
		keys[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
	}
	return keys
}

func child(v any, key string) any {
	switch v := v.(type) {
	case Object:
		return v[key]
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i < len(v) {
			return v[i]
		}
	}
	return nil
}

// change applies f at the path below v and returns what v has become.
func change(v any, path []string, f func(any) (any, bool)) any {
	next := func(old any) (any, bool) { return f(old) }
	if len(path) > 1 {
		next = func(old any) (any, bool) { return change(old, path[1:], f), true }
	}
	key := path[0]
	switch v := v.(type) {
	case nil:
		return change(Object{}, path, f)
	case Object:
		if made, keep := next(v[key]); keep {
			v[key] = made
		} else {
			delete(v, key)
		}
		return v
	case []any:
		if key == "-" {
			made, _ := next(nil)
			return append(v, made)
		}
		i := must(strconv.Atoi(key))
		if made, keep := next(v[i]); keep {
			v[i] = made
			return v
		}
		return slices.Delete(v, i, i+1)
	default:
		panic(fmt.Sprintf("lab: %q leads into a %T", key, v))
	}
}

func decode(document []byte) any {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(fmt.Sprintf("lab: %v in %.100q", err, document))
	}
	return v
}

// encode writes JSON as JavaScript's JSON.stringify does: no escaping of HTML, no line feed at the end.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("lab: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// JSON writes a value as JavaScript's JSON.stringify does.
func JSON(v any) []byte { return encode(v) }
