package workflow

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Node is what a setup-node step asks for.
type Node struct {
	Pos
	Ref string // of the action, "v4"
	// Version is node-version as written, or the line of the version file, with
	// ${{ env.NAME }} put in where workflow or job set it to a literal.
	Version Value
	// Major is the major version of Node.js asked for, 0 when unknown.
	Major int
	// Floating says that the newest release of the major is installed, as for
	// "22" and "22.x"; a pinned older one may bring an older npm.
	Floating bool
	// Why says why Major is unknown.
	Why      string
	Registry Value // registry-url
	Scope    Value
}

// BundledNPM gives the major version of the npm that a major version of Node.js
// brings: the newest that was ever in it. ok is false for those not known.
func BundledNPM(node int) (npm int, ok bool) {
	npm, ok = map[int]int{18: 10, 20: 10, 22: 10, 24: 11}[node]
	return npm, ok
}

var (
	nodeVersion = regexp.MustCompile(`^(\^)?~?v?([0-9]{1,3})(?:\.([0-9]+|x|\*))?(?:\.(?:[0-9]+|x|\*))?$`)
	codeNames   = map[string]int{"lts/hydrogen": 18, "lts/iron": 20, "lts/jod": 22, "lts/krypton": 24}
	envName     = regexp.MustCompile(`^\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*$`)
)

// setupNode reads a step of actions/setup-node; nil for other steps. env are
// the variables around it.
func (r *reader) setupNode(s *Step, env []Variable) *Node {
	name, ref, _ := strings.Cut(s.Uses.Text, "@")
	if !strings.EqualFold(name, "actions/setup-node") {
		return nil
	}
	n := &Node{Pos: s.Pos, Ref: ref, Version: substitute(s.Input("node-version"), env), Registry: s.Input("registry-url"), Scope: s.Input("scope")}
	if file := s.Input("node-version-file"); n.Version.Text == "" && file.Given() {
		n.Version = r.versionFile(file)
		if !n.Version.Given() {
			n.Why = "the version is in " + clean(file.Text, 80) + ", which was not understood"
			return n
		}
	}
	text, literal := n.Version.Literal()
	switch {
	case !n.Version.Given():
		n.Why = "the step names no version, so the Node.js of the runner's image is used"
	case !literal:
		n.Why = "the version is an expression"
	default:
		if n.Major, n.Floating = nodeMajor(text); n.Major == 0 {
			n.Why = "which version " + clean(text, 80) + " means depends on the day or on more than a major"
		}
	}
	return n
}

// nodeMajor gives the major version that a version, range or LTS name means.
func nodeMajor(text string) (major int, floating bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if major, ok := codeNames[text]; ok {
		return major, true
	}
	m := nodeVersion.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	major, _ = strconv.Atoi(m[2])
	return major, m[1] != "" || m[3] == "" || m[3] == "x" || m[3] == "*"
}

// substitute puts a literal in the place of a value that is one ${{ env.NAME }}.
func substitute(v Value, env []Variable) Value {
	e := expressions(v.Text)
	if len(e) != 1 || strings.TrimSpace(v.Text) != "${{"+e[0].text+"}}" {
		return v
	}
	m := envName.FindStringSubmatch(e[0].text)
	if m == nil {
		return v
	}
	for _, x := range env {
		if x.Name == m[1] {
			return x.Value
		}
	}
	return v
}

// versionFile reads .nvmrc, .node-version, .tool-versions or package.json.
func (r *reader) versionFile(file Value) Value {
	text, literal := file.Literal()
	if !literal {
		return Value{}
	}
	text = path.Clean(text)
	if path.Base(text) == "package.json" {
		if p := r.repo.Package(path.Dir(text)); p != nil {
			return p.Node
		}
		return Value{}
	}
	src, err := r.read(text)
	if err != nil {
		return Value{}
	}
	for i, line := range strings.Split(string(src), "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if path.Base(text) == ".tool-versions" {
			if len(fields) < 2 || fields[0] != "nodejs" && fields[0] != "node" {
				continue
			}
			fields = fields[1:]
		}
		if len(fields) > 0 {
			return Value{Text: clean(fields[0], 80), Pos: Pos{text, i + 1}}
		}
	}
	return Value{}
}
