package workflow

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of one YAML or JSON document. GitHub's own template reader stops at a
// depth of 50 and one million nodes; a workflow of 500 jobs has some 20,000.
const (
	maxDepth = 64
	maxNodes = 50_000
)

// kind is the kind of a node.
type kind int

const (
	scalar kind = iota
	mapping
	sequence
)

// node is one value of a document, aliases resolved. Methods accept nil, which
// stands for a value that is not there.
type node struct {
	kind  kind
	text  string
	null  bool
	line  int
	col   int
	style yaml.Style
	keys  []*node // of a mapping, beside items
	items []*node
}

// get gives the value under a key, nil when there is none.
func (n *node) get(key string) *node {
	_, value := n.pair(key)
	return value
}

func (n *node) pair(key string) (k, value *node) {
	if n == nil || n.kind != mapping {
		return nil, nil
	}
	for i, k := range n.keys {
		if k.text == key {
			return k, n.items[i]
		}
	}
	return nil, nil
}

// scalar gives the text of a scalar and "" for everything else.
func (n *node) scalar() string {
	if n == nil || n.kind != scalar {
		return ""
	}
	return n.text
}

// list gives the items of a sequence, or a scalar as the only item.
func (n *node) list() []*node {
	switch {
	case n == nil || n.kind == mapping || n.null:
		return nil
	case n.kind == scalar:
		return []*node{n}
	}
	return n.items
}

// parseYAML reads the first document of src. Aliases are copied, so that
// readers walk a tree; a document that grows past the limits through them, or
// that contains itself, is refused. hidden are tokens that only unescaping
// brought out, which the text of the nodes no longer holds.
func parseYAML(src []byte) (root *node, hidden []Literal, err error) {
	// The parser reports errors by panicking with its own type and recovers
	// from that alone; any other panic would be its bug on a hostile file, and
	// that file is then one that cannot be read.
	defer func() {
		if r := recover(); r != nil {
			root, hidden, err = nil, nil, fmt.Errorf("the YAML parser failed: %s", clean(fmt.Sprint(r), 200))
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, nil, errors.New(clean(err.Error(), 200))
	}
	if len(doc.Content) == 0 {
		return nil, nil, errors.New("the file is empty")
	}
	c := converter{}
	root, err = c.node(doc.Content[0], 0)
	return root, c.hidden, err
}

type converter struct {
	nodes  int
	hidden []Literal
}

func (c *converter) node(y *yaml.Node, depth int) (*node, error) {
	for hops := 0; y.Kind == yaml.AliasNode && y.Alias != nil; hops++ {
		if hops > maxDepth {
			return nil, fmt.Errorf("line %d: an alias names itself", y.Line)
		}
		y = y.Alias
	}
	if c.nodes++; c.nodes > maxNodes {
		return nil, fmt.Errorf("more than %d values once aliases are followed", maxNodes)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested more than %d deep", y.Line, maxDepth)
	}
	n := &node{line: y.Line, col: y.Column, style: y.Style}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = mapping
		seen := map[string]bool{}
		for i := 0; i+1 < len(y.Content); i += 2 {
			key, err := c.node(y.Content[i], depth+1)
			if err != nil {
				return nil, err
			}
			// GitHub refuses a file with a key written twice.
			if key.kind != scalar || seen[key.text] {
				return nil, fmt.Errorf("line %d: key %q is written twice or is not text", key.line, clean(key.text, 80))
			}
			seen[key.text] = true
			value, err := c.node(y.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			n.keys, n.items = append(n.keys, key), append(n.items, value)
		}
	case yaml.SequenceNode:
		n.kind = sequence
		for _, item := range y.Content {
			value, err := c.node(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, value)
		}
	default:
		n.kind = scalar
		// Escapes may spell a token that the bytes of the file do not show.
		text, found := takeTokens("", []byte(y.Value))
		n.text = redact(string(text))
		for _, l := range found {
			l.Line = y.Line
			c.hidden = append(c.hidden, l)
		}
		n.null = y.Tag == "!!null"
		if n.null {
			n.text = ""
		}
	}
	return n, nil
}

// document is a parsed file with its lines, for positions inside scalars.
type document struct {
	file   string
	lines  []string
	root   *node
	hidden []Literal
}

func parseDocument(file string, src []byte) (*document, error) {
	root, hidden, err := parseYAML(src)
	if err != nil {
		return nil, err
	}
	for i := range hidden {
		hidden[i].File = file
	}
	return &document{file: file, lines: strings.Split(string(src), "\n"), root: root, hidden: hidden}, nil
}

func (d *document) pos(n *node) Pos {
	if n == nil {
		return Pos{}
	}
	return Pos{File: d.file, Line: n.line}
}

func (d *document) value(n *node) Value {
	if n == nil || n.kind != scalar {
		return Value{}
	}
	return Value{Text: hush(n.text), Dynamic: strings.Contains(n.text, "${{"), Pos: d.pos(n)}
}

// lineAt gives the line of the file on which the byte at offset of a scalar's
// text stands. Folding and chomping change white space alone, so the texts are
// laid side by side without it; where they differ (escapes in quotes) the line
// on which the scalar begins is given.
func (d *document) lineAt(n *node, offset int) int {
	switch {
	case n.style&yaml.LiteralStyle != 0:
		return n.line + 1 + strings.Count(n.text[:min(offset, len(n.text))], "\n")
	case n.style&yaml.FoldedStyle != 0:
		return d.align(n, offset, n.line)
	case n.line <= len(d.lines) && strings.Contains(d.lines[n.line-1], n.text):
		return n.line
	}
	return d.align(n, offset, n.line-1)
}

// align finds the line by comparing text with the lines from index from on.
func (d *document) align(n *node, offset, from int) int {
	line, rest := from, ""
	if from < len(d.lines) {
		rest = d.lines[from]
		if from == n.line-1 {
			// The column counts runes; the quote of a quoted scalar is skipped.
			runes := []rune(strings.TrimPrefix(rest, "\uFEFF"))
			rest = string(runes[min(max(n.col-1, 0), len(runes)):])
			if n.style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 && rest != "" {
				rest = rest[1:]
			}
		}
	}
	at := n.line
	for i := 0; i < len(n.text) && i <= offset; i++ {
		if isSpace(n.text[i]) {
			continue
		}
		for {
			rest = strings.TrimLeft(rest, " \t\r")
			if rest != "" {
				break
			}
			if line++; line >= len(d.lines) {
				return n.line
			}
			rest = d.lines[line]
		}
		if rest[0] != n.text[i] {
			return n.line
		}
		at, rest = line+1, rest[1:]
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
