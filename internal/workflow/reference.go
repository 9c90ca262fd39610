package workflow

// ReferenceKind is the way a workflow uses its secrets.
type ReferenceKind string

// The kinds.
const (
	ByName       ReferenceKind = "name"     // secrets.NAME, secrets['NAME']
	Computed     ReferenceKind = "computed" // secrets[expression]
	WholeContext ReferenceKind = "whole"    // toJSON(secrets), secrets.*
	Inherited    ReferenceKind = "inherit"  // secrets: inherit
	DeclaredName ReferenceKind = "declared" // on.workflow_call.secrets.NAME
)

// Reference is one use of the secrets context.
type Reference struct {
	Pos
	Kind  ReferenceKind
	Name  string // upper case; "" unless by name or declared
	Class Class  // by ClassifySecret
	Job   string // key of the job, "" outside jobs
	Step  *Step  // nil outside steps
	// Into is the key that receives it, such as the variable of an env or the
	// input of a with: NODE_AUTH_TOKEN in "NODE_AUTH_TOKEN: ${{ secrets.X }}".
	// IntoKind is the section, "env", "with", "secrets" or "run".
	Into, IntoKind string
}

// place is where in a workflow a scalar stands.
type place struct {
	job     string
	step    *Step
	section string
	key     string
}

// references walks a document and finds every use of secrets. steps tells the
// Step that a node of a steps list became.
func (d *document) references(n *node, at place, steps map[*node]*Step, found *[]Reference) {
	if n == nil || len(*found) >= maxReferences {
		return
	}
	switch n.kind {
	case scalar:
		d.scalarReferences(n, at, found)
	case sequence:
		for _, item := range n.items {
			d.references(item, at, steps, found)
		}
	case mapping:
		if s := steps[n]; s != nil {
			at.step = s
		}
		for i, key := range n.keys {
			inner := at
			inner.key = key.text
			switch key.text {
			case "env", "with", "secrets", "run", "if":
				inner.section = key.text
			}
			if n == d.root.get("jobs") {
				inner.job = key.text
			}
			d.references(key, inner, steps, found)
			d.references(n.items[i], inner, steps, found)
		}
	}
}

func (d *document) scalarReferences(n *node, at place, found *[]Reference) {
	exprs := expressions(n.text)
	if len(exprs) == 0 && at.key == "if" {
		exprs = []expression{{text: n.text}} // the whole of an if is an expression
	}
	for _, e := range exprs {
		for _, u := range secretUses(e.text) {
			*found = append(*found, Reference{
				Pos:  Pos{File: d.file, Line: d.lineAt(n, e.offset+u.offset)},
				Kind: u.kind, Name: u.name, Class: ClassifySecret(u.name),
				Job: at.job, Step: at.step, Into: at.key, IntoKind: at.section,
			})
		}
	}
}
