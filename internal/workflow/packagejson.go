package workflow

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Package is what a package.json says that matters for publishing. Values of
// true and false are kept as "true" and "false".
type Package struct {
	File           string
	Name           Value
	Version        Value
	Private        Value
	Repository     Value // the URL, of either form
	Directory      Value // repository.directory
	PackageManager Value
	Node           Value // volta.node, else engines.node: a version or a range
	PublishConfig  []Variable
	Scripts        []Script
	Tools          []Variable // versions of publishing tools among all dependencies
	Workspaces     bool
}

// Config gives a setting of publishConfig.
func (p *Package) Config(key string) Value {
	if p != nil {
		for _, v := range p.PublishConfig {
			if v.Name == key {
				return v.Value
			}
		}
	}
	return Value{}
}

// Tool gives the version range of a publishing tool among the dependencies.
func (p *Package) Tool(name string) Value {
	if p != nil {
		for _, v := range p.Tools {
			if v.Name == name {
				return v.Value
			}
		}
	}
	return Value{}
}

// Script is an entry of scripts in package.json.
type Script struct {
	Pos
	Name, Command string
}

func (r *reader) packageFile(file string) {
	if len(r.repo.Packages) >= maxConfigs {
		r.unread(Pos{File: file}, "more than %d package.json; this one and those after it are not read", maxConfigs)
		return
	}
	src, err := r.read(file)
	if err != nil {
		r.unread(Pos{File: file}, "not read: %v", err)
		return
	}
	root, hidden, err := parseJSON(src)
	if err != nil {
		r.unread(Pos{File: file}, "not read: %v", err)
		return
	}
	for _, l := range hidden {
		l.File = file
		r.literal(l)
	}
	d := &document{file: file, root: root}
	p := &Package{
		File:           file,
		Name:           d.value(root.get("name")),
		Version:        d.value(root.get("version")),
		Private:        d.value(root.get("private")),
		Repository:     d.value(root.get("repository")),
		PackageManager: d.value(root.get("packageManager")),
		Node:           d.value(root.get("volta").get("node")),
		PublishConfig:  d.variables(root.get("publishConfig"), "publishConfig"),
		Workspaces:     root.get("workspaces") != nil,
	}
	if repo := root.get("repository"); repo != nil && repo.kind == mapping {
		p.Repository, p.Directory = d.value(repo.get("url")), d.value(repo.get("directory"))
	}
	if !p.Node.Given() {
		p.Node = d.value(root.get("engines").get("node"))
	}
	for _, v := range d.variables(root.get("scripts"), "scripts") {
		p.Scripts = append(p.Scripts, Script{Pos: v.Value.Pos, Name: v.Name, Command: v.Value.Text})
	}
	for _, section := range []string{"devDependencies", "dependencies", "optionalDependencies", "peerDependencies"} {
		for _, v := range d.variables(root.get(section), section) {
			if slices.Contains(upgradable, v.Name) {
				p.Tools = append(p.Tools, v)
			}
		}
	}
	r.repo.Packages = append(r.repo.Packages, p)
}

// parseJSON reads a JSON value into nodes with lines. A key written twice has
// its last value, as in npm.
func parseJSON(src []byte) (*node, []Literal, error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	c := jsonReader{src: src, dec: jsontext.NewDecoder(bytes.NewReader(src), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	root, err := c.node(0)
	if err != nil {
		return nil, nil, errors.New(clean(err.Error(), 200))
	}
	if _, err := c.dec.ReadToken(); err != io.EOF {
		return nil, nil, errors.New("more than one JSON value")
	}
	return root, c.hidden, nil
}

type jsonReader struct {
	src        []byte
	dec        *jsontext.Decoder
	nodes      int
	line, seen int // line is that of offset seen
	hidden     []Literal
}

func (c *jsonReader) node(depth int) (*node, error) {
	if c.nodes++; c.nodes > maxNodes || depth > maxDepth {
		return nil, fmt.Errorf("more than %d values, or nested more than %d deep", maxNodes, maxDepth)
	}
	token, err := c.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	// The offset is the end of the token, and a string has no line break in it.
	offset := int(c.dec.InputOffset())
	c.line += bytes.Count(c.src[c.seen:offset], []byte("\n"))
	c.seen = offset
	n := &node{line: c.line + 1, col: 1}
	switch token.Kind() {
	case '{', '[':
		n.kind = mapping
		end := jsontext.Kind('}')
		if token.Kind() == '[' {
			n.kind, end = sequence, ']'
		}
		for c.dec.PeekKind() != end {
			if n.kind == mapping {
				key, err := c.node(depth + 1)
				if err != nil {
					return nil, err
				}
				n.keys = append(n.keys, key)
			}
			value, err := c.node(depth + 1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, value)
		}
		if _, err := c.dec.ReadToken(); err != nil {
			return nil, err
		}
		n.lastWins()
	default:
		text, found := takeTokens("", []byte(token.String()))
		n.text, n.null = redact(string(text)), token.Kind() == 'n'
		for _, l := range found {
			l.Line = n.line
			c.hidden = append(c.hidden, l)
		}
		if n.null {
			n.text = ""
		}
	}
	return n, nil
}

// lastWins drops all but the last of the values of a key.
func (n *node) lastWins() {
	if n.kind != mapping {
		return
	}
	last := map[string]int{}
	for i, k := range n.keys {
		last[k.text] = i
	}
	if len(last) == len(n.keys) {
		return
	}
	var keys, items []*node
	for i, k := range n.keys {
		if last[k.text] == i {
			keys, items = append(keys, k), append(items, n.items[i])
		}
	}
	n.keys, n.items = keys, items
}
