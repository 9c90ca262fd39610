package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"sort"
	"strings"
)

// mutant is one way to break one place.
type mutant struct {
	id        int
	pkg, file string
	function  string // that it stands in
	line      int
	what      string
}

func (m mutant) String() string { return fmt.Sprintf("%s/%s:%d: %s", m.pkg, m.file, m.line, m.what) }

// place names the mutant by what stays when lines are added above it.
func (m mutant) place() string {
	return fmt.Sprintf("%s/%s %s: %s", strings.TrimPrefix(m.pkg, "./"), m.file, m.function, m.what)
}

// planter puts every mutant of one file behind its switch.
type planter struct {
	pkg, file, name string
	function        string // being planted into
	source          []byte
	next            int
	mutants         []mutant
	set             *token.FileSet
	edits           []edit
}

// edit wraps source[from:to]: text before it and after it. Edits nest; they never cross.
type edit struct {
	from, to      int
	before, after string
}

func (p *planter) plant() ([]byte, error) {
	p.set = token.NewFileSet()
	file, err := parser.ParseFile(p.set, p.file, p.source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	p.name = file.Name.Name
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			p.function = f.Name.Name
			p.body(f.Type, f.Body)
		}
	}
	return p.apply(), nil
}

func (p *planter) add(n ast.Node, what string) int {
	id := p.next
	p.next++
	text := p.text(n)
	if len(text) > 90 {
		text = text[:90] + "…"
	}
	p.mutants = append(p.mutants, mutant{id, p.pkg, p.file, p.function, p.set.Position(n.Pos()).Line, fmt.Sprintf("%s: %s", what, text)})
	return id
}

func (p *planter) text(n ast.Node) string {
	return string(bytes.Join(bytes.Fields(p.source[p.at(n.Pos()):p.at(n.End())]), []byte(" ")))
}

func (p *planter) at(pos token.Pos) int { return p.set.Position(pos).Offset }

func (p *planter) wrap(n ast.Node, before, after string) {
	p.edits = append(p.edits, edit{p.at(n.Pos()), p.at(n.End()), before, after})
}

// body plants into a function's body; the type says whether its returns end with an error.
func (p *planter) body(t *ast.FuncType, body *ast.BlockStmt) {
	results := 0
	failing := false
	if t.Results != nil {
		for _, f := range t.Results.List {
			results += max(1, len(f.Names))
		}
		if last, ok := t.Results.List[len(t.Results.List)-1].Type.(*ast.Ident); ok {
			failing = last.Name == "error"
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			p.body(n.Type, n.Body)
			return false
		case *ast.IfStmt:
			p.condition(n.Cond, true)
		case *ast.ForStmt:
			if n.Cond != nil {
				p.condition(n.Cond, false)
			}
		case *ast.SwitchStmt:
			if n.Tag == nil {
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						p.condition(e, true)
					}
				}
			}
		case *ast.ReturnStmt:
			p.returned(n, failing && len(n.Results) == results)
		case *ast.AssignStmt:
			for _, e := range n.Rhs {
				if isCondition(e) {
					p.condition(e, true)
				}
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && p.name == "check" && f.Name == "fail" {
				p.wrap(f, fmt.Sprintf("map[bool]func(string, ...any) Result{true: pass, false: fail}[mutant(%d)] /* ", p.add(n, "passes")), " */")
			}
		}
		return true
	})
}

func isCondition(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return isCondition(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.NOT
	case *ast.BinaryExpr:
		return slices.Contains([]token.Token{token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ}, e.Op)
	}
	return false
}

// returned drops an error, and breaks a condition that is returned.
func (p *planter) returned(r *ast.ReturnStmt, failing bool) {
	for i, e := range r.Results {
		if isCondition(e) {
			p.condition(e, true)
		}
		if id, ok := e.(*ast.Ident); ok && (id.Name == "true" || id.Name == "false") {
			p.wrap(e, "(", fmt.Sprintf(" != mutant(%d))", p.add(r, "the other way: "+id.Name)))
		}
		if id, ok := e.(*ast.Ident); failing && i == len(r.Results)-1 && !(ok && id.Name == "nil") {
			p.wrap(e, fmt.Sprintf("mutantError(%d, ", p.add(r, "without the error")), ")")
		}
	}
}

// condition makes each operand always true and always false, and moves each bound by one. A loop is never made endless.
func (p *planter) condition(e ast.Expr, forever bool) {
	switch n := e.(type) {
	case *ast.ParenExpr:
		p.condition(n.X, forever)
		return
	case *ast.BinaryExpr:
		if n.Op == token.LAND || n.Op == token.LOR {
			p.condition(n.X, forever)
			p.condition(n.Y, forever)
			return
		}
	}
	before, after := fmt.Sprintf("(!mutant(%d) && (", p.add(e, "never")), "))"
	if forever {
		before, after = fmt.Sprintf("(mutant(%d) || ", p.add(e, "always"))+before, after+")"
	}
	if n, ok := e.(*ast.BinaryExpr); ok {
		if other := map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}[n.Op]; other != "" {
			id := p.add(e, "with "+other)
			x, y := p.text(n.X), p.text(n.Y)
			before += fmt.Sprintf("(mutant(%d) && (%s) %s (%s)) || !mutant(%d) && (", id, x, other, y, id)
			after = ")" + after
		}
	}
	p.wrap(e, before, after)
}

// apply inserts the texts, those of the outer edits outside.
func (p *planter) apply() []byte {
	type insert struct {
		at, order int
		text      string
	}
	var list []insert
	for _, e := range p.edits {
		size := e.to - e.from
		list = append(list, insert{e.from, -size, e.before}, insert{e.to, size - 1<<30, e.after})
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].at != list[j].at {
			return list[i].at < list[j].at
		}
		return list[i].order < list[j].order
	})
	var out bytes.Buffer
	last := 0
	for _, i := range list {
		out.Write(p.source[last:i.at])
		out.WriteString(i.text)
		last = i.at
	}
	out.Write(p.source[last:])
	return out.Bytes()
}
